// SPDX-License-Identifier: Apache-2.0
#include "certs/receipts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/feed_base.h"
#include "certs/identity.h"
#include "record/receipt.h"

namespace meguri::certs {
namespace {

absl::Status DoesNotCount(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::StatusOr<record::ParticipantId> HostOf(const registry::v1::MemberEntry& entry) {
  MEGURI_ASSIGN_OR_RETURN(Identity host, Identity::Parse(entry.hosting().node_identity()));
  return std::move(host.participant);
}

}  // namespace

absl::Status CheckReceiptFeed(const record::FeedName& feed) {
  if (IsShownToAll(feed)) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kInvalidArgument, "RECEIPT_FEED",
               absl::StrCat("a receipt is of the feed public or members, not of ", feed.text()));
}

bool IsOfFormerHost(const Registry::FeedKeyLine& line, const RegisteredKey& key) {
  return std::any_of(line.keys.begin(), line.keys.begin() + static_cast<std::ptrdiff_t>(line.moved),
                     [&](const RegisteredKey* former) { return former->key.spki() == key.key.spki(); });
}

absl::Time TimeOf(const record::v1::Receipt& receipt) {
  return absl::FromUnixMillis(static_cast<int64_t>(receipt.time_ms()));
}

absl::StatusOr<SeenBy> CheckGiver(const registry::v1::MemberEntry& giver, const RegisteredKey& key,
                                  const registry::v1::MemberEntry& publisher, absl::Time time, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId id, record::ParticipantId::Parse(giver.participant_id()));
  if (giver.status() != registry::v1::MEMBER_STATUS_ACTIVE) {
    return DoesNotCount("RECEIPT_NOT_ACTIVE",
                        absl::StrCat("the word of ", id.text(), " does not count: it is suspended, or has left"));
  }
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId host, HostOf(giver));
  // One that has left may be at no node any more.
  const absl::StatusOr<record::ParticipantId> publisher_host = HostOf(publisher);
  const std::string& published_by = publisher.participant_id();
  if (id.text() == published_by || host.text() == published_by ||
      (publisher_host.ok() && (id == *publisher_host || host == *publisher_host))) {
    return DoesNotCount("RECEIPT_NOT_INDEPENDENT",
                        absl::StrCat("the word of ", id.text(), " does not count for ", published_by,
                                     ": it is the same member, or they share a node"));
  }
  // Whoever has the key can write any time, so one that somebody else may have says nothing of any time.
  if (key.revoked != absl::InfiniteFuture()) {
    return DoesNotCount("RECEIPT_KEY_REVOKED", absl::StrCat("the key of ", id.text(), " was revoked"));
  }
  if (time < key.not_before || time >= key.not_after) {
    return DoesNotCount("RECEIPT_KEY_TIME", absl::StrCat("the key of ", id.text(), " was not in force at ",
                                                         absl::FormatTime(time, absl::UTCTimeZone())));
  }
  if (time > now) {
    return DoesNotCount("RECEIPT_FUTURE",
                        absl::StrCat("what ", id.text(), " says that it saw at ",
                                     absl::FormatTime(time, absl::UTCTimeZone()), " lies in the future"));
  }
  return SeenBy{std::move(id), std::move(host), time};
}

absl::StatusOr<SeenBy> CountReceipt(const record::v1::Receipt& receipt, const record::FeedKey& feed,
                                    const record::Hash& root, const Registry& registry, absl::Time now) {
  MEGURI_RETURN_IF_ERROR(CheckReceiptFeed(feed.name));
  MEGURI_RETURN_IF_ERROR(record::CheckReceiptForm(receipt));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(receipt.key_id()));
  const RegisteredKey* key = registry.FindKey(key_id);
  const registry::v1::MemberEntry* giver = key == nullptr ? nullptr : registry.Find(key->owner);
  const registry::v1::MemberEntry* publisher = registry.Find(feed.publisher);
  if (giver == nullptr || publisher == nullptr || key->purpose != registry::v1::KEY_PURPOSE_FEED ||
      IsOfFormerHost(registry.FeedKeyLineOf(key->owner, now), *key)) {
    return DoesNotCount("RECEIPT_KEY", absl::StrCat("no member has the feed key ", key_id.ToHex(), " at its node"));
  }
  MEGURI_RETURN_IF_ERROR(
      record::VerifyReceipt(receipt, record::FeedOrigin(registry.federation(), feed), root, key->key));
  return CheckGiver(*giver, *key, *publisher, TimeOf(receipt), now);
}

}  // namespace meguri::certs
