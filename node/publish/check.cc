// SPDX-License-Identifier: Apache-2.0
#include "node/publish/check.h"

#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "node/publish/limits.h"
#include "passport/index_terms.h"
#include "passport/product_group.h"
#include "passport/profile.h"
#include "passport/record_links.h"
#include "passport/validate.h"
#include "record/section.h"

namespace meguri::node {
namespace {

using record::v1::Section;

// Turns an error of a lower layer into a violation of the field at `path`.
void AddError(const absl::Status& status, absl::string_view path, absl::string_view cure, absl::string_view cure_ja,
              std::vector<Violation>& violations) {
  Violation violation;
  violation.field = std::string(path);
  violation.reason = ReasonOf(status);
  violation.found = std::string(status.message());
  violation.cure = std::string(cure);
  violation.message_ja = absl::StrCat(cure_ja, "(", violation.reason, ")");
  violations.push_back(std::move(violation));
}

bool IsPinned(const certs::TrustBundle& bundle, const record::PublicKey& key) {
  return absl::c_any_of(bundle.message().registry_record_keys(),
                        [&](const registry::v1::MemberKey& pinned) { return pinned.public_key() == key.spki(); });
}

void CheckSignature(const CheckContext& context, const record::Header& header,
                    const record::v1::BatchSignature& signature, absl::string_view path,
                    std::vector<Violation>& violations) {
  const absl::StatusOr<record::Hash> key_id = record::Hash::Parse(signature.key_id());
  const certs::RegisteredKey* key = key_id.ok() ? context.registry.FindKey(*key_id) : nullptr;
  const std::string field = absl::StrCat(path, ".signature");
  if (key == nullptr || key->owner != header.publisher() || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
    if (key == nullptr && key_id.ok() && context.registry.WhyUnknown(*key_id) == "KEY_NOT_ENDORSED") {
      violations.push_back({field + ".key_id", "KEY_NOT_ENDORSED",
                            "a key that came into the registry without the signature of the key before it",
                            "a key that the one before it endorsed, or that is marked as a recovery",
                            "ask the operator to register the key anew",
                            "前の鍵の署名がない鍵です。運営者に登録をやり直してもらってください。"});
      return;
    }
    violations.push_back({field + ".key_id", "UNKNOWN_KEY", "the key is not a record key of the publisher",
                          "a record key in the publisher's registry entry",
                          "sign with the registered key, or have the operator register this one",
                          "登録された記録鍵で署名してください。"});
    return;
  }
  // What the registry says must not change who may say it.
  if (header.message().record_type() == record::v1::RECORD_TYPE_MEMBER && !IsPinned(context.bundle, key->key)) {
    violations.push_back({field + ".key_id", "NOT_A_REGISTRY_KEY", "a key that the trust bundle does not pin",
                          "a registry record key of the trust bundle", "sign with the operator's registry key",
                          "信頼バンドルに登録された鍵で署名してください。"});
    return;
  }
  if (const absl::Status usable = key->CheckUsable(context.now); !usable.ok()) {
    AddError(usable, field + ".key_id", "sign with a key that is valid now", "有効な鍵で署名してください。",
             violations);
    violations.back().expected = "a record key that is neither revoked nor out of its time";
    return;
  }
  const absl::Status verified =
      record::VerifyBatchSignature(header.hash(), signature, key->key, &context.verified_roots);
  if (!verified.ok()) {
    AddError(verified, field, "sign the header bytes again", "ヘッダーに署名し直してください。", violations);
  }
}

void CheckMember(const CheckContext& context, const Section& section, absl::string_view path,
                 std::vector<Violation>& violations) {
  registry::v1::MemberEntry entry;
  if (!entry.ParseFromString(section.payload())) {
    return;  // reported by ValidateSection
  }
  const absl::Status checked = certs::CheckMemberEntry(context.registry.federation(), entry);
  for (Violation violation : ViolationsOf(checked)) {
    violation.field = absl::StrCat(path, ".sections.member.", violation.field);
    violations.push_back(std::move(violation));
  }
}

// A company prefix belongs to one company: a GTIN under it names that company's product. Of a member that has left, its
// prefix may have passed on. A prefix that nobody has registered says nothing.
void CheckGtins(const CheckContext& context, const record::Header& header, const Section& section,
                absl::string_view path, std::vector<Violation>& violations) {
  for (const record::IndexTerm& term : passport::TermsOf(section.type(), section.payload())) {
    const registry::v1::MemberEntry* holder = term.field == "gtin" ? context.registry.FindByGtin(term.value) : nullptr;
    if (holder == nullptr || holder->participant_id() == header.publisher().text() ||
        holder->status() == registry::v1::MEMBER_STATUS_LEFT) {
      continue;
    }
    const std::string name = holder->name().en().empty() ? holder->name().ja() : holder->name().en();
    violations.push_back(
        {absl::StrCat(path, ".sections.identity.gtin"), "GTIN_PREFIX",
         absl::StrCat(term.value, ", under a GS1 company prefix of ", holder->participant_id(), " (", name, ")"),
         absl::StrCat("a GTIN of ", header.publisher().text()),
         "use a GTIN under a prefix of your own; if the prefix is yours, ask the operator to correct "
         "the registry",
         absl::StrCat("この GTIN は ", holder->participant_id(),
                      " が登録した GS1 事業者コードのものです。自社の GTIN を使うか、自社のコードであれ"
                      "ば運営者に登録の訂正を依頼してください。")});
  }
}

void CheckPublisher(const CheckContext& context, const record::Header& header, absl::string_view path,
                    std::vector<Violation>& violations) {
  const std::string field = absl::StrCat(path, ".envelope.header.");
  if (header.publisher() != context.acting_member) {
    violations.push_back({field + "publisher", "PUBLISHER_MISMATCH", header.publisher().text(),
                          context.acting_member.text(), "publish as the member that you act for",
                          "発行者は操作中の会員と一致しなければなりません。"});
  }
  const bool is_member_record = header.message().record_type() == record::v1::RECORD_TYPE_MEMBER;
  const bool is_operator = context.acting_member == context.registry.operator_id();
  if (is_member_record && !is_operator) {
    violations.push_back({field + "record_type", "OPERATOR_ONLY", "a Member record", "any other record type",
                          "ask the operator of the federation to change the registry",
                          "会員登録を変更できるのは運営者だけです。"});
  }
  if (!is_member_record && !context.registry.IsActive(context.acting_member)) {
    violations.push_back({field + "publisher", "MEMBER_NOT_ACTIVE",
                          absl::StrCat(context.acting_member.text(), " is not an active member"), "an active member",
                          "ask the operator to enrol or reactivate the member",
                          "会員が有効ではありません。運営者に連絡してください。"});
  }
  const absl::Time issued = absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms()));
  if (issued > context.now + kClockSkewMax) {
    violations.push_back({field + "issue_time_ms", "ISSUE_TIME_AHEAD", absl::FormatTime(issued, absl::UTCTimeZone()),
                          absl::StrCat("at most ", absl::FormatDuration(kClockSkewMax), " ahead of this node's clock"),
                          "set the clock of the signing machine", "署名した機器の時計を合わせてください。"});
  }
}

