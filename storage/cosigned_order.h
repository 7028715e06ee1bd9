// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/trust_bundle.h"
#include "storage/committer.h"
#include "storage/feeds.h"

namespace meguri::storage {

// Older cosigned notes of a feed that are kept for good, so that it can be shown how early an entry was there: at most
// one for each such span of time, the last.
inline constexpr absl::Duration kCosignedSpan = absl::Minutes(10);

// Whether `note` is worth at least as much as `kept`, both cosigned heads of the feed with this origin: a quorum comes
// before none, then the larger head, then more witnesses. What is not a note is worth nothing.
bool IsWorthKeeping(absl::string_view note, absl::string_view kept, const std::string& origin,
                    const certs::TrustBundle& bundle);

// Takes up `note`, a cosigned head of the feed with this origin, as its newest, unless a better one is there. What it
// takes the place of is kept for good if that shows, better than what is kept already, how early entries were there:
// the last one with a quorum of each kCosignedSpan, of heads of different sizes.
absl::Status KeepCosigned(FeedId feed, absl::string_view note, const std::string& origin,
                          const certs::TrustBundle& bundle, const StoreReader& store, CommitScope& scope);

}  // namespace meguri::storage
