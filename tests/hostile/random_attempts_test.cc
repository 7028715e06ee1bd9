// SPDX-License-Identifier: Apache-2.0
// A million random questions to one node, by members with and without a right, by every way in. What comes back is
// compared with an evaluator that shares nothing with the node's.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/header.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"
#include "tests/unit/node/policy/naive_evaluator.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::hostile {
namespace {

using certs::testing::Participant;
using certs::testing::ValueOf;
using node::QueryReader;
using node::ReadMask;
using node::RecordView;
using node::testing::NaivelyMayRead;
using record::v1::Audience;

constexpr uint64_t kSeed = 20'268;
constexpr int kAttempts = 1'000'000;
constexpr int kRecords = 200;
constexpr uint64_t kVersionsMax = 3;
constexpr char kMaker[] = "9999:maker";
constexpr char kGroup[] = "washing-machine";
const std::vector<std::string> kMembers = {kMaker,      "9999:mill",   "9999:recycler", "9999:smelter",
                                           "9999:city", "9999:nation", "9999:trader",   "9999:suspended"};

// One version as its publisher knows it.
struct Version {
  record::RecordId record_id;
  uint64_t number = 0;
  record::Hash header_hash;
  node::RecordScope scope;
  std::vector<node::SectionFacts> sections;
};

// What one reader may see, by the naive evaluator.
struct Rights {
  // By record: the slots of every version of which anything may be seen.
  std::map<std::string, std::map<uint64_t, uint64_t>> slots;
};

class RandomAttempts : public ::testing::Test {
 protected:
  RandomAttempts() {
    maker_.id = kMaker;
    MakeRegistry();
    node_ = std::make_unique<scenarios::LoopbackNode>(
        maker_, *registry_, scenarios::LoopbackNode::Disk{*store_, *anchor_}, peers_, clock_, 1);
    for (int i = 0; i < kRecords; ++i) {
      PublishVersions();
    }
    MakeReaders();
  }

  bool OneIn(uint64_t n) { return random_.Below(n) == 0; }
  template <typename T>
  const T& OneOf(const std::vector<T>& all) {
    return all[random_.Below(all.size())];
  }
  std::vector<std::string> SomeOf(const std::vector<std::string>& all) {
    std::vector<std::string> some;
    for (const std::string& one : all) {
      if (OneIn(3)) {
        some.push_back(one);
      }
    }
    return some;
  }

  void MakeRegistry() {
    std::vector<registry::v1::MemberEntry> entries;
    for (const std::string& id : kMembers) {
      certs::testing::Member member;
      member.id = id;
      registry::v1::MemberEntry entry = id == kMaker ? maker_.Entry() : member.Entry();
      const auto give = [&entry](registry::v1::RoleKind kind, const std::string& scope) {
        *entry.add_roles() = certs::testing::RoleMessage(kind, {scope});
      };
      if (id == "9999:recycler" || id == "9999:suspended") {
        give(registry::v1::ROLE_KIND_RECYCLER, kGroup);
      } else if (id == "9999:smelter") {
        give(registry::v1::ROLE_KIND_RECYCLER, "battery");
      } else if (id == "9999:city") {
        give(registry::v1::ROLE_KIND_AUTHORITY, "13");
      } else if (id == "9999:nation") {
        give(registry::v1::ROLE_KIND_AUTHORITY, "JP");
      }
      if (id == "9999:suspended") {
        entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
      }
      entries.push_back(std::move(entry));
    }
    registry_ = std::make_unique<scenarios::FixedRegistry>(operator_.Bundle(),
                                                           ValueOf(certs::Registry::Make(operator_.Bundle(), entries)));
  }

