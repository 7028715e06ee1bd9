// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>

#include <unistd.h>

#include "base/clock.h"
#include "bench/micro/sample.h"
#include "benchmark/benchmark.h"
#include "node/query/query.h"
#include "record/system_random.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace meguri::bench {
namespace {

constexpr size_t kBatch = 256;
constexpr size_t kRecords = 10'240;

// Records on disk that one client may read.
class Library {
 public:
  Library() : path_(std::filesystem::temp_directory_path() / ("meguri-micro-" + std::to_string(::getpid()))) {
    store_ = Must(storage::OpenRocksdbStore(path_.string()));
    for (uint64_t size = 0; size < kRecords; size += kBatch) {
      node::VerifiedBatch batch = sample_.NextVerified(kBatch, size);
      some_id_ = batch.items.back().header->record_id().ToString();
      sample_.Write(std::move(batch), *store_);
    }
    query_ = std::make_unique<node::Query>(*store_, std::vector{sample_.feed().holder},
                                           node::PageTokens(sample_.random().Bytes<32>(), clock_));
    reader_.reader.participant = sample_.feed().holder;
    reader_.reader.active = true;
    reader_.is_client = true;
  }
  ~Library() {
    query_.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const node::Query& query() const { return *query_; }
  const node::QueryReader& reader() const { return reader_; }
  record::RecordId some_id() const { return Must(record::RecordId::Parse(some_id_)); }
  std::string publisher() const { return sample_.feed().key.publisher.text(); }

 private:
  const std::filesystem::path path_;
  const SystemClock clock_;
  Sample sample_;
  std::string some_id_;
  std::unique_ptr<storage::OrderedStore> store_;
  std::unique_ptr<node::Query> query_;
  node::QueryReader reader_;
};

void GetRecord(benchmark::State& state) {
  const Library library;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        Must(library.query().Get(library.reader(), library.some_id(), library.publisher(), 0, {})));
  }
}
BENCHMARK(GetRecord);

// What a member is told that has no right to the record, and the same of a record that is not there.
void GetNothing(benchmark::State& state) {
  const Library library;
  node::QueryReader stranger = library.reader();
  stranger.is_client = false;
  record::SystemRandom random;
  const record::RecordId id = state.range(0) == 1 ? library.some_id() : record::RecordId::Make(random);
  for (auto _ : state) {
    benchmark::DoNotOptimize(library.query().Get(stranger, id, "", 0, {}).status());
  }
}
BENCHMARK(GetNothing)->ArgName("hidden")->Arg(0)->Arg(1);

// Page after page of everything of one product group. Argument: 1 with sections, 0 without.
void ListPages(benchmark::State& state) {
  const Library library;
  node::ListQuery page;
  page.filter = "product_group = \"plastic-lot\"";
  page.page_size = 100;
  page.mask.sections = state.range(0) == 1;
  int64_t records = 0;
  for (auto _ : state) {
    const node::ListPage answer = Must(library.query().List(library.reader(), page));
    records += static_cast<int64_t>(answer.records.size());
    page.page_token = answer.next_page_token;
  }
  state.SetItemsProcessed(records);
}
BENCHMARK(ListPages)->Arg(0)->Arg(1);

}  // namespace
}  // namespace meguri::bench
