// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "certs/trust_bundle.h"
#include "certs/witnesses.h"

namespace meguri::certs {

// A signed head as a file carries it.
struct CosignedNote {
  std::string note;     // with the one line that is not a witness's
  Cosigners cosigners;  // whose lines hold
};

// Takes a note apart. Whether the line that is left is the feed's is not looked at. With `is_strict` every other line
// is that of a witness of `bundle`; without it, lines of witnesses that another version of the bundle may have known
// are passed over. INVALID_ARGUMENT with reason CHECKPOINT_SIGNATURE, or as OpenCosignatures.
absl::StatusOr<CosignedNote> OpenCosignedNote(absl::string_view note, const TrustBundle& bundle, bool is_strict);

// `note` as a file may carry it: with the lines of its feed and of witnesses of `bundle`, and no others. Without those
// of witnesses if one of them does not hold. INVALID_ARGUMENT with reason CHECKPOINT_FORM.
absl::StatusOr<std::string> KeepKnownLines(absl::string_view note, const TrustBundle& bundle);

}  // namespace meguri::certs
