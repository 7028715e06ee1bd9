// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "record/participant_id.h"
#include "record/public_key.h"

// C2SP tlog-cosignature, Ed25519: a witness says that at a time this was the largest head of the feed that it had seen,
// and that it continues all that it saw before. Docs: docs/format/witness.md.
namespace meguri::record {

// A witness as the signature lines of a note name it.
struct WitnessKey {
  std::string name;
  PublicKey key;  // Ed25519
};

// The name under which a member of a federation is a witness: `<federation>/meguri/<icd>/<identifier>/witness`.
std::string WitnessName(absl::string_view federation, const ParticipantId& witness);

// That a witness signed a note.
struct Cosignature {
  size_t witness = 0;   // which of the keys that were given
  uint64_t time_s = 0;  // POSIX seconds, of the witness's clock

  friend bool operator==(const Cosignature&, const Cosignature&) = default;
};

// The signature line of witness `name` for `note`, with its newline. Whether the witness may sign that head is for the
// caller to know. INVALID_ARGUMENT with reason CHECKPOINT_FORM or COSIGNATURE.
absl::StatusOr<std::string> Cosign(absl::string_view note, absl::string_view name, const Signer& signer,
                                   uint64_t time_s);

// The cosignatures of `note` by `witnesses`, in the order of its lines. Lines of others, the feed's own too, are passed
// over; whether the feed's key signed the note is not looked at. A line of one of `witnesses` that is malformed, does
// not verify, or is its second one is an error: INVALID_ARGUMENT with reason CHECKPOINT_FORM or COSIGNATURE.
absl::StatusOr<std::vector<Cosignature>> OpenCosignatures(absl::string_view note,
                                                          absl::Span<const WitnessKey> witnesses);

// `note` with `line`, which ends with a newline, after its other signature lines. No signature is checked.
// CHECKPOINT_FORM if the line is not one, or one too many.
absl::StatusOr<std::string> AddSignatureLine(absl::string_view note, absl::string_view line);

// `note` with those signature lines only that are under `name`. CHECKPOINT_FORM if it is not a note, or none is left.
absl::StatusOr<std::string> KeepSignaturesOf(absl::string_view note, absl::string_view name);

}  // namespace meguri::record
