// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "meguri/passport/v1/access.pb.h"

namespace meguri::node {

// What an offer opens.
struct OfferTerms {
  std::string id;  // of its record, 32 hexadecimal digits: its feed is offer/<it>
  passport::v1::Selector selector;
  absl::flat_hash_set<uint32_t> section_types;
  absl::Time expires;
};

// By what an offer may select a record.
struct RecordKeys {
  std::string record_id;  // 32 hexadecimal digits
  uint32_t record_type = 0;
  std::string product_group;
  std::vector<std::string> ancestors;  // record IDs, of which it inherits
};

using OfferRefs = std::vector<std::shared_ptr<const OfferTerms>>;

// The offers of one member, found by what they select at the cost of some look-ups, however many there are.
// Thread-compatible.
class OfferTable {
 public:
  void Add(std::shared_ptr<const OfferTerms> offer);
  void Remove(absl::string_view id);

  // nullptr if there is none.
  std::shared_ptr<const OfferTerms> Find(absl::string_view id) const;
  // Those that select a record and have not expired, by ID.
  OfferRefs Matching(const RecordKeys& record, absl::Time now) const;
  // Whether any offer selects by product line, so that ancestors have to be known.
  bool has_lines() const { return lines_ > 0; }
  bool empty() const { return by_id_.empty(); }

 private:
  absl::flat_hash_map<std::string, std::shared_ptr<const OfferTerms>> by_id_;
  absl::flat_hash_map<std::string, OfferRefs> by_key_;
  size_t lines_ = 0;  // offers that select by product line
};

// Whether `offer` selects the record, whatever the time.
bool Selects(const passport::v1::Selector& selector, const RecordKeys& record);

}  // namespace meguri::node
