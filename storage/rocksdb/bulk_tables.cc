// SPDX-License-Identifier: Apache-2.0
#include "storage/rocksdb/bulk_tables.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/sst_file_writer.h"
#include "storage/rocksdb/conversions.h"

namespace meguri::storage {
namespace {

namespace fs = std::filesystem;

// The writes to one family by key, the last one of each key.
std::vector<const Write*> SortedWrites(Family family, const std::vector<Write>& writes) {
  std::vector<const Write*> sorted;
  for (const Write& write : writes) {
    if (write.family == family) {
      sorted.push_back(&write);
    }
  }
  // Writes to the same key stay in their order, which is that of their places.
  const auto before = [](const Write* a, const Write* b) { return std::tie(a->key, a) < std::tie(b->key, b); };
  if (!std::is_sorted(sorted.begin(), sorted.end(), before)) {
    std::sort(sorted.begin(), sorted.end(), before);
  }
  const auto same_key = [](const Write* a, const Write* b) { return a->key == b->key; };
  // From behind, so that of equal keys the last one stays.
  sorted.erase(sorted.begin(), std::unique(sorted.rbegin(), sorted.rend(), same_key).base());
  return sorted;
}

rocksdb::IngestExternalFileOptions IngestOptions() {
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.write_global_seqno = false;
  return options;
}

}  // namespace

BulkTables::BulkTables(rocksdb::DB& db, const FamilyHandles& families, FamilyOptionsOf options, std::string folder)
    : db_(db), families_(families), options_(std::move(options)), folder_(std::move(folder)) {}

rocksdb::Status BulkTables::Prepare() {
  std::error_code error;
  fs::remove_all(folder_, error);
  if (!error) {
    fs::create_directory(folder_, error);
  }
  return error ? rocksdb::Status::IOError(folder_, error.message()) : rocksdb::Status::OK();
}

rocksdb::Status BulkTables::Build(Family family, const std::vector<Write>& writes,
                                  std::vector<rocksdb::IngestExternalFileArg>& tables) {
  const std::vector<const Write*> sorted = SortedWrites(family, writes);
  if (sorted.empty()) {
    return rocksdb::Status::OK();
  }
  const rocksdb::Options& options = options_[static_cast<size_t>(family)];
  rocksdb::ColumnFamilyHandle* const handle = families_[static_cast<size_t>(family)];
  const std::string path = absl::StrCat(folder_, "/", ++built_, ".sst");
  rocksdb::SstFileWriter table(rocksdb::EnvOptions(options), options, handle, false);
  rocksdb::Status status = table.Open(path);
  for (size_t i = 0; i < sorted.size() && status.ok(); ++i) {
    const Write& write = *sorted[i];
    status = write.value.has_value() ? table.Put(ToSlice(write.key), ToSlice(*write.value))
                                     : table.Delete(ToSlice(write.key));
  }
  if (!status.ok()) {
    return status;
  }
  status = table.Finish();  // syncs it
  if (!status.ok()) {
    return status;
  }
  rocksdb::IngestExternalFileArg& taken = tables.emplace_back();
  taken.column_family = handle;
  taken.external_files = {path};
  taken.options = IngestOptions();
  return status;
}

rocksdb::Status BulkTables::Apply(const std::vector<Write>& writes) {
  std::vector<rocksdb::IngestExternalFileArg> tables;
  for (const Family family : {Family::kArrival, Family::kLookup}) {
    const rocksdb::Status status = Build(family, writes, tables);
    if (!status.ok()) {
      return status;
    }
  }
  if (tables.empty()) {
    return rocksdb::Status::OK();
  }
  // What lies in the log so far becomes tables first. Otherwise a log that is lost could take older writes with it and
  // leave this younger batch, which tells the number of the newest commit: nobody would notice.
  rocksdb::FlushOptions flush;
  flush.allow_write_stall = true;
  const rocksdb::Status flushed = db_.Flush(flush, {families_.begin(), families_.end()});
  return flushed.ok() ? db_.IngestExternalFiles(tables) : flushed;
}

}  // namespace meguri::storage
