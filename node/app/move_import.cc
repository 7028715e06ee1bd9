// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/status_macros.h"
#include "node/app/host_node.h"
#include "node/app/move.h"
#include "node/app/move_check.h"
#include "node/app/move_file.h"
#include "node/app/move_intake.h"

namespace meguri::node {
namespace {

constexpr char kFollowRegistry[] = "Start this node and wait until it has followed the registry, or ask the operator.";

}  // namespace

absl::StatusOr<ImportedMember> ImportMember(const ImportOptions& options, const MoveProgress& progress,
                                            const Clock& clock, Random& random) {
  const absl::Time now = clock.Now();
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(options.data_folder, now));
  MEGURI_ASSIGN_OR_RETURN(MoveFileReader file, MoveFileReader::Open(options.file));
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::MoveFrame header, file.Next());
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member, CheckMoveHeader(header, node.bundle));
  MEGURI_RETURN_IF_ERROR(CheckFree(node, member));
  MEGURI_ASSIGN_OR_RETURN(const OpenedStore own, OpenToRead(node.folder, random));
  MEGURI_ASSIGN_OR_RETURN(const PresentMember present,
                          FindMember(own.reader(), node.bundle, node.member, member, kFollowRegistry, clock));
  MEGURI_ASSIGN_OR_RETURN(const Folder draft, MakeDraftFolder(node, member));
  const DraftGuard guard(draft.root());
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::v1::MovedFeed> feeds,
                          Unpack(file, header.header().entries(), draft, progress, random));
  MEGURI_ASSIGN_OR_RETURN(const uint64_t records, CheckNotDamaged(draft, progress));
  std::vector<certs::BaseHead> heads;
  {
    MEGURI_ASSIGN_OR_RETURN(const OpenedStore moved, OpenToRead(draft, random));
    MEGURI_RETURN_IF_ERROR(CheckMovedStore({moved.reader(), *present.registry, node.bundle, member, feeds, now,
                                            [&](uint64_t done) { progress("verified", done, records); }}));
    MEGURI_ASSIGN_OR_RETURN(heads, HeadsIn(moved.reader()));
  }
  MEGURI_ASSIGN_OR_RETURN(const Folder place,
                          PutGuestInPlace(node, draft, member, present, heads, options.hosting, clock, random));
  return ImportedMember{member.text(), place.move_request(), records, feeds.size()};
}

}  // namespace meguri::node
