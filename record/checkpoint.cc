// SPDX-License-Identifier: Apache-2.0
#include "record/checkpoint.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/merkle.h"
#include "record/wire.h"

namespace meguri::record {
namespace {

constexpr absl::string_view kEd25519Suffix("\n\x01", 2);  // after the key name in the preimage of the key hash
constexpr absl::string_view kSignaturePrefix("\u2014 ");  // em dash, space
constexpr size_t kKeyHashSize = 4;
constexpr size_t kTextLines = 3;
constexpr uint64_t kTreeSizeMax = INT64_MAX;

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status RefuseForm(absl::string_view message) { return Refuse("CHECKPOINT_FORM", message); }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

// What the note format asks of a key name, and origins are key names.
bool IsKeyName(absl::string_view name) {
  return !name.empty() && IsUtf8(name) &&
         std::none_of(name.begin(), name.end(), [](char c) { return IsControl(c) || c == ' ' || c == '+'; });
}

// Base64 in the one form that every value has: padded, no spaces, unused bits zero.
bool DecodeBase64(absl::string_view text, std::string& bytes) {
  return absl::Base64Unescape(text, &bytes) && absl::Base64Escape(bytes) == text;
}

std::string KeyHash(absl::string_view name, absl::string_view ed25519_key) {
  return Sha256({name, kEd25519Suffix, ed25519_key}).ToString().substr(0, kKeyHashSize);
}

std::string TextOf(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n", absl::Base64Escape(checkpoint.root.view()), "\n");
}

absl::Status CheckHead(const Checkpoint& checkpoint) {
  if (!IsKeyName(checkpoint.origin)) {
    return RefuseForm("an origin is not empty and has no space, plus sign or control character");
  }
  if (checkpoint.size > kTreeSizeMax) {
    return RefuseForm("a tree has fewer than 2^63 leaves");
  }
  if (checkpoint.size == 0 && checkpoint.root != EmptyRoot()) {
    return RefuseForm("the root of an empty tree is the SHA-256 of nothing");
  }
  return absl::OkStatus();
}

absl::Status CheckFeedKey(const PublicKey& key) {
  if (key.algorithm() != KeyAlgorithm::kEd25519) {
    return Refuse("CHECKPOINT_SIGNATURE", "checkpoints are signed by Ed25519 keys only");
  }
  return absl::OkStatus();
}

struct NoteSignature {
  absl::string_view name;
  std::string key_hash;
  std::string signature;
};

struct Note {
  absl::string_view text;  // what is signed: ends with a newline
  Checkpoint checkpoint;
  std::vector<NoteSignature> signatures;
};

absl::StatusOr<NoteSignature> ParseSignatureLine(absl::string_view line) {
  const size_t separator = line.rfind(' ');
  std::string bytes;
  if (!absl::StartsWith(line, kSignaturePrefix) || separator < kSignaturePrefix.size() ||
      !DecodeBase64(line.substr(separator + 1), bytes) || bytes.size() <= kKeyHashSize) {
    return RefuseForm("a signature line is: em dash, space, key name, space, base64 of key hash and signature");
  }
  NoteSignature signature;
  signature.name = line.substr(kSignaturePrefix.size(), separator - kSignaturePrefix.size());
  if (!IsKeyName(signature.name)) {
    return RefuseForm("the key name of a signature line is empty or has a space or plus sign");
  }
  signature.key_hash = bytes.substr(0, kKeyHashSize);
  signature.signature = bytes.substr(kKeyHashSize);
  return signature;
}

absl::StatusOr<Checkpoint> ParseText(absl::Span<const absl::string_view> lines) {
  Checkpoint checkpoint;
  checkpoint.origin = std::string(lines[0]);
  // SimpleAtoi takes signs, spaces and leading zeros; writing the number back shows them.
  if (!absl::SimpleAtoi(lines[1], &checkpoint.size) || absl::StrCat(checkpoint.size) != lines[1]) {
    return RefuseForm("the second line is the tree size, decimal without leading zeros");
  }
  std::string root;
  if (!DecodeBase64(lines[2], root) || root.size() != kHashSize) {
    return RefuseForm("the third line is the root hash, 32 bytes in base64");
  }
  MEGURI_ASSIGN_OR_RETURN(checkpoint.root, Hash::Parse(root));
  MEGURI_RETURN_IF_ERROR(CheckHead(checkpoint));
  return checkpoint;
}

absl::StatusOr<Note> ParseNote(absl::string_view note) {
  if (note.size() > kNoteBytesMax) {
    return RefuseForm(absl::StrCat("a checkpoint note has at most ", kNoteBytesMax, " bytes"));
  }
  if (!IsUtf8(note) || std::any_of(note.begin(), note.end(), [](char c) { return IsControl(c) && c != '\n'; })) {
    return RefuseForm("a checkpoint note is UTF-8 without control characters other than newline");
  }
  std::vector<absl::string_view> lines = absl::StrSplit(note, '\n');
  if (lines.size() < kTextLines + 3 || !lines.back().empty() || !lines[kTextLines].empty()) {
    return RefuseForm("a checkpoint note is three lines, an empty line and signature lines, each ended by a newline");
  }
  lines.pop_back();  // what follows the last newline
  if (lines.size() - kTextLines - 1 > kNoteSignaturesMax) {
    return RefuseForm(absl::StrCat("a checkpoint note has at most ", kNoteSignaturesMax, " signatures"));
  }
  Note parsed;
  MEGURI_ASSIGN_OR_RETURN(parsed.checkpoint, ParseText(absl::MakeSpan(lines).first(kTextLines)));
  parsed.text = note.substr(0, static_cast<size_t>(lines[kTextLines].data() - note.data()));
  for (const absl::string_view line : absl::MakeSpan(lines).subspan(kTextLines + 1)) {
    MEGURI_ASSIGN_OR_RETURN(parsed.signatures.emplace_back(), ParseSignatureLine(line));
  }
  return parsed;
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
  return line.name == origin && line.key_hash == KeyHash(origin, feed_key.ed25519_bytes());
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
  const std::string text = TextOf(checkpoint);
  MEGURI_ASSIGN_OR_RETURN(const std::string signature, feed_signer.Sign(text));
  const std::string key_hash = KeyHash(checkpoint.origin, feed_signer.public_key().ed25519_bytes());
  return absl::StrCat(text, "\n", kSignaturePrefix, checkpoint.origin, " ",
                      absl::Base64Escape(absl::StrCat(key_hash, signature)), "\n");
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
