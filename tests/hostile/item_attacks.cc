// SPDX-License-Identifier: Apache-2.0
// One record that is not what its publisher signed, or was not signed by whom it should.
#include <utility>

#include "base/bytes.h"
#include "record/limits.h"
#include "tests/hostile/attack.h"
#include "tests/testing/fakes.h"

namespace meguri::hostile {
namespace {

using feed::v1::FeedItem;
using record::v1::BatchSignature;
using record::v1::Section;

using Corruption = std::function<void(const Scene&, FeedItem&)>;

constexpr uint64_t kSeed = 7;
// Three records are signed together, so that their leaves have paths.
constexpr size_t kBatch = 3;

// The follower's feed grows by one record, which is sound but for `corrupt`. All that follows from the record, up to
// the feed's signed head, is true.
Attack OnItem(std::string name, Corruption corrupt) {
  return {std::move(name), [corrupt = std::move(corrupt)](const Scene& scene) {
            std::vector<FeedItem> items = HonestItems(scene);
            FeedItem item = FreshItems(scene, kBatch)[0];
            corrupt(scene, item);
            items.push_back(std::move(item));
            return Serve(scene, Feed(scene.publisher, scene.feed, std::move(items)));
          }};
}

Attack OnSection(std::string name, std::function<void(Section&)> corrupt) {
  return OnItem(std::move(name), [corrupt = std::move(corrupt)](const Scene&, FeedItem& item) {
    corrupt(*item.mutable_envelope()->mutable_sections(0));
  });
}

Attack OnSignature(std::string name, std::function<void(BatchSignature&)> corrupt) {
  return OnItem(std::move(name), [corrupt = std::move(corrupt)](const Scene&, FeedItem& item) {
    corrupt(*item.mutable_envelope()->mutable_signature());
  });
}

void MoveToFreeSlot(const Scene&, FeedItem& item) {
  record::FeedEntry entry = EntryOf(item);
  Section& last = *item.mutable_envelope()->mutable_sections()->rbegin();
  Section& first = *item.mutable_envelope()->mutable_sections()->begin();
  Section& moved = last.slot() < 7 ? last : first;
  entry.slots &= ~(uint64_t{1} << moved.slot());
  if (last.slot() < 7) {
    moved.set_slot(last.slot() + 1);
  } else {
    moved.set_slot(first.slot() == 0 ? 1 : first.slot() - 1);
  }
  entry.slots |= uint64_t{1} << moved.slot();
  SetEntry(entry, item);
}

void CloseSlotOfFirstSection(const Scene&, FeedItem& item) {
  record::FeedEntry entry = EntryOf(item);
  entry.slots &= ~(uint64_t{1} << item.envelope().sections(0).slot());
  SetEntry(entry, item);
}

void OpenSlotBeyondHeader(const Scene&, FeedItem& item) {
  record::FeedEntry entry = EntryOf(item);
  entry.slots |= uint64_t{1} << 63;
  SetEntry(entry, item);
}

// As many sections of the largest size as a record may not have.
void FillBeyondRecordSize(const Scene&, FeedItem& item) {
  Section section = item.envelope().sections(0);
  item.mutable_envelope()->clear_sections();
  for (uint32_t slot = 0; slot <= record::kRecordBytesMax / record::kSectionBytesMax; ++slot) {
    section.set_slot(slot);
    section.set_type(slot + 1);
    section.set_payload(std::string(slot == 0 ? 1 : record::kSectionBytesMax, 'x'));
    *item.mutable_envelope()->add_sections() = section;
  }
}

void UseKeyOfOperator(const Scene& scene, FeedItem& item) {
  const certs::TrustBundle& bundle = scene.publisher.bundle();
  const record::Hash key_id =
      record::KeyId(bundle.federation(), bundle.operator_id(), bundle.message().registry_record_keys(0).public_key());
  item.mutable_envelope()->mutable_signature()->set_key_id(key_id.ToString());
}

void SignWithFeedKey(const Scene& scene, FeedItem& item) {
  testing::SeededRandom random(kSeed);
  std::vector<FeedItem> batch = {item};
  scene.publisher.Sign(batch, scene.publisher.feed_key(), random);
  item = batch[0];
}

// The last byte is that of a digest: the header stays well-formed.
void TamperHeader(const Scene&, FeedItem& item) { FlipBit(*item.mutable_envelope()->mutable_header()); }

void TamperHeaderAndEntry(const Scene& scene, FeedItem& item) {
  TamperHeader(scene, item);
  SetEntry({record::HeaderHash(item.envelope().header()), EntryOf(item).slots}, item);
}

void SetHeader(std::string header, FeedItem& item) {
  item.mutable_envelope()->set_header(std::move(header));
  SetEntry({record::HeaderHash(item.envelope().header()), EntryOf(item).slots}, item);
}

void RenameHeader(const Scene&, FeedItem& item) {
  record::FeedEntry entry = EntryOf(item);
  entry.header_hash = record::Sha256("another record");
  SetEntry(entry, item);
}

void ReplaceByForeignRecord(const Scene& scene, FeedItem& item) {
  *item.mutable_envelope() = scene.foreign.record();
  record::FeedEntry entry{record::HeaderHash(item.envelope().header()), 0};
  for (const Section& section : item.envelope().sections()) {
    entry.slots |= uint64_t{1} << section.slot();
  }
  SetEntry(entry, item);
}

// What belongs to the other member is signed by this one, who has every key of its own.
void PublishInAnothersName(const Scene& scene, FeedItem& item) {
  testing::SeededRandom random(kSeed);
  record::v1::Header header = scene.publisher.NewHeader(random);
  header.set_publisher(scene.publisher.bundle().operator_id().text());
  std::vector<FeedItem> batch = {scene.publisher.Seal(header, PublicSections("1"), random)};
  scene.publisher.Sign(batch, scene.publisher.record_key(), random);
  item = batch[0];
}

// The end of a record that opens what it ended.
void EndAndOpen(const Scene& scene, FeedItem& item) {
  testing::SeededRandom random(kSeed);
  record::v1::Header header = scene.publisher.NewHeader(random);
  header.set_version(2);
  header.set_previous_header_hash(record::Sha256("the version before").ToString());
  header.mutable_tombstone()->set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN);
  std::vector<FeedItem> batch = {scene.publisher.Seal(header, PublicSections("1"), random)};
  scene.publisher.Sign(batch, scene.publisher.record_key(), random);
  item = batch[0];
}

void EndAndNameSlots(const Scene& scene, FeedItem& item) {
  EndAndOpen(scene, item);
  item.mutable_envelope()->clear_sections();
}

// The publisher has not signed this: the format is changed in a signed header.
void ChangeFormat(const Scene&, FeedItem& item) {
  std::string header = item.envelope().header();
  header[1] = 2;
  SetHeader(header, item);
}

// A header of format 2 that somebody else than the publisher signed.
void SignNewerFormatWithFeedKey(const Scene& scene, FeedItem& item) {
  ChangeFormat(scene, item);
  SignWithFeedKey(scene, item);
}

std::vector<Attack> SectionAttacks() {
  return {
      OnSection("tampered-section", [](Section& section) { FlipBit(*section.mutable_payload()); }),
      OnSection("tampered-salt", [](Section& section) { FlipBit(*section.mutable_salt()); }),
      OnSection("short-salt", [](Section& section) { section.mutable_salt()->pop_back(); }),
      OnItem("changed-slot", &MoveToFreeSlot),
      OnItem("slot-beyond-header",
             [](const Scene&, FeedItem& item) { item.mutable_envelope()->mutable_sections()->rbegin()->set_slot(8); }),
      OnItem("huge-slot",
             [](const Scene&, FeedItem& item) {
               item.mutable_envelope()->mutable_sections()->rbegin()->set_slot(UINT32_MAX);
             }),
      OnItem("section-twice",
             [](const Scene&, FeedItem& item) {
               *item.mutable_envelope()->add_sections() = *item.envelope().sections().rbegin();
             }),
      OnItem("slot-not-in-entry", &CloseSlotOfFirstSection),
      OnItem("entry-slot-beyond-header", &OpenSlotBeyondHeader),
      OnItem("section-missing",
             [](const Scene&, FeedItem& item) { item.mutable_envelope()->mutable_sections()->RemoveLast(); }),
      OnSection("changed-type", [](Section& section) { section.set_type(section.type() + 40); }),
      OnSection("no-type", [](Section& section) { section.clear_type(); }),
      OnSection("changed-audiences",
                [](Section& section) { section.set_audiences(1U << record::v1::AUDIENCE_MEMBERS); }),
      OnSection("unknown-audience", [](Section& section) { section.set_audiences(1U << 9); }),
      OnSection("no-audience", [](Section& section) { section.clear_audiences(); }),
      OnSection("huge-section",
                [](Section& section) { section.set_payload(std::string(record::kSectionBytesMax + 1, 'x')); }),
      OnItem("huge-record", &FillBeyondRecordSize),
      OnSection("huge-message", [](Section& section) { section.set_payload(std::string(size_t{41} << 20, 'x')); }),
  };
}

std::vector<Attack> SignatureAttacks() {
  return {
      OnSignature("changed-index", [](BatchSignature& leaf) { leaf.set_index(leaf.index() ^ 1); }),
      OnSignature("index-beyond-size", [](BatchSignature& leaf) { leaf.set_index(leaf.size()); }),
      OnSignature("changed-size",
                  [](BatchSignature& leaf) {
                    leaf.set_size(leaf.size() * 2);
                    leaf.add_path(record::Sha256("sibling").ToString());
                  }),
      OnSignature("size-without-path", [](BatchSignature& leaf) { leaf.set_size(leaf.size() * 2); }),
      OnSignature("odd-size", [](BatchSignature& leaf) { leaf.set_size(3); }),
      OnSignature("no-size", [](BatchSignature& leaf) { leaf.clear_size(); }),
      OnSignature("huge-size", [](BatchSignature& leaf) { leaf.set_size(uint64_t{1} << 63); }),
      OnSignature("changed-path", [](BatchSignature& leaf) { FlipBit(*leaf.mutable_path(0)); }),
      OnSignature("short-path-hash", [](BatchSignature& leaf) { leaf.mutable_path(0)->pop_back(); }),
      OnSignature("changed-signature", [](BatchSignature& leaf) { FlipBit(*leaf.mutable_signature()); }),
      OnSignature("no-signature", [](BatchSignature& leaf) { leaf.clear_signature(); }),
      OnItem("wrong-key", &UseKeyOfOperator),
      OnSignature("unknown-key", [](BatchSignature& leaf) { leaf.set_key_id(record::Sha256("key").ToString()); }),
      OnSignature("short-key", [](BatchSignature& leaf) { leaf.mutable_key_id()->pop_back(); }),
      OnItem("feed-key-signs-records", &SignWithFeedKey),
  };
}

std::vector<Attack> HeaderAttacks() {
  return {
      OnItem("tampered-header", &TamperHeader),
      OnItem("tampered-header-and-entry", &TamperHeaderAndEntry),
      OnItem("garbage-header", [](const Scene&, FeedItem& item) { SetHeader("\xff\xff\xff\xff garbage", item); }),
      OnItem("empty-header", [](const Scene&, FeedItem& item) { SetHeader("", item); }),
      OnItem("newer-header-unsigned", &ChangeFormat),
      OnItem("newer-header-wrong-key", &SignNewerFormatWithFeedKey),
      OnItem("newer-header-too-large",
             [](const Scene& scene, FeedItem& item) {
               ChangeFormat(scene, item);
               SetHeader(item.envelope().header() + std::string(record::kHeaderBytesMax, 'x'), item);
             }),
      OnItem("tombstone-with-sections", &EndAndOpen),
      OnItem("tombstone-with-slots", &EndAndNameSlots),
      OnItem("wrong-header-hash", &RenameHeader),
      OnItem("short-entry", [](const Scene&, FeedItem& item) { item.mutable_entry()->pop_back(); }),
      OnItem("newer-entry", [](const Scene&, FeedItem& item) { (*item.mutable_entry())[0] = 2; }),
      OnItem("no-envelope", [](const Scene&, FeedItem& item) { item.clear_envelope(); }),
      OnItem("foreign-record", &ReplaceByForeignRecord),
      OnItem("in-anothers-name", &PublishInAnothersName),
  };
}

}  // namespace

std::vector<Attack> ItemAttacks() {
  std::vector<Attack> attacks = SectionAttacks();
  for (std::vector<Attack> (*list)() : {&SignatureAttacks, &HeaderAttacks}) {
    for (Attack& attack : list()) {
      attacks.push_back(std::move(attack));
    }
  }
  return attacks;
}

}  // namespace meguri::hostile
