// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "record/hash.h"
#include "record/participant_id.h"

namespace meguri::record {

// The name of a feed of one member: public, members, registry, owner, audit, recyclers/<product group>,
// authorities/<jurisdiction>, to/<participant ID>, offer/<32 hex digits>.
class FeedName {
 public:
  // INVALID_ARGUMENT with reason FEED_NAME. A scope is 1-64 characters of [A-Za-z0-9._:-].
  static absl::StatusOr<FeedName> Parse(absl::string_view text);
  static FeedName Public() { return FeedName("public"); }
  static FeedName Members() { return FeedName("members"); }
  static FeedName Registry() { return FeedName("registry"); }
  static FeedName Owner() { return FeedName("owner"); }
  // Names rows instead of records (record/audit_row.h). Nobody follows it.
  static FeedName Audit() { return FeedName("audit"); }

  const std::string& text() const { return text_; }
  // "recyclers" of recyclers/battery.
  absl::string_view kind() const;
  // "battery" of recyclers/battery; "" of public.
  absl::string_view scope() const;

  friend auto operator<=>(const FeedName&, const FeedName&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const FeedName& name) {
    return H::combine(std::move(state), name.text_);
  }

 private:
  explicit FeedName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// One feed of one member in one epoch.
struct FeedKey {
  ParticipantId publisher;
  FeedName name;
  uint64_t epoch = 1;

  friend auto operator<=>(const FeedKey&, const FeedKey&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const FeedKey& key) {
    return H::combine(std::move(state), key.publisher, key.name, key.epoch);
  }
};

// The checkpoint origin `<federation>/meguri/<icd>/<identifier>/<epoch>/<feed>`.
std::string FeedOrigin(absl::string_view federation, const FeedKey& feed);

// A feed entry: 01 | header hash[32] | u64be slots. Bit n of `slots` says that the feed's readers may read slot n.
struct FeedEntry {
  Hash header_hash;
  uint64_t slots = 0;

  static constexpr size_t kSize = 41;
  std::string Encode() const;
  // INVALID_ARGUMENT with reason FEED_ENTRY; UNIMPLEMENTED with reason NEWER_FORMAT on another first byte.
  static absl::StatusOr<FeedEntry> Parse(absl::string_view bytes);

  friend bool operator==(const FeedEntry&, const FeedEntry&) = default;
};

}  // namespace meguri::record
