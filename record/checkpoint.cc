// SPDX-License-Identifier: Apache-2.0
#include "record/checkpoint.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/note.h"

namespace meguri::record {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

std::string KeyHash(absl::string_view origin, const PublicKey& feed_key) {
  return NoteKeyHash(origin, NoteSignatureType::kEd25519, feed_key.ed25519_bytes());
}

absl::Status CheckFeedKey(const PublicKey& key) {
  if (key.algorithm() != KeyAlgorithm::kEd25519) {
    return Refuse("CHECKPOINT_SIGNATURE", "checkpoints are signed by Ed25519 keys only");
  }
  return absl::OkStatus();
}

absl::StatusOr<Note> ParseNoteOf(absl::string_view note, absl::string_view origin) {
  MEGURI_ASSIGN_OR_RETURN(Note parsed, ParseNote(note));
  if (parsed.checkpoint.origin != origin) {
    return Refuse("CHECKPOINT_ORIGIN", absl::StrCat("the checkpoint is not of ", origin));
  }
  return parsed;
}

// Whether the line says that `feed_key` signed under `origin`.
bool IsUnder(const NoteSignature& line, absl::string_view origin, const PublicKey& feed_key) {
  return line.name == origin && line.key_hash == KeyHash(origin, feed_key);
}

absl::Status CheckSignature(const Note& note, const NoteSignature& line, const PublicKey& feed_key) {
  if (!feed_key.Verify(note.text, line.signature).ok()) {
    return Refuse("CHECKPOINT_SIGNATURE", "the signature is not by the feed key over this checkpoint");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const Signer& feed_signer) {
  MEGURI_RETURN_IF_ERROR(CheckHead(checkpoint));
  MEGURI_RETURN_IF_ERROR(CheckFeedKey(feed_signer.public_key()));
  const std::string text = NoteTextOf(checkpoint);
  MEGURI_ASSIGN_OR_RETURN(const std::string signature, feed_signer.Sign(text));
  const std::string key_hash = KeyHash(checkpoint.origin, feed_signer.public_key());
  return absl::StrCat(text, "\n", SignatureLineOf(checkpoint.origin, key_hash, signature));
}

absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, absl::string_view origin, const PublicKey& feed_key) {
  MEGURI_RETURN_IF_ERROR(CheckFeedKey(feed_key));
  MEGURI_ASSIGN_OR_RETURN(Note parsed, ParseNoteOf(note, origin));
  // As other readers of notes do, the first line under the key decides.
  const auto found = std::find_if(parsed.signatures.begin(), parsed.signatures.end(),
                                  [&](const NoteSignature& line) { return IsUnder(line, origin, feed_key); });
  if (found == parsed.signatures.end()) {
    return Refuse("CHECKPOINT_SIGNATURE",
                  absl::StrCat("the checkpoint carries no signature by the feed key of ", origin));
  }
  MEGURI_RETURN_IF_ERROR(CheckSignature(parsed, *found, feed_key));
  return std::move(parsed.checkpoint);
}

absl::StatusOr<SoleSigned> OpenSoleSigned(absl::string_view note, absl::string_view origin,
                                          absl::Span<const PublicKey> feed_keys) {
  MEGURI_ASSIGN_OR_RETURN(Note parsed, ParseNoteOf(note, origin));
  if (parsed.signatures.size() != 1) {
    return Refuse("CHECKPOINT_SIGNATURE",
                  absl::StrCat("the checkpoint carries ", parsed.signatures.size(), " signatures, expected 1"));
  }
  const NoteSignature& line = parsed.signatures.front();
  for (size_t i = 0; i < feed_keys.size(); ++i) {
    MEGURI_RETURN_IF_ERROR(CheckFeedKey(feed_keys[i]));
    if (IsUnder(line, origin, feed_keys[i])) {
      MEGURI_RETURN_IF_ERROR(CheckSignature(parsed, line, feed_keys[i]));
      return SoleSigned{std::move(parsed.checkpoint), i};
    }
  }
  return Refuse("CHECKPOINT_SIGNATURE", absl::StrCat("the checkpoint is not signed by a feed key of ", origin));
}

absl::StatusOr<Checkpoint> ReadOpenedCheckpoint(absl::string_view note, absl::string_view origin) {
  MEGURI_ASSIGN_OR_RETURN(Note parsed, ParseNoteOf(note, origin));
  return std::move(parsed.checkpoint);
}

}  // namespace meguri::record
