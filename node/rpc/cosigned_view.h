// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/types/span.h"
#include "certs/trust_bundle.h"
#include "meguri/feed/v1/cosigned.pb.h"
#include "record/feed.h"

namespace meguri::node {

// Fills `out` with who has cosigned the best of `notes`, which are of what is stored of a feed: one with a quorum
// before one without, the larger before the smaller. False, and nothing is filled, if witnesses do not see the feed, or
// the trust bundle knows none.
bool DescribeCosigned(const record::FeedKey& feed, absl::Span<const std::string> notes,
                      const certs::TrustBundle& bundle, feed::v1::CosignedHead& out);

}  // namespace meguri::node
