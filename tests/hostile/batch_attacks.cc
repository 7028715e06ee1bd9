// SPDX-License-Identifier: Apache-2.0
// What is around the records: positions, counts, order, proofs. And what must be accepted, however odd.
#include <algorithm>
#include <utility>

#include "node/follow/limits.h"
#include "record/batch.h"
#include "record/limits.h"
#include "tests/hostile/attack.h"
#include "tests/testing/fakes.h"

namespace meguri::hostile {
namespace {

using feed::v1::FeedBatch;
using feed::v1::FeedItem;
using record::v1::Header;

constexpr size_t kFresh = 5;
constexpr uint64_t kSeed = 9;

// The feed grows by five records. The first message brings three of them, with their proof, but for `corrupt`.
Attack OnBatch(std::string name, std::function<void(const Scene&, FeedBatch&)> corrupt) {
  return {std::move(name), [corrupt = std::move(corrupt)](const Scene& scene) {
            const Feed feed(scene.publisher, scene.feed, HonestItems(scene, kFresh));
            FeedBatch batch = feed.Batch(scene.position, scene.position + 3, feed.size());
            corrupt(scene, batch);
            Script script;
            script.responses = {TargetOf(scene, feed.Checkpoint(feed.size())), BatchOf(std::move(batch))};
            return script;
          }};
}

Script BatchBeforeTarget(const Scene& scene) {
  Script script = Serve(scene, Feed(scene.publisher, scene.feed, HonestItems(scene, kFresh)));
  std::swap(script.responses[0], script.responses[1]);
  return script;
}

Script TooManyEntries(const Scene& scene) {
  return Serve(scene, Feed(scene.publisher, scene.feed, HonestItems(scene, node::kBatchEntriesMax + 1)));
}

Script MoreThanPromised(const Scene& scene) {
  const Feed feed(scene.publisher, scene.feed, HonestItems(scene, kFresh));
  Script script;
  script.responses = {TargetOf(scene, feed.Checkpoint(scene.position + 1)),
                      BatchOf(feed.Batch(scene.position, feed.size(), feed.size()))};
  return script;
}

// The name is as long as a sentence shows, and then a character that is cut in two.
std::string LongFeedName() { return std::string(79, 'x') + "巡り"; }

// Other headers for versions that exist: one that the follower has (twice), and one that comes in the same message.
Script TwoHeaders(const Scene& scene) {
  testing::SeededRandom random(kSeed);
  std::vector<FeedItem> items = HonestItems(scene);
  const std::string known_id = Must(record::Header::Parse(items[0].envelope().header())).message().record_id();
  const std::string fresh_id = record::RecordId::Make(random).ToString();
  std::vector<FeedItem> others;
  for (const std::string& record_id : {known_id, known_id, fresh_id, fresh_id}) {
    Header header = scene.publisher.NewHeader(random);
    header.set_record_id(record_id);
    others.push_back(scene.publisher.Seal(header, PublicSections(absl::StrCat("other-", others.size())), random));
  }
  scene.publisher.Sign(others, scene.publisher.record_key(), random);
  items.insert(items.end(), others.begin(), others.end());
  return Serve(scene, Feed(scene.publisher, scene.feed, std::move(items)));
}

// One header for which two entries of the feed open sections of the same type, each by itself as it should be. A reader
// of another feed may have seen only one of them.
Script TwoOpenings(const Scene& scene) {
  testing::SeededRandom random(kSeed + 4);
  FeedItem one = scene.publisher.Seal(scene.publisher.NewHeader(random), PublicSections("one"), random);
  record::v1::Header header = Must(record::Header::Parse(one.envelope().header())).message();
  record::v1::Section other = one.envelope().sections(0);
  const uint64_t used = EntryOf(one).slots;
  while ((used >> other.slot() & 1) != 0) {
    other.set_slot((other.slot() + 1) % static_cast<uint32_t>(header.section_digests_size()));
  }
  other.set_payload("another payload");
  header.set_section_digests(
      static_cast<int>(other.slot()),
      record::SectionDigest(scene.publisher.participant(), Must(record::RecordId::Parse(header.record_id())),
                            header.version(), other)
          .ToString());
  const record::Header made = Must(record::Header::Make(header));
  one.mutable_envelope()->set_header(made.bytes());
  SetEntry({made.hash(), used}, one);
  FeedItem second = one;
  second.mutable_envelope()->clear_sections();
  *second.mutable_envelope()->add_sections() = other;
  SetEntry({made.hash(), uint64_t{1} << other.slot()}, second);
  std::vector<FeedItem> both = {one, second};
  scene.publisher.Sign(both, scene.publisher.record_key(), random);
  std::vector<FeedItem> items = HonestItems(scene);
  items.insert(items.end(), both.begin(), both.end());
  return Serve(scene, Feed(scene.publisher, scene.feed, std::move(items)));
}

record::SectionDraft Draft(uint32_t type, std::string payload) {
  return {type, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}), std::move(payload)};
}

