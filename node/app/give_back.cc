// SPDX-License-Identifier: Apache-2.0
#include "node/app/give_back.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/feed/v1/carried.pb.h"
#include "meguri/feed/v1/feed.pb.h"
#include "node/app/host_node.h"
#include "node/app/hosting.h"
#include "node/app/move_file.h"
#include "node/app/move_intake.h"
#include "node/follow/feed_source.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/participant_id.h"
#include "storage/feeds.h"

namespace meguri::node {
namespace {

// Copies are handed on with the heads that their publishers have signed.
class NoSigners final : public FeedSigners {
 public:
  std::shared_ptr<const record::Signer> Find(const record::FeedKey&) const override { return nullptr; }
};

class CopyWriter {
 public:
  CopyWriter(const std::string& federation, const storage::StoreReader& store, MoveFileWriter& file)
      : federation_(federation), feeds_(store), source_(federation, store, signers_), file_(file) {}

  absl::StatusOr<GivenFeed> Add(const record::FeedKey& key, storage::FeedId id, const MoveProgress& progress) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedHead head, feeds_.ReadHead(id));
    GivenFeed given{key.name.text(), 0, 0};
    if (!head.settled.empty()) {
      MEGURI_ASSIGN_OR_RETURN(given.size, SizeOf(key, head.settled));
      MEGURI_RETURN_IF_ERROR(AddTarget(key, head.settled));
    }
    for (uint64_t start = 0; start < given.size;) {
      MEGURI_ASSIGN_OR_RETURN(const feed::v1::CarriedFeedBatch batch,
                              source_.ReadBatch(key, id, start, given.size, given.size));
      storage::v1::MoveFrame frame;
      frame.set_batch(batch.SerializeAsString());
      MEGURI_RETURN_IF_ERROR(file_.Add(frame));
      start += static_cast<uint64_t>(batch.items_size());
      progress("copied", start, given.size);
    }
    given.known = given.size;
    // What the publisher signed and never sent: others may have it.
    std::vector<std::string> notes = head.promises;
    notes.push_back(head.checkpoint);
    for (const std::string& note : notes) {
      if (note.empty()) {
        continue;
      }
      MEGURI_ASSIGN_OR_RETURN(const uint64_t size, SizeOf(key, note));
      if (size > given.known) {
        MEGURI_RETURN_IF_ERROR(AddTarget(key, note));
        given.known = size;
      }
    }
    return given;
  }

 private:
  absl::StatusOr<uint64_t> SizeOf(const record::FeedKey& key, const std::string& note) const {
    MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint,
                            record::ReadOpenedCheckpoint(note, record::FeedOrigin(federation_, key)));
    return checkpoint.size;
  }
  absl::Status AddTarget(const record::FeedKey& key, const std::string& note) {
    feed::v1::FeedTarget target;
    target.set_feed(key.name.text());
    target.set_checkpoint(note);
    storage::v1::MoveFrame frame;
    frame.set_target(target.SerializeAsString());
    return file_.Add(frame);
  }

  const std::string& federation_;
  const NoSigners signers_;
  const storage::Feeds feeds_;
  const FeedSource source_;
  MoveFileWriter& file_;
};

absl::Status NoCopy(const record::ParticipantId& publisher) {
  return Error(absl::StatusCode::kNotFound, "NO_COPY",
               absl::StrCat("There is no copy here of anything that ", publisher.text(), " has published."));
}

}  // namespace

absl::StatusOr<GivenBack> GiveBack(const GiveBackOptions& options, const MoveProgress& progress, const Clock& clock,
                                   Random& random) {
  // The bundle may have expired: what is here was verified when it came.
  MEGURI_ASSIGN_OR_RETURN(const HostNode node, ReadHostNode(options.data_folder, absl::InfinitePast()));
  MEGURI_ASSIGN_OR_RETURN(const Folder folder, FolderOf(options.data_folder, options.holder));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher, record::ParticipantId::Parse(options.publisher));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId holder,
                          record::ParticipantId::Parse(options.holder.empty() ? node.member.text() : options.holder));
  MEGURI_ASSIGN_OR_RETURN(const OpenedStore opened, OpenToRead(folder, random));
  const storage::Feeds feeds(opened.reader());
  MEGURI_ASSIGN_OR_RETURN(const auto held, feeds.HeldBy(holder));
  // The registry first: by it the rest is judged where nothing else is known.
  std::vector<std::pair<record::FeedKey, storage::FeedId>> wanted;
  const record::FeedKey registry{node.bundle.operator_id(), record::FeedName::Registry(), 1};
  for (const auto& [feed, id] : held) {
    if (!feed.is_own() && feed.key == registry) {
      wanted.insert(wanted.begin(), {feed.key, id});
    } else if (!feed.is_own() && feed.key.publisher == publisher) {
      wanted.emplace_back(feed.key, id);
    }
  }
  const bool has_any =
      std::any_of(wanted.begin(), wanted.end(), [&](const auto& feed) { return feed.first.publisher == publisher; });
  if (!has_any || publisher == node.bundle.operator_id()) {
    return NoCopy(publisher);
  }
  MEGURI_ASSIGN_OR_RETURN(MoveFileWriter file, MoveFileWriter::Create(options.out));
  storage::v1::MoveFrame frame;
  storage::v1::CopyHeader& header = *frame.mutable_copied();
  header.set_format_version(kCopyFormatVersion);
  header.set_federation(node.bundle.federation());
  header.set_participant_id(publisher.text());
  header.set_holder(holder.text());
  header.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock.Now())));
  MEGURI_RETURN_IF_ERROR(file.Add(frame));
  GivenBack given;
  CopyWriter writer(node.bundle.federation(), opened.reader(), file);
  for (const auto& [key, id] : wanted) {
    MEGURI_ASSIGN_OR_RETURN(GivenFeed feed, writer.Add(key, id, progress));
    if (key.publisher == publisher) {
      given.feeds.push_back(std::move(feed));
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash digest, file.Finish());
  given.digest = digest.ToHex();
  return given;
}

}  // namespace meguri::node
