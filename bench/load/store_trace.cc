// SPDX-License-Identifier: Apache-2.0
#include "bench/load/store_trace.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/hash.h"
#include "storage/key_layout.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace meguri::bench {
namespace {

using storage::Cursor;
using storage::Family;
using storage::KeyKind;
using storage::Write;

constexpr size_t kEncryptionByte = 1;

Write ToWrite(Family family, const Cursor& cursor) {
  return {family, std::string(cursor.key()), std::string(cursor.value())};
}

// The record that a look-up key belongs to, if it says so.
absl::optional<uint64_t> ArrivalOf(absl::string_view key, absl::string_view value) {
  switch (static_cast<KeyKind>(key[0])) {
    case KeyKind::kMembership:
      return ReadU64(key.substr(1));
    case KeyKind::kHeader:
    case KeyKind::kVersion:
      return ReadU64(value.substr(kEncryptionByte));
    case KeyKind::kPosting:
      return ReadU64(value.substr(kEncryptionByte + sizeof(uint64_t)));
    default:
      return absl::nullopt;
  }
}

bool CountsUpwards(KeyKind kind) {
  return kind == KeyKind::kEntry || kind == KeyKind::kTile || kind == KeyKind::kRequestTime;
}

// Position of each record among all, by arrival.
using Positions = std::map<uint64_t, size_t>;

absl::Status ReadRecords(const storage::OrderedStore& store, Positions& positions, std::vector<RecordWrites>& trace) {
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kArrival, "");
  for (; cursor->Valid(); cursor->Next()) {
    const uint64_t arrival = ReadU64(cursor->key());
    if (positions.emplace(arrival, trace.size()).second) {
      trace.emplace_back();
    }
    trace.back().push_back(ToWrite(Family::kArrival, *cursor));
  }
  return cursor->status();
}

void Spread(std::vector<Write> writes, bool in_order, std::vector<RecordWrites>& trace) {
  if (!in_order) {
    const auto order = [](const Write& write) { return record::Sha256(write.key); };
    std::sort(writes.begin(), writes.end(), [&](const Write& a, const Write& b) { return order(a) < order(b); });
  }
  const size_t count = writes.size();
  for (size_t i = 0; i < count; ++i) {
    trace[i * trace.size() / count].push_back(std::move(writes[i]));
  }
}

absl::Status ReadLookups(const storage::OrderedStore& store, const Positions& positions,
                         std::vector<RecordWrites>& trace) {
  std::map<KeyKind, std::vector<Write>> rest;
  const std::unique_ptr<Cursor> cursor = store.NewCursor(Family::kLookup, "");
  for (; cursor->Valid(); cursor->Next()) {
    const absl::optional<uint64_t> arrival = ArrivalOf(cursor->key(), cursor->value());
    const auto position = arrival.has_value() ? positions.find(*arrival) : positions.end();
    if (position != positions.end()) {
      trace[position->second].push_back(ToWrite(Family::kLookup, *cursor));
    } else {
      rest[static_cast<KeyKind>(cursor->key()[0])].push_back(ToWrite(Family::kLookup, *cursor));
    }
  }
  for (auto& [kind, writes] : rest) {
    Spread(std::move(writes), CountsUpwards(kind), trace);
  }
  return cursor->status();
}

}  // namespace

absl::StatusOr<std::vector<RecordWrites>> ReadTrace(const std::string& store) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::OrderedStore> opened, storage::OpenRocksdbStore(store));
  std::vector<RecordWrites> trace;
  Positions positions;
  MEGURI_RETURN_IF_ERROR(ReadRecords(*opened, positions, trace));
  if (trace.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "NO_RECORDS", "The store holds no record.");
  }
  MEGURI_RETURN_IF_ERROR(ReadLookups(*opened, positions, trace));
  return trace;
}

}  // namespace meguri::bench
