// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "certs/registry.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/fixed_federation.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

using registry::v1::MemberEntry;

void Ask(const certs::Registry& registry, const MemberEntry& entry) {
  const record::ParticipantId id = record::ParticipantId::Parse(entry.participant_id()).value();
  Invariant(registry.Find(id) != nullptr, "who is in the registry is found");
  Invariant(registry.IsActive(id) || entry.status() != registry::v1::MEMBER_STATUS_ACTIVE || id.text() == kOperator,
            "who is active is active");
  for (const registry::v1::Role& role : entry.roles()) {
    registry.ScopesOf(id, role.kind());
    registry.HasRole(id, role.kind(), "JP");
  }
  registry.IsHostedBy(id, entry.hosting().node_identity());
  registry.FeedKeyOf(id, Now()).status().IgnoreError();
  for (const std::string& prefix : entry.gs1_company_prefixes()) {
    registry.FindByGtin(std::string("0") + prefix + "000000000");
  }
  for (const std::string& name_space : entry.id_name_spaces()) {
    registry.FindByUri(name_space + "1");
  }
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  static const meguri::fuzz::FixedFederation federation;
  static const meguri::certs::TrustBundle bundle = federation.Bundle(1);
  const google::protobuf::LogSilencer no_complaints_about_text;
  const auto entry = meguri::certs::ParseMemberEntry(meguri::fuzz::kFederation, meguri::fuzz::BytesOf(data, size));
  if (!entry.ok()) {
    Invariant(!meguri::ReasonOf(entry.status()).empty(), "a refusal has a reason");
    return 0;
  }
  Invariant(meguri::certs::ParseMemberEntry(meguri::fuzz::kFederation, entry->SerializeAsString()).ok(),
            "what was accepted is accepted again");
  const std::vector<meguri::registry::v1::MemberEntry> entries = {*entry};
  const auto registry = meguri::certs::Registry::Make(bundle, entries);
  Invariant(registry.ok(), "a sound entry makes no registry fail");
  meguri::fuzz::Ask(**registry, *entry);
  return 0;
}
