// SPDX-License-Identifier: Apache-2.0
#include "storage/settings.h"

#include <utility>

#include "base/status_macros.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

absl::StatusOr<FollowSetting> ToSetting(record::ParticipantId member, record::FeedKey feed,
                                        const v1::StoredFollow& stored) {
  FollowSetting setting{std::move(member),
                        std::move(feed),
                        stored.quarantine_reason(),
                        {{stored.quarantine_evidence().begin(), stored.quarantine_evidence().end()},
                         stored.other_root(),
                         {stored.consistency_path().begin(), stored.consistency_path().end()}},
                        absl::nullopt,
                        stored.purpose()};
  if (!stored.via().empty()) {
    const absl::StatusOr<record::ParticipantId> via = record::ParticipantId::Parse(stored.via());
    if (!via.ok()) {
      return ValueDamaged("relay of a followed feed");
    }
    setting.via = *via;
  }
  return setting;
}

}  // namespace

absl::StatusOr<std::vector<FollowSetting>> Settings::Follows() const {
  std::vector<FollowSetting> follows;
  const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, KindPrefix(KeyKind::kFollow));
  for (; cursor->Valid(); cursor->Next()) {
    auto key = ParseFollowKey(cursor->key());
    if (!key.has_value()) {
      return ValueDamaged("key of a followed feed");
    }
    v1::StoredFollow stored;
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(cursor->value(), "followed feed", stored));
    MEGURI_ASSIGN_OR_RETURN(FollowSetting setting, ToSetting(std::move(key->member), std::move(key->feed), stored));
    follows.push_back(std::move(setting));
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  return follows;
}

absl::StatusOr<absl::optional<FollowSetting>> Settings::FindFollow(const record::ParticipantId& member,
                                                                   const record::FeedKey& feed) const {
  MEGURI_ASSIGN_OR_RETURN(const auto found, store_.Get(Family::kLookup, FollowKey(member, feed)));
  if (!found.has_value()) {
    return absl::optional<FollowSetting>();
  }
  v1::StoredFollow stored;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(*found, "followed feed", stored));
  MEGURI_ASSIGN_OR_RETURN(FollowSetting setting, ToSetting(member, feed, stored));
  return absl::make_optional(std::move(setting));
}

absl::Status Settings::PutFollow(Transaction& transaction, const FollowSetting& follow) const {
  v1::StoredFollow stored;
  stored.set_quarantine_reason(follow.quarantine_reason);
  const FeedEvidence& evidence = follow.evidence;
  stored.mutable_quarantine_evidence()->Assign(evidence.notes.begin(), evidence.notes.end());
  stored.set_other_root(evidence.other_root);
  stored.mutable_consistency_path()->Assign(evidence.consistency_path.begin(), evidence.consistency_path.end());
  stored.set_via(follow.via.has_value() ? follow.via->text() : "");
  stored.set_purpose(follow.purpose);
  transaction.Put(Family::kLookup, FollowKey(follow.member, follow.feed), WrapMessage(stored));
  return absl::OkStatus();
}

absl::Status Settings::DeleteFollow(Transaction& transaction, const record::ParticipantId& member,
                                    const record::FeedKey& feed) const {
  transaction.Delete(Family::kLookup, FollowKey(member, feed));
  return absl::OkStatus();
}

namespace {

template <typename Source>
absl::StatusOr<v1::StoredBackfill> BackfillIn(const Source& source, const record::RecordId& offer) {
  v1::StoredBackfill backfill;
  MEGURI_ASSIGN_OR_RETURN(const auto stored, source.Get(Family::kLookup, BackfillKey(offer)));
  if (stored.has_value()) {
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "backfill", backfill));
  }
  return backfill;
}

}  // namespace

absl::StatusOr<v1::StoredBackfill> Settings::Backfill(const Transaction& transaction,
                                                      const record::RecordId& offer) const {
  return BackfillIn(transaction, offer);
}

absl::StatusOr<v1::StoredBackfill> Settings::Backfill(const record::RecordId& offer) const {
  return BackfillIn(store_, offer);
}

void Settings::PutBackfill(Transaction& transaction, const record::RecordId& offer,
                           const v1::StoredBackfill& backfill) {
  transaction.Put(Family::kLookup, BackfillKey(offer), WrapMessage(backfill));
}

absl::StatusOr<absl::optional<std::string>> Settings::Value(absl::string_view key) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, key));
  if (!stored.has_value()) {
    return absl::optional<std::string>();
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(*stored));
  return absl::make_optional(std::string(bytes.data(), bytes.size()));
}

absl::StatusOr<absl::optional<std::string>> Settings::FeedHeartbeat(FeedId feed) const {
  return Value(FeedHeartbeatKey(feed));
}

void Settings::PutFeedHeartbeat(Transaction& transaction, FeedId feed, absl::string_view signed_body) {
  transaction.Put(Family::kLookup, FeedHeartbeatKey(feed), WrapValue(signed_body));
}

absl::StatusOr<absl::optional<record::ParticipantId>> Settings::Relay(const record::ParticipantId& member,
                                                                      const record::ParticipantId& publisher) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, Value(RelayKey(member, publisher)));
  if (!stored.has_value()) {
    return absl::optional<record::ParticipantId>();
  }
  absl::StatusOr<record::ParticipantId> relay = record::ParticipantId::Parse(*stored);
  return relay.ok() ? absl::make_optional(*std::move(relay))
                    : absl::StatusOr<absl::optional<record::ParticipantId>>(ValueDamaged("relay of a publisher"));
}

void Settings::PutRelay(Transaction& transaction, const record::ParticipantId& member,
                        const record::ParticipantId& publisher, const record::ParticipantId& relay) {
  transaction.Put(Family::kLookup, RelayKey(member, publisher), WrapValue(relay.text()));
}

void Settings::DeleteRelay(Transaction& transaction, const record::ParticipantId& member,
                           const record::ParticipantId& publisher) {
  transaction.Delete(Family::kLookup, RelayKey(member, publisher));
}

absl::StatusOr<absl::optional<std::string>> Settings::Heartbeat() const { return Value(HeartbeatKey()); }

absl::StatusOr<absl::optional<std::string>> Settings::MemberRecord(const Transaction& transaction,
                                                                   absl::string_view participant_id) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, MemberRecordKey(participant_id)));
  if (!stored.has_value()) {
    return absl::optional<std::string>();
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(*stored));
  return absl::make_optional(std::string(bytes.data(), bytes.size()));
}

void Settings::PutMemberRecord(Transaction& transaction, absl::string_view participant_id,
                               absl::string_view record_id) const {
  transaction.Put(Family::kLookup, MemberRecordKey(participant_id), WrapValue(record_id));
}

absl::Status Settings::PutHeartbeat(Transaction& transaction, absl::string_view signed_body) const {
  transaction.Put(Family::kLookup, HeartbeatKey(), WrapValue(signed_body));
  return absl::OkStatus();
}

}  // namespace meguri::storage
