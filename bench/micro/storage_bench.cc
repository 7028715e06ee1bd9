// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "bench/micro/sample.h"
#include "benchmark/benchmark.h"
#include "storage/feeds.h"
#include "storage/memory/memory_store.h"
#include "storage/transaction.h"

namespace meguri::bench {
namespace {

constexpr size_t kBatch = 256;

// Entries of one batch into a feed's tree, without any disk.
void AppendMany(benchmark::State& state) {
  Sample sample;
  const std::unique_ptr<storage::OrderedStore> store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const storage::Feeds feeds(*store);
  const std::vector<std::string> entries(kBatch, std::string(record::FeedEntry::kSize, '\1'));
  storage::Transaction transaction(*store);
  const storage::FeedId id = Must(feeds.FindOrCreate(transaction, sample.feed()));
  for (auto _ : state) {
    benchmark::DoNotOptimize(Must(feeds.AppendMany(transaction, id, entries)));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(AppendMany);

void PutIntoTransaction(benchmark::State& state) {
  const std::unique_ptr<storage::OrderedStore> store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::string value(4096, 'm');
  uint64_t next = 0;
  for (auto _ : state) {
    storage::Transaction transaction(*store);
    for (size_t i = 0; i < kBatch; ++i) {
      transaction.Put(storage::Family::kArrival, std::to_string(next++), value);
    }
    storage::WriteBatch batch;
    transaction.MoveTo(batch);
    benchmark::DoNotOptimize(batch);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(PutIntoTransaction);

// Everything that a follower writes for a batch, into memory: the cost of putting it together.
void WriteFollowedBatch(benchmark::State& state) {
  Sample sample;
  const std::unique_ptr<storage::OrderedStore> store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  uint64_t size = 0;
  for (auto _ : state) {
    state.PauseTiming();
    node::VerifiedBatch batch = sample.NextVerified(kBatch, size);
    size += kBatch;
    state.ResumeTiming();
    sample.Write(std::move(batch), *store);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(WriteFollowedBatch)->Iterations(64);

}  // namespace
}  // namespace meguri::bench
