// SPDX-License-Identifier: Apache-2.0
#include "record/checkpoint.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "record/cosignature.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

constexpr absl::string_view kOrigin = "ce.example/meguri/0188/7123456789012/1/public";

// `text` as a note that the feed key signed, whatever it says.
std::string SignedNote(absl::string_view text, const record::RawSigner& signer) {
  const absl::string_view suffix("\n\x01", 2);
  const std::string key_hash =
      record::Sha256({kOrigin, suffix, signer.public_key().ed25519_bytes()}).ToString().substr(0, 4);
  return absl::StrCat(text, "\n\u2014 ", kOrigin, " ",
                      absl::Base64Escape(absl::StrCat(key_hash, signer.Sign(text).value())), "\n");
}

void Open(absl::string_view note, const record::RawSigner& signer) {
  const absl::StatusOr<record::Checkpoint> opened = record::OpenCheckpoint(note, kOrigin, signer.public_key());
  if (!opened.ok()) {
    Invariant(!ReasonOf(opened.status()).empty(), "a refusal has a reason");
    return;
  }
  const absl::StatusOr<std::string> again = record::SignCheckpoint(*opened, signer);
  Invariant(again.ok(), "what was opened can be signed");
  // One head has one text, and Ed25519 one signature of it: only other signatures may stand beside.
  const absl::string_view text = absl::string_view(*again).substr(0, again->find("\n\n") + 1);
  Invariant(note.substr(0, text.size()) == text, "one head has one form");
  Invariant(record::OpenCheckpoint(*again, kOrigin, signer.public_key()) == opened, "and reads back as it was");
}

// A cosignature that was found can be made again, and joins the note that it is of.
void OpenCosigned(absl::string_view note, const record::RawSigner& witness) {
  const std::vector<record::WitnessKey> witnesses = {{"w.example", witness.public_key()}};
  const absl::StatusOr<std::vector<record::Cosignature>> opened = record::OpenCosignatures(note, witnesses);
  if (!opened.ok()) {
    Invariant(!ReasonOf(opened.status()).empty(), "a refusal has a reason");
    return;
  }
  const absl::StatusOr<std::string> line =
      record::Cosign(note, "w.example", witness, opened->empty() ? 1 : opened->front().time_s);
  Invariant(line.ok(), "what was opened can be cosigned");
  Invariant(opened->empty() || note.find(*line) != absl::string_view::npos, "one witness and time have one line");
  const absl::StatusOr<std::string> longer = record::AddSignatureLine(note, *line);
  if (longer.ok()) {
    const auto again = record::OpenCosignatures(*longer, witnesses);
    Invariant(again.ok() == opened->empty(), "a witness cosigns a note once");
  }
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto signer = meguri::fuzz::FixedSigner("feed key");
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::Open(input, *signer);
  meguri::fuzz::Open(meguri::fuzz::SignedNote(input, *signer), *signer);
  static const auto witness = meguri::fuzz::FixedSigner("witness key");
  meguri::fuzz::OpenCosigned(input, *witness);
  return 0;
}
