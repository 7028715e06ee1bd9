// SPDX-License-Identifier: Apache-2.0
#include "node/access/access_state.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/passport/v1/access.pb.h"
#include "node/access/backfill.h"
#include "node/access/offer_feeds.h"
#include "passport/validate.h"
#include "record/hash.h"
#include "storage/grant_use.h"
#include "storage/index.h"
#include "storage/records.h"
#include "storage/settings.h"

namespace meguri::node {
namespace {

using record::v1::RecordType;

constexpr RecordType kOwnTypes[] = {record::v1::RECORD_TYPE_OFFER, record::v1::RECORD_TYPE_GRANT,
                                    record::v1::RECORD_TYPE_AGREEMENT};
constexpr size_t kEntriesAtOnce = 256;

bool IsAccessType(uint32_t type) {
  return absl::c_any_of(kOwnTypes, [type](RecordType own) { return type == static_cast<uint32_t>(own); });
}

// As the index names it.
std::string NameOf(uint32_t type) {
  switch (type) {
    case record::v1::RECORD_TYPE_OFFER:
      return "offer";
    case record::v1::RECORD_TYPE_GRANT:
      return "grant";
    default:
      return "agreement";
  }
}

// Calls `take` with every record of a type that lives in a feed.
template <typename Take>
absl::Status ForEachIn(const storage::StoreReader& store, storage::FeedId feed, uint32_t type, const Take& take) {
  storage::PostingCursor cursor = storage::Index(store).Find(feed, {"record_type", NameOf(type)});
  for (; cursor.Valid(); cursor.Next()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::Posting posting, cursor.Get());
    MEGURI_RETURN_IF_ERROR(take(posting));
  }
  return cursor.status();
}

record::FeedName FeedFor(const std::string& kind, const std::string& scope) {
  absl::StatusOr<record::FeedName> name = record::FeedName::Parse(absl::StrCat(kind, "/", scope));
  Invariant(name.ok(), "IDs were checked when they came");
  return *std::move(name);
}

}  // namespace

AccessState::AccessState(record::ParticipantId member, const storage::StoreReader& store, const Clock& clock)
    : member_(std::move(member)), store_(store), clock_(clock), grants_(member_) {}

absl::Status AccessState::Load() {
  for (const RecordType type : kOwnTypes) {
    MEGURI_RETURN_IF_ERROR(LoadOwn(static_cast<uint32_t>(type), store_));
  }
  MEGURI_RETURN_IF_ERROR(LoadReceived(store_));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::GrantUse> uses, storage::GrantUses(store_).All());
  MutexLock lock(mutex_);
  for (const storage::GrantUse& use : uses) {
    grants_.SetDeliveries(use.grant.ToHex(), use.deliveries);
  }
  grants_.TakeTurns(clock_.Now());
  return absl::OkStatus();
}

absl::Status AccessState::LoadOwn(uint32_t record_type, const storage::StoreReader& store) {
  for (const record::FeedName& name : {record::FeedName::Owner(), record::FeedName::Members()}) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> feed,
                            storage::Feeds(store).Find({member_, {member_, name, 1}}));
    if (feed.has_value()) {
      MEGURI_RETURN_IF_ERROR(ForEachIn(store, *feed, record_type, [&](const storage::Posting& posting) {
        return Take(store, member_, posting.record_id);
      }));
    }
  }
  return absl::OkStatus();
}

absl::Status AccessState::LoadReceived(const storage::StoreReader& store) {
  const storage::Feeds feeds(store);
  const record::FeedName letters = FeedFor("to", member_.text());
  MEGURI_ASSIGN_OR_RETURN(const auto held, feeds.HeldBy(member_));
  for (const auto& [feed, id] : held) {
    if (feed.is_own() || feed.key.name != letters) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(id));
    received_.insert_or_assign(id, head.size());
    told_.emplace(id, feed.key.publisher);
    MEGURI_RETURN_IF_ERROR(
        ForEachIn(store, id, record::v1::RECORD_TYPE_AGREEMENT,
                  [&](const storage::Posting& posting) { return Take(store, posting.publisher, posting.record_id); }));
  }
  return absl::OkStatus();
}

absl::Status AccessState::Take(const storage::StoreReader& store, const record::ParticipantId& publisher,
                               const record::RecordId& id) {
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<AccessRecord> record, ReadAccessRecord(store, publisher, id));
  if (!record.has_value()) {
    return absl::OkStatus();
  }
  if (publisher == member_) {
    return TakeOwn(store, *record);
  }
  if (record->type == record::v1::RECORD_TYPE_AGREEMENT) {
    MEGURI_ASSIGN_OR_RETURN(const std::string grant, AgreedGrant(store, *record));
    MutexLock lock(mutex_);
    grants_.SetAgreement(publisher, id.ToHex(), grant);
  } else if (IsAccessType(record->type)) {
    MutexLock lock(mutex_);
    NoteChangedLocked(publisher);
  }
  return absl::OkStatus();
}

