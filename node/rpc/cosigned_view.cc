// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/cosigned_view.h"

#include <algorithm>
#include <utility>

#include "certs/witnesses.h"
#include "node/witness/witnessed.h"
#include "record/checkpoint.h"

namespace meguri::node {

bool DescribeCosigned(const record::FeedKey& feed, absl::Span<const std::string> notes,
                      const certs::TrustBundle& bundle, feed::v1::CosignedHead& out) {
  if (!IsWitnessed(feed.name) || bundle.message().witness_quorum() == 0) {
    return false;
  }
  const std::string origin = record::FeedOrigin(bundle.federation(), feed);
  out.set_quorum(bundle.message().witness_quorum());
  for (const std::string& note : notes) {
    const absl::StatusOr<record::Checkpoint> checkpoint = record::ReadOpenedCheckpoint(note, origin);
    const absl::StatusOr<certs::Cosigners> cosigners = certs::CosignersOf(note, bundle);
    if (!checkpoint.ok() || !cosigners.ok()) {
      continue;  // none is there, or a line of a key that the bundle does not pin any more
    }
    out.set_witnesses(static_cast<uint32_t>(cosigners->witnesses));
    // A quorum counts more than a newer head without one.
    const auto count = static_cast<uint32_t>(cosigners->cosigned.size());
    const bool is_better =
        std::pair(count >= out.quorum(), checkpoint->size) > std::pair(out.cosigned() >= out.quorum(), out.size());
    if (count > 0 && is_better) {
      const size_t reached = cosigners->HasQuorum() ? cosigners->quorum - 1 : 0;
      out.set_cosigned(count);
      out.set_size(checkpoint->size);
      out.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(cosigners->cosigned[reached].time)));
    }
  }
  return true;
}

}  // namespace meguri::node
