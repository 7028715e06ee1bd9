// SPDX-License-Identifier: Apache-2.0
#include "certs/registry.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/identity.h"
#include "certs/limits.h"
#include "certs/member_entry.h"
#include "certs/member_key.h"

namespace meguri::certs {
namespace {

using google::protobuf::RepeatedPtrField;
using registry::v1::MemberEntry;
using registry::v1::MemberKey;

constexpr size_t kGtinDigits = 14;
constexpr char kWholeCountry[] = "JP";

using Claims = absl::flat_hash_map<std::string, const MemberEntry*>;

absl::Status RefuseEntry(const MemberEntry& entry, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "MEMBER_ENTRY",
               absl::StrCat("the entry of member ", Quoted(entry.participant_id()), " is refused: ", why));
}

std::vector<MemberEntry> InOrder(absl::Span<const MemberEntry> entries) {
  std::vector<MemberEntry> ordered(entries.begin(), entries.end());
  std::sort(ordered.begin(), ordered.end(), [](const MemberEntry& left, const MemberEntry& right) {
    return left.participant_id() < right.participant_id();
  });
  return ordered;
}

bool IsActiveEntry(const MemberEntry* entry) {
  return entry != nullptr && entry->status() == registry::v1::MEMBER_STATUS_ACTIVE;
}

}  // namespace

absl::Status RegisteredKey::CheckUsable(absl::Time now) const {
  const auto refuse = [&](absl::string_view reason, absl::string_view what, absl::Time when) {
    return Error(
        absl::StatusCode::kFailedPrecondition, reason,
        absl::StrCat("the key of ", owner.text(), " ", what, " ", absl::FormatTime(when, absl::UTCTimeZone())));
  };
  if (now >= revoked) {
    return refuse("KEY_REVOKED", "was revoked at", revoked);
  }
  if (now >= not_after) {
    return refuse("KEY_EXPIRED", "expired at", not_after);
  }
  if (now < not_before) {
    return refuse("KEY_NOT_YET_VALID", "is not valid before", not_before);
  }
  return absl::OkStatus();
}

struct Registry::Parts {
  Parts(const TrustBundle& bundle, absl::Span<const MemberEntry> all_entries)
      : federation(bundle.federation()), operator_id(bundle.operator_id()), entries(InOrder(all_entries)) {}

  const std::string federation;
  const record::ParticipantId operator_id;
  // By participant ID: what two members claim goes to the same one on every node, in whatever order entries arrive.
  const std::vector<MemberEntry> entries;  // the pointers below point into it
  absl::btree_map<record::ParticipantId, const MemberEntry*> members;
  absl::node_hash_map<record::Hash, RegisteredKey> keys;
  // Public keys that are taken.
  absl::flat_hash_set<std::string> spkis;
  // Of the members' entries alone.
  absl::flat_hash_map<record::ParticipantId, std::vector<const RegisteredKey*>> feed_keys;
  const RegisteredKey* pinned_feed_key = nullptr;
  std::vector<registry::v1::KeyNotice> notices;
  Claims company_prefixes;
  Claims link_domains;
  Claims name_spaces;
  std::set<size_t, std::greater<>> name_space_sizes;

  // Null if somebody has this key already: it never moves.
  const RegisteredKey* AddKey(const record::ParticipantId& owner, const MemberKey& message, record::PublicKey key,
                              const KeyJudgement& judgement = {registry::v1::KEY_ORIGIN_FIRST, 0}) {
    if (!spkis.insert(key.spki()).second) {
      return nullptr;
    }
    const record::Hash key_id = record::KeyId(federation, owner, key.spki());
    RegisteredKey registered = MakeRegisteredKey(message, owner, std::move(key));
    registered.judgement = judgement;
    return &keys.emplace(key_id, std::move(registered)).first->second;
  }

  absl::Status AddPinnedKeys(const TrustBundle& bundle);
  absl::Status AddMember(const MemberEntry& entry, const KeyHistory* history);
  void AddKeys(const MemberEntry& entry, const record::ParticipantId& participant,
               std::vector<record::PublicKey> keys_of_entry, const KeyHistory* history);
  void AddClaims(const MemberEntry& entry);
};

absl::Status Registry::Parts::AddPinnedKeys(const TrustBundle& bundle) {
  for (const RepeatedPtrField<MemberKey>* list :
       {&bundle.message().registry_feed_keys(), &bundle.message().registry_record_keys()}) {
    for (const MemberKey& message : *list) {
      MEGURI_ASSIGN_OR_RETURN(record::PublicKey key, ParseMemberKey(message, message.purpose()));
      const RegisteredKey* added = AddKey(operator_id, message, std::move(key));
      pinned_feed_key = pinned_feed_key == nullptr ? added : pinned_feed_key;
    }
  }
  // The bundle's other keys are pinned for their own purpose: no member can register one for records or feeds.
  for (const RepeatedPtrField<MemberKey>* list : {&bundle.message().bundle_keys(), &bundle.message().witness_keys()}) {
    for (const MemberKey& message : *list) {
      spkis.insert(message.public_key());
    }
  }
  return absl::OkStatus();
}