absl::Status AccessState::TakeOwn(const storage::StoreReader& store, const AccessRecord& record) {
  if (record.type == record::v1::RECORD_TYPE_AGREEMENT) {
    TakeOwnAgreement(record);
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredBackfill filled, storage::Settings(store).Backfill(record.id));
  const std::string id = record.id.ToHex();
  MutexLock lock(mutex_);
  if (record.type == record::v1::RECORD_TYPE_OFFER) {
    const auto offer = PayloadOf<passport::v1::Offer>(record, record::v1::SECTION_TYPE_OFFER);
    if (offer.has_value() || grants_.FindOffer(id) != nullptr) {
      grants_.SetOffer(id, offer.has_value() ? &*offer : nullptr);
    }
    if (offer.has_value() && !filled.done()) {
      to_fill_.insert(id);
    }
  } else if (record.type == record::v1::RECORD_TYPE_GRANT) {
    const auto grant = PayloadOf<passport::v1::Grant>(record, record::v1::SECTION_TYPE_GRANT);
    if (grant.has_value() || grants_.FindGrant(id) != nullptr) {
      grants_.SetGrant(id, grant.has_value() ? &*grant : nullptr);
    }
  }
  return absl::OkStatus();
}

void AccessState::TakeOwnAgreement(const AccessRecord& record) {
  const std::string id = record.id.ToHex();
  const auto agreement = PayloadOf<passport::v1::Agreement>(record, record::v1::SECTION_TYPE_AGREEMENT);
  MutexLock lock(mutex_);
  if (!agreement.has_value()) {
    for (auto& [owner, agreed] : agreed_) {
      const auto known = agreed.find(id);
      if (known != agreed.end()) {
        known->second.grant.clear();
        NoteChangedLocked(owner);
      }
    }
    return;
  }
  const absl::StatusOr<record::ParticipantId> owner = record::ParticipantId::Parse(agreement->owner_id());
  if (owner.ok()) {
    agreed_[*owner].insert_or_assign(id, AgreedTo{agreement->grant().record_id(), agreement->offer().record_id()});
    NoteChangedLocked(*owner);
  }
}

absl::StatusOr<std::string> AccessState::AgreedGrant(const storage::StoreReader& store,
                                                     const AccessRecord& record) const {
  const auto agreement = PayloadOf<passport::v1::Agreement>(record, record::v1::SECTION_TYPE_AGREEMENT);
  if (!agreement.has_value() || agreement->owner_id() != member_.text()) {
    return std::string();
  }
  const std::string& id = agreement->grant().record_id();
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<SignedRecord> named,
                          FindSigned(store, agreement->grant().header_hash()));
  if (!named.has_value() || named->publisher != member_ || named->id.ToHex() != id ||
      named->type != record::v1::RECORD_TYPE_GRANT) {
    return std::string();
  }
  MutexLock lock(mutex_);
  const passport::v1::Grant* grant = grants_.FindGrant(id);
  const bool is_grantee =
      grant != nullptr && (grant->has_grantee_role() || grant->grantee_id() == record.publisher.text());
  const bool is_same_offer = grant != nullptr && grant->offer().record_id() == agreement->offer().record_id() &&
                             grant->offer().header_hash() == agreement->offer().header_hash();
  return is_grantee && is_same_offer ? id : std::string();
}

std::shared_ptr<const ReaderGrants> AccessState::GrantsOf(const record::ParticipantId& reader) const {
  MutexLock lock(mutex_);
  return error_.ok() ? grants_.Of(reader) : nullptr;
}

std::shared_ptr<const ReaderGrants> AccessState::ExplainedGrantsOf(const record::ParticipantId& reader) const {
  MutexLock lock(mutex_);
  return error_.ok() ? std::make_shared<const ReaderGrants>(grants_.AllFor(reader)) : nullptr;
}

namespace {

absl::Status RefuseGrant(absl::string_view field, absl::string_view reason, std::string found, std::string expected,
                         absl::string_view cure, absl::string_view ja) {
  return InvalidInput({{absl::StrCat("sections.grant.", field), std::string(reason), std::move(found),
                        std::move(expected), std::string(cure), std::string(ja)}});
}

}  // namespace

