// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meguri::record {

// `ICD:identifier` (ISO/IEC 6523): a four-digit scheme and 1-35 characters of [A-Za-z0-9._-].
// 0188 is a Japanese corporate number (its check digit is verified), 0088 a GLN.
class ParticipantId {
 public:
  // INVALID_ARGUMENT with reason PARTICIPANT_ID.
  static absl::StatusOr<ParticipantId> Parse(absl::string_view text);

  const std::string& text() const { return text_; }
  absl::string_view icd() const { return absl::string_view(text_).substr(0, 4); }
  absl::string_view identifier() const { return absl::string_view(text_).substr(5); }

  friend auto operator<=>(const ParticipantId&, const ParticipantId&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const ParticipantId& id) {
    return H::combine(std::move(state), id.text_);
  }

 private:
  explicit ParticipantId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace meguri::record
