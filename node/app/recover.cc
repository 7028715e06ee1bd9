// SPDX-License-Identifier: Apache-2.0
#include "node/app/recover.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/app/give_back.h"
#include "node/app/host_node.h"
#include "node/app/move_check.h"
#include "node/app/move_intake.h"
#include "node/app/own_node.h"
#include "node/app/own_records.h"

namespace meguri::node {
namespace {

constexpr char kFollowRegistry[] = "Start this node and wait until it has followed the registry, or ask the operator.";
constexpr char kAskOthers[] = "Ask a follower whose node has followed the registry lately, or the operator.";

// What this node itself has of the member, as a file in the draft; "" if it has nothing.
absl::StatusOr<std::string> OwnCopy(const std::string& data_folder, const record::ParticipantId& member,
                                    const Folder& draft, const Clock& clock, Random& random) {
  std::string path = absl::StrCat(draft.root(), "/own.copy");
  const absl::StatusOr<GivenBack> given =
      GiveBack({data_folder, "", member.text(), path}, [](const char*, uint64_t, uint64_t) {}, clock, random);
  if (ReasonOf(given.status()) == "NO_COPY") {
    return std::string();
  }
  MEGURI_RETURN_IF_ERROR(given.status());
  return path;
}

absl::Status CheckAnyFound(const std::vector<RecoveredFeed>& feeds, const record::ParticipantId& member) {
  const bool any = std::any_of(feeds.begin(), feeds.end(), [](const RecoveredFeed& feed) { return feed.size > 0; });
  return any ? absl::OkStatus()
             : Error(absl::StatusCode::kFailedPrecondition, "NO_COPY",
                     absl::StrCat("No copy holds anything that ", member.text(),
                                  " has published. Follow it here (`meguri feed follow`), or have its followers run "
                                  "`meguri-node give-back` and name their files with --copy."));
}

// The registry by which the feeds are judged, once the files have been opened.
using FindRegistry =
    std::function<absl::StatusOr<PresentMember>(CopyIntake& intake, const storage::StoreReader& store)>;

// Puts the store of a draft together.
absl::StatusOr<RecoveredMember> FillDraft(const Folder& draft, const certs::TrustBundle& bundle,
                                          const record::ParticipantId& member, const std::vector<std::string>& copies,
                                          const FindRegistry& find_registry, const MoveProgress& progress,
                                          PresentMember& present, absl::Time now, Random& random) {
  RecoveredMember recovered;
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<DraftStore> draft_store, DraftStore::Open(draft, random));
  CopyIntake intake(bundle, member, draft_store->reader(), draft_store->committer(), now);
  MEGURI_ASSIGN_OR_RETURN(present, find_registry(intake, draft_store->reader()));
  for (size_t i = 0; i < copies.size(); ++i) {
    MEGURI_RETURN_IF_ERROR(intake.TakeFeeds(copies[i], *present.registry));
    progress("taken in", i + 1, copies.size());
  }
  recovered.feeds = intake.Feeds();
  recovered.passed_over = intake.passed_over();
  MEGURI_RETURN_IF_ERROR(CheckAnyFound(recovered.feeds, member));
  MEGURI_RETURN_IF_ERROR(intake.Finish());
  MEGURI_RETURN_IF_ERROR(MakeRecordsOwn(draft_store->reader(), draft_store->committer(), member));
  MEGURI_RETURN_IF_ERROR(draft_store->DestroyErased());
  return recovered;
}

}  // namespace

absl::StatusOr<RecoveredMember> RecoverMember(const RecoverOptions& options, const MoveProgress& progress,
                                              const Clock& clock, Random& random) {
  const absl::Time now = clock.Now();
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(options.data_folder, now));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member, record::ParticipantId::Parse(options.member));
  MEGURI_RETURN_IF_ERROR(CheckFree(node, member));
  PresentMember known;
  {
    MEGURI_ASSIGN_OR_RETURN(const OpenedStore own, OpenToRead(node.folder, random));
    MEGURI_ASSIGN_OR_RETURN(known, FindMember(own.reader(), node.bundle, node.member, member, kFollowRegistry, clock));
  }
  MEGURI_ASSIGN_OR_RETURN(const Folder draft, MakeDraftFolder(node, member));
  const DraftGuard guard(draft.root());
  std::vector<std::string> copies = options.copies;
  MEGURI_ASSIGN_OR_RETURN(const std::string own_copy, OwnCopy(options.data_folder, member, draft, clock, random));
  if (!own_copy.empty()) {
    copies.push_back(own_copy);
  }
  PresentMember present;
  MEGURI_ASSIGN_OR_RETURN(
      RecoveredMember recovered,
      FillDraft(
          draft, node.bundle, member, copies, [&](CopyIntake&, const storage::StoreReader&) { return known; }, progress,
          present, now, random));
  std::error_code error;
  std::filesystem::remove(own_copy, error);
  MEGURI_ASSIGN_OR_RETURN(const uint64_t records, CheckNotDamaged(draft, progress));
  std::vector<certs::BaseHead> heads;
  {
    MEGURI_ASSIGN_OR_RETURN(const OpenedStore opened, OpenToRead(draft, random));
    MEGURI_ASSIGN_OR_RETURN(heads, HeadsIn(opened.reader()));
  }
  MEGURI_ASSIGN_OR_RETURN(const Folder place,
                          PutGuestInPlace(node, draft, member, present, heads, options.hosting, clock, random));
  recovered.member = {member.text(), place.move_request(), records, recovered.feeds.size()};
  return recovered;
}

absl::StatusOr<RecoveredMember> InitFromCopies(const OwnNodeOptions& options, const std::string& member,
                                               const std::vector<std::string>& copies, const MoveProgress& progress,
                                               const Clock& clock, Random& random) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, record::ParticipantId::Parse(member));
  if (copies.empty()) {
    return InvalidInput({{"--copy", "FLAG", "nothing", "files that followers have written with `meguri-node give-back`",
                          "give --copy FILE, once for each follower",
                          "フォロー元が `meguri-node give-back` で書き出したファイルを --copy で指定してください。"}});
  }
  RecoveredMember recovered;
  MEGURI_ASSIGN_OR_RETURN(
      const ImportedMember made,
      MakeOwnNode(
          options, [&](const certs::TrustBundle&) -> absl::StatusOr<record::ParticipantId> { return participant; },
          [&](const Folder& draft, const certs::TrustBundle& bundle) -> absl::StatusOr<TakenIn> {
            TakenIn taken;
            const auto find_registry = [&](CopyIntake& intake,
                                           const storage::StoreReader& store) -> absl::StatusOr<PresentMember> {
              for (const std::string& copy : copies) {
                MEGURI_RETURN_IF_ERROR(intake.TakeRegistry(copy));
              }
              MEGURI_RETURN_IF_ERROR(CheckRegistryCopy(store, bundle, participant));
              return FindMember(store, bundle, participant, participant, kAskOthers, clock);
            };
            MEGURI_ASSIGN_OR_RETURN(recovered, FillDraft(draft, bundle, participant, copies, find_registry, progress,
                                                         taken.present, clock.Now(), random));
            MEGURI_ASSIGN_OR_RETURN(taken.records, CheckNotDamaged(draft, progress));
            MEGURI_ASSIGN_OR_RETURN(const OpenedStore opened, OpenToRead(draft, random));
            MEGURI_ASSIGN_OR_RETURN(taken.heads, HeadsIn(opened.reader()));
            return taken;
          },
          clock, random));
  recovered.member = made;
  return recovered;
}

}  // namespace meguri::node