absl::Status AccessState::CheckGrant(const OwnVersion& version, const storage::CommitScope& scope) const {
  passport::v1::Grant grant;
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Section> sections,
                          storage::Records(store_).ReadSections(scope.transaction, version.arrival, ~uint64_t{0}));
  for (const record::v1::Section& section : sections) {
    if (section.type() == record::v1::SECTION_TYPE_GRANT && !grant.ParseFromString(section.payload())) {
      return absl::OkStatus();  // was refused before
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<SignedRecord> named, FindSigned(store_, grant.offer().header_hash()));
  MutexLock lock(mutex_);
  const passport::v1::Offer* offer = grants_.FindOffer(grant.offer().record_id());
  if (offer == nullptr || !named.has_value() || named->publisher != member_ ||
      named->id.ToHex() != grant.offer().record_id()) {
    return RefuseGrant("offer", "ACCESS_OFFER", grant.offer().record_id(),
                       "an offer of your own that has not ended, and the hash of a version of it",
                       "publish the offer first; `meguri offer list` shows yours",
                       "終了していない自社のオファーを指定してください。");
  }
  if (!absl::c_linear_search(offer->purposes(), static_cast<int>(grant.purpose()))) {
    return RefuseGrant("purpose", "ACCESS_PURPOSE", passport::v1::AccessPurpose_Name(grant.purpose()),
                       "one of the purposes of the offer", "choose one of them, or publish another offer",
                       "オファーに記載された利用目的を指定してください。");
  }
  if (offer->deliveries_max() != 0 &&
      (grant.deliveries_max() == 0 || grant.deliveries_max() > offer->deliveries_max())) {
    return RefuseGrant("deliveries_max", "ACCESS_BEYOND_OFFER",
                       grant.deliveries_max() == 0 ? "no limit" : absl::StrCat(grant.deliveries_max()),
                       absl::StrCat("at most what the offer allows, ", offer->deliveries_max()),
                       "allow no more deliveries than the offer does",
                       "オファーの提供回数の上限以下を指定してください。");
  }
  if (TimeOf(grant.expires()) > TimeOf(offer->expires())) {
    return RefuseGrant("expires", "ACCESS_BEYOND_OFFER", grant.expires(),
                       absl::StrCat("at most the end of the offer, ", offer->expires()), "choose an earlier end",
                       "オファーの終了日時以前を指定してください。");
  }
  return absl::OkStatus();
}

absl::Status AccessState::OnWritten(const std::vector<OwnVersion>& versions, storage::CommitScope& scope) {
  OfferFeeds feeds(store_, scope, member_);
  for (const OwnVersion& version : versions) {
    // Later versions change the state alone, and what has ended may still be revoked.
    if (version.header.message().record_type() == record::v1::RECORD_TYPE_GRANT && version.header.version() == 1) {
      MEGURI_RETURN_IF_ERROR(CheckGrant(version, scope));
    }
    if (!HasPartnerSections(version.facts)) {
      continue;
    }
    bool with_ancestors = false;
    {
      MutexLock lock(mutex_);
      if (grants_.table().empty()) {
        continue;
      }
      with_ancestors = grants_.table().has_lines();
    }
    MEGURI_ASSIGN_OR_RETURN(const RecordKeys keys, feeds.KeysOf(version, with_ancestors));
    OfferRefs offers;
    {
      MutexLock lock(mutex_);
      offers = grants_.table().Matching(keys, clock_.Now());
    }
    for (const std::shared_ptr<const OfferTerms>& offer : offers) {
      MEGURI_RETURN_IF_ERROR(feeds.Enter(version, *offer));
    }
  }
  return absl::OkStatus();
}

void AccessState::OnDurable(const std::vector<OwnVersion>& versions) {
  bool any = false;
  for (const OwnVersion& version : versions) {
    if (IsAccessType(static_cast<uint32_t>(version.header.message().record_type()))) {
      any = true;
      Note(Take(store_, member_, version.header.record_id()));
    }
  }
  if (any) {
    Tell();
  }
}

absl::Status AccessState::Recognise(storage::FeedId id) {
  if (received_.contains(id)) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, storage::Feeds(store_).Describe(id));
  const bool is_for_member = !feed.is_own() && feed.holder == member_ && feed.key.name == FeedFor("to", member_.text());
  received_.emplace(id, is_for_member ? absl::make_optional<uint64_t>(0) : absl::nullopt);
  if (is_for_member || (!feed.is_own() && feed.key.name == record::FeedName::Members())) {
    told_.emplace(id, feed.key.publisher);
  }
  return absl::OkStatus();
}

