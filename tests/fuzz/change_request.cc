// SPDX-License-Identifier: Apache-2.0
#include "certs/change_request.h"

#include "certs/key_change.h"
#include "certs/registry.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/change_request_seed.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void Check(absl::string_view bytes, const certs::CurrentEntry& current) {
  const auto applicant = certs::ApplicantOf(bytes);
  const auto entry = certs::OpenChangeRequest(bytes, kFederation, current, Now());
  if (!entry.ok()) {
    Invariant(!ReasonOf(entry.status()).empty() || !ViolationsOf(entry.status()).empty(), "a refusal has a reason");
    return;
  }
  Invariant(applicant.ok() && applicant->text() == current.entry.participant_id(), "a request says whose it is");
  Invariant(certs::CheckMemberEntry(kFederation, *entry).ok(), "a change leads to a sound entry");
  Invariant(entry->status() == current.entry.status(), "a member does not change its status");
  for (const registry::v1::MemberKey& key : current.entry.keys()) {
    Invariant(certs::FindKey(*entry, key.public_key()) != nullptr, "no key is lost");
  }
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a signed request, or one without signatures, which the holder of the record key then signs.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const meguri::fuzz::FixedFederation federation;
  static const auto signer = meguri::fuzz::FixedSigner("record key");
  static const meguri::certs::CurrentEntry current = meguri::fuzz::EntryToChange(*signer);
  const google::protobuf::LogSilencer no_complaints_about_text;
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::Check(input, current);
  meguri::fuzz::Check(federation.Signed(meguri::certs::kChangePayloadType, input, *signer).SerializeAsString(),
                      current);
  return 0;
}
