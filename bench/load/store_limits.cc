// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/store_trace.h"
#include "rocksdb/db.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/options.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"

namespace meguri::bench {
namespace {

struct Arguments {
  std::string store;
  std::string folder;
  std::vector<size_t> batches;  // records in one batch
  size_t threads = 1;
};

// RocksDB set up for speed alone: of what was tried, what was fastest. None of the node's extra checksums.
rocksdb::Options FastOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.recycle_log_file_num = 4;
  options.write_buffer_size = size_t{16} << 20;  // larger ones are slower: keys in random order miss the caches
  // Remembers where it inserted last, by the first byte of the key: its kind.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  options.max_background_jobs = 2;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// A database with the node's two families, removed with the object.
class ScratchStore {
 public:
  explicit ScratchStore(const std::string& folder) : path_(absl::StrCat(folder, "/store-limit")) {
    const rocksdb::Options options = FastOptions();
    rocksdb::DestroyDB(path_, options).PermitUncheckedError();
    const std::vector<rocksdb::ColumnFamilyDescriptor> families = {{rocksdb::kDefaultColumnFamilyName, options},
                                                                   {"arrival", options}};
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, path_, families, &handles, &db);
    Invariant(status.ok(), "a scratch database can be opened");
    db_.reset(db);
    families_ = {handles[1], handles[0]};
  }
  ~ScratchStore() {
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
    db_.reset();
    rocksdb::DestroyDB(path_, FastOptions()).PermitUncheckedError();
  }
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;

  // The writes of records begin … end - 1 in the order of their keys, which RocksDB takes faster than any other.
  rocksdb::WriteBatch MakeBatch(const std::vector<RecordWrites>& trace, size_t begin, size_t end) const {
    std::vector<const storage::Write*> writes;
    for (size_t i = begin; i < end; ++i) {
      for (const storage::Write& write : trace[i]) {
        writes.push_back(&write);
      }
    }
    std::sort(writes.begin(), writes.end(), [](const storage::Write* a, const storage::Write* b) {
      return std::tie(a->family, a->key) < std::tie(b->family, b->key);
    });
    rocksdb::WriteBatch batch;
    for (const storage::Write* write : writes) {
      batch.Put(families_[static_cast<size_t>(write->family)], write->key, *write->value).PermitUncheckedError();
    }
    return batch;
  }

  void WriteDurably(rocksdb::WriteBatch& batch) {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    Invariant(db_->Write(durable, &batch).ok(), "a scratch database can be written");
  }

 private:
  const std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, 2> families_{};  // by storage::Family
};

// Records a second; the batches are put together beforehand.
double Rate(const std::vector<RecordWrites>& trace, const std::string& folder, size_t batch_size, size_t threads) {
  ScratchStore store(folder);
  std::vector<rocksdb::WriteBatch> batches;
  for (size_t at = 0; at < trace.size(); at += batch_size) {
    batches.push_back(store.MakeBatch(trace, at, std::min(at + batch_size, trace.size())));
  }
  std::atomic<size_t> next = 0;
  std::vector<std::thread> writers;
  writers.reserve(threads);
  const absl::Time begin = absl::Now();
  for (size_t t = 0; t < threads; ++t) {
    writers.emplace_back([&] {
      for (size_t i = next.fetch_add(1); i < batches.size(); i = next.fetch_add(1)) {
        store.WriteDurably(batches[i]);
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  return static_cast<double>(trace.size()) / absl::ToDoubleSeconds(absl::Now() - begin);
}

absl::StatusOr<Figures> StoreLimit(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<RecordWrites> trace, ReadTrace(arguments.store));
  size_t bytes = 0;
  size_t keys = 0;
  for (const RecordWrites& record : trace) {
    for (const storage::Write& write : record) {
      bytes += write.key.size() + write.value->size();
      ++keys;
    }
  }
  Figures figures;
  for (const size_t batch : arguments.batches) {
    figures.emplace_back(absl::StrCat("rate_batch_", batch), Rate(trace, arguments.folder, batch, arguments.threads));
  }
  const auto records = static_cast<double>(trace.size());
  figures.emplace_back("bytes_per_record", static_cast<double>(bytes) / records);
  figures.emplace_back("keys_per_record", static_cast<double>(keys) / records);
  return figures;
}

}  // namespace

void AddStoreLimit(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("store-limit", "Writes what a node's store holds into a bare RocksDB");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--store", arguments->store, "Store folder of a stopped node, or a copy")->required();
  command.add_option("--folder", arguments->folder, "Where to write, on the disk of the stores")->required();
  command.add_option("--batch", arguments->batches, "Records in one synced batch")->required();
  command.add_option("--threads", arguments->threads, "Writers at a time: RocksDB commits them in groups");
  command.callback([arguments, &chosen] { chosen = [arguments] { return StoreLimit(*arguments); }; });
}

}  // namespace meguri::bench