void Registry::Parts::AddKeys(const MemberEntry& entry, const record::ParticipantId& participant,
                              std::vector<record::PublicKey> keys_of_entry, const KeyHistory* history) {
  const std::vector<KeyJudgement> judged = history != nullptr ? history->Judge(entry) : JudgeAlone(federation, entry);
  for (int i = 0; i < entry.keys_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (judged[at].origin == registry::v1::KEY_ORIGIN_REFUSED) {
      continue;
    }
    const RegisteredKey* added = AddKey(participant, entry.keys(i), std::move(keys_of_entry[at]), judged[at]);
    if (added != nullptr && added->purpose == registry::v1::KEY_PURPOSE_FEED) {
      feed_keys[participant].push_back(added);
    }
  }
  for (registry::v1::KeyNotice& notice : NoticesOf(federation, entry, judged)) {
    const absl::StatusOr<record::Hash> key_id = record::Hash::Parse(notice.key_id());
    const auto found = key_id.ok() ? keys.find(*key_id) : keys.end();
    // What the bundle pins needs nobody else's word.
    if (found == keys.end() || found->second.judgement.origin == notice.origin()) {
      notices.push_back(std::move(notice));
    }
  }
}

absl::Status Registry::Parts::AddMember(const MemberEntry& entry, const KeyHistory* history) {
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::PublicKey> keys_of_entry, KeysOfChecked(federation, entry));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant,
                          record::ParticipantId::Parse(entry.participant_id()));
  if (!members.emplace(participant, &entry).second) {
    return Error(absl::StatusCode::kInvalidArgument, "MEMBER_ENTRY", "there is another entry of this member");
  }
  AddKeys(entry, participant, std::move(keys_of_entry), history);
  return absl::OkStatus();
}

void Registry::Parts::AddClaims(const MemberEntry& entry) {
  for (const std::string& prefix : entry.gs1_company_prefixes()) {
    company_prefixes.emplace(prefix, &entry);
  }
  for (const std::string& domain : entry.link_domains()) {
    link_domains.emplace(domain, &entry);
  }
  for (const std::string& name_space : entry.id_name_spaces()) {
    name_spaces.emplace(name_space, &entry);
    name_space_sizes.insert(name_space.size());
  }
}

