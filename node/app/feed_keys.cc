// SPDX-License-Identifier: Apache-2.0
#include "node/app/feed_keys.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/key_files.h"
#include "certs/receipts.h"
#include "meguri/storage/v1/moved.pb.h"

namespace meguri::node {
namespace {

constexpr size_t kFeedBaseBytesMax = size_t{2} << 30;  // of the largest number of feeds

}  // namespace

FeedKeys::FeedKeys(Folder folder, record::ParticipantId participant, const RegistryState& registry, const Clock& clock,
                   Log& log)
    : folder_(std::move(folder)), participant_(std::move(participant)), registry_(registry), clock_(clock), log_(log) {}

absl::Status FeedKeys::Load() {
  std::vector<std::shared_ptr<const certs::SigningKey>> keys;
  for (const std::string& file : certs::KeyFilesOf(folder_.feed_key())) {
    MEGURI_ASSIGN_OR_RETURN(std::shared_ptr<const certs::SigningKey> key, certs::SigningKey::Load(file));
    keys.push_back(std::move(key));
  }
  if (keys.empty()) {
    return certs::SigningKey::Load(folder_.feed_key()).status();
  }
  MEGURI_RETURN_IF_ERROR(LoadBase());
  MutexLock lock(mutex_);
  keys_ = std::move(keys);
  return absl::OkStatus();
}

absl::Status FeedKeys::LoadBase() {
  const absl::StatusOr<std::string> bytes = certs::ReadFile(folder_.feed_base(), kFeedBaseBytesMax);
  if (absl::IsNotFound(bytes.status())) {
    return absl::OkStatus();
  }
  MEGURI_RETURN_IF_ERROR(bytes.status());
  storage::v1::StoredFeedBase kept;
  if (!kept.ParseFromString(*bytes)) {
    return Error(absl::StatusCode::kDataLoss, "FEED_BASE",
                 absl::StrCat(folder_.feed_base(),
                              " is damaged: without it, readers of narrower feeds do not take what this member "
                              "publishes here. Put it back from a backup."));
  }
  MutexLock lock(mutex_);
  for (registry::v1::FeedBaseProof& proof : *kept.mutable_proofs()) {
    bases_[proof.head().feed()] = std::move(proof);
  }
  return absl::OkStatus();
}

absl::optional<registry::v1::FeedBaseProof> FeedKeys::BaseOf(const record::FeedKey& feed) const {
  MutexLock lock(mutex_);
  const auto found = feed.publisher == participant_ ? bases_.find(feed.name.text()) : bases_.end();
  return found == bases_.end() ? absl::nullopt : absl::make_optional(found->second);
}

void FeedKeys::Refresh() {
  const std::string wanted = WantedFor({participant_, record::FeedName::Public(), 1});
  if (wanted.empty()) {
    return;
  }
  if (Held(wanted) == nullptr) {
    const absl::Status loaded = Load();
    if (!loaded.ok() || Held(wanted) == nullptr) {
      log_.Error("feed-key-missing",
                 {{"folder", folder_.keys()},
                  {"error", loaded.ok() ? "the feed key that the registry has in force is not here: followers refuse "
                                          "what this node signs"
                                        : std::string(loaded.message())}});
      return;
    }
  }
  MutexLock lock(mutex_);
  if (!in_force_.empty() && in_force_ != wanted) {
    log_.Info("feed-key-adopted",
              {{"key_id", record::KeyId(registry_.bundle().federation(), participant_, wanted).ToHex()}});
  }
  in_force_ = wanted;
}

std::string FeedKeys::WantedFor(const record::FeedKey& feed) const {
  if (feed == registry_.feed().key) {
    return registry_.bundle().registry_feed_key().spki();
  }
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  const absl::StatusOr<const certs::RegisteredKey*> key = registry->FeedKeyOf(participant_, clock_.Now());
  return key.ok() ? (*key)->key.spki() : "";
}

std::shared_ptr<const record::Signer> FeedKeys::Held(const std::string& public_key) const {
  MutexLock lock(mutex_);
  for (const std::shared_ptr<const certs::SigningKey>& key : keys_) {
    if (key->public_key().spki() == public_key) {
      return key;
    }
  }
  return nullptr;
}

absl::optional<ReceiptKey> FeedKeys::At(absl::Time time) const {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  certs::Registry::FeedKeyLine line = registry->FeedKeyLineOf(participant_, clock_.Now());
  if (line.keys.empty()) {  // an operator that has no keys but those of the bundle
    const absl::StatusOr<const certs::RegisteredKey*> pinned = registry->FeedKeyOf(participant_, clock_.Now());
    if (pinned.ok()) {
      line.keys.push_back(*pinned);
    }
  }
  for (auto key = line.keys.rbegin(); key != line.keys.rend(); ++key) {
    const certs::RegisteredKey& known = **key;
    std::shared_ptr<const record::Signer> signer = Held(known.key.spki());
    if (signer != nullptr && known.revoked == absl::InfiniteFuture() && known.not_before <= time &&
        time < known.not_after && !certs::IsOfFormerHost(line, known)) {
      return ReceiptKey{record::KeyId(registry->federation(), participant_, known.key.spki()), std::move(signer)};
    }
  }
  return absl::nullopt;
}

std::shared_ptr<const record::Signer> FeedKeys::Find(const record::FeedKey& feed) const {
  if (feed.publisher != participant_) {
    return nullptr;
  }
  if (std::shared_ptr<const record::Signer> key = Held(WantedFor(feed)); key != nullptr) {
    return key;
  }
  // Not enrolled yet, or the key is missing: whoever asks finds out that this is not the registered one.
  MutexLock lock(mutex_);
  return keys_.back();
}

}  // namespace meguri::node
