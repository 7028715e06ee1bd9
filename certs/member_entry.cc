// SPDX-License-Identifier: Apache-2.0
#include "certs/member_entry.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/feed_base.h"
#include "certs/grammar.h"
#include "certs/identity.h"
#include "certs/limits.h"
#include "certs/member_key.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "record/hash.h"

namespace meguri::certs {
namespace {

using google::protobuf::RepeatedPtrField;
using registry::v1::MemberEntry;
using registry::v1::Role;

// Gathers every problem of one entry.
class Problems {
 public:
  void Add(Violation violation) { violations_.push_back(std::move(violation)); }

  // Whether there are at most `count_max` values. Where there are more, nobody looks at them: entries come from
  // outside.
  bool CheckCount(absl::string_view field, int count, int count_max) {
    if (count <= count_max) {
      return true;
    }
    Add({std::string(field), "TOO_MANY", absl::StrCat(count, " values"), absl::StrCat("at most ", count_max),
         "remove what is not needed", absl::StrCat("値の数が多すぎます（", count, " 個、上限 ", count_max, " 個）。")});
    return false;
  }

  absl::Status ToStatus() const { return violations_.empty() ? absl::OkStatus() : InvalidInput(violations_); }

 private:
  std::vector<Violation> violations_;
};

// One value of a repeated string field: of its grammar, and there once.
struct ListRule {
  absl::string_view field;
  absl::string_view reason;
  absl::string_view expected;
  absl::string_view message_ja;
  bool (*accepts)(absl::string_view);
  int count_max;
};

void CheckList(const RepeatedPtrField<std::string>& values, const ListRule& rule, Problems& problems) {
  if (!problems.CheckCount(rule.field, values.size(), rule.count_max)) {
    return;
  }
  absl::flat_hash_set<absl::string_view> seen;
  for (int i = 0; i < values.size(); ++i) {
    const std::string field = absl::StrCat(rule.field, "[", i, "]");
    if (!rule.accepts(values[i])) {
      problems.Add({field, std::string(rule.reason), Quoted(values[i]), std::string(rule.expected), "correct the value",
                    std::string(rule.message_ja)});
    } else if (!seen.insert(values[i]).second) {
      problems.Add({field, "DUPLICATE", absl::StrCat(Quoted(values[i]), " is there twice"), "every value once",
                    "remove one of them", "同じ値が二度あります。"});
    }
  }
}

void CheckText(absl::string_view text, size_t size_max, const std::string& field, Problems& problems) {
  if (text.size() > size_max) {
    problems.Add({field, "TEXT_SIZE", absl::StrCat(text.size(), " bytes of text"), absl::StrCat("at most ", size_max),
                  "shorten it", absl::StrCat("文字列が長すぎます（UTF-8 で ", size_max, " バイトまで）。")});
  }
  if (!IsPlainText(text)) {
    problems.Add({field, "TEXT_CONTROL", "the text holds control characters, or characters that are not seen",
                  "a single line of text", "remove them", "制御文字、改行、表示されない文字は使えません。"});
  }
}

void CheckName(const registry::v1::Name& name, Problems& problems) {
  if (name.ja().empty() && name.en().empty()) {
    problems.Add({"name", "NAME_MISSING", "no name", "a Japanese or an English name", "give name.ja or name.en",
                  "日本語名または英語名を記入してください。"});
  }
  for (const auto& [field, text] : {std::pair<const char*, const std::string&>("name.ja", name.ja()),
                                    std::pair<const char*, const std::string&>("name.en", name.en())}) {
    if (!text.empty() && !ShowsSomething(text)) {
      problems.Add({field, "NAME_MISSING", "nothing but spaces", "a name", "give the name, or leave it out",
                    "名称が空白だけです。"});
    }
  }
  CheckText(name.ja(), kNameBytesMax, "name.ja", problems);
  CheckText(name.en(), kNameBytesMax, "name.en", problems);
  CheckText(name.kana(), kNameBytesMax, "name.kana", problems);
}

void CheckScopes(const Role& role, const std::string& field, Problems& problems) {
  const bool is_authority = role.kind() == registry::v1::ROLE_KIND_AUTHORITY;
  const bool needs_scope = is_authority || role.kind() == registry::v1::ROLE_KIND_RECYCLER;
  const std::string scopes = absl::StrCat(field, ".scopes");
  if (needs_scope && role.scopes().empty()) {
    problems.Add({scopes, "ROLE_SCOPE", "no scope",
                  is_authority ? "JP or prefecture codes 01-47" : "product groups, such as plastic-packaging",
                  "name what the role covers", "役割の対象範囲を記入してください。"});
  }
  CheckList(
      role.scopes(),
      is_authority
          ? ListRule{scopes, "ROLE_SCOPE", "JP or a JIS X 0401 prefecture code 01-47",
                     "管轄は JP または都道府県コード 01～47 で記入してください。", IsJurisdiction, kScopesMax}
          : ListRule{scopes, "ROLE_SCOPE", "a product group of 1-64 characters of a-z 0-9 -",
                     "製品群は英小文字・数字・ハイフン 1～64 文字で記入してください。", IsProductGroup, kScopesMax},
      problems);
}

void CheckPermit(const Role& role, const std::string& field, Problems& problems) {
  const registry::v1::Permit& permit = role.permit();
  const bool is_named = !permit.type().empty() && !permit.number().empty() && !permit.issuer().empty();
  if ((role.has_permit() || role.kind() == registry::v1::ROLE_KIND_RECYCLER) && !is_named) {
    problems.Add({field, "ROLE_PERMIT", "no complete permit", "the type, number and issuer of the permit",
                  "copy them from the permit", "許可・認定の種類、番号、発行者を記入してください。"});
  }
  CheckText(permit.type(), kPermitTextBytesMax, absl::StrCat(field, ".type"), problems);
  CheckText(permit.number(), kPermitTextBytesMax, absl::StrCat(field, ".number"), problems);
  CheckText(permit.issuer(), kPermitTextBytesMax, absl::StrCat(field, ".issuer"), problems);
  if (permit.not_after_ms() > kTimeMsMax) {
    problems.Add({absl::StrCat(field, ".not_after_ms"), "TIME_RANGE", "a time after the year 9999",
                  "milliseconds since 1970", "correct the time", "時刻が範囲外です。"});
  }
}

void CheckRoles(const RepeatedPtrField<Role>& roles, Problems& problems) {
  if (!problems.CheckCount("roles", roles.size(), kRolesMax)) {
    return;
  }
  for (int i = 0; i < roles.size(); ++i) {
    const std::string field = absl::StrCat("roles[", i, "]");
    if (roles[i].kind() == registry::v1::ROLE_KIND_UNSPECIFIED || !registry::v1::RoleKind_IsValid(roles[i].kind())) {
      problems.Add({absl::StrCat(field, ".kind"), "ROLE_KIND", absl::StrCat("role ", static_cast<int>(roles[i].kind())),
                    "a role that this version knows", "choose one, or upgrade", "役割の種類が不明です。"});
    }
    CheckScopes(roles[i], field, problems);
    CheckPermit(roles[i], absl::StrCat(field, ".permit"), problems);
  }
}

void CheckHosting(absl::string_view federation, const MemberEntry& entry, Problems& problems) {
  const std::string& uri = entry.hosting().node_identity();
  if (!uri.empty() || entry.status() == registry::v1::MEMBER_STATUS_ACTIVE) {
    const absl::StatusOr<Identity> identity = Identity::Parse(uri);
    if (!identity.ok() || identity->federation != federation || identity->certificate_class != Identity::Class::kNode) {
      problems.Add({"hosting.node_identity", "NODE_IDENTITY", Quoted(uri),
                    absl::StrCat("spiffe://", federation, "/member/<icd>/<identifier>/node/<name>"),
                    "name the node that speaks for the member", "会員を代行するノードの識別子が正しくありません。"});
    }
  }
  CheckList(entry.hosting().addresses(),
            {"hosting.addresses", "ADDRESS", "host:port", "ホスト名:ポート の形で記入してください。", IsAddress,
             kAddressesMax},
            problems);
}

registry::v1::KeyPurpose PurposeExpected(const registry::v1::MemberKey& key) {
  return key.purpose() == registry::v1::KEY_PURPOSE_FEED ? registry::v1::KEY_PURPOSE_FEED
                                                         : registry::v1::KEY_PURPOSE_RECORD;
}

// Whether a key says how it came in and carries a signature exactly if it says that one is there. Whether that is so is
// for certs/key_history.h.
bool HasFormOfOrigin(const registry::v1::MemberKey& key) {
  const registry::v1::KeyEndorsement& endorsement = key.endorsement();
  switch (key.origin()) {
    case registry::v1::KEY_ORIGIN_ENDORSED:
      return endorsement.key_id().size() == record::kHashSize && endorsement.signature().size() == kSignatureBytes;
    case registry::v1::KEY_ORIGIN_UNSPECIFIED:
    case registry::v1::KEY_ORIGIN_FIRST:
    case registry::v1::KEY_ORIGIN_RECOVERY:
      return !key.has_endorsement();
    default:
      return false;
  }
}

// A member moves with a feed key of its new host.
absl::Status CheckBase(const registry::v1::MemberKey& key) {
  if (!key.has_base()) {
    return absl::OkStatus();
  }
  if (key.purpose() != registry::v1::KEY_PURPOSE_FEED || key.origin() != registry::v1::KEY_ORIGIN_ENDORSED) {
    return Error(absl::StatusCode::kInvalidArgument, "FEED_BASE", "only a feed key that is endorsed has a base");
  }
  return CheckFeedBase(key.base());
}

std::vector<record::PublicKey> CheckKeys(const RepeatedPtrField<registry::v1::MemberKey>& keys, Problems& problems) {
  std::vector<record::PublicKey> parsed;
  if (!problems.CheckCount("keys", keys.size(), kKeysMax)) {
    return parsed;
  }
  absl::flat_hash_set<absl::string_view> seen;
  for (int i = 0; i < keys.size(); ++i) {
    const std::string field = absl::StrCat("keys[", i, "]");
    absl::StatusOr<record::PublicKey> key = ParseMemberKey(keys[i], PurposeExpected(keys[i]));
    if (!key.ok()) {
      problems.Add({field, ReasonOf(key.status()), std::string(key.status().message()), "a sound record or feed key",
                    "make the key anew", "公開鍵、用途、または期間が正しくありません。"});
      continue;
    }
    parsed.push_back(*std::move(key));
    if (!HasFormOfOrigin(keys[i])) {
      problems.Add({field, "KEY_ORIGIN",
                    absl::StrCat("origin ", static_cast<int>(keys[i].origin()),
                                 keys[i].has_endorsement() ? " with an endorsement" : " without an endorsement"),
                    "first or a recovery, without one, or endorsed, with a key ID of 32 bytes and a signature of 64",
                    "make the request anew", "鍵の由来と、前の鍵による署名が合いません。"});
    }
    if (const absl::Status based = CheckBase(keys[i]); !based.ok()) {
      problems.Add({field, ReasonOf(based), std::string(based.message()),
                    "the base of a feed key that a record key endorses, or none", "make the request anew",
                    "別のホストへ移る際の、フィードの到達点が正しくありません。"});
    }
    if (!seen.insert(keys[i].public_key()).second) {
      problems.Add({field, "KEY_TWICE", "the key is there twice", "a key of its own for each purpose",
                    "make another key", "同じ鍵が二度使われています。"});
    }
  }
  return parsed;
}

void CheckHead(const MemberEntry& entry, Problems& problems) {
  const absl::StatusOr<record::ParticipantId> participant = record::ParticipantId::Parse(entry.participant_id());
  if (!participant.ok()) {
    problems.Add({"participant_id", "PARTICIPANT_ID", Quoted(entry.participant_id()),
                  std::string(participant.status().message()), "correct the ID", "参加者 ID が正しくありません。"});
  }
  CheckName(entry.name(), problems);
  if (entry.kind() == registry::v1::MEMBER_KIND_UNSPECIFIED || !registry::v1::MemberKind_IsValid(entry.kind())) {
    problems.Add({"kind", "MEMBER_KIND", absl::StrCat("kind ", static_cast<int>(entry.kind())),
                  "a kind of member that this version knows", "choose one, or upgrade", "会員の種類が不明です。"});
  }
  if (entry.status() == registry::v1::MEMBER_STATUS_UNSPECIFIED ||
      !registry::v1::MemberStatus_IsValid(entry.status())) {
    problems.Add({"status", "MEMBER_STATUS", absl::StrCat("status ", static_cast<int>(entry.status())),
                  "active, suspended or left", "choose one", "会員の状態が不明です。"});
  }
}

}  // namespace

absl::StatusOr<std::vector<record::PublicKey>> KeysOfChecked(absl::string_view federation, const MemberEntry& entry) {
  Problems problems;
  const std::string unknown = UnknownFieldIn(entry);
  if (!unknown.empty()) {
    problems.Add({"", "UNKNOWN_FIELD", unknown, "fields that this version knows", "upgrade this program",
                  "この版では分からない項目があります。"});
  }
  if (entry.ByteSizeLong() > kMemberEntryBytesMax) {
    problems.Add({"", "ENTRY_SIZE", absl::StrCat("the entry has ", entry.ByteSizeLong(), " bytes"),
                  absl::StrCat("at most ", kMemberEntryBytesMax), "remove what is not needed",
                  "会員登録が大きすぎます。"});
    return problems.ToStatus();
  }
  CheckHead(entry, problems);
  CheckRoles(entry.roles(), problems);
  CheckHosting(federation, entry, problems);
  std::vector<record::PublicKey> keys = CheckKeys(entry.keys(), problems);
  CheckList(entry.gs1_company_prefixes(),
            {"gs1_company_prefixes", "GS1_PREFIX", "4-12 digits", "GS1 事業者コードは 4～12 桁の数字です。",
             IsCompanyPrefix, kCompanyPrefixesMax},
            problems);
  CheckList(entry.link_domains(),
            {"link_domains", "LINK_DOMAIN", "a lower-case host name", "ホスト名を英小文字で記入してください。",
             IsDomainName, kLinkDomainsMax},
            problems);
  CheckList(entry.id_name_spaces(),
            {"id_name_spaces", "NAME_SPACE", "a URI prefix that ends with one of / : # ? =",
             "/ : # ? = のいずれかで終わる URI の先頭部分を記入してください。", IsNameSpace, kNameSpacesMax},
            problems);
  MEGURI_RETURN_IF_ERROR(problems.ToStatus());
  return keys;
}

absl::Status CheckMemberEntry(absl::string_view federation, const MemberEntry& entry) {
  return KeysOfChecked(federation, entry).status();
}

absl::StatusOr<MemberEntry> ParseMemberEntry(absl::string_view federation, absl::string_view payload) {
  MemberEntry entry;
  MEGURI_RETURN_IF_ERROR(ParseStrictly(payload, kMemberEntryBytesMax, "MEMBER_ENTRY", entry));
  MEGURI_RETURN_IF_ERROR(CheckMemberEntry(federation, entry));
  return entry;
}

}  // namespace meguri::certs
