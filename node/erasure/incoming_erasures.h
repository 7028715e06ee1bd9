// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "certs/erasure.h"
#include "meguri/erasure/v1/erasure_view.pb.h"
#include "node/erasure/erasure_peer.h"
#include "record/participant_id.h"
#include "record/public_key.h"
#include "storage/committer.h"
#include "storage/erasure_requests.h"
#include "storage/ordered_store.h"
#include "storage/versions.h"

namespace meguri::node {

// What others ask members here to erase. Thread-safe.
class IncomingErasures {
 public:
  // The feed key of a member that is hosted here, or null.
  using SignerOf = std::function<std::shared_ptr<const record::Signer>(const record::ParticipantId& member)>;

  // What is borrowed outlives it.
  IncomingErasures(ErasureRegistry registry, SignerOf signer_of, const storage::SnapshotReader& store,
                   storage::Committer& committer, const Clock& clock);

  // `publisher` asks `holder`: erases what is here, unless it is erased, and waits for the disk. The acknowledgement,
  // or nullopt while data keys are not destroyed yet. NOT_FOUND with reason NOT_HOSTED; PERMISSION_DENIED with reason
  // ERASURE_CALLER if the publisher asks for the record of another; the errors of certs::OpenErasure and of the store.
  absl::StatusOr<absl::optional<record::v1::SignedBody>> Take(const record::ParticipantId& publisher,
                                                              const record::ParticipantId& holder,
                                                              const erasure::v1::SignedErasure& erasure) const;
  // A page of what others asked of `holder` that was here. INVALID_ARGUMENT with reason PAGE_TOKEN.
  absl::StatusOr<erasure::v1::IncomingErasurePage> List(const record::ParticipantId& holder,
                                                        absl::string_view page_token) const;

 private:
  absl::StatusOr<std::vector<storage::VersionRef>> VersionsHere(const record::Header& tombstone) const;
  absl::StatusOr<bool> AreDestroyed(const std::vector<storage::VersionRef>& versions) const;
  absl::StatusOr<record::v1::SignedBody> Sign(const certs::OpenedErasure& opened, const record::ParticipantId& holder,
                                              const std::vector<storage::VersionRef>& versions) const;
  absl::Status NameRecipients(const record::Header& tombstone, const record::ParticipantId& holder,
                              erasure::v1::ErasureAck& ack) const;
  absl::Status Erase(const certs::OpenedErasure& opened, const record::ParticipantId& holder,
                     const record::v1::SignedBody& request) const;
  absl::Status Keep(const storage::ErasureName& name, const record::ParticipantId& holder,
                    const record::v1::SignedBody& ack) const;

  const ErasureRegistry registry_;
  const SignerOf signer_of_;
  const storage::SnapshotReader& store_;
  storage::Committer& committer_;
  const Clock& clock_;
};

}  // namespace meguri::node
