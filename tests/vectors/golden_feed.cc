// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>

#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "tests/testing/fakes.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using record::FeedEntry;
using record::Hash;

constexpr uint64_t kNewerSeed = 3;

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

// An entry of a feed and what it names.
struct Published {
  std::string name;
  FeedEntry entry;
  record::v1::Envelope envelope;
};

Published Publish(const GoldenRecord& record, const std::vector<uint32_t>& types) {
  const uint64_t slots = SlotsOf(record, types);
  return {record.name, {record.header.hash(), slots}, EnvelopeOf(record, slots)};
}

// A feed with everything that proofs are read from.
class GoldenFeed {
 public:
  explicit GoldenFeed(std::vector<Published> items) : items_(std::move(items)) {
    for (const Published& item : items_) {
      leaves_.push_back(record::LeafHash(item.entry.Encode()));
    }
  }

  const std::vector<Published>& items() const { return items_; }
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

  std::vector<Published> items_;
  std::vector<Hash> leaves_;
};

Json EntriesOf(const GoldenFeed& feed) {
  std::vector<Json> entries;
  for (size_t i = 0; i < feed.items().size(); ++i) {
    const Published& item = feed.items()[i];
    entries.push_back(Json::Object({{"record", item.name},
                                    {"header_hash_hex", Json::Hex(item.entry.header_hash.view())},
                                    {"slots", item.entry.slots},
                                    {"entry_hex", Json::Hex(item.entry.Encode())},
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
Json FollowOf(const GoldenFeed& feed, size_t step) {
  std::vector<Json> batches;
  const size_t size = feed.items().size();
  for (size_t start = 0; start < size; start += step) {
    const size_t end = std::min(start + step, size);
    std::vector<Json> items;
    for (size_t i = start; i < end; ++i) {
      const Published& item = feed.items()[i];
      items.push_back(Json::Object({{"entry_hex", Json::Hex(item.entry.Encode())},
                                    {"envelope_hex", Json::Hex(item.envelope.SerializeAsString())}}));
    }
    batches.push_back(Json::Object({{"start", uint64_t{start}},
                                    {"items", std::move(items)},
                                    {"consistency_path_hex", Json::HexList(feed.Consistency(end))}}));
  }
  return Json::Object({{"target_size", uint64_t{size}}, {"batches", std::move(batches)}});
}

Json FeedOf(const Golden& golden, const char* name, const GoldenFeed& feed, size_t step) {
  const std::string origin =
      record::FeedOrigin(kFederation, {golden.publisher, record::FeedName::Parse(name).value(), 1});
  return Json::Object({{"name", name},
                       {"epoch", 1},
                       {"origin", origin},
                       {"entries", EntriesOf(feed)},
                       {"checkpoints", CheckpointsOf(golden, feed, origin)},
                       {"follow", FollowOf(feed, step)}});
}

Json FeedKeyOf(const Golden& golden) {
  const record::PublicKey& key = golden.feed_signer->public_key();
  return Json::Object({{"algorithm", "ed25519"},
                       {"spki_hex", Json::Hex(key.spki())},
                       {"public_key_hex", Json::Hex(key.ed25519_bytes())}});
}

// Version 2 of product-1 as a program of a later time might write it: format 2, and a field that format 1 has not.
Published PublishNewer(const Golden& golden) {
  const GoldenRecord& known = golden.Find("product-2");
  Published item = Publish(known, {record::v1::SECTION_TYPE_IDENTITY});
  item.name = "newer";
  std::string& header = *item.envelope.mutable_header();
  header.replace(0, 2, std::string("\x08\x02", 2));
  header += std::string("\x7a\x05later", 7);
  item.entry.header_hash = record::HeaderHash(header);
  meguri::testing::SeededRandom random(kNewerSeed);
  *item.envelope.mutable_signature() =
      record::SignBatch({item.entry.header_hash}, golden.key_id, *golden.record_signer, random).value().front();
  return item;
}

Json RefusedOf(const char* name, const char* reason, const Published& item) {
  return Json::Object({{"name", name},
                       {"reason", reason},
                       {"entry_hex", Json::Hex(item.entry.Encode())},
                       {"envelope_hex", Json::Hex(item.envelope.SerializeAsString())}});
}

// Feeds of one entry.
Json RefusedNewer(const Golden& golden) {
  Published other_key = PublishNewer(golden);
  const record::ParticipantId other = record::ParticipantId::Parse(kP256Publisher).value();
  other_key.envelope.mutable_signature()->set_key_id(record::KeyId(kFederation, other, P256Spki()).ToString());
  Published bad_signature = PublishNewer(golden);
  bad_signature.envelope.mutable_signature()->mutable_signature()->front() ^= 1;
  Published too_long = PublishNewer(golden);
  too_long.envelope.mutable_header()->append(record::kHeaderBytesMax, 'x');
  too_long.entry.header_hash = record::HeaderHash(too_long.envelope.header());
  return Json(std::vector<Json>{RefusedOf("the key of another member", "UNKNOWN_KEY", other_key),
                                RefusedOf("a signature that does not hold", "BAD_SIGNATURE", bad_signature),
                                RefusedOf("a header above 4,096 bytes", "WIRE_GRAMMAR", too_long)});
}

}  // namespace

Json FeedVectors(const Golden& golden) {
  std::vector<Json> feeds;
  for (const FeedPlan& plan : kPlans) {
    std::vector<Published> items;
    items.reserve(plan.records.size());
    for (const char* name : plan.records) {
      items.push_back(Publish(golden.Find(name), plan.types));
    }
    feeds.push_back(FeedOf(golden, plan.name, GoldenFeed(std::move(items)), 3));
  }
  return Json::Object({{"about", "Golden bytes of docs/format/feed.md over the records of record.json."},
                       {"federation", kFederation},
                       {"publisher", kPublisher},
                       {"feed_key", FeedKeyOf(golden)},
                       {"feeds", std::move(feeds)}});
}

Json NewerVectors(const Golden& golden) {
  const std::vector<uint32_t> types = {record::v1::SECTION_TYPE_IDENTITY};
  const GoldenFeed feed(
      {Publish(golden.Find("product-1"), types), PublishNewer(golden), Publish(golden.Find("product-3"), types)});
  return Json::Object({{"about",
                        "A feed whose second header is of a newer format: docs/format/feed.md, section 6. Its envelope "
                        "brings a section, which is not kept."},
                       {"federation", kFederation},
                       {"publisher", kPublisher},
                       {"feed_key", FeedKeyOf(golden)},
                       {"feeds", std::vector<Json>{FeedOf(golden, "public", feed, 2)}},
                       {"refused", RefusedNewer(golden)}});
}

}  // namespace meguri::vectors