  void MakeReaders() {
    for (const std::string& id : kMembers) {
      readers_.push_back({node::ReaderOf(*registry_->Get(), Participant(id), false), false});
    }
    // With a registry that is too old, somebody whom it does not know, nobody at all, and the publisher's own client.
    readers_.push_back({node::ReaderOf(*registry_->Get(), Participant("9999:recycler"), true), false});
    readers_.push_back({node::ReaderOf(*registry_->Get(), Participant("9999:stranger"), false), false});
    readers_.push_back({node::Reader(), false});
    readers_.push_back({node::ReaderOf(*registry_->Get(), Participant(kMaker), false), true});
    for (const QueryReader& reader : readers_) {
      rights_.push_back(RightsOf(reader.reader));
    }
  }

  record::AudienceSet SomeAudiences(const std::vector<Audience>& from) {
    uint32_t bits = 0;
    for (const Audience audience : from) {
      bits |= OneIn(3) ? 1U << audience : 0;
    }
    return ValueOf(record::AudienceSet::Parse(bits == 0 ? 1U << record::v1::AUDIENCE_OWNER : bits));
  }

  // The sections of the demo's washing machine, each for whom chance will have it within what its profile allows.
  std::vector<record::SectionDraft> SomeSections() {
    const std::vector<Audience> any = {record::v1::AUDIENCE_PUBLIC,     record::v1::AUDIENCE_MEMBERS,
                                       record::v1::AUDIENCE_RECYCLERS,  record::v1::AUDIENCE_AUTHORITIES,
                                       record::v1::AUDIENCE_ADDRESSEES, record::v1::AUDIENCE_SUBJECT,
                                       record::v1::AUDIENCE_OWNER};
    const std::vector<Audience> few = {record::v1::AUDIENCE_RECYCLERS, record::v1::AUDIENCE_AUTHORITIES,
                                       record::v1::AUDIENCE_OWNER};
    std::vector<record::SectionDraft> sections;
    for (const record::SectionDraft& section : draft_.sections) {
      const bool is_for_any = section.type == record::v1::SECTION_TYPE_IDENTITY ||
                              section.type == record::v1::SECTION_TYPE_RECYCLED_CONTENT;
      const bool is_note = section.type == record::v1::SECTION_TYPE_OWNER_NOTE;
      if (section.type != record::v1::SECTION_TYPE_IDENTITY && OneIn(4)) {
        continue;
      }
      sections.push_back(
          {section.type, is_note ? section.audiences : SomeAudiences(is_for_any ? any : few), section.payload});
    }
    return sections;
  }

  void PublishVersions() {
    const record::RecordId record_id = record::RecordId::Make(random_);
    const uint64_t count = 1 + random_.Below(kVersionsMax);
    absl::optional<record::Hash> previous;
    for (uint64_t number = 1; number <= count; ++number) {
      node::Publication publication;
      publication.jurisdictions = OneIn(2) ? std::vector<std::string>{"13"} : std::vector<std::string>{"23", "JP"};
      publication.addressees = SomeOf(kMembers);
      publication.subjects = SomeOf(kMembers);
      const record::SealedSections sealed =
          ValueOf(record::SealSections(Participant(kMaker), record_id, number, SomeSections(), kSlotCount, random_));
      const record::Header header = MakeHeader(record_id, number, previous, sealed);
      const auto signatures = ValueOf(record::SignBatch(
          {header.hash()}, certs::testing::KeyIdOf(kMaker, *maker_.record_key), *maker_.record_key, random_));
      publication.envelope.set_header(header.bytes());
      *publication.envelope.mutable_signature() = signatures.front();
      publication.envelope.mutable_sections()->Assign(sealed.sections.begin(), sealed.sections.end());
      Note(header, publication, sealed);
      MEGURI_ASSERT_OK(node_->Publish({publication}).status());
      previous = header.hash();
    }
  }

