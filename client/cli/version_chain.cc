// SPDX-License-Identifier: Apache-2.0
#include "client/cli/version_chain.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "record/header.h"

namespace meguri::client {

std::vector<ChainGap> FindChainGaps(const google::protobuf::RepeatedPtrField<record::v1::RecordView>& versions,
                                    bool begins) {
  std::vector<ChainGap> gaps;
  absl::optional<record::Header> before;
  bool is_first = true;
  for (const record::v1::RecordView& view : versions) {
    absl::StatusOr<record::Header> header = record::Header::Parse(view.envelope().header());
    if (!header.ok()) {
      continue;
    }
    const std::string& publisher = header->publisher().text();
    const bool continues = before.has_value() && before->publisher() == header->publisher();
    const uint64_t expected = continues ? before->version() + 1 : 1;
    const bool is_known_start = continues || begins || !is_first;
    if (is_known_start && header->version() > expected) {
      gaps.push_back({ChainGap::Kind::kMissing, publisher, expected, header->version() - 1});
    } else if (continues && header->version() == expected &&
               header->message().previous_header_hash() != before->hash().view()) {
      gaps.push_back({ChainGap::Kind::kBroken, publisher, header->version(), header->version()});
    }
    is_first = false;
    before = *std::move(header);
  }
  return gaps;
}

}  // namespace meguri::client