void AccessState::OnGrown(const std::vector<storage::FeedId>& grown) {
  bool any = false;
  for (const storage::FeedId id : grown) {
    const absl::Status recognised = Recognise(id);
    if (!recognised.ok()) {
      Note(recognised);
      continue;
    }
    if (received_.at(id).has_value()) {
      any = true;
      Note(TakeEntries(id));
    }
    const auto publisher = told_.find(id);
    if (publisher != told_.end()) {
      MutexLock lock(mutex_);
      if (agreed_.contains(publisher->second)) {
        any = NoteChangedLocked(publisher->second) || any;
      }
    }
  }
  if (any) {
    Tell();
  }
}

absl::Status AccessState::TakeEntries(storage::FeedId id) {
  const storage::Feeds feeds(store_);
  const storage::Records records(store_);
  uint64_t& position = *received_.at(id);
  while (true) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> entries, feeds.ReadEntries(id, position, kEntriesAtOnce));
    if (entries.empty()) {
      return absl::OkStatus();
    }
    for (const std::string& bytes : entries) {
      ++position;
      MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(bytes));
      MEGURI_ASSIGN_OR_RETURN(const absl::optional<SignedRecord> named, FindSigned(store_, entry.header_hash.ToHex()));
      if (named.has_value() && IsAccessType(named->type)) {
        MEGURI_RETURN_IF_ERROR(Take(store_, named->publisher, named->id));
      }
    }
  }
}

uint64_t AccessState::DeliveriesMax(const record::RecordId& grant) const {
  MutexLock lock(mutex_);
  const passport::v1::Grant* found = grants_.FindGrant(grant.ToHex());
  return found == nullptr ? 0 : found->deliveries_max();
}

void AccessState::OnDelivered(const record::RecordId& grant, uint64_t deliveries) {
  bool is_spent = false;
  {
    MutexLock lock(mutex_);
    is_spent = grants_.SetDeliveries(grant.ToHex(), deliveries);
  }
  if (is_spent) {
    Tell();
  }
}

void AccessState::Tick() {
  bool any = false;
  {
    MutexLock lock(mutex_);
    any = grants_.TakeTurns(clock_.Now());
    if (clock_.Now() >= granted_turn_) {
      granted_turn_ = absl::InfiniteFuture();
      for (const auto& [owner, grants] : agreed_) {
        any = NoteChangedLocked(owner) || any;
      }
    }
  }
  if (any) {
    Tell();
  }
}

void AccessState::AddListener(std::function<void()> listener) {
  MutexLock lock(mutex_);
  listeners_.push_back(std::move(listener));
}

void AccessState::Tell() {
  std::vector<std::function<void()>> listeners;
  {
    MutexLock lock(mutex_);
    listeners = listeners_;
  }
  for (const std::function<void()>& listener : listeners) {
    listener();
  }
}

void AccessState::Note(const absl::Status& status) {
  if (!status.ok()) {
    MutexLock lock(mutex_);
    error_.Update(status);
    error_is_told_ = false;
  }
}

absl::Status AccessState::TakeError() {
  MutexLock lock(mutex_);
  return std::exchange(error_is_told_, true) ? absl::OkStatus() : error_;
}

bool AccessState::HasBackfill() const {
  MutexLock lock(mutex_);
  return !to_fill_.empty();
}

