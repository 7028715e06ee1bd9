// SPDX-License-Identifier: Apache-2.0
#include "client/cli/words.h"

#include <algorithm>
#include <iterator>
#include <string>

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

struct JapaneseWord {
  absl::string_view value;  // of the contract
  const char* word;
};

// A test knows that every value of these enums is here.
constexpr JapaneseWord kJapaneseWords[] = {
    {"MEMBER_KIND_COMPANY_LARGE", "大企業"},
    {"MEMBER_KIND_COMPANY_SME", "中小企業"},
    {"MEMBER_KIND_COMPANY_MICRO", "小規模企業"},
    {"MEMBER_KIND_INDUSTRY_ASSOCIATION", "業界団体"},
    {"MEMBER_KIND_MUNICIPALITY", "自治体"},
    {"MEMBER_KIND_UNIVERSITY", "大学・研究機関"},
    {"MEMBER_KIND_RELATED_BODY", "関係機関"},
    {"MEMBER_STATUS_ACTIVE", "有効"},
    {"MEMBER_STATUS_SUSPENDED", "停止中"},
    {"MEMBER_STATUS_LEFT", "退会"},
    {"ROLE_KIND_OPERATOR", "運営者"},
    {"ROLE_KIND_MATERIAL_MAKER", "素材メーカー"},
    {"ROLE_KIND_CONVERTER", "加工業者"},
    {"ROLE_KIND_MANUFACTURER", "製造業者"},
    {"ROLE_KIND_IMPORTER", "輸入業者"},
    {"ROLE_KIND_CE_COMMERCE", "CEコマース"},
    {"ROLE_KIND_COLLECTOR", "回収業者"},
    {"ROLE_KIND_DISMANTLER", "解体業者"},
    {"ROLE_KIND_RECYCLER", "リサイクル業者"},
    {"ROLE_KIND_LOGISTICS", "物流業者"},
    {"ROLE_KIND_AUTHORITY", "行政機関"},
    {"ROLE_KIND_CERTIFICATION_BODY", "認証機関"},
    {"ROLE_KIND_AUDITOR", "監査人"},
    {"FOLLOW_STATE_CONNECTING", "接続中"},
    {"FOLLOW_STATE_CATCHING_UP", "取得中"},
    {"FOLLOW_STATE_LIVE", "最新"},
    {"FOLLOW_STATE_WAITING", "再試行待ち"},
    {"FOLLOW_STATE_QUARANTINED", "隔離"},
    {"FOLLOW_STATE_OVER_QUOTA", "割当超過"},
    {"ACCESS_PURPOSE_REPAIR", "修理"},
    {"ACCESS_PURPOSE_RECYCLING", "リサイクル"},
    {"ACCESS_PURPOSE_REMANUFACTURE", "再製造"},
    {"ACCESS_PURPOSE_COMPLIANCE", "法令遵守"},
    {"ACCESS_PURPOSE_DUE_DILIGENCE", "デューデリジェンス"},
    {"ACCESS_PURPOSE_LOGISTICS", "物流"},
    {"ACCESS_PURPOSE_RESEARCH", "研究"},
    {"ACCESS_PURPOSE_AUDIT", "監査"},
    {"GRANT_STATE_ACTIVE", "有効"},
    {"GRANT_STATE_SUSPENDED", "一時停止"},
    {"GRANT_STATE_REVOKED", "取消"},
    {"ONWARD_RULE_NONE", "不可"},
    {"ONWARD_RULE_SAME_PURPOSE", "同一目的"},
    {"ONWARD_RULE_LISTED_MEMBERS", "指定した会員"},
    {"AUTO_APPROVAL_OFF", "なし"},
    {"AUTO_APPROVAL_ROLES", "指定した役割"},
    {"AUTO_APPROVAL_MEMBERS", "全会員"},
    {"DECISION_DELIVERED", "提供"},
    {"DECISION_DENIED", "拒否"},
    {"DECISION_ADMINISTERED", "管理操作"},
};

// In English "company-sme" of MEMBER_KIND_COMPANY_SME, as flags take it: what stands after the prefix that all values
// of an enum share.
std::string Shortened(Language language, const google::protobuf::EnumDescriptor& type, int number,
                      absl::string_view prefix) {
  const google::protobuf::EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (value == nullptr) {
    return absl::StrCat(number);
  }
  const auto* known = std::find_if(std::begin(kJapaneseWords), std::end(kJapaneseWords),
                                   [&](const JapaneseWord& row) { return row.value == value->name(); });
  if (language == Language::kJapanese && known != std::end(kJapaneseWords)) {
    return known->word;
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

std::string KindName(Language language, registry::v1::MemberKind kind) {
  return Shortened(language, *registry::v1::MemberKind_descriptor(), kind, "MEMBER_KIND_");
}

std::string StatusName(Language language, registry::v1::MemberStatus status) {
  return Shortened(language, *registry::v1::MemberStatus_descriptor(), status, "MEMBER_STATUS_");
}

std::string FollowStateName(Language language, admin::v1::FollowState state) {
  return Shortened(language, *admin::v1::FollowState_descriptor(), state, "FOLLOW_STATE_");
}

std::string RoleName(Language language, const registry::v1::Role& role) {
  const std::string kind = Shortened(language, *registry::v1::RoleKind_descriptor(), role.kind(), "ROLE_KIND_");
  return role.scopes().empty() ? kind : absl::StrCat(kind, ":", absl::StrJoin(role.scopes(), ","));
}

std::string PurposeName(Language language, passport::v1::AccessPurpose purpose) {
  return Shortened(language, *passport::v1::AccessPurpose_descriptor(), purpose, "ACCESS_PURPOSE_");
}

std::string GrantStateName(Language language, passport::v1::GrantState state) {
  return Shortened(language, *passport::v1::GrantState_descriptor(), state, "GRANT_STATE_");
}

std::string OnwardRuleName(Language language, passport::v1::OnwardRule rule) {
  return Shortened(language, *passport::v1::OnwardRule_descriptor(), rule, "ONWARD_RULE_");
}

std::string DecisionName(Language language, audit::v1::Decision decision) {
  return Shortened(language, *audit::v1::Decision_descriptor(), decision, "DECISION_");
}

std::string AutoApprovalName(Language language, passport::v1::AutoApproval approval) {
  return Shortened(language, *passport::v1::AutoApproval_descriptor(), approval, "AUTO_APPROVAL_");
}

std::string RoleScopeName(Language language, const passport::v1::RoleScope& role) {
  registry::v1::Role named;
  named.set_kind(role.kind());
  if (!role.scope().empty()) {
    named.add_scopes(role.scope());
  }
  return RoleName(language, named);
}

std::string NameIn(Language language, const registry::v1::Name& name) {
  const bool japanese = language == Language::kJapanese;
  const std::string& first = japanese ? name.ja() : name.en();
  return !first.empty() ? first : japanese ? name.en() : name.ja();
}

}  // namespace meguri::client
