// SPDX-License-Identifier: Apache-2.0
#include "certs/cosigned_note.h"

#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/heads.h"
#include "record/note.h"

namespace meguri::certs {
namespace {

bool IsLineOf(const record::NoteSignature& line, const Witness& witness) {
  return line.name == witness.key.name &&
         line.key_hash == record::NoteKeyHash(witness.key.name, record::NoteSignatureType::kCosignature,
                                              witness.key.key.ed25519_bytes());
}

bool IsOfAny(const std::vector<Witness>& witnesses, const record::NoteSignature& line) {
  return absl::c_any_of(witnesses, [&](const Witness& witness) { return IsLineOf(line, witness); });
}

}  // namespace

absl::StatusOr<CosignedNote> OpenCosignedNote(absl::string_view note, const TrustBundle& bundle, bool is_strict) {
  MEGURI_ASSIGN_OR_RETURN(const record::Note parsed, record::ParseNote(note));
  CosignedNote opened;
  MEGURI_ASSIGN_OR_RETURN(opened.cosigners, CosignersOf(note, bundle));
  const std::vector<Witness> witnesses = WitnessesOf(bundle);
  opened.note = absl::StrCat(parsed.text, "\n");
  size_t left = 0;
  for (const record::NoteSignature& line : parsed.signatures) {
    const bool is_of_the_feed = line.name == parsed.checkpoint.origin;
    if (!IsOfAny(witnesses, line) && (is_of_the_feed || is_strict)) {
      absl::StrAppend(&opened.note, record::SignatureLineOf(line.name, line.key_hash, line.signature));
      ++left;
    }
  }
  if (left != 1) {
    return Error(absl::StatusCode::kInvalidArgument, "CHECKPOINT_SIGNATURE",
                 absl::StrCat("the checkpoint carries ", left, " signatures that are no witness's, expected 1"));
  }
  return opened;
}

absl::StatusOr<std::string> KeepKnownLines(absl::string_view note, const TrustBundle& bundle) {
  if (record::IsOpening(note)) {
    MEGURI_ASSIGN_OR_RETURN(record::v1::ProvenOpening opening, record::ReadOpening(note));
    MEGURI_ASSIGN_OR_RETURN(*opening.mutable_checkpoint(), KeepKnownLines(opening.checkpoint(), bundle));
    return record::WriteOpening(opening);
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Note parsed, record::ParseNote(note));
  const std::vector<Witness> witnesses = CosignersOf(note, bundle).ok() ? WitnessesOf(bundle) : std::vector<Witness>();
  std::string kept = absl::StrCat(parsed.text, "\n");
  for (const record::NoteSignature& line : parsed.signatures) {
    if (line.name == parsed.checkpoint.origin || IsOfAny(witnesses, line)) {
      absl::StrAppend(&kept, record::SignatureLineOf(line.name, line.key_hash, line.signature));
    }
  }
  return kept;
}

}  // namespace meguri::certs
