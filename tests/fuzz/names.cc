// SPDX-License-Identifier: Apache-2.0
// Names that come as text: feeds, participants, record IDs, and what certificates call their holders.
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "certs/grammar.h"
#include "certs/identity.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "record/record_id.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

void TryFeedName(absl::string_view text) {
  const absl::StatusOr<record::FeedName> name = record::FeedName::Parse(text);
  if (name.ok()) {
    Invariant(name->text() == text, "a feed name is its text");
    Invariant(absl::StrCat(name->kind(), name->scope().empty() ? "" : "/", name->scope()) == text,
              "a feed name is its kind and its scope");
  }
}

void TryParticipant(absl::string_view text) {
  const absl::StatusOr<record::ParticipantId> id = record::ParticipantId::Parse(text);
  if (id.ok()) {
    Invariant(absl::StrCat(id->icd(), ":", id->identifier()) == text, "a participant ID is its parts");
    Invariant(record::FeedName::Parse(absl::StrCat("to/", text)).ok(), "every participant can have a feed");
  }
}

void TryIdentity(absl::string_view text) {
  const absl::StatusOr<certs::Identity> identity = certs::Identity::Parse(text);
  if (identity.ok()) {
    Invariant(identity->ToUri() == text, "one identity has one form");
    Invariant(certs::IsDomainName(identity->federation), "a federation is a domain");
  }
}

void TryGrammars(absl::string_view text) {
  certs::IsAddress(text);
  certs::IsProductGroup(text);
  certs::IsJurisdiction(text);
  certs::IsCompanyPrefix(text);
  certs::IsPlainText(text);
  certs::Quoted(text);
  if (certs::IsNameSpace(text)) {
    Invariant(certs::NormalUri(text) == text, "a registered name space is in its normal form");
  }
  const std::string normal = certs::NormalUri(text);
  Invariant(certs::NormalUri(normal) == normal, "the normal form is final");
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  meguri::fuzz::TryFeedName(input);
  meguri::fuzz::TryParticipant(input);
  meguri::fuzz::TryIdentity(input);
  meguri::fuzz::TryGrammars(input);
  meguri::record::RecordId::ParseHex(input).status().IgnoreError();
  return 0;
}
