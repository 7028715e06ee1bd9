// SPDX-License-Identifier: Apache-2.0
#include "record/cosignature.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "record/note.h"

namespace meguri::record {
namespace {

constexpr size_t kTimeSize = 8;
constexpr uint64_t kTimeSecondsMax = kTimeMsMax / 1000;

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "COSIGNATURE", message);
}

absl::Status CheckWitnessKey(const PublicKey& key) {
  return key.algorithm() == KeyAlgorithm::kEd25519 ? absl::OkStatus() : Refuse("witnesses sign with Ed25519 keys only");
}

std::string KeyHash(absl::string_view name, const PublicKey& key) {
  return NoteKeyHash(name, NoteSignatureType::kCosignature, key.ed25519_bytes());
}

std::string SignedText(absl::string_view note_text, uint64_t time_s) {
  return absl::StrCat("cosignature/v1\ntime ", time_s, "\n", note_text);
}

absl::Status CheckTime(uint64_t time_s) {
  if (time_s == 0 || time_s > kTimeSecondsMax) {
    return Refuse(absl::StrCat("the time of a cosignature is 1-", kTimeSecondsMax, " seconds, found ", time_s));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CheckLine(const Note& note, const NoteSignature& line, const WitnessKey& witness) {
  if (line.signature.size() != kTimeSize + kSignatureSize) {
    return Refuse(absl::StrCat("the cosignature of ", witness.name, " has ", line.signature.size(), " bytes, expected ",
                               kTimeSize + kSignatureSize, ": time and Ed25519 signature"));
  }
  const uint64_t time_s = ReadU64(line.signature);
  MEGURI_RETURN_IF_ERROR(CheckTime(time_s));
  const absl::string_view signature = absl::string_view(line.signature).substr(kTimeSize);
  if (!witness.key.Verify(SignedText(note.text, time_s), signature).ok()) {
    return Refuse(absl::StrCat("the cosignature of ", witness.name, " is not over this checkpoint"));
  }
  return time_s;
}

}  // namespace

std::string WitnessName(absl::string_view federation, const ParticipantId& witness) {
  return absl::StrCat(federation, "/meguri/", witness.icd(), "/", witness.identifier(), "/witness");
}

absl::StatusOr<std::string> Cosign(absl::string_view note, absl::string_view name, const Signer& signer,
                                   uint64_t time_s) {
  MEGURI_RETURN_IF_ERROR(CheckWitnessKey(signer.public_key()));
  MEGURI_RETURN_IF_ERROR(CheckTime(time_s));
  if (!IsKeyName(name)) {
    return Refuse("the name of a witness is not empty and has no space, plus sign or control character");
  }
  MEGURI_ASSIGN_OR_RETURN(const Note parsed, ParseNote(note));
  MEGURI_ASSIGN_OR_RETURN(const std::string signature, signer.Sign(SignedText(parsed.text, time_s)));
  std::string timestamped;
  AppendU64(time_s, timestamped);
  absl::StrAppend(&timestamped, signature);
  return SignatureLineOf(name, KeyHash(name, signer.public_key()), timestamped);
}

absl::StatusOr<std::vector<Cosignature>> OpenCosignatures(absl::string_view note,
                                                          absl::Span<const WitnessKey> witnesses) {
  std::vector<std::string> key_hashes;
  for (const WitnessKey& witness : witnesses) {
    MEGURI_RETURN_IF_ERROR(CheckWitnessKey(witness.key));
    key_hashes.push_back(KeyHash(witness.name, witness.key));
  }
  MEGURI_ASSIGN_OR_RETURN(const Note parsed, ParseNote(note));
  std::vector<Cosignature> found;
  for (const NoteSignature& line : parsed.signatures) {
    for (size_t i = 0; i < witnesses.size(); ++i) {
      if (line.name != witnesses[i].name || line.key_hash != key_hashes[i]) {
        continue;
      }
      if (std::any_of(found.begin(), found.end(), [&](const Cosignature& other) { return other.witness == i; })) {
        return Refuse(absl::StrCat("there are two cosignatures of ", witnesses[i].name));
      }
      MEGURI_ASSIGN_OR_RETURN(const uint64_t time_s, CheckLine(parsed, line, witnesses[i]));
      found.push_back({.witness = i, .time_s = time_s});
    }
  }
  return found;
}

absl::StatusOr<std::string> AddSignatureLine(absl::string_view note, absl::string_view line) {
  if (!absl::EndsWith(line, "\n") || line.find('\n') != line.size() - 1) {
    return Error(absl::StatusCode::kInvalidArgument, "CHECKPOINT_FORM",
                 "a signature line is one line that ends with a newline");
  }
  std::string longer = absl::StrCat(note, line);
  MEGURI_RETURN_IF_ERROR(ParseNote(longer).status());
  return longer;
}

absl::StatusOr<std::string> KeepSignaturesOf(absl::string_view note, absl::string_view name) {
  MEGURI_ASSIGN_OR_RETURN(const Note parsed, ParseNote(note));
  std::string kept = absl::StrCat(parsed.text, "\n");
  for (const NoteSignature& line : parsed.signatures) {
    if (line.name == name) {
      kept += SignatureLineOf(line.name, line.key_hash, line.signature);
    }
  }
  MEGURI_RETURN_IF_ERROR(ParseNote(kept).status());
  return kept;
}

}  // namespace meguri::record
