// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "record/checkpoint.h"

// The C2SP signed note in which a checkpoint travels: what checkpoint.h and cosignature.h have in common.
namespace meguri::record {

// What a signature is of, as the key hash of its line tells.
enum class NoteSignatureType : char { kEd25519 = 1, kCosignature = 4 };

struct NoteSignature {
  absl::string_view name;
  std::string key_hash;
  std::string signature;
};

// Views into the note that was parsed.
struct Note {
  absl::string_view text;  // what is signed: ends with a newline
  Checkpoint checkpoint;
  std::vector<NoteSignature> signatures;
};

// INVALID_ARGUMENT with reason CHECKPOINT_FORM. No signature is checked.
absl::StatusOr<Note> ParseNote(absl::string_view note);
absl::StatusOr<NoteSignature> ParseSignatureLine(absl::string_view line);  // without its newline

// What the note format asks of a key name, and origins are key names.
bool IsKeyName(absl::string_view name);
absl::Status CheckHead(const Checkpoint& checkpoint);

std::string NoteTextOf(const Checkpoint& checkpoint);
// The line, with its newline.
std::string SignatureLineOf(absl::string_view name, absl::string_view key_hash, absl::string_view signature);
// The first four bytes of SHA-256(name | 0a | type | key).
std::string NoteKeyHash(absl::string_view name, NoteSignatureType type, absl::string_view ed25519_key);

}  // namespace meguri::record
