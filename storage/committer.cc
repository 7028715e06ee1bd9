// SPDX-License-Identifier: Apache-2.0
#include "storage/committer.h"

#include <atomic>
#include <deque>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "storage/durable_view.h"
#include "storage/group_writer.h"

namespace meguri::storage {
namespace {

struct Job {
  Committer::Work work;
  Committer::Done done;
};

struct Outcome {
  Committer::Done done;
  absl::Status status;
};

absl::Status QueueFull() {
  return Error(absl::StatusCode::kResourceExhausted, "COMMIT_QUEUE_FULL",
               absl::StrCat(Committer::kQueueMax, " writes are waiting for the disk already: try again in a moment"));
}

absl::Status StoreFailed(const absl::Status& cause) {
  return Error(absl::StatusCode::kUnavailable, "STORE_FAILED",
               absl::StrCat("the store takes no more writes until the node is started again, because one failed: ",
                            cause.message()));
}

}  // namespace

struct Committer::Parts {
  explicit Parts(OrderedStore& written_store, std::unique_ptr<GroupWriter> group_writer)
      : store(written_store), writer(std::move(group_writer)), durable(store), commit_count(writer->commit()) {}

  void Run();
  bool WaitForWork() ABSL_LOCKS_EXCLUDED(mutex);
  absl::optional<Job> TakeNext() ABSL_LOCKS_EXCLUDED(mutex);
  // OK if the job is in the queue; `job` is left alone otherwise.
  absl::Status Enqueue(Job& job) ABSL_LOCKS_EXCLUDED(mutex);

  void CommitGroup();
  std::vector<Outcome> RunWaiting(Transaction& group);
  absl::Status RunOne(Transaction& group, Work& work);
  // Refuses everything from now on. Returns what waited.
  std::deque<Job> Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex);
  void Notify(const std::vector<FeedId>& grown) ABSL_LOCKS_EXCLUDED(mutex);

  // Used by the committer's thread only.
  OrderedStore& store;
  const std::unique_ptr<GroupWriter> writer;

  DurableView durable;
  std::atomic<uint64_t> commit_count;

  Mutex mutex;
  CondVar changed;
  std::deque<Job> queue ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  absl::Status failure ABSL_GUARDED_BY(mutex);
  std::vector<Observer> observers ABSL_GUARDED_BY(mutex);

  std::thread thread;  // set once, before the committer is handed out
};

absl::Status Committer::Parts::Enqueue(Job& job) {
  MutexLock lock(mutex);
  MEGURI_RETURN_IF_ERROR(failure);
  if (queue.size() >= kQueueMax) {
    return QueueFull();
  }
  queue.push_back(std::move(job));
  changed.NotifyOne();
  return absl::OkStatus();
}

// False once there is nothing left to do.
bool Committer::Parts::WaitForWork() {
  MutexLock lock(mutex);
  while (queue.empty() && !stopping) {
    changed.Wait(mutex);
  }
  return !queue.empty();
}

absl::optional<Job> Committer::Parts::TakeNext() {
  MutexLock lock(mutex);
  if (queue.empty()) {
    return absl::nullopt;
  }
  absl::optional<Job> job(std::move(queue.front()));
  queue.pop_front();
  return job;
}

void Committer::Parts::Run() {
  while (WaitForWork()) {
    CommitGroup();
  }
}

void Committer::Parts::CommitGroup() {
  Transaction group(store);
  std::vector<Outcome> outcomes = RunWaiting(group);
  const bool has_writes = !group.empty();
  absl::StatusOr<std::vector<FeedId>> grown = std::vector<FeedId>();
  std::deque<Job> refused;
  absl::Status persisted;
  if (has_writes) {
    grown = writer->Persist(group);
    commit_count = writer->commit();
  }
  if (!grown.ok()) {
    persisted = StoreFailed(grown.status());
    refused = Fail(persisted);
  } else if (has_writes) {
    durable.Advance();
  }
  for (Outcome& outcome : outcomes) {
    // Also for work that wrote nothing: it may have seen what others of its group wrote.
    outcome.done(outcome.status.ok() ? persisted : outcome.status);
  }
  for (Job& job : refused) {
    job.done(persisted);
  }
  if (has_writes && grown.ok()) {
    Notify(*grown);
  }
}

std::vector<Outcome> Committer::Parts::RunWaiting(Transaction& group) {
  std::vector<Outcome> outcomes;
  while (outcomes.size() < kGroupMax && group.bytes() < kGroupBytesMax) {
    absl::optional<Job> job = TakeNext();
    if (!job.has_value()) {
      break;
    }
    absl::Status status = RunOne(group, job->work);
    outcomes.push_back(Outcome{std::move(job->done), std::move(status)});
  }
  return outcomes;
}

absl::Status Committer::Parts::RunOne(Transaction& group, Work& work) {
  Savepoint part(group);
  CommitScope scope(group, writer->feeds());
  const absl::Status status = work(scope);
  if (status.ok()) {
    part.Keep();
  }
  return status;
}

std::deque<Job> Committer::Parts::Fail(const absl::Status& status) {
  MutexLock lock(mutex);
  failure = status;
  return std::exchange(queue, {});
}

void Committer::Parts::Notify(const std::vector<FeedId>& grown) {
  std::vector<Observer> now;
  {
    MutexLock lock(mutex);
    now = observers;
  }
  for (const Observer& observer : now) {
    observer(grown);
  }
}

absl::StatusOr<std::unique_ptr<Committer>> Committer::Start(OrderedStore& store, Anchor& anchor) {
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<GroupWriter> writer, GroupWriter::Open(store, anchor));
  auto parts = std::make_unique<Parts>(store, std::move(writer));
  parts->thread = std::thread([started = parts.get()] { started->Run(); });
  return std::unique_ptr<Committer>(new Committer(std::move(parts)));
}

Committer::Committer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Committer::~Committer() {
  {
    MutexLock lock(parts_->mutex);
    parts_->stopping = true;
    parts_->changed.NotifyOne();
  }
  parts_->thread.join();
}

void Committer::Submit(Work work, Done done) {
  Job job{std::move(work), std::move(done)};
  const absl::Status accepted = parts_->Enqueue(job);
  if (!accepted.ok()) {
    job.done(accepted);
  }
}

absl::Status Committer::SubmitAndWait(Work work) {
  Invariant(std::this_thread::get_id() != parts_->thread.get_id(), "the committer's thread does not wait for itself");
  std::promise<absl::Status> promise;
  std::future<absl::Status> result = promise.get_future();
  Submit(std::move(work),
         [promise = std::move(promise)](const absl::Status& status) mutable { promise.set_value(status); });
  return result.get();
}

void Committer::AddObserver(Observer observer) {
  MutexLock lock(parts_->mutex);
  parts_->observers.push_back(std::move(observer));
}

absl::Status Committer::health() const {
  MutexLock lock(parts_->mutex);
  return parts_->failure;
}

const SnapshotReader& Committer::durable() const { return parts_->durable; }

uint64_t Committer::commit_count() const { return parts_->commit_count; }

}  // namespace meguri::storage
