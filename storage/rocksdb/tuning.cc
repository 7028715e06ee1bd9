// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb/tuning.h"

#include <memory>

#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/listener.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"

namespace meguri::storage {
namespace {

constexpr int kOpenFilesMax = 512;
constexpr int kCacheShardBits = 2;  // few shards, so that one can keep the block of a large section
// Records and sections are large and seldom read twice within a moment, look-ups are small and answer every question:
// each has a part of the cache, so that the ones do not drive out the others.
constexpr size_t kArrivalCacheShare = 4;  // one part in
constexpr double kBloomBitsPerKey = 10;
constexpr double kBufferBloomShare = 0.02;  // of the write buffer: most look-ups are for what is not in it
constexpr size_t kArrivalBlockBytes = 4 << 10;
constexpr size_t kLookupBlockBytes = 4 << 10;
// Keys come in random order, so each merge rewrites a large part of the level below. But every look-up asks the filter
// of each table that waits for one.
constexpr int kLookupTablesBeforeMerge = 4;
constexpr size_t kMergeReadBytes = 1 << 20;
constexpr size_t kInfoLogBytesMax = 1 << 20;
constexpr size_t kInfoLogFilesMax = 2;

// A disk that has failed once is not tried again: RocksDB would otherwise wait for room and go on by itself, in a state
// of which nobody knows what it holds (and aborts: seen on a full disk).
class NoRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::BlockBasedTableOptions TableOptions(size_t cache_bytes) {
  // Not strict: a strict cache that is smaller than the blocks in use makes reads fail (seen with sections of 8 MiB).
  // It goes back to its size as soon as the readers let go.
  const rocksdb::LRUCacheOptions cache(cache_bytes, kCacheShardBits, false, 0.5);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(cache);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // Filters and indexes in pieces of a block's size, found by a small top that stays in memory. In one piece each,
  // those of a store of some 250,000 records no longer fit the cache, and every look-up reads a megabyte anew.
  table.partition_filters = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.pin_top_level_index_and_filter = true;
  table.format_version = 5;
  return table;
}

rocksdb::ColumnFamilyOptions FamilyOptions(const RocksdbOptions& options,
                                           const rocksdb::BlockBasedTableOptions& table) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = options.write_buffer_bytes;
  family.memtable_protection_bytes_per_key = kProtectionBytesPerKey;
  family.level_compaction_dynamic_level_bytes = true;
  // A batch comes in the order of its keys: each write goes near the last one of its kind.
  family.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

// Dense values, written once and in key order: compressing them costs a seventh of the throughput and saves nothing.
rocksdb::ColumnFamilyOptions ArrivalOptions(const RocksdbOptions& options, rocksdb::BlockBasedTableOptions table) {
  table.block_size = kArrivalBlockBytes;
  rocksdb::ColumnFamilyOptions family = FamilyOptions(options, table);
  family.compression = rocksdb::kNoCompression;
  return family;
}

rocksdb::ColumnFamilyOptions LookupOptions(const RocksdbOptions& options, rocksdb::BlockBasedTableOptions table) {
  table.block_size = kLookupBlockBytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  rocksdb::ColumnFamilyOptions family = FamilyOptions(options, table);
  family.compression = rocksdb::kLZ4Compression;
  family.memtable_prefix_bloom_size_ratio = kBufferBloomShare;
  family.memtable_whole_key_filtering = true;
  family.level0_file_num_compaction_trigger = kLookupTablesBeforeMerge;
  return family;
}

}  // namespace

rocksdb::DBOptions DatabaseOptions(const RocksdbOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  database.paranoid_checks = true;
  database.flush_verify_memtable_count = true;
  // This mode forbids to recycle logs: RocksDB 7.8 turns recycle_log_file_num off under it.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  database.track_and_verify_wals_in_manifest = true;
  // No checksum over whole tables: each of their blocks has one, and RocksDB reads no block without looking at it. The
  // only one that RocksDB brings, CRC-32C by table, costs a tenth of what taking a feed costs.
  database.max_bgerror_resume_count = 0;
  database.listeners.push_back(std::make_shared<NoRecovery>());
  // Bounds what is replayed at the start, and the memory of both families together.
  database.max_total_wal_size = 4 * options.write_buffer_bytes;
  database.db_write_buffer_size = 2 * options.write_buffer_bytes;
  database.max_open_files = kOpenFilesMax;
  database.max_background_jobs = 2;
  database.bytes_per_sync = 1 << 20;
  database.compaction_readahead_size = kMergeReadBytes;
  database.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  database.max_log_file_size = kInfoLogBytesMax;
  database.keep_log_file_num = kInfoLogFilesMax;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

FamilyTuning::FamilyTuning(const RocksdbOptions& options) {
  const size_t arrival_cache_bytes = options.block_cache_bytes / kArrivalCacheShare;
  arrival = ArrivalOptions(options, TableOptions(arrival_cache_bytes));
  lookup = LookupOptions(options, TableOptions(options.block_cache_bytes - arrival_cache_bytes));
}

}  // namespace meguri::storage