  static record::Header MakeHeader(const record::RecordId& record_id, uint64_t number,
                                   const absl::optional<record::Hash>& previous, const record::SealedSections& sealed) {
    record::v1::Header message;
    message.set_format_version(1);
    message.set_record_id(record_id.ToString());
    message.set_version(number);
    message.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    message.set_publisher(kMaker);
    message.set_issue_time_ms(certs::testing::NowMs());
    if (previous.has_value()) {
      message.set_previous_header_hash(previous->ToString());
    }
    for (const record::Hash& digest : sealed.digests) {
      message.add_section_digests(digest.ToString());
    }
    return ValueOf(record::Header::Make(message));
  }

  void Note(const record::Header& header, const node::Publication& publication, const record::SealedSections& sealed) {
    Version version{
        header.record_id(),
        header.version(),
        header.hash(),
        {Participant(kMaker), kGroup, publication.jurisdictions, publication.addressees, publication.subjects},
        {}};
    for (const record::v1::Section& section : sealed.sections) {
      version.sections.push_back(
          {section.slot(), section.type(), ValueOf(record::AudienceSet::Parse(section.audiences()))});
    }
    by_hash_[header.hash().ToHex()] = versions_.size();
    by_record_[header.record_id().ToString()].push_back(versions_.size());
    versions_.push_back(std::move(version));
  }

  Rights RightsOf(const node::Reader& reader) const {
    Rights rights;
    for (const Version& version : versions_) {
      uint64_t slots = 0;
      for (const node::SectionFacts& section : version.sections) {
        slots |= NaivelyMayRead(reader, version.scope, section) ? uint64_t{1} << section.slot : 0;
      }
      if (slots != 0) {
        rights.slots[version.record_id.ToString()][version.number] = slots;
      }
    }
    return rights;
  }

  // Nothing beyond the right, and nothing less than was asked for.
  void ExpectRight(size_t reader, const RecordView& view, const ReadMask& mask, absl::optional<uint64_t> number) {
    ASSERT_TRUE(by_hash_.contains(view.header_hash.ToHex()));
    const Version& version = versions_[by_hash_.at(view.header_hash.ToHex())];
    const auto record = rights_[reader].slots.find(version.record_id.ToString());
    ASSERT_NE(record, rights_[reader].slots.end()) << "a record that is hidden";
    ASSERT_EQ(version.number, number.value_or(record->second.rbegin()->first));
    ASSERT_EQ(view.latest_version, record->second.rbegin()->first) << "the newest that may be seen";
    const auto allowed = record->second.find(version.number);
    ASSERT_NE(allowed, record->second.end()) << "a version that is hidden";
    uint64_t expected = 0;
    for (const node::SectionFacts& section : version.sections) {
      const bool is_asked_for =
          mask.sections && (mask.section_types.empty() || mask.section_types.contains(section.type));
      expected |= is_asked_for ? allowed->second & uint64_t{1} << section.slot : 0;
    }
    uint64_t found = 0;
    for (const std::string& bytes : view.envelope.sections()) {
      record::v1::Section section;
      ASSERT_TRUE(section.ParseFromString(bytes));
      found |= uint64_t{1} << section.slot();
      delivered_ += bytes.size();
    }
    ASSERT_EQ(found, expected) << "reader " << reader << " version " << version.number;
    ASSERT_EQ(view.envelope.header().empty(), !mask.header);
    ExpectNamed(reader, view, version, found);
  }

  // What is shown and not public is named, so that it has a row in the audit feed, and nothing else is.
  void ExpectNamed(size_t reader, const RecordView& view, const Version& version, uint64_t shown) {
    const bool is_its_own = readers_[reader].reader.participant == absl::make_optional(Participant(kMaker));
    uint64_t narrow = 0;
    for (const node::SectionFacts& section : version.sections) {
      const bool is_public = section.audiences.Has(record::v1::AUDIENCE_PUBLIC);
      narrow |= is_public || is_its_own ? 0 : shown & uint64_t{1} << section.slot;
    }
    uint64_t named = 0;
    for (const node::Disclosure& disclosed : view.disclosed) {
      ASSERT_EQ(disclosed.record_id, version.record_id);
      ASSERT_FALSE(disclosed.rule.empty());
      named |= disclosed.slots;
    }
    ASSERT_EQ(named, narrow) << "reader " << reader << " version " << version.number;
  }

