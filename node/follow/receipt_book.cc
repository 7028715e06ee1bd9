// SPDX-License-Identifier: Apache-2.0
#include "node/follow/receipt_book.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "certs/identity.h"
#include "certs/receipts.h"
#include "node/follow/limits.h"
#include "record/feed.h"
#include "record/merkle.h"
#include "record/receipt.h"
#include "storage/first_seen.h"

namespace meguri::node {
namespace {

absl::StatusOr<record::Hash> RootAt(const storage::StoreReader& store, storage::FeedId id, uint64_t size) {
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(
      const record::Frontier frontier,
      record::ReadFrontier(size, [&](uint32_t level, uint64_t index) { return feeds.ReadNode(id, level, index); }));
  return frontier.Root();
}

// Whether `giver` is at the node of the member `host` now.
bool IsAt(const record::ParticipantId& giver, const record::ParticipantId& host, const certs::Registry& registry) {
  const registry::v1::MemberEntry* entry = registry.Find(giver);
  const absl::StatusOr<certs::Identity> identity =
      certs::Identity::Parse(entry == nullptr ? "" : entry->hosting().node_identity());
  return identity.ok() && identity->participant == host;
}

}  // namespace

ReceiptBook::ReceiptBook(FollowRegistry& registry, const storage::SnapshotReader& store, storage::Committer& committer,
                         record::ParticipantId member, const Clock& clock, Random& random, KeyAt key_at)
    : registry_(registry),
      store_(store),
      committer_(committer),
      member_(std::move(member)),
      clock_(clock),
      random_(random),
      key_at_(std::move(key_at)) {}

void ReceiptBook::Tell(const storage::StoreReader& store, const storage::HeldFeed& feed, storage::FeedId id,
                       feed::v1::KnownCheckpoints& known) {
  const absl::StatusOr<storage::FeedHead> head = storage::Feeds(store).ReadHead(id);
  if (feed.is_own() || !certs::CheckReceiptFeed(feed.key.name).ok() || !head.ok() || head->size() == 0) {
    return;
  }
  const std::string origin = record::FeedOrigin(registry_.bundle().federation(), feed.key);
  const auto room = static_cast<size_t>(std::max(0, kExchangedReceiptsMax - known.receipts_size()));
  for (const storage::SeenHead& seen :
       storage::FirstSeen(store).Some(id, random_.Below(head->size()), std::min(room, kToldReceiptsPerFeed))) {
    const absl::StatusOr<record::Hash> root = RootAt(store, id, seen.size);
    const absl::optional<ReceiptKey> key = key_at_(seen.time);
    if (!root.ok() || !key.has_value()) {
      continue;  // of a time at which another key was in force, which is not here
    }
    absl::StatusOr<record::v1::Receipt> receipt = record::SignReceipt(
        key->id, *key->signer, static_cast<uint64_t>(absl::ToUnixMillis(seen.time)), {origin, seen.size, *root});
    if (receipt.ok()) {
      feed::v1::ToldReceipt& told = *known.add_receipts();
      told.mutable_feed()->set_publisher(feed.key.publisher.text());
      told.mutable_feed()->set_name(feed.key.name.text());
      told.mutable_feed()->set_epoch(feed.key.epoch);
      *told.mutable_receipt() = *std::move(receipt);
    }
  }
}

absl::StatusOr<absl::optional<ReceiptBook::Kept>> ReceiptBook::Check(const storage::StoreReader& store,
                                                                     const record::ParticipantId& other,
                                                                     const feed::v1::ToldReceipt& told) const {
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId publisher, record::ParticipantId::Parse(told.feed().publisher()));
  MEGURI_ASSIGN_OR_RETURN(record::FeedName name, record::FeedName::Parse(told.feed().name()));
  const storage::HeldFeed feed{member_, {std::move(publisher), std::move(name), told.feed().epoch()}};
  MEGURI_RETURN_IF_ERROR(certs::CheckReceiptFeed(feed.key.name));
  const storage::Feeds feeds(store);
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::FeedId> id, feeds.Find(feed));
  if (!id.has_value()) {
    return absl::optional<Kept>();
  }
  const uint64_t size = told.receipt().size();
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds.ReadHead(*id));
  MEGURI_ASSIGN_OR_RETURN(const bool is_known, storage::Receipts(store).Has(*id, other, size));
  if (is_known || size == 0 || size > head.size()) {
    return absl::optional<Kept>();
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash root, RootAt(store, *id, size));
  MEGURI_ASSIGN_OR_RETURN(certs::SeenBy seen,
                          certs::CountReceipt(told.receipt(), feed.key, root, *registry_.Get(), clock_.Now()));
  if (seen.member != other) {
    return absl::optional<Kept>();  // everybody speaks for itself
  }
  record::v1::Receipt receipt = told.receipt();
  receipt.DiscardUnknownFields();
  return absl::make_optional(Kept{*id, std::move(seen.host), {other, std::move(receipt)}});
}

void ReceiptBook::Take(const record::ParticipantId& other, const feed::v1::KnownCheckpoints& told) {
  std::vector<Kept> kept;
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  for (const feed::v1::ToldReceipt& receipt : told.receipts()) {
    absl::StatusOr<absl::optional<Kept>> checked = Check(*snapshot, other, receipt);
    if (checked.ok() && checked->has_value()) {
      kept.push_back(**std::move(checked));
    }
  }
  if (!kept.empty()) {
    committer_.Submit([this, kept = std::move(kept)](storage::CommitScope& scope) { return Keep(kept, scope); },
                      [](const absl::Status&) {});
  }
}

absl::Status ReceiptBook::Keep(const std::vector<Kept>& kept, storage::CommitScope& scope) const {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  for (const Kept& one : kept) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> givers,
                            storage::Receipts::Givers(scope.transaction, one.feed));
    // Two at one node count once, so the room is for others.
    const bool is_doubled = std::any_of(givers.begin(), givers.end(), [&](const record::ParticipantId& giver) {
      return giver != one.given.giver && IsAt(giver, one.host, *registry);
    });
    if (!is_doubled) {
      MEGURI_RETURN_IF_ERROR(storage::Receipts::Put(scope.transaction, one.feed, one.given));
    }
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