bool IsJurisdiction(absl::string_view text) { return record::FeedName::Parse(absl::StrCat("authorities/", text)).ok(); }

void CheckScopes(const Publication& publication, absl::string_view path, std::vector<Violation>& violations) {
  for (size_t i = 0; i < publication.jurisdictions.size(); ++i) {
    if (i >= kJurisdictionsMax || !IsJurisdiction(publication.jurisdictions[i])) {
      violations.push_back({absl::StrCat(path, ".jurisdictions[", i, "]"), "JURISDICTION", publication.jurisdictions[i],
                            absl::StrCat("JP or a JIS X 0401 code 01-47, at most ", kJurisdictionsMax),
                            "use the code of the prefecture, for example 13",
                            "JP または都道府県コード(01〜47)を指定してください。"});
    }
  }
  const auto check_members = [&](const std::vector<std::string>& names, absl::string_view field) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (i >= kAddresseesMax || !record::ParticipantId::Parse(names[i]).ok()) {
        violations.push_back({absl::StrCat(path, ".", field, "[", i, "]"), "PARTICIPANT_ID", names[i],
                              absl::StrCat("a participant ID, at most ", kAddresseesMax), "write ICD:identifier",
                              "参加者ID(ICD:識別子)を指定してください。"});
      }
    }
  };
  check_members(publication.addressees, "addressees");
  check_members(publication.subjects, "subjects");
}

// What is written to somebody reaches its addressees alone.
void CheckAddressed(const Publication& publication, absl::Span<const Section> sections, absl::string_view path,
                    std::vector<Violation>& violations) {
  const absl::optional<passport::Counterparty> other = passport::CounterpartyOf(sections);
  if (other.has_value() && !absl::c_linear_search(publication.addressees, other->participant_id)) {
    violations.push_back({absl::StrCat(path, ".addressees"), "NOT_ADDRESSED",
                          absl::StrCat("[", absl::StrJoin(publication.addressees, ", "), "]"),
                          absl::StrCat(other->participant_id, ", whom ", other->field, " names"),
                          "address the record to whom it is for", "宛先に相手方の会員を指定してください。"});
  }
}

