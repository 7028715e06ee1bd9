// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "google/protobuf/repeated_ptr_field.h"
#include "meguri/record/v1/record_service.pb.h"

namespace meguri::client {

// Where the versions of a record that one sees do not follow each other. Each names the one before it by the hash of
// its header, so what is missing and what does not fit can be told without it.
struct ChainGap {
  enum class Kind {
    kMissing,  // versions `first` to `last` are not here: this reader may not see them, or they were kept from it
    kBroken,   // version `first` names another version before it than the one that is here
  };

  Kind kind = Kind::kMissing;
  std::string publisher;
  uint64_t first = 0;
  uint64_t last = 0;

  friend bool operator==(const ChainGap&, const ChainGap&) = default;
};

// The gaps in `versions`, which are ordered by publisher and version. `begins` says that none of them stood on an
// earlier page. Headers that cannot be read are passed over.
std::vector<ChainGap> FindChainGaps(const google::protobuf::RepeatedPtrField<record::v1::RecordView>& versions,
                                    bool begins);

}  // namespace meguri::client
