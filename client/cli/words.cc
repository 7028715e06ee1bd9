// SPDX-License-Identifier: Apache-2.0
#include "client/cli/words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "passport/section_table.h"
#include "record/audience.h"

namespace meguri::client {
namespace {

// "company-sme" of MEMBER_KIND_COMPANY_SME: what stands after the prefix that all values of an enum share.
std::string Shortened(const google::protobuf::EnumDescriptor& type, int number, absl::string_view prefix) {
  const google::protobuf::EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (value == nullptr) {
    return absl::StrCat(number);
  }
  return absl::StrReplaceAll(absl::AsciiStrToLower(value->name().substr(prefix.size())), {{"_", "-"}});
}

}  // namespace

std::string TimeOf(uint64_t unix_ms) {
  constexpr uint64_t kEndOfYear9999 = 253'402'300'799'999;
  if (unix_ms == 0 || unix_ms > kEndOfYear9999) {
    return unix_ms == 0 ? "" : absl::StrCat(unix_ms, " ms");
  }
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(static_cast<int64_t>(unix_ms)),
                          absl::UTCTimeZone());
}

std::string CosignedText(const Session& session, const feed::v1::CosignedHead& cosigned) {
  if (cosigned.quorum() == 0) {
    return "";
  }
  if (cosigned.cosigned() == 0) {
    return session.Say(Message::kCosignedByNobody, {absl::StrCat(cosigned.quorum())});
  }
  const bool has_quorum = cosigned.cosigned() >= cosigned.quorum();
  return session.Say(has_quorum ? Message::kCosignedBy : Message::kCosignedByTooFew,
                     {absl::StrCat(cosigned.cosigned()), absl::StrCat(cosigned.witnesses()),
                      absl::StrCat(cosigned.size()), TimeOf(cosigned.time_ms()), absl::StrCat(cosigned.quorum())});
}

std::string RecordTypeName(uint32_t type) {
  const passport::RecordKind* kind = passport::FindRecordKind(type);
  return kind == nullptr ? absl::StrCat("record type ", type) : absl::StrCat(kind->name);
}

std::string SectionTypeName(uint32_t type) {
  const passport::SectionKind* kind = passport::FindSectionKind(type);
  return kind == nullptr ? absl::StrCat("section type ", type) : absl::StrCat(kind->name);
}

std::string AudiencesName(uint32_t audiences) {
  const absl::StatusOr<record::AudienceSet> set = record::AudienceSet::Parse(audiences);
  return set.ok() ? set->ToString() : absl::StrCat(audiences);
}

std::string KindName(registry::v1::MemberKind kind) {
  return Shortened(*registry::v1::MemberKind_descriptor(), kind, "MEMBER_KIND_");
}

std::string StatusName(registry::v1::MemberStatus status) {
  return Shortened(*registry::v1::MemberStatus_descriptor(), status, "MEMBER_STATUS_");
}

std::string FollowStateName(admin::v1::FollowState state) {
  return Shortened(*admin::v1::FollowState_descriptor(), state, "FOLLOW_STATE_");
}

std::string RoleName(const registry::v1::Role& role) {
  const std::string kind = Shortened(*registry::v1::RoleKind_descriptor(), role.kind(), "ROLE_KIND_");
  return role.scopes().empty() ? kind : absl::StrCat(kind, ":", absl::StrJoin(role.scopes(), ","));
}

std::string PurposeName(passport::v1::AccessPurpose purpose) {
  return Shortened(*passport::v1::AccessPurpose_descriptor(), purpose, "ACCESS_PURPOSE_");
}

std::string GrantStateName(passport::v1::GrantState state) {
  return Shortened(*passport::v1::GrantState_descriptor(), state, "GRANT_STATE_");
}

std::string OnwardRuleName(passport::v1::OnwardRule rule) {
  return Shortened(*passport::v1::OnwardRule_descriptor(), rule, "ONWARD_RULE_");
}

std::string AutoApprovalName(passport::v1::AutoApproval approval) {
  return Shortened(*passport::v1::AutoApproval_descriptor(), approval, "AUTO_APPROVAL_");
}

std::string RoleScopeName(const passport::v1::RoleScope& role) {
  registry::v1::Role named;
  named.set_kind(role.kind());
  if (!role.scope().empty()) {
    named.add_scopes(role.scope());
  }
  return RoleName(named);
}

std::string NameIn(Language language, const registry::v1::Name& name) {
  const bool japanese = language == Language::kJapanese;
  const std::string& first = japanese ? name.ja() : name.en();
  return !first.empty() ? first : japanese ? name.en() : name.ja();
}

}  // namespace meguri::client