// An entry that says that this member is the federation's operator now.
std::string FalseMemberEntry(const Scene& scene) {
  registry::v1::MemberEntry entry;
  entry.set_participant_id(scene.publisher.bundle().operator_id().text());
  entry.mutable_name()->set_en("The New Operator");
  entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
  return entry.SerializeAsString();
}

// Signed by whom it should, and strange: payloads that are none, a Member record outside the registry, types of the
// future, a record of no section, as many slots as there can be, versions in the wrong order, an entry that comes
// twice.
Script Oddities(const Scene& scene) {
  const Publisher& publisher = scene.publisher;
  testing::SeededRandom random(kSeed + 1);
  std::vector<FeedItem> odd;
  odd.push_back(publisher.Seal(publisher.NewHeader(random),
                               {Draft(record::v1::SECTION_TYPE_IDENTITY, "\xff\xff\xff garbage"),
                                Draft(record::v1::SECTION_TYPE_COMPOSITION, std::string(1000, '\x0a'))},
                               random));
  Header member = publisher.NewHeader(random);
  member.set_record_type(record::v1::RECORD_TYPE_MEMBER);
  odd.push_back(publisher.Seal(member, {Draft(record::v1::SECTION_TYPE_MEMBER, FalseMemberEntry(scene))}, random));
  odd.push_back(publisher.Seal(publisher.NewHeader(random), {Draft(60'000, "from the future")}, random));
  odd.push_back(publisher.Seal(publisher.NewHeader(random), {}, random));
  odd.push_back(publisher.Seal(publisher.NewHeader(random), PublicSections("64"), random, record::kSlotsMax));
  Header version = publisher.NewHeader(random);
  for (const uint64_t number : {7, 3}) {
    version.set_version(number);
    version.set_previous_header_hash(record::Sha256("nothing").ToString());
    odd.push_back(publisher.Seal(version, PublicSections(absl::StrCat("v", number)), random));
  }
  publisher.Sign(odd, publisher.record_key(), random);
  odd.push_back(odd[0]);
  odd.back().mutable_envelope()->mutable_sections()->RemoveLast();
  SetEntry({EntryOf(odd[0]).header_hash, uint64_t{1} << odd[0].envelope().sections(0).slot()}, odd.back());
  std::vector<FeedItem> items = HonestItems(scene);
  items.insert(items.end(), odd.begin(), odd.end());
  return Serve(scene, Feed(publisher, scene.feed, std::move(items)));
}

// A genuine record between two that every version of the program will not be able to read.
Script NewerHeaders(const Scene& scene) {
  testing::SeededRandom random(kSeed + 3);
  std::vector<FeedItem> fresh = FreshItems(scene, 3);
  for (const size_t newer : {size_t{0}, size_t{2}}) {
    std::string& header = *fresh[newer].mutable_envelope()->mutable_header();
    header[1] = 2;
    header += "\x7a\x03new";  // a field that format 1 has not
    SetEntry({record::HeaderHash(header), EntryOf(fresh[newer]).slots}, fresh[newer]);
  }
  scene.publisher.Sign(fresh, scene.publisher.record_key(), random);
  std::vector<FeedItem> items = HonestItems(scene);
  items.insert(items.end(), fresh.begin(), fresh.end());
  return Serve(scene, Feed(scene.publisher, scene.feed, std::move(items)));
}

// Records of its own under the IDs of other members' records: a passport, and that member's entry in the registry.
Script SquattedIds(const Scene& scene) {
  testing::SeededRandom random(kSeed + 2);
  std::vector<FeedItem> squatters;
  for (const std::string& foreign : {scene.foreign.record().header(), scene.foreign.publisher_entry().header()}) {
    const Header genuine = Must(record::Header::Parse(foreign)).message();
    Header header = scene.publisher.NewHeader(random);
    header.set_record_id(genuine.record_id());
    header.set_record_type(genuine.record_type());
    squatters.push_back(scene.publisher.Seal(header, PublicSections("squatter"), random));
  }
  scene.publisher.Sign(squatters, scene.publisher.record_key(), random);
  std::vector<FeedItem> items = HonestItems(scene);
  items.insert(items.end(), squatters.begin(), squatters.end());
  return Serve(scene, Feed(scene.publisher, scene.feed, std::move(items)));
}

std::vector<Attack> PositionAttacks() {
  return {
      {"batch-before-target", &BatchBeforeTarget},
      OnBatch("gap", [](const Scene&, FeedBatch& batch) { batch.set_start(batch.start() + 1); }),
      OnBatch("wrong-start", [](const Scene&, FeedBatch& batch) { batch.set_start(0); }),
      OnBatch("huge-start", [](const Scene&, FeedBatch& batch) { batch.set_start(UINT64_MAX); }),
      {"too-many-entries", &TooManyEntries},
      {"more-than-promised", &MoreThanPromised},
      OnBatch("empty-batch", [](const Scene&, FeedBatch& batch) { batch.clear_items(); }),
      OnBatch("unexpected-feed", [](const Scene&, FeedBatch& batch) { batch.set_feed("owner"); }),
      OnBatch("unexpected-feed-name", [](const Scene&, FeedBatch& batch) { batch.set_feed(LongFeedName()); }),
  };
}

std::vector<Attack> ProofAttacks() {
  return {
      OnBatch("wrong-proof", [](const Scene&, FeedBatch& batch) { FlipBit(*batch.mutable_consistency_path(0)); }),
      OnBatch("no-proof", [](const Scene&, FeedBatch& batch) { batch.clear_consistency_path(); }),
      OnBatch("long-proof",
              [](const Scene&, FeedBatch& batch) {
                while (static_cast<size_t>(batch.consistency_path_size()) <= record::kProofHashesMax) {
                  batch.add_consistency_path(record::Sha256("more").ToString());
                }
              }),
      OnBatch("short-proof-hash",
              [](const Scene&, FeedBatch& batch) { batch.mutable_consistency_path(0)->pop_back(); }),
      OnBatch("entries-swapped", [](const Scene&, FeedBatch& batch) { batch.mutable_items()->SwapElements(0, 1); }),
      OnBatch("entry-left-out", [](const Scene&, FeedBatch& batch) { batch.mutable_items()->DeleteSubrange(1, 1); }),
      OnBatch("last-of-batch-tampered",
              [](const Scene&, FeedBatch& batch) {
                FlipBit(*batch.mutable_items()->rbegin()->mutable_envelope()->mutable_sections(0)->mutable_payload());
              }),
  };
}

}  // namespace

std::vector<Attack> BatchAttacks() {
  std::vector<Attack> attacks = PositionAttacks();
  for (Attack& attack : ProofAttacks()) {
    attacks.push_back(std::move(attack));
  }
  attacks.push_back({"two-headers", &TwoHeaders});
  attacks.push_back({"two-openings", &TwoOpenings});
  attacks.push_back({"oddities", &Oddities});
  attacks.push_back({"newer-headers", &NewerHeaders});
  attacks.push_back({"squatted-ids", &SquattedIds});
  return attacks;
}

}  // namespace meguri::hostile
