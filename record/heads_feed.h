// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "record/feed.h"

namespace meguri::record {

// The feed in which a member commits the heads of narrower feeds (record/heads.h). Its entries name no records.
FeedName HeadsFeed();

// Whether `heads` commits the feed: it is not one that every member may read, and witnesses do not see it itself.
bool IsCommittedInHeads(const FeedName& name);

}  // namespace meguri::record