Registry::Registry(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Registry::~Registry() = default;

absl::StatusOr<std::shared_ptr<const Registry>> Registry::Make(const TrustBundle& bundle,
                                                               absl::Span<const MemberEntry> entries,
                                                               const KeyHistory* history) {
  auto parts = std::make_unique<Parts>(bundle, entries);
  MEGURI_RETURN_IF_ERROR(parts->AddPinnedKeys(bundle));
  for (const MemberEntry& entry : parts->entries) {
    const absl::Status status = parts->AddMember(entry, history);
    if (!status.ok()) {
      return RefuseEntry(entry, status.message());
    }
  }
  // Active members first: what a member that left had registered may have passed to another.
  for (const bool active : {true, false}) {
    for (const MemberEntry& entry : parts->entries) {
      if (IsActiveEntry(&entry) == active) {
        parts->AddClaims(entry);
      }
    }
  }
  return std::shared_ptr<const Registry>(new Registry(std::move(parts)));
}

const std::string& Registry::federation() const { return parts_->federation; }
const record::ParticipantId& Registry::operator_id() const { return parts_->operator_id; }

const MemberEntry* Registry::Find(const record::ParticipantId& participant) const {
  const auto found = parts_->members.find(participant);
  return found == parts_->members.end() ? nullptr : found->second;
}

std::vector<const MemberEntry*> Registry::Members() const {
  std::vector<const MemberEntry*> members;
  members.reserve(parts_->members.size());
  for (const auto& [participant, entry] : parts_->members) {
    members.push_back(entry);
  }
  return members;
}

bool Registry::IsActive(const record::ParticipantId& participant) const { return IsActiveEntry(Find(participant)); }

bool Registry::HasRole(const record::ParticipantId& participant, registry::v1::RoleKind role,
                       absl::string_view scope) const {
  const MemberEntry* entry = Find(participant);
  // Who the operator is, the bundle says.
  if (!IsActiveEntry(entry) || (role == registry::v1::ROLE_KIND_OPERATOR && participant != operator_id())) {
    return false;
  }
  const bool covers_country = role == registry::v1::ROLE_KIND_AUTHORITY && IsJurisdiction(scope);
  return std::any_of(entry->roles().begin(), entry->roles().end(), [&](const registry::v1::Role& held) {
    return held.kind() == role &&
           (scope.empty() || std::any_of(held.scopes().begin(), held.scopes().end(), [&](const std::string& covered) {
              return covered == scope || (covers_country && covered == kWholeCountry);
            }));
  });
}

std::vector<std::string> Registry::ScopesOf(const record::ParticipantId& participant,
                                            registry::v1::RoleKind role) const {
  std::set<std::string> scopes;
  if (HasRole(participant, role, "")) {
    for (const registry::v1::Role& held : Find(participant)->roles()) {
      if (held.kind() == role) {
        scopes.insert(held.scopes().begin(), held.scopes().end());
      }
    }
  }
  return {scopes.begin(), scopes.end()};
}

bool Registry::IsHostedBy(const record::ParticipantId& participant, absl::string_view node_identity) const {
  const MemberEntry* entry = Find(participant);
  if (!IsActiveEntry(entry) || entry->hosting().node_identity() != node_identity) {
    return false;
  }
  // A suspended member's node speaks for nobody, its guests included.
  const absl::StatusOr<Identity> identity = Identity::Parse(node_identity);
  const MemberEntry* host = identity.ok() ? Find(identity->participant) : nullptr;
  return host == nullptr ? identity.ok() : IsActiveEntry(host);
}

const RegisteredKey* Registry::FindKey(const record::Hash& key_id) const {
  const auto found = parts_->keys.find(key_id);
  return found == parts_->keys.end() ? nullptr : &found->second;
}

absl::string_view Registry::WhyUnknown(const record::Hash& key_id) const {
  const bool is_left_out =
      std::any_of(parts_->notices.begin(), parts_->notices.end(), [&](const registry::v1::KeyNotice& notice) {
        return notice.origin() == registry::v1::KEY_ORIGIN_REFUSED && notice.key_id() == key_id.view();
      });
  return is_left_out ? "KEY_NOT_ENDORSED" : "UNKNOWN_KEY";
}

const std::vector<registry::v1::KeyNotice>& Registry::KeyNotices() const { return parts_->notices; }

absl::StatusOr<const RegisteredKey*> Registry::FeedKeyOf(const record::ParticipantId& participant,
                                                         absl::Time now) const {
  const auto found = parts_->feed_keys.find(participant);
  if (found == parts_->feed_keys.end() && participant == operator_id()) {
    return parts_->pinned_feed_key;
  }
  const RegisteredKey* newest = nullptr;
  if (found != parts_->feed_keys.end()) {
    for (const RegisteredKey* key : found->second) {
      if (key->CheckUsable(now).ok() && (newest == nullptr || key->not_before >= newest->not_before)) {
        newest = key;
      }
    }
  }
  if (newest == nullptr) {
    return Error(absl::StatusCode::kNotFound, "NO_FEED_KEY",
                 absl::StrCat("the registry has no usable feed key of ", participant.text()));
  }
  return newest;
}

Registry::FeedKeyLine Registry::FeedKeyLineOf(const record::ParticipantId& participant, absl::Time now) const {
  FeedKeyLine line;
  const auto found = parts_->feed_keys.find(participant);
  if (found == parts_->feed_keys.end()) {
    return line;
  }
  const auto is_earlier = [](const RegisteredKey* left, const RegisteredKey* right) {
    return left->not_before < right->not_before;
  };
  line.keys.reserve(found->second.size());
  for (const RegisteredKey* key : found->second) {  // of one time in the order of the entry
    line.keys.insert(std::upper_bound(line.keys.begin(), line.keys.end(), key, is_earlier), key);
  }
  for (size_t i = 0; i < line.keys.size(); ++i) {
    if (line.keys[i]->base.has_value() && line.keys[i]->not_before <= now) {
      line.moved = i;
    }
  }
  return line;
}

const MemberEntry* Registry::FindByGtin(absl::string_view gtin14) const {
  if (gtin14.size() != kGtinDigits ||
      !std::all_of(gtin14.begin(), gtin14.end(), [](unsigned char c) { return absl::ascii_isdigit(c); })) {
    return nullptr;
  }
  // The first digit of a GTIN-14 says how goods are packed, not whose they are.
  const absl::string_view digits = gtin14.substr(1);
  for (size_t size = kCompanyPrefixDigitsMax; size >= kCompanyPrefixDigitsMin; --size) {
    const auto found = parts_->company_prefixes.find(digits.substr(0, size));
    if (found != parts_->company_prefixes.end()) {
      return found->second;
    }
  }
  return nullptr;
}

const MemberEntry* Registry::FindByLinkDomain(absl::string_view host) const {
  const auto found = parts_->link_domains.find(absl::AsciiStrToLower(host));
  return found == parts_->link_domains.end() ? nullptr : found->second;
}

const MemberEntry* Registry::FindByUri(absl::string_view uri) const {
  if (uri.size() > kResolvedUriBytesMax) {
    return nullptr;
  }
  const std::string normal = NormalUri(uri);
  for (const size_t size : parts_->name_space_sizes) {
    const auto found = size <= normal.size() ? parts_->name_spaces.find(absl::string_view(normal).substr(0, size))
                                             : parts_->name_spaces.end();
    if (found != parts_->name_spaces.end()) {
      return found->second;
    }
  }
  return nullptr;
}

}  // namespace meguri::certs