  ReadMask SomeMask() {
    ReadMask mask;
    if (OneIn(3)) {
      mask = {OneIn(2), OneIn(2), OneIn(2), {}};
      if (mask.sections && OneIn(2)) {
        mask.section_types.insert(OneOf(draft_.sections).type);
      }
    }
    return mask;
  }

  // Hidden and absent are the same in every word.
  static void ExpectAbsent(const absl::Status& status) {
    ASSERT_EQ(status, node::RecordNotFound());
    ASSERT_EQ(ReasonOf(status), "RECORD_NOT_FOUND");
  }

  void TryGet(size_t reader) {
    const ReadMask mask = SomeMask();
    const bool is_unknown = OneIn(50);
    const record::RecordId id = is_unknown ? record::RecordId::Make(random_) : OneOf(versions_).record_id;
    const uint64_t number = OneIn(2) ? 0 : 1 + random_.Below(kVersionsMax + 1);
    const auto view = node_->query().Get(readers_[reader], id, OneIn(2) ? kMaker : "", number, mask);
    const auto record = rights_[reader].slots.find(id.ToString());
    const bool is_visible = record != rights_[reader].slots.end() && (number == 0 || record->second.contains(number));
    if (!is_visible) {
      ExpectAbsent(view.status());
      return;
    }
    MEGURI_ASSERT_OK(view.status());
    ExpectRight(reader, *view, mask, number == 0 ? absl::nullopt : absl::make_optional(number));
  }

  void TryHistory(size_t reader) {
    const record::RecordId id = OneOf(versions_).record_id;
    const auto page = node_->query().History(readers_[reader], {id, "", 0, ""});
    const auto record = rights_[reader].slots.find(id.ToString());
    if (record == rights_[reader].slots.end()) {
      ExpectAbsent(page.status());
      return;
    }
    MEGURI_ASSERT_OK(page.status());
    ASSERT_EQ(page->versions.size(), record->second.size());
    ReadMask without_sections;
    without_sections.sections = false;
    auto expected = record->second.begin();
    for (const RecordView& view : page->versions) {
      ExpectRight(reader, view, without_sections, (expected++)->first);
    }
  }

  // The identity of the newest version that the reader sees is open to it: then its words find the record.
  bool IsFoundByIdentity(size_t reader, const std::string& record) const {
    const auto& [number, slots] = *rights_[reader].slots.at(record).rbegin();
    const Version& version = versions_[by_record_.at(record)[number - 1]];
    return absl::c_any_of(version.sections, [slots = slots](const node::SectionFacts& section) {
      return section.type == record::v1::SECTION_TYPE_IDENTITY && (slots >> section.slot & 1) == 1;
    });
  }

  std::set<std::string> Findable(size_t reader, bool by_identity) const {
    std::set<std::string> records;
    for (const auto& [record, slots] : rights_[reader].slots) {
      if (!by_identity || IsFoundByIdentity(reader, record)) {
        records.insert(ToHex(record));
      }
    }
    return records;
  }

  // From the first page to the last: neither more nor fewer, and no page of another reader.
  void TryList(size_t reader) {
    node::ListQuery query;
    const bool by_identity = OneIn(2);
    query.filter = by_identity ? absl::StrCat("product_group = \"", kGroup, "\"") : "";
    query.page_size = static_cast<int>(1 + random_.Below(kRecords));
    query.mask = SomeMask();
    std::set<std::string> found;
    do {
      const auto page = node_->query().List(readers_[reader], query);
      MEGURI_ASSERT_OK(page.status());
      for (const RecordView& view : page->records) {
        ExpectRight(reader, view, query.mask, absl::nullopt);
        const Version& version = versions_[by_hash_.at(view.header_hash.ToHex())];
        ASSERT_TRUE(found.insert(version.record_id.ToHex()).second) << "a record twice";
      }
      query.page_token = page->next_page_token;
      const size_t other = random_.Below(readers_.size());
      if (!query.page_token.empty() && readers_[other].reader.participant != readers_[reader].reader.participant) {
        ASSERT_EQ(ReasonOf(node_->query().List(readers_[other], query).status()), "PAGE_TOKEN");
      }
    } while (!query.page_token.empty());
    ASSERT_EQ(found, Findable(reader, by_identity));
  }

