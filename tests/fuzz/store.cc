// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/error.h"
#include "google/protobuf/stubs/logging.h"
#include "storage/feeds.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "storage/own_heads.h"
#include "storage/records.h"
#include "storage/settings.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

std::string StringOf(absl::string_view text) { return std::string(text.data(), text.size()); }

// Pairs of: one byte, whose lowest bit is the family; u8 size of the key; key; u16be size of the value; value.
void Fill(absl::string_view input, storage::OrderedStore& store) {
  storage::WriteBatch batch;
  for (Parts parts(input); !parts.rest().empty();) {
    const auto family = parts.TakeByte() % 2 == 0 ? storage::Family::kArrival : storage::Family::kLookup;
    const std::string key = StringOf(parts.Take(parts.TakeByte()));
    batch.writes.push_back({family, key, StringOf(parts.Take(parts.TakeU16()))});
  }
  Invariant(store.Apply(batch).ok(), "memory takes any bytes");
}

void Read(const storage::StoreReader& store) {
  const storage::Feeds feeds(store);
  storage::ReadOwnHeads(feeds).status().IgnoreError();
  storage::Settings(store).Follows().status().IgnoreError();
  storage::Settings(store).Heartbeat().status().IgnoreError();
  for (storage::FeedId id = 0; id < 4; ++id) {
    feeds.Describe(id).status().IgnoreError();
    const auto head = feeds.ReadHead(id);
    feeds.ReadEntries(id, 0, 4).status().IgnoreError();
    if (head.ok()) {
      head->frontier.Root();
      const auto read = [&](uint32_t level, uint64_t index) { return feeds.ReadNode(id, level, index); };
      record::ReadFrontier(head->size(), read).status().IgnoreError();
      record::InclusionProof(head->size() / 2, head->size(), read).status().IgnoreError();
      record::ConsistencyProof(head->size() / 2, head->size(), read).status().IgnoreError();
    }
  }
  const storage::Records records(store);
  records.Count().status().IgnoreError();
  for (storage::Arrival arrival = 0; arrival < 4; ++arrival) {
    records.Read(arrival).status().IgnoreError();
    records.ReadSections(arrival, ~uint64_t{0}).status().IgnoreError();
    records.FeedsOf(arrival).status().IgnoreError();
  }
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace storage = meguri::storage;
  const google::protobuf::LogSilencer no_complaints_about_text;
  const auto store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  meguri::fuzz::Fill(meguri::fuzz::BytesOf(data, size), *store);
  const auto anchor = storage::MakeMemoryAnchor();
  const auto report = storage::Fsck(*store, anchor.get(), nullptr);
  Invariant(report.ok(), "damage of any kind ends up in the report");
  Invariant(report->problems.size() <= storage::kFsckProblemsMax + 1, "problems are limited");
  meguri::fuzz::Read(*store);
  return 0;
}
