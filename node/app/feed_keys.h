// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "certs/signing_key.h"
#include "node/app/folder.h"
#include "node/app/log.h"
#include "node/follow/feed_source.h"
#include "node/follow/receipt_book.h"
#include "node/membership/registry_state.h"
#include "record/participant_id.h"

namespace meguri::node {

// The feed keys in the node's folder, and which of them signs: the one that the registry has in force, and for the
// registry's own feed the one that the trust bundle pins. A key that lies beside the old one is taken up at the moment
// when the registry says so. Thread-safe.
class FeedKeys final : public FeedSigners {
 public:
  FeedKeys(Folder folder, record::ParticipantId participant, const RegistryState& registry, const Clock& clock,
           Log& log);

  // Reads the key files, and where the feeds stood if the member moved here. The errors of SigningKey::Load; NOT_FOUND
  // with reason FILE_NOT_FOUND if there is none; DATA_LOSS with reason FEED_BASE.
  absl::Status Load();
  // Looks for key files that came since, if the key in force is not among those that are known.
  void Refresh();

  // Null for feeds of other members.
  std::shared_ptr<const record::Signer> Find(const record::FeedKey& feed) const override;
  absl::optional<registry::v1::FeedBaseProof> BaseOf(const record::FeedKey& feed) const override;
  // The newest key of the member at this node that was in force at `time`, was never revoked and is in the folder;
  // nullopt if there is none.
  absl::optional<ReceiptKey> At(absl::Time time) const;
  std::shared_ptr<const record::Signer> ForRegistry() const { return Find(registry_.feed().key); }

 private:
  absl::Status LoadBase();
  // The public key that signs `feed` now; "" if neither registry nor bundle says.
  std::string WantedFor(const record::FeedKey& feed) const;
  std::shared_ptr<const record::Signer> Held(const std::string& public_key) const;

  const Folder folder_;
  const record::ParticipantId participant_;
  const RegistryState& registry_;
  const Clock& clock_;
  Log& log_;
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<const certs::SigningKey>> keys_ ABSL_GUARDED_BY(mutex_);  // oldest first, never empty
  std::map<std::string, registry::v1::FeedBaseProof> bases_ ABSL_GUARDED_BY(mutex_);    // by name of the feed
  std::string in_force_ ABSL_GUARDED_BY(mutex_);  // the public key that was told to the log
};

}  // namespace meguri::node
