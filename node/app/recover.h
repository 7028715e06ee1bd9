// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "meguri/registry/v1/member.pb.h"
#include "node/app/copy_intake.h"
#include "node/app/move.h"

// How a member moves that cannot get anything from its former host: docs/operations.md, ADR 0039.
namespace meguri::node {

struct RecoveredMember {
  ImportedMember member;
  std::vector<RecoveredFeed> feeds;
  std::vector<std::string> passed_over;  // why what of a file was not taken, a sentence each
};

struct RecoverOptions {
  std::string data_folder;
  std::string member;  // participant ID
  std::vector<std::string>
      copies;                     // files that its followers have given back; what this node follows itself counts too
  registry::v1::Hosting hosting;  // addresses, if others than those of the node
};

// Makes the folder of a guest whose former host is gone: its feeds, as far as copies of followers prove them, with the
// records that they name, a new feed key whose base says how far that is, and the request that the member signs. What
// nobody has is lost, its follows and audit rows among it. FAILED_PRECONDITION with reason NO_COPY if nothing was
// found; INVALID_ARGUMENT with reason COPY_FILE or as of Follower, naming file and feed; FAILED_PRECONDITION with
// reason MOVE_NOT_MEMBER or NEWER_FORMAT; the errors of CheckFree. Leaves nothing behind when it fails.
absl::StatusOr<RecoveredMember> RecoverMember(const RecoverOptions& options, const MoveProgress& progress,
                                              const Clock& clock, Random& random);

// The same as a node of the member's own, in a new folder; the registry comes from the files too. `options.file` is not
// used. Errors as of RecoverMember and InitFromMove.
absl::StatusOr<RecoveredMember> InitFromCopies(const OwnNodeOptions& options, const std::string& member,
                                               const std::vector<std::string>& copies, const MoveProgress& progress,
                                               const Clock& clock, Random& random);

}  // namespace meguri::node