absl::Status AccessState::NextBackfill(storage::CommitScope& scope) {
  std::string id;
  OfferTerms offer;
  {
    MutexLock lock(mutex_);
    if (to_fill_.empty()) {
      return absl::OkStatus();
    }
    id = *to_fill_.begin();
    const std::shared_ptr<const OfferTerms> terms = grants_.table().Find(id);
    if (terms == nullptr || clock_.Now() >= terms->expires) {
      to_fill_.erase(id);
      return absl::OkStatus();
    }
    offer = *terms;
  }
  MEGURI_ASSIGN_OR_RETURN(const bool is_done, FillPiece(store_, member_, offer, scope));
  if (is_done) {
    MutexLock lock(mutex_);
    to_fill_.erase(id);
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<passport::v1::Grant>> AccessState::OpenGrant(const record::ParticipantId& owner,
                                                                           const AgreedTo& agreed) const {
  const absl::StatusOr<record::RecordId> grant_id = record::RecordId::ParseHex(agreed.grant);
  const absl::StatusOr<record::RecordId> offer_id = record::RecordId::ParseHex(agreed.offer);
  if (!grant_id.ok() || !offer_id.ok()) {
    return absl::optional<passport::v1::Grant>();
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<AccessRecord> record, ReadAccessRecord(store_, owner, *grant_id));
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<AccessRecord> offer, ReadAccessRecord(store_, owner, *offer_id));
  auto grant = record.has_value() ? PayloadOf<passport::v1::Grant>(*record, record::v1::SECTION_TYPE_GRANT)
                                  : absl::optional<passport::v1::Grant>();
  const bool is_open = grant.has_value() && grant->offer().record_id() == agreed.offer &&
                       grant->state() != passport::v1::GRANT_STATE_REVOKED && clock_.Now() < TimeOf(grant->expires()) &&
                       !(offer.has_value() && offer->has_ended);
  return is_open ? std::move(grant) : absl::nullopt;
}

std::vector<std::string> AccessState::AgreementsToLocked(const record::ParticipantId& owner,
                                                         absl::string_view offer) const {
  std::vector<std::string> agreements;
  const auto with_owner = agreed_.find(owner);
  if (with_owner != agreed_.end()) {
    for (const auto& [agreement, agreed] : with_owner->second) {
      if (!agreed.grant.empty() && agreed.offer == offer) {
        agreements.push_back(agreement);
      }
    }
  }
  return agreements;
}

bool AccessState::NoteChangedLocked(const record::ParticipantId& owner) {
  changed_owners_.insert(owner);
  ++changes_;
  const auto first = onward_.lower_bound(OfferOfOther(owner, ""));
  auto last = first;
  while (last != onward_.end() && last->first.first == owner) {
    ++last;
  }
  const bool was_asked_for = first != last;
  onward_.erase(first, last);
  return was_asked_for;
}

std::shared_ptr<const OnwardCopy> AccessState::OnwardCopyOf(const record::ParticipantId& owner,
                                                            absl::string_view offer) const {
  const OfferOfOther name(owner, std::string(offer));
  const absl::StatusOr<record::RecordId> id = record::RecordId::ParseHex(offer);
  std::shared_ptr<const OnwardCopy> copy;
  std::vector<std::string> agreements;
  uint64_t changes = 0;
  {
    MutexLock lock(mutex_);
    if (!error_.ok() || !id.ok()) {
      return nullptr;
    }
    const auto known = onward_.find(name);
    copy = known == onward_.end() ? nullptr : known->second;
    agreements = copy == nullptr ? AgreementsToLocked(owner, offer) : agreements;
    changes = changes_;
  }
  if (copy == nullptr && !agreements.empty()) {
    absl::StatusOr<absl::optional<OnwardCopy>> read = ReadOnwardCopy(store_, member_, owner, *id, agreements);
    if (!read.ok() || !read->has_value()) {
      return nullptr;
    }
    copy = std::make_shared<const OnwardCopy>(**std::move(read));
    MutexLock lock(mutex_);
    // What has changed since it was read, is read anew by whoever asks next.
    if (changes == changes_) {
      onward_.insert_or_assign(name, copy);
    }
  }
  if (copy == nullptr) {
    return nullptr;
  }
  const absl::StatusOr<bool> hears = HearsOfIt(store_, member_, *copy);
  return hears.ok() && *hears ? copy : nullptr;
}

bool AccessState::HasGrantedFeeds() const {
  MutexLock lock(mutex_);
  return !changed_owners_.empty();
}

absl::StatusOr<std::vector<GrantedFeed>> AccessState::TakeGrantedFeeds() {
  std::vector<std::pair<record::ParticipantId, AgreedTo>> all;
  {
    MutexLock lock(mutex_);
    for (const record::ParticipantId& owner : std::exchange(changed_owners_, {})) {
      const auto with_owner = agreed_.find(owner);
      if (with_owner == agreed_.end()) {
        continue;
      }
      for (const auto& [agreement, agreed] : with_owner->second) {
        all.emplace_back(owner, agreed);
      }
    }
  }
  absl::btree_map<record::FeedKey, GrantedFeed> feeds;
  absl::Time turn = absl::InfiniteFuture();
  for (const auto& [owner, agreed] : all) {
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<passport::v1::Grant> grant, OpenGrant(owner, agreed));
    const record::FeedKey feed{owner, FeedFor("offer", agreed.offer), 1};
    GrantedFeed& granted = feeds.try_emplace(feed, GrantedFeed{feed}).first->second;
    if (grant.has_value()) {
      granted.is_open = true;
      granted.purpose = grant->purpose();
      turn = std::min(turn, TimeOf(grant->expires()));
    }
  }
  MutexLock lock(mutex_);
  granted_turn_ = std::min(granted_turn_, turn);
  std::vector<GrantedFeed> granted;
  granted.reserve(feeds.size());
  for (const auto& [feed, of_feed] : feeds) {
    granted.push_back(of_feed);
  }
  return granted;
}

}  // namespace meguri::node