RecordScope MakeScope(const record::Header& header, const Publication& publication) {
  RecordScope scope{header.publisher(),   "", publication.jurisdictions, publication.addressees,
                    publication.subjects, {}};
  scope.product_group = passport::ProductGroupOf(
      std::vector<Section>(publication.envelope.sections().begin(), publication.envelope.sections().end()));
  const passport::Profile* profile =
      passport::FindProfile(static_cast<uint32_t>(header.message().record_type()), scope.product_group);
  if (scope.jurisdictions.empty() && profile != nullptr) {
    scope.jurisdictions = profile->jurisdictions;
  }
  return scope;
}

// Returns the warnings.
std::vector<Violation> CheckSections(const CheckContext& context, const record::Header& header,
                                     const Publication& publication, absl::string_view path,
                                     std::vector<Violation>& violations) {
  if (header.message().tombstone().reason() == record::v1::TOMBSTONE_REASON_ERASED &&
      header.message().record_type() == record::v1::RECORD_TYPE_MEMBER) {
    violations.push_back({absl::StrCat(path, ".envelope.header.tombstone.reason"), "ERASURE_REGISTRY", "ERASED",
                          "another reason",
                          "keep entries of the registry, by which everybody verifies; see member leave",
                          "会員登録の記録は消去できません。"});
  }
  if (header.is_tombstone() && !publication.envelope.sections().empty()) {
    violations.push_back({absl::StrCat(path, ".envelope.sections"), "TOMBSTONE_SECTIONS",
                          absl::StrCat(publication.envelope.sections_size(), " sections in a tombstone"), "none",
                          "publish the tombstone without sections", "終了の版にセクションは含められません。"});
    return {};
  }
  const absl::Status opened = record::VerifySections(header, publication.envelope.sections());
  if (!opened.ok()) {
    AddError(opened, absl::StrCat(path, ".envelope.sections"), "seal the sections and sign the header again",
             "セクションを封入し、ヘッダーに署名し直してください。", violations);
    return {};
  }
  const std::vector<Section> sections(publication.envelope.sections().begin(), publication.envelope.sections().end());
  std::vector<Violation> found = passport::ValidateRecord(header, sections);
  for (Violation& violation : found) {
    violation.field = absl::StrCat(path, ".", violation.field);
  }
  std::vector<Violation> warnings = TakeWarnings(found);
  violations.insert(violations.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  for (const Section& section : sections) {
    if (section.type() == record::v1::SECTION_TYPE_MEMBER) {
      CheckMember(context, section, path, violations);
    }
    CheckGtins(context, header, section, path, violations);
  }
  CheckAddressed(publication, sections, path, violations);
  return warnings;
}

}  // namespace

absl::optional<CheckedPublication> CheckPublication(const CheckContext& context, const Publication& publication,
                                                    absl::string_view path, std::vector<Violation>& violations) {
  const size_t before = violations.size();
  absl::StatusOr<record::Header> header = record::Header::Parse(publication.envelope.header());
  if (!header.ok()) {
    AddError(header.status(), absl::StrCat(path, ".envelope.header"), "encode the header as docs/format/record.md says",
             "ヘッダーの形式が正しくありません。", violations);
    return absl::nullopt;
  }
  CheckPublisher(context, *header, path, violations);
  CheckSignature(context, *header, publication.envelope.signature(), absl::StrCat(path, ".envelope"), violations);
  CheckScopes(publication, path, violations);
  std::vector<Violation> warnings = CheckSections(context, *header, publication, path, violations);
  RecordScope scope = MakeScope(*header, publication);
  if (!scope.product_group.empty() && !record::FeedName::Parse(absl::StrCat("recyclers/", scope.product_group)).ok()) {
    violations.push_back({absl::StrCat(path, ".sections.identity.product_group"), "PRODUCT_GROUP", scope.product_group,
                          "1-64 characters of a-z, 0-9 and -",
                          "use the name of the group's profile, for example battery",
                          "製品群は英小文字・数字・ハイフンで指定してください。"});
  }
  if (violations.size() > before) {
    return absl::nullopt;
  }
  CheckedPublication checked{*std::move(header), std::move(scope), {}, std::move(warnings)};
  for (const Section& section : publication.envelope.sections()) {
    absl::StatusOr<record::AudienceSet> audiences = record::AudienceSet::Parse(section.audiences());
    Invariant(audiences.ok(), "VerifySections refuses unknown audiences");
    checked.facts.push_back({section.slot(), section.type(), *audiences});
  }
  return checked;
}

}  // namespace meguri::node