  void TryResolve(size_t reader) {
    const record::RecordId id = OneOf(versions_).record_id;
    const auto records = node_->query().Resolve(readers_[reader], id.ToHex());
    MEGURI_ASSERT_OK(records.status());
    const bool is_visible = rights_[reader].slots.contains(id.ToString());
    ASSERT_EQ(records->size(), is_visible ? 1U : 0U);
    for (const RecordView& view : *records) {
      ExpectRight(reader, view, {}, absl::nullopt);
    }
  }

  // A proof names feeds that the reader may follow, and opens what it may read: no slot more.
  void TryProve(size_t reader) {
    const record::RecordId id = OneOf(versions_).record_id;
    const auto proofs = node_->prover().Prove(readers_[reader], id, "", 0, 0);
    const auto record = rights_[reader].slots.find(id.ToString());
    if (record == rights_[reader].slots.end()) {
      ExpectAbsent(proofs.status());
      return;
    }
    MEGURI_ASSERT_OK(proofs.status());
    uint64_t opened = 0;
    for (const record::v1::FeedProof& proof : proofs->proofs) {
      const record::FeedName name = ValueOf(record::FeedName::Parse(proof.feed()));
      ASSERT_TRUE(node::MayFollow(readers_[reader].reader, Participant(kMaker), name)) << name.text();
      opened |= ValueOf(record::FeedEntry::Parse(proof.entry())).slots;
    }
    ASSERT_EQ(opened, record->second.rbegin()->second);
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{kSeed};
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  std::unique_ptr<scenarios::FixedRegistry> registry_;
  scenarios::LoopbackPeers peers_;
  const std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<scenarios::LoopbackNode> node_;
  const passport::RecordDraft draft_ = passport::DemoDraft("washing-machine.json");
  std::vector<Version> versions_;
  std::map<std::string, size_t> by_hash_;
  std::map<std::string, std::vector<size_t>> by_record_;
  std::vector<QueryReader> readers_;
  std::vector<Rights> rights_;  // of each reader
  uint64_t delivered_ = 0;      // bytes of sections

  static constexpr size_t kSlotCount = 32;
};

TEST_F(RandomAttempts, DeliverNothingBeyondTheRight) {
  uint64_t attempts = 0;
  for (; attempts < kAttempts && !HasFatalFailure(); ++attempts) {
    const size_t reader = random_.Below(readers_.size());
    const uint64_t route = random_.Below(1000);
    if (route < 700) {
      TryGet(reader);
    } else if (route < 850) {
      TryHistory(reader);
    } else if (route < 949) {
      TryResolve(reader);
    } else if (route < 999) {
      TryProve(reader);
    } else {
      TryList(reader);
    }
  }
  EXPECT_EQ(attempts, kAttempts);
  EXPECT_GT(delivered_, 0U);
  // Everybody has a right to something and to something not, but the publisher, who has one to everything.
  const size_t records = by_record_.size();
  for (size_t reader = 0; reader < readers_.size(); ++reader) {
    const bool is_publisher = readers_[reader].reader.participant == Participant(kMaker);
    EXPECT_GT(rights_[reader].slots.size(), 0U);
    EXPECT_EQ(rights_[reader].slots.size() == records, is_publisher) << reader;
  }
}

}  // namespace
}  // namespace meguri::hostile
