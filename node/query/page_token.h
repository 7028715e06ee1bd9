// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace meguri::node {

inline constexpr absl::Duration kPageTokenLife = absl::Hours(24);

// Makes and opens page tokens: the place where a page ended, with a proof that this node gave it for this question, and
// until when it counts. A token lives as long as the key. Thread-safe.
class PageTokens {
 public:
  using Key = std::array<uint8_t, 32>;
  PageTokens(const Key& key, const Clock& clock) : key_(key), clock_(clock) {}

  // `question` is everything that the answer depends on, the reader included.
  std::string Make(absl::string_view question, absl::string_view place) const;
  // The place; "" for an empty token. INVALID_ARGUMENT (reason PAGE_TOKEN) if this node did not give the token for this
  // question, or longer ago than kPageTokenLife.
  absl::StatusOr<std::string> Open(absl::string_view question, absl::string_view token) const;

 private:
  std::string Mac(absl::string_view question, absl::string_view expiry_and_place) const;

  const Key key_;
  const Clock& clock_;
};

}  // namespace meguri::node
