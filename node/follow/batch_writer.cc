// SPDX-License-Identifier: Apache-2.0
#include "node/follow/batch_writer.h"

#include <utility>

#include "absl/memory/memory.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/follow/limits.h"

namespace meguri::node {

std::shared_ptr<BatchWriter> BatchWriter::Make(storage::Committer& committer, const storage::StoreReader& store,
                                               const FollowQuota& quota, const Clock& clock, Written written) {
  return absl::WrapUnique(new BatchWriter(committer, store, quota, clock, std::move(written)));
}

BatchWriter::BatchWriter(storage::Committer& committer, const storage::StoreReader& store, const FollowQuota& quota,
                         const Clock& clock, Written written)
    : committer_(committer), store_(store), quota_(quota), clock_(clock), written_(std::move(written)) {}

void BatchWriter::Restart() {
  MutexLock lock(refused_mutex_);
  refused_.clear();
}

void BatchWriter::Add(FollowedBatch batch, bool more_follows) {
  MutexLock lock(mutex_);
  if (gathered_.empty()) {
    gathered_since_ = clock_.Now();
  }
  gathered_bytes_ += batch.batch.bytes;
  gathered_.push_back(std::move(batch));
  if (!more_follows || gathered_bytes_ >= storage::Committer::kGroupBytesMax) {
    SubmitLocked();
  }
}

void BatchWriter::Flush() {
  MutexLock lock(mutex_);
  SubmitLocked();
}

void BatchWriter::FlushOld() {
  MutexLock lock(mutex_);
  if (clock_.Now() - gathered_since_ >= kGatherMax) {
    SubmitLocked();
  }
}

void BatchWriter::SubmitLocked() {
  if (gathered_.empty()) {
    return;
  }
  const auto batches = std::make_shared<std::vector<FollowedBatch>>(std::exchange(gathered_, {}));
  gathered_bytes_ = 0;
  gathered_since_ = absl::InfiniteFuture();
  const auto self = shared_from_this();
  committer_.Submit([self, batches](storage::CommitScope& scope) { return self->Write(*batches, scope); },
                    [self, batches](const absl::Status& status) { self->written_(*batches, status); });
}

absl::Status BatchWriter::Write(std::vector<FollowedBatch>& batches, storage::CommitScope& scope) {
  for (FollowedBatch& followed : batches) {
    absl::Status written = WriteWithinQuota(followed, scope);
    if (!written.ok() && ReasonOf(written) != kQuotaExceeded) {
      return written;
    }
    followed.refused = written;
    // What the publisher has signed binds it, also for entries that are not taken.
    MEGURI_RETURN_IF_ERROR(
        KeepPromises(followed.feed, followed.checkpoint_note, followed.promised_notes, clock_.Now(), scope));
  }
  return absl::OkStatus();
}

// A part of its own, so that what is refused leaves nothing behind.
absl::Status BatchWriter::WriteWithinQuota(FollowedBatch& followed, storage::CommitScope& scope) {
  MutexLock lock(refused_mutex_);
  const auto refused = refused_.find(followed.feed);
  if (refused != refused_.end()) {
    return refused->second;
  }
  storage::Savepoint part(scope.transaction);
  const absl::Status written = WriteBatchOf(followed.feed, followed.batch, followed.checkpoint_note, quota_,
                                            clock_.Now(), store_, scope, followed.frozen);
  if (written.ok()) {
    part.Keep();
  } else if (ReasonOf(written) == kQuotaExceeded) {
    refused_.emplace(followed.feed, written);
  }
  return written;
}

}  // namespace meguri::node
