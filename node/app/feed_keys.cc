// SPDX-License-Identifier: Apache-2.0
#include "node/app/feed_keys.h"

#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "certs/key_files.h"

namespace meguri::node {

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
  MutexLock lock(mutex_);
  keys_ = std::move(keys);
  return absl::OkStatus();
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
