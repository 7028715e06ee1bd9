// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/merkle.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using record::FeedEntry;
using record::Hash;

// A feed of the golden publisher: which records, and which section types its readers may read.
struct FeedPlan {
  const char* name;
  std::vector<const char*> records;
  std::vector<uint32_t> types;
};

// What product-3 opens is nothing: it is a tombstone, and enters where earlier versions did.
const FeedPlan kPlans[] = {
    {"public", {"product-1", "product-2", "product-3"}, {record::v1::SECTION_TYPE_IDENTITY}},
    {"members", {"material-1", "material-2"}, {record::v1::SECTION_TYPE_MATERIAL_IDENTITY}},
    {"recyclers/pet-bottle",
     {"product-1", "material-1", "product-2", "product-3"},
     {record::v1::SECTION_TYPE_IDENTITY, record::v1::SECTION_TYPE_MATERIAL_IDENTITY,
      record::v1::SECTION_TYPE_COMPOSITION}},
};

// The golden records of a feed as entries, with everything that proofs are read from.
class GoldenFeed {
 public:
  GoldenFeed(const Golden& golden, const FeedPlan& plan) {
    for (const char* name : plan.records) {
      const GoldenRecord& published = golden.Find(name);
      entries_.push_back({published.header.hash(), SlotsOf(published, plan.types)});
      leaves_.push_back(record::LeafHash(entries_.back().Encode()));
    }
  }

  const std::vector<FeedEntry>& entries() const { return entries_; }
  const std::vector<Hash>& leaves() const { return leaves_; }
  Hash RootAt(size_t size) const { return record::RootOf(absl::MakeSpan(leaves_).first(size)); }
  std::vector<Hash> Inclusion(uint64_t index) const {
    return record::InclusionProof(index, leaves_.size(), Reader()).value();
  }
  std::vector<Hash> Consistency(uint64_t from) const {
    return record::ConsistencyProof(from, leaves_.size(), Reader()).value();
  }

 private:
  std::function<absl::StatusOr<Hash>(uint32_t, uint64_t)> Reader() const {
    return [this](uint32_t level, uint64_t index) -> absl::StatusOr<Hash> {
      return record::RootOf(absl::MakeSpan(leaves_).subspan(index << level, size_t{1} << level));
    };
  }

  std::vector<FeedEntry> entries_;
  std::vector<Hash> leaves_;
};

Json EntriesOf(const GoldenFeed& feed, const FeedPlan& plan) {
  std::vector<Json> entries;
  for (size_t i = 0; i < feed.entries().size(); ++i) {
    entries.push_back(Json::Object({{"record", plan.records[i]},
                                    {"header_hash_hex", Json::Hex(feed.entries()[i].header_hash.view())},
                                    {"slots", feed.entries()[i].slots},
                                    {"entry_hex", Json::Hex(feed.entries()[i].Encode())},
                                    {"leaf_hash_hex", Json::Hex(feed.leaves()[i].view())},
                                    {"inclusion_path_hex", Json::HexList(feed.Inclusion(i))}}));
  }
  return Json(std::move(entries));
}

Json CheckpointsOf(const Golden& golden, const GoldenFeed& feed, const std::string& origin) {
  std::vector<Json> checkpoints;
  for (size_t size = 0; size <= feed.leaves().size(); ++size) {
    const Hash root = feed.RootAt(size);
    checkpoints.push_back(
        Json::Object({{"size", uint64_t{size}},
                      {"root_hex", Json::Hex(root.view())},
                      {"note", record::SignCheckpoint({origin, size, root}, *golden.feed_signer).value()},
                      {"consistency_path_to_last_hex", Json::HexList(feed.Consistency(size))}}));
  }
  return Json(std::move(checkpoints));
}

// The feed as a follower gets it: a target, then batches of at most `step` entries.
Json FollowOf(const Golden& golden, const GoldenFeed& feed, const FeedPlan& plan, size_t step) {
  std::vector<Json> batches;
  const size_t size = feed.entries().size();
  for (size_t start = 0; start < size; start += step) {
    const size_t end = std::min(start + step, size);
    std::vector<Json> items;
    for (size_t i = start; i < end; ++i) {
      const record::v1::Envelope envelope = EnvelopeOf(golden.Find(plan.records[i]), feed.entries()[i].slots);
      items.push_back(Json::Object({{"entry_hex", Json::Hex(feed.entries()[i].Encode())},
                                    {"envelope_hex", Json::Hex(envelope.SerializeAsString())}}));
    }
    batches.push_back(Json::Object({{"start", uint64_t{start}},
                                    {"items", std::move(items)},
                                    {"consistency_path_hex", Json::HexList(feed.Consistency(end))}}));
  }
  return Json::Object({{"target_size", uint64_t{size}}, {"batches", std::move(batches)}});
}

}  // namespace

Json FeedVectors(const Golden& golden) {
  std::vector<Json> feeds;
  for (const FeedPlan& plan : kPlans) {
    const GoldenFeed feed(golden, plan);
    const std::string origin =
        record::FeedOrigin(kFederation, {golden.publisher, record::FeedName::Parse(plan.name).value(), 1});
    feeds.push_back(Json::Object({{"name", plan.name},
                                  {"epoch", 1},
                                  {"origin", origin},
                                  {"entries", EntriesOf(feed, plan)},
                                  {"checkpoints", CheckpointsOf(golden, feed, origin)},
                                  {"follow", FollowOf(golden, feed, plan, 3)}}));
  }
  const record::PublicKey& key = golden.feed_signer->public_key();
  return Json::Object({{"about", "Golden bytes of docs/format/feed.md over the records of record.json."},
                       {"federation", kFederation},
                       {"publisher", kPublisher},
                       {"feed_key", Json::Object({{"algorithm", "ed25519"},
                                                  {"spki_hex", Json::Hex(key.spki())},
                                                  {"public_key_hex", Json::Hex(key.ed25519_bytes())}})},
                       {"feeds", std::move(feeds)}});
}

}  // namespace meguri::vectors
