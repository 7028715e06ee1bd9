// SPDX-License-Identifier: Apache-2.0
#include "storage/receipts.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/receipts.pb.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::storage {
namespace {

// u32 feed -> StoredReceiptGivers; u32 feed | giver 0 | u64 size -> Receipt
constexpr absl::string_view kReceipts = "receipts/";

std::string GiversKey(FeedId feed) {
  std::string key = absl::StrCat(KindPrefix(KeyKind::kSetting), kReceipts);
  AppendU32(feed, key);
  return key;
}

std::string GiverPrefix(FeedId feed, const record::ParticipantId& giver) {
  return absl::StrCat(GiversKey(feed), giver.text(), absl::string_view("\0", 1));
}

std::string ReceiptKey(FeedId feed, const record::ParticipantId& giver, uint64_t size) {
  std::string key = GiverPrefix(feed, giver);
  AppendU64(size, key);
  return key;
}

absl::StatusOr<v1::StoredReceiptGivers> ParseGivers(const absl::optional<std::string>& stored) {
  v1::StoredReceiptGivers givers;
  if (stored.has_value()) {
    MEGURI_RETURN_IF_ERROR(UnwrapMessage(*stored, "givers of receipts", givers));
  }
  return givers;
}

absl::StatusOr<std::vector<record::ParticipantId>> IdsOf(const v1::StoredReceiptGivers& givers) {
  std::vector<record::ParticipantId> ids;
  for (const v1::StoredReceiptGivers::Giver& giver : givers.givers()) {
    absl::StatusOr<record::ParticipantId> id = record::ParticipantId::Parse(giver.participant());
    if (!id.ok()) {
      return ValueDamaged("giver of receipts");
    }
    ids.push_back(*std::move(id));
  }
  return ids;
}

}  // namespace

absl::StatusOr<std::vector<record::ParticipantId>> Receipts::Givers(const Transaction& transaction, FeedId feed) {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, GiversKey(feed)));
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredReceiptGivers givers, ParseGivers(stored));
  return IdsOf(givers);
}

absl::Status Receipts::Put(Transaction& transaction, FeedId feed, const GivenReceipt& given) {
  const std::string key = ReceiptKey(feed, given.giver, given.receipt.size());
  MEGURI_ASSIGN_OR_RETURN(const auto known, transaction.Get(Family::kLookup, key));
  MEGURI_ASSIGN_OR_RETURN(const auto stored, transaction.Get(Family::kLookup, GiversKey(feed)));
  MEGURI_ASSIGN_OR_RETURN(v1::StoredReceiptGivers givers, ParseGivers(stored));
  auto found = std::find_if(givers.mutable_givers()->begin(), givers.mutable_givers()->end(),
                            [&](const auto& giver) { return giver.participant() == given.giver.text(); });
  const bool is_new = found == givers.mutable_givers()->end();
  if (known.has_value() || (is_new && givers.givers_size() >= kReceiptGiversMax) ||
      (!is_new && found->receipts() >= kReceiptsPerGiverMax)) {
    return absl::OkStatus();
  }
  v1::StoredReceiptGivers::Giver& giver = is_new ? *givers.add_givers() : *found;
  giver.set_participant(given.giver.text());
  giver.set_receipts(giver.receipts() + 1);
  transaction.Put(Family::kLookup, GiversKey(feed), WrapMessage(givers));
  transaction.Put(Family::kLookup, key, WrapMessage(given.receipt));
  return absl::OkStatus();
}

absl::StatusOr<bool> Receipts::Has(FeedId feed, const record::ParticipantId& giver, uint64_t size) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, ReceiptKey(feed, giver, size)));
  return stored.has_value();
}

absl::StatusOr<std::vector<GivenReceipt>> Receipts::Covering(FeedId feed, uint64_t index, Counts counts) const {
  MEGURI_ASSIGN_OR_RETURN(const auto stored, store_.Get(Family::kLookup, GiversKey(feed)));
  MEGURI_ASSIGN_OR_RETURN(const v1::StoredReceiptGivers givers, ParseGivers(stored));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> ids, IdsOf(givers));
  std::vector<GivenReceipt> covering;
  for (const record::ParticipantId& giver : ids) {
    const std::unique_ptr<Cursor> cursor = store_.NewCursor(Family::kLookup, GiverPrefix(feed, giver));
    cursor->Seek(ReceiptKey(feed, giver, index + 1));
    for (int tried = 0; cursor->Valid() && tried < kReceiptsTried; ++tried, cursor->Next()) {
      GivenReceipt given{giver, {}};
      MEGURI_RETURN_IF_ERROR(UnwrapMessage(cursor->value(), "receipt", given.receipt));
      if (counts(given)) {
        covering.push_back(std::move(given));
        break;
      }
    }
    MEGURI_RETURN_IF_ERROR(cursor->status());
  }
  return covering;
}

bool IsReceiptKey(absl::string_view key) {
  return absl::StartsWith(key, absl::StrCat(KindPrefix(KeyKind::kSetting), kReceipts)) &&
         key.size() >= GiversKey(0).size();
}

absl::Status CheckReceipts(const StoreReader& store, absl::string_view key, absl::string_view stored) {
  const size_t prefix = GiversKey(0).size();
  const FeedId feed = ReadU32(key.substr(prefix - sizeof(FeedId)));
  if (key.size() == prefix) {
    MEGURI_ASSIGN_OR_RETURN(const v1::StoredReceiptGivers givers,
                            ParseGivers(std::string(stored.data(), stored.size())));
    return IdsOf(givers).status();
  }
  record::v1::Receipt receipt;
  MEGURI_RETURN_IF_ERROR(UnwrapMessage(stored, "receipt", receipt));
  const absl::string_view name = key.substr(prefix, key.find('\0', prefix) - prefix);
  const absl::StatusOr<record::ParticipantId> giver = record::ParticipantId::Parse(name);
  if (!giver.ok() || ReceiptKey(feed, *giver, receipt.size()) != key) {
    return ValueDamaged("name of a receipt");
  }
  MEGURI_ASSIGN_OR_RETURN(const FeedHead head, Feeds(store).ReadHead(feed));
  return receipt.size() > head.size() ? ValueDamaged("receipt, which speaks of entries that are not here,")
                                      : absl::OkStatus();
}

}  // namespace meguri::storage
