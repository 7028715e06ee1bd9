// SPDX-License-Identifier: Apache-2.0
#include "node/follow/batch_writer.h"

#include <utility>

#include "absl/memory/memory.h"
#include "base/status_macros.h"
#include "node/follow/limits.h"

namespace meguri::node {

std::shared_ptr<BatchWriter> BatchWriter::Make(storage::Committer& committer, const storage::StoreReader& store,
                                               const Clock& clock, Written written) {
  return absl::WrapUnique(new BatchWriter(committer, store, clock, std::move(written)));
}

BatchWriter::BatchWriter(storage::Committer& committer, const storage::StoreReader& store, const Clock& clock,
                         Written written)
    : committer_(committer), store_(store), clock_(clock), written_(std::move(written)) {}

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
  committer_.Submit(
      [self, batches](storage::CommitScope& scope) -> absl::Status {
        for (FollowedBatch& followed : *batches) {
          MEGURI_RETURN_IF_ERROR(WriteBatchOf(followed.feed, followed.batch, followed.checkpoint_note,
                                              self->clock_.Now(), self->store_, scope, followed.frozen));
          MEGURI_RETURN_IF_ERROR(KeepPromises(followed.feed, followed.checkpoint_note, followed.promised_notes, scope));
        }
        return absl::OkStatus();
      },
      [self, batches](const absl::Status& status) { self->written_(*batches, status); });
}

}  // namespace meguri::node
