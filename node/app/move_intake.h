// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "certs/feed_base.h"
#include "certs/registry.h"
#include "certs/trust_bundle.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "meguri/storage/v1/moved.pb.h"
#include "node/app/folder.h"
#include "node/app/host_node.h"
#include "node/app/move.h"
#include "node/app/move_file.h"
#include "record/participant_id.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/ordered_store.h"
#include "storage/sealed/open.h"

// The steps by which a file of a move becomes the folder of a member, whether as a guest's or as that of a node of its
// own: into a draft, which is checked, and which is taken away again unless it is put in its place.
namespace meguri::node {

// A stopped store that is only looked at.
struct OpenedStore {
  storage::SealedReaderParts parts;
  const storage::StoreReader& reader() const { return *parts.store; }
};
absl::StatusOr<OpenedStore> OpenToRead(const Folder& folder, Random& random);

// The store of a draft folder, which is being filled.
class DraftStore {
 public:
  static absl::StatusOr<std::unique_ptr<DraftStore>> Open(const Folder& draft, Random& random);

  const storage::StoreReader& reader() const { return *sealed_.store; }
  storage::Committer& committer() { return *committer_; }
  // What is erased stays so: no key of this store ever opens those sections.
  absl::Status DestroyErased();

 private:
  DraftStore() = default;

  storage::SealedParts sealed_;
  std::unique_ptr<storage::Anchor> anchor_;
  std::unique_ptr<storage::Committer> committer_;
};

// What a copy of the registry says of the member.
struct PresentMember {
  std::shared_ptr<const certs::Registry> registry;
  record::v1::Envelope record;
};
// Looks in the copy of the registry that `store` keeps for `holder`. FAILED_PRECONDITION with reason MOVE_NOT_MEMBER if
// it names no such active member; `cure` says what to do then.
absl::StatusOr<PresentMember> FindMember(const storage::StoreReader& store, const certs::TrustBundle& bundle,
                                         const record::ParticipantId& holder, const record::ParticipantId& member,
                                         absl::string_view cure, const Clock& clock);

// Whose file it is, which may be taken in here as far as its first frame says. INVALID_ARGUMENT with reason MOVE_FILE,
// MOVE_OTHER_FEDERATION or MOVE_STORE_FORMAT.
absl::StatusOr<record::ParticipantId> CheckMoveHeader(const storage::v1::MoveFrame& frame,
                                                      const certs::TrustBundle& bundle);

// Everything after the header into the store of the draft. Returns the heads of the feeds. INVALID_ARGUMENT with reason
// MOVE_FILE.
absl::StatusOr<std::vector<storage::v1::MovedFeed>> Unpack(MoveFileReader& file, uint64_t expected, const Folder& draft,
                                                           const MoveProgress& progress, Random& random);

// Rebuilds every tree and digest of the draft. Returns how many records it has. INVALID_ARGUMENT with reason
// MOVE_DAMAGED.
absl::StatusOr<uint64_t> CheckNotDamaged(const Folder& draft, const MoveProgress& progress);

// Where the own feeds of a draft stand.
absl::StatusOr<std::vector<certs::BaseHead>> HeadsIn(const storage::StoreReader& store);

// What the request of a move asks for.
struct MoveAsked {
  const certs::TrustBundle& bundle;
  const record::ParticipantId& member;
  const PresentMember& present;
  const std::vector<certs::BaseHead>& heads;
  const registry::v1::Hosting& hosting;
  std::string certificate_request = {};  // of a node of the member's own
};
// Makes the feed key of this host, with the base on which it goes on, and the request that the member signs.
absl::Status WriteKeyAndRequest(const Folder& draft, const MoveAsked& asked, absl::Time now, Random& random);

// Makes a draft, whose store is complete, the folder of a guest of `node`, which is returned.
absl::StatusOr<Folder> PutGuestInPlace(const HostNode& node, const Folder& draft, const record::ParticipantId& member,
                                       const PresentMember& present, const std::vector<certs::BaseHead>& heads,
                                       registry::v1::Hosting hosting, const Clock& clock, Random& random);

// Takes a draft away again; one that was put in its place is not there any more.
class DraftGuard {
 public:
  explicit DraftGuard(std::string root) : root_(std::move(root)) {}
  DraftGuard(const DraftGuard&) = delete;
  DraftGuard& operator=(const DraftGuard&) = delete;
  ~DraftGuard();

 private:
  const std::string root_;
};

}  // namespace meguri::node
