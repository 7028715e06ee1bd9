// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/access.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "google/protobuf/util/message_differencer.h"
#include "passport/rules/finding.h"
#include "passport/rules/timestamp.h"

namespace meguri::passport {
namespace {

const Path kOfferPath("sections.offer");
const Path kGrantPath("sections.grant");

absl::Time IssueTime(const record::Header& header) {
  return absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms()));
}

void CheckOrder(const std::string& not_before, const std::string& expires, const Path& path, Findings& findings) {
  const absl::optional<absl::Time> begin = ParseTimestamp(not_before);
  const absl::optional<absl::Time> end = ParseTimestamp(expires);
  if (begin.has_value() && end.has_value() && *begin >= *end) {
    Report(findings, path.At("expires"), "ACCESS_PERIOD", Quoted(expires),
           {absl::StrCat("a time after not_before, ", not_before), "correct one of the two",
            "終了日時は開始日時より後でなければなりません。"});
  }
}

void CheckNotOver(const record::Header& header, const std::string& expires, const Path& path, Findings& findings) {
  const absl::optional<absl::Time> end = ParseTimestamp(expires);
  if (end.has_value() && *end <= IssueTime(header)) {
    Report(findings, path.At("expires"), "ACCESS_PERIOD", Quoted(expires),
           {"a time after the record is issued", "set a later end", "終了日時が発行日時より前になっています。"});
  }
}

void CheckLists(bool is_listed, bool is_spoken_of, std::string field, Findings& findings) {
  if (is_listed != is_spoken_of) {
    Report(findings, std::move(field), "ACCESS_LIST", is_listed ? "a list that no rule speaks of" : "no list",
           {"a list if and only if the rule beside it is to list", "fill in the list, or choose the other rule",
            "一覧は、一覧を指定する規則を選んだ場合にのみ記載します。"});
  }
}

void CheckIsOther(const record::Header& header, const std::string& member, std::string field, Findings& findings) {
  if (member == header.publisher().text()) {
    Report(findings, std::move(field), "ACCESS_TO_ONESELF", Quoted(member),
           {"another member", "name the other side; one's own records are always open to oneself",
            "相手方の会員を指定してください。"});
  }
}

void ReportFixed(const Path& path, Findings& findings) {
  Report(findings, path.ToString(), "ACCESS_FIXED", "other terms than in the version before",
         {"the same terms: an agreement names them", "end this record with a tombstone and publish another one",
          "条件は変更できません。この記録を終了し、新しい記録を公開してください。"});
}

void CheckGrantChange(const v1::Grant& before, const v1::Grant& next, const Path& path, Findings& findings) {
  v1::Grant same = next;
  same.set_state(before.state());
  if (!google::protobuf::util::MessageDifferencer::Equals(before, same)) {
    ReportFixed(path, findings);
  }
  if (before.state() == v1::GRANT_STATE_REVOKED && next.state() != v1::GRANT_STATE_REVOKED) {
    Report(
        findings, path.At("state"), "ACCESS_REVOKED", v1::GrantState_Name(next.state()),
        {"revoked, for good", "publish a new grant", "失効した許諾は再開できません。新しい許諾を公開してください。"});
  }
}

}  // namespace

void CheckSelector(const v1::Selector& selector, const Path& path, Findings& findings) {
  const int ways = static_cast<int>(selector.all()) + static_cast<int>(!selector.record_types().empty()) +
                   static_cast<int>(!selector.product_groups().empty()) +
                   static_cast<int>(!selector.product_lines().empty()) +
                   static_cast<int>(!selector.record_ids().empty());
  if (ways != 1) {
    Report(findings, path.ToString(), "ACCESS_SELECTOR", absl::StrCat(ways, " ways of selecting"),
           {"one of all, record_types, product_groups, product_lines and record_ids",
            "choose one; publish another offer for the other",
            "all、record_types、product_groups、product_lines、record_ids のいずれか1つを指定してください。"});
  }
}

void CheckOffer(const v1::Offer& offer, const Path& path, Findings& findings) {
  CheckOrder(offer.not_before(), offer.expires(), path, findings);
  CheckLists(!offer.onward_member_ids().empty(), offer.onward() == v1::ONWARD_RULE_LISTED_MEMBERS,
             path.At("onward_member_ids"), findings);
  CheckLists(!offer.auto_roles().empty(), offer.auto_approval() == v1::AUTO_APPROVAL_ROLES, path.At("auto_roles"),
             findings);
  if (offer.retention_days() > kRetentionDaysMax) {
    Report(
        findings, path.At("retention_days"), "ACCESS_RETENTION", absl::StrCat(offer.retention_days(), " days"),
        {absl::StrCat("at most ", kRetentionDaysMax), "say how long it may really be kept", "保持日数が長すぎます。"});
  }
}

void CheckGrant(const v1::Grant& grant, const Path& path, Findings& findings) {
  if (grant.grantee_id().empty() == !grant.has_grantee_role()) {
    Report(
        findings, path.ToString(), "ACCESS_GRANTEE", grant.grantee_id().empty() ? "no grantee" : "two grantees",
        {"grantee_id or grantee_role", "name a member, or a role", "会員または役割のどちらか一方を指定してください。"});
  }
  CheckOrder(grant.not_before(), grant.expires(), path, findings);
}

void CheckAccessPeriod(const record::Header& header, const RecordContent& content, Findings& findings) {
  // A further version of a grant may come after its end: to revoke what is over is no mistake.
  if (header.version() > 1) {
    return;
  }
  if (content.grant != nullptr) {
    CheckNotOver(header, content.grant->expires(), kGrantPath, findings);
  }
  if (content.offer == nullptr) {
    return;
  }
  CheckNotOver(header, content.offer->expires(), kOfferPath, findings);
  const absl::optional<absl::Time> end = ParseTimestamp(content.offer->expires());
  if (end.has_value() && *end - IssueTime(header) > kOfferTimeMax) {
    Report(findings, kOfferPath.At("expires"), "ACCESS_PERIOD", Quoted(content.offer->expires()),
           {"at most 5 years after the record is issued", "choose an earlier end; offer it anew when that has come",
            "有効期間は発行から5年以内にしてください。"});
  }
}

void CheckOtherMember(const record::Header& header, const RecordContent& content, Findings& findings) {
  if (content.access_request != nullptr) {
    CheckIsOther(header, content.access_request->owner_id(), "sections.access_request.owner_id", findings);
  }
  if (content.grant != nullptr) {
    CheckIsOther(header, content.grant->grantee_id(), kGrantPath.At("grantee_id"), findings);
  }
  if (content.agreement != nullptr) {
    CheckIsOther(header, content.agreement->owner_id(), "sections.agreement.owner_id", findings);
  }
}

void CheckAccessChange(const google::protobuf::Message& before, const google::protobuf::Message& next, const Path& path,
                       Findings& findings) {
  if (before.GetDescriptor() == v1::Grant::descriptor()) {
    CheckGrantChange(static_cast<const v1::Grant&>(before), static_cast<const v1::Grant&>(next), path, findings);
  } else if (!google::protobuf::util::MessageDifferencer::Equals(before, next)) {
    ReportFixed(path, findings);
  }
}

}  // namespace meguri::passport
