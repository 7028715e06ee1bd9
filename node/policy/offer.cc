// SPDX-License-Identifier: Apache-2.0
#include "node/policy/offer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace meguri::node {
namespace {

// Keys under which offers lie, and by which a record asks for them. They begin with another letter by what is selected.
constexpr char kAll[] = "a";

std::string TypeKey(uint32_t record_type) { return absl::StrCat("t", record_type); }
std::string GroupKey(absl::string_view group) { return absl::StrCat("g", group); }
std::string LineKey(absl::string_view record_id) { return absl::StrCat("l", record_id); }
std::string RecordKey(absl::string_view record_id) { return absl::StrCat("r", record_id); }

std::vector<std::string> KeysOf(const passport::v1::Selector& selector) {
  std::vector<std::string> keys;
  if (selector.all()) {
    keys.emplace_back(kAll);
  }
  for (const int type : selector.record_types()) {
    keys.push_back(TypeKey(static_cast<uint32_t>(type)));
  }
  for (const std::string& group : selector.product_groups()) {
    keys.push_back(GroupKey(group));
  }
  for (const std::string& line : selector.product_lines()) {
    keys.push_back(LineKey(line));
  }
  for (const std::string& record_id : selector.record_ids()) {
    keys.push_back(RecordKey(record_id));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::vector<std::string> KeysOf(const RecordKeys& record) {
  std::vector<std::string> keys = {kAll, TypeKey(record.record_type), LineKey(record.record_id),
                                   RecordKey(record.record_id)};
  if (!record.product_group.empty()) {
    keys.push_back(GroupKey(record.product_group));
  }
  for (const std::string& ancestor : record.ancestors) {
    keys.push_back(LineKey(ancestor));
  }
  return keys;
}

}  // namespace

void OfferTable::Add(std::shared_ptr<const OfferTerms> offer) {
  Remove(offer->id);
  for (const std::string& key : KeysOf(offer->selector)) {
    by_key_[key].push_back(offer);
  }
  lines_ += offer->selector.product_lines().empty() ? 0 : 1;
  by_id_.emplace(offer->id, std::move(offer));
}

void OfferTable::Remove(absl::string_view id) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) {
    return;
  }
  const std::shared_ptr<const OfferTerms> offer = known->second;
  for (const std::string& key : KeysOf(offer->selector)) {
    const auto row = by_key_.find(key);
    row->second.erase(std::find(row->second.begin(), row->second.end(), offer));
    if (row->second.empty()) {
      by_key_.erase(row);
    }
  }
  lines_ -= offer->selector.product_lines().empty() ? 0 : 1;
  by_id_.erase(known);
}

std::shared_ptr<const OfferTerms> OfferTable::Find(absl::string_view id) const {
  const auto known = by_id_.find(id);
  return known == by_id_.end() ? nullptr : known->second;
}

OfferRefs OfferTable::Matching(const RecordKeys& record, absl::Time now) const {
  OfferRefs matching;
  if (empty()) {
    return matching;
  }
  for (const std::string& key : KeysOf(record)) {
    const auto row = by_key_.find(key);
    if (row == by_key_.end()) {
      continue;
    }
    for (const std::shared_ptr<const OfferTerms>& offer : row->second) {
      if (now < offer->expires) {
        matching.push_back(offer);
      }
    }
  }
  std::sort(matching.begin(), matching.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  matching.erase(std::unique(matching.begin(), matching.end()), matching.end());
  return matching;
}

bool Selects(const passport::v1::Selector& selector, const RecordKeys& record) {
  const std::vector<std::string> wanted = KeysOf(selector);
  const std::vector<std::string> keys = KeysOf(record);
  return std::any_of(keys.begin(), keys.end(), [&wanted](const std::string& key) {
    return std::binary_search(wanted.begin(), wanted.end(), key);
  });
}

}  // namespace meguri::node
