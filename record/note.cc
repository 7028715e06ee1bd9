// SPDX-License-Identifier: Apache-2.0
#include "record/note.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "record/wire.h"

namespace meguri::record {
namespace {

constexpr absl::string_view kSignaturePrefix("\u2014 ");  // em dash, space
constexpr size_t kKeyHashSize = 4;
constexpr size_t kTextLines = 3;
constexpr uint64_t kTreeSizeMax = INT64_MAX;

absl::Status RefuseForm(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "CHECKPOINT_FORM", message);
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

// Base64 in the one form that every value has: padded, no spaces, unused bits zero.
bool DecodeBase64(absl::string_view text, std::string& bytes) {
  return absl::Base64Unescape(text, &bytes) && absl::Base64Escape(bytes) == text;
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

}  // namespace

bool IsKeyName(absl::string_view name) {
  return !name.empty() && IsUtf8(name) &&
         std::none_of(name.begin(), name.end(), [](char c) { return IsControl(c) || c == ' ' || c == '+'; });
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

std::string NoteKeyHash(absl::string_view name, NoteSignatureType type, absl::string_view ed25519_key) {
  const char suffix[] = {'\n', static_cast<char>(type)};
  return Sha256({name, absl::string_view(suffix, sizeof(suffix)), ed25519_key}).ToString().substr(0, kKeyHashSize);
}

std::string NoteTextOf(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n", absl::Base64Escape(checkpoint.root.view()), "\n");
}

std::string SignatureLineOf(absl::string_view name, absl::string_view key_hash, absl::string_view signature) {
  return absl::StrCat(kSignaturePrefix, name, " ", absl::Base64Escape(absl::StrCat(key_hash, signature)), "\n");
}

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

}  // namespace meguri::record
