// SPDX-License-Identifier: Apache-2.0
#include "certs/evidence_file.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/heads.h"
#include "record/merkle.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::Member;
using testing::MemberRecord;
using testing::Now;
using testing::Operator;
using testing::ProofIn;
using testing::SignedRecord;
using testing::SmallRecord;
using testing::ValueOf;

constexpr char kMember[] = "0199:member";
constexpr uint64_t kSlots = 0xff;

class EvidenceTest : public ::testing::Test {
 protected:
  record::v1::EvidenceFile About(const registry::v1::MemberEntry& entry) {
    record::v1::EvidenceFile file;
    *file.mutable_publisher_entry() = MemberRecord(entry, *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(file.publisher_entry().header()));
    *file.mutable_publisher_entry_proof() = ProofIn("registry", header, kSlots, *operator_.feed_key);
    return file;
  }
  // Two headers for version `second` of one record and for version 1 of it.
  record::v1::EvidenceFile RecordFork(uint64_t second = 1) {
    record::v1::EvidenceFile file = About(member_.Entry());
    record::v1::Envelope first = SmallRecord(member_, random_);
    first.clear_sections();
    record::v1::Header header;
    const record::Header known = ValueOf(record::Header::Parse(first.header()));
    header.set_record_id(known.record_id().ToString());
    header.set_version(second);
    header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    if (second > 1) {
      header.set_previous_header_hash(known.hash().ToString());
    }
    record::v1::RecordFork& fork = *file.mutable_record_fork();
    *fork.add_headers() = first;
    *fork.add_headers() = SignedRecord(header, {}, kMember, *member_.record_key, random_);
    return file;
  }
  // A header that a composition opens, and a section of `type` with `payload`.
  record::v1::EvidenceFile SectionFork(uint32_t type, const std::string& payload) {
    const record::RecordId record_id = record::RecordId::Make(random_);
    const record::ParticipantId publisher = testing::Participant(kMember);
    record::SealedSections sealed = ValueOf(record::SealSections(
        publisher, record_id, 1,
        {{record::v1::SECTION_TYPE_COMPOSITION, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}), "a payload"}},
        testing::kSmallSlots, random_));
    record::v1::Section other = sealed.sections[0];
    other.set_slot((other.slot() + 1) % testing::kSmallSlots);
    other.set_type(type);
    other.set_payload(payload);
    sealed.digests[other.slot()] = record::SectionDigest(publisher, record_id, 1, other);
    record::v1::Header header;
    header.set_format_version(record::kFormatVersion);
    header.set_record_id(record_id.ToString());
    header.set_version(1);
    header.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    header.set_publisher(kMember);
    header.set_issue_time_ms(testing::NowMs());
    for (const record::Hash& digest : sealed.digests) {
      header.add_section_digests(digest.ToString());
    }
    const record::Header made = ValueOf(record::Header::Make(header));
    record::v1::EvidenceFile file = About(member_.Entry());
    record::v1::Envelope& envelope = *file.mutable_record_fork()->add_headers();
    envelope.set_header(made.bytes());
    *envelope.mutable_signature() = ValueOf(record::SignBatch(
        {made.hash()}, testing::KeyIdOf(kMember, *member_.record_key), *member_.record_key, random_))[0];
    *envelope.add_sections() = sealed.sections[0];
    *envelope.add_sections() = other;
    if (other.slot() == 0) {
      envelope.mutable_sections()->SwapElements(0, 1);
    }
    return file;
  }
  std::string Head(uint64_t size, const record::Hash& root, const SigningKey& key) const {
    const record::FeedKey feed{testing::Participant(kMember), record::FeedName::Public(), 1};
    return ValueOf(record::SignCheckpoint({record::FeedOrigin(testing::kFederation, feed), size, root}, key));
  }
  record::v1::EvidenceFile FeedFork(const std::string& one, const std::string& other) {
    record::v1::EvidenceFile file = About(member_.Entry());
    file.mutable_feed_fork()->set_feed("public");
    file.mutable_feed_fork()->set_epoch(1);
    file.mutable_feed_fork()->add_checkpoints(one);
    file.mutable_feed_fork()->add_checkpoints(other);
    return file;
  }
  absl::StatusOr<EvidenceReport> Verify(const record::v1::EvidenceFile& file) const {
    return VerifyEvidenceFile(MakeEvidenceFile(file, bundle_), bundle_, Now());
  }

  meguri::testing::SeededRandom random_;
  const Operator operator_;
  const TrustBundle bundle_ = operator_.Bundle();
  const Member member_{kMember};
};

TEST_F(EvidenceTest, TwoHeadersForOneVersionProveAFork) {
  const absl::StatusOr<EvidenceReport> report = Verify(RecordFork());
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->publisher.entry.participant_id(), kMember);
  MEGURI_EXPECT_OK(report->judgement.why);
  ASSERT_TRUE(report->record_fork.has_value());
  EXPECT_EQ(report->record_fork->first.record_id(), report->record_fork->second.record_id());
  EXPECT_NE(report->record_fork->first.hash(), report->record_fork->second.hash());
}

TEST_F(EvidenceTest, RefusesEveryChangedBit) {
  const std::string file = MakeEvidenceFile(RecordFork(), bundle_);
  for (size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    ASSERT_FALSE(VerifyEvidenceFile(changed, bundle_, Now()).ok()) << i;
    ASSERT_FALSE(VerifyEvidenceFile(file.substr(0, i), bundle_, Now()).ok()) << i;
  }
  EXPECT_FALSE(VerifyEvidenceFile(file + '\0', bundle_, Now()).ok());
}

TEST_F(EvidenceTest, HeadersThatDoNotContradictEachOtherProveNothing) {
  EXPECT_THAT(Verify(RecordFork(2)), HasReason("NO_CONTRADICTION"));
  record::v1::EvidenceFile same = RecordFork();
  *same.mutable_record_fork()->mutable_headers(1) = same.record_fork().headers(0);
  EXPECT_THAT(Verify(same), HasReason("NO_CONTRADICTION"));
  record::v1::EvidenceFile one = RecordFork();
  one.mutable_record_fork()->mutable_headers()->RemoveLast();
  EXPECT_THAT(Verify(one), HasReason("EVIDENCE_FILE"));
}

TEST_F(EvidenceTest, TwoSectionsOfOneTypeProveThatAHeaderWasOpenedInTwoWays) {
  const record::v1::EvidenceFile file = SectionFork(record::v1::SECTION_TYPE_COMPOSITION, "another payload");
  const absl::StatusOr<EvidenceReport> report = Verify(file);
  MEGURI_ASSERT_OK(report);
  ASSERT_TRUE(report->section_fork.has_value());
  EXPECT_FALSE(report->record_fork.has_value());
  EXPECT_LT(report->section_fork->first.slot(), report->section_fork->second.slot());
  EXPECT_EQ(report->section_fork->first.type(), report->section_fork->second.type());
  const std::string bytes = MakeEvidenceFile(file, bundle_);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    ASSERT_FALSE(VerifyEvidenceFile(changed, bundle_, Now()).ok()) << i;
  }
}

TEST_F(EvidenceTest, SectionsThatDoNotContradictEachOtherProveNothing) {
  EXPECT_THAT(Verify(SectionFork(record::v1::SECTION_TYPE_OWNER_NOTE, "a note")), HasReason("NO_CONTRADICTION"));
  const record::v1::EvidenceFile fork = SectionFork(record::v1::SECTION_TYPE_COMPOSITION, "another payload");
  const auto changed = [&](const std::function<void(record::v1::Envelope&)>& change) {
    record::v1::EvidenceFile file = fork;
    change(*file.mutable_record_fork()->mutable_headers(0));
    return Verify(file).status();
  };
  EXPECT_THAT(changed([](auto& envelope) { *envelope.mutable_sections(1) = envelope.sections(0); }),
              HasReason("NO_CONTRADICTION"));
  EXPECT_THAT(changed([](auto& envelope) { envelope.mutable_sections()->SwapElements(0, 1); }),
              HasReason("EVIDENCE_FILE"));
  EXPECT_THAT(changed([](auto& envelope) { envelope.mutable_sections()->RemoveLast(); }), HasReason("EVIDENCE_FILE"));
  EXPECT_THAT(changed([](auto& envelope) { *envelope.add_sections() = envelope.sections(1); }),
              HasReason("EVIDENCE_FILE"));
  EXPECT_THAT(changed([](auto& envelope) { envelope.mutable_sections(1)->set_payload("never signed"); }),
              HasReason("SECTION_DIGEST"));
  record::v1::EvidenceFile two = RecordFork();
  *two.mutable_record_fork()->mutable_headers(0)->add_sections() = fork.record_fork().headers(0).sections(0);
  EXPECT_THAT(Verify(two), HasReason("EVIDENCE_FILE"));
}

TEST_F(EvidenceTest, NobodyIsAccusedOfWhatAnotherSigned) {
  const Member stranger{kMember};  // the same name, other keys
  record::v1::EvidenceFile file = RecordFork();
  record::v1::Envelope forged = SmallRecord(stranger, random_);
  forged.clear_sections();
  *file.mutable_record_fork()->mutable_headers(1) = forged;
  EXPECT_THAT(Verify(file), HasReason("RECORD_KEY"));
  const Member other{"0199:other"};
  forged = SmallRecord(other, random_);
  forged.clear_sections();
  *file.mutable_record_fork()->mutable_headers(1) = forged;
  EXPECT_THAT(Verify(file), HasReason("MEMBER_RECORD"));
  const std::string mine = Head(7, record::Sha256("a"), *member_.feed_key);
  EXPECT_THAT(Verify(FeedFork(mine, Head(7, record::Sha256("b"), *stranger.feed_key))),
              HasReason("CHECKPOINT_SIGNATURE"));
}

TEST_F(EvidenceTest, TwoHeadsOfOneSizeProveAFork) {
  const std::string one = Head(7, record::Sha256("a"), *member_.feed_key);
  const absl::StatusOr<EvidenceReport> report = Verify(FeedFork(one, Head(7, record::Sha256("b"), *member_.feed_key)));
  MEGURI_ASSERT_OK(report);
  ASSERT_TRUE(report->feed_fork.has_value());
  EXPECT_EQ(report->feed_fork->feed.name.text(), "public");
  EXPECT_EQ(report->feed_fork->larger.size, 7U);
  EXPECT_THAT(Verify(FeedFork(one, one)), HasReason("NO_CONTRADICTION"));
}

TEST_F(EvidenceTest, ALargerHeadProvesAForkIfItBeginsOtherwise) {
  std::vector<record::Hash> leaves;
  for (const char* leaf : {"a", "b", "c", "d", "e"}) {
    leaves.push_back(record::LeafHash(leaf));
  }
  const auto begin = absl::MakeConstSpan(leaves).first(3);
  const auto path = ValueOf(record::ConsistencyProof(3, 5, [&](uint32_t level, uint64_t node) {
    const size_t width = size_t{1} << level;
    return absl::StatusOr<record::Hash>(record::RootOf(absl::MakeConstSpan(leaves).subspan(node * width, width)));
  }));
  const std::string larger = Head(5, record::RootOf(leaves), *member_.feed_key);
  const auto fork = [&](const record::Hash& said, const record::Hash& is) {
    record::v1::EvidenceFile file = FeedFork(Head(3, said, *member_.feed_key), larger);
    file.mutable_feed_fork()->set_other_root(is.ToString());
    for (const record::Hash& hash : path) {
      file.mutable_feed_fork()->add_consistency_path(hash.ToString());
    }
    return file;
  };
  MEGURI_EXPECT_OK(Verify(fork(record::Sha256("another"), record::RootOf(begin))));
  EXPECT_THAT(Verify(fork(record::RootOf(begin), record::RootOf(begin))), HasReason("NO_CONTRADICTION"));
  EXPECT_THAT(Verify(fork(record::RootOf(begin), record::Sha256("another"))), HasReason("CONSISTENCY_PROOF"));
  // A head that is merely later, as after every record.
  EXPECT_THAT(Verify(FeedFork(Head(3, record::RootOf(begin), *member_.feed_key), larger)),
              HasReason("NO_CONTRADICTION"));
}

TEST_F(EvidenceTest, AKeyThatWasRevokedLeavesADoubt) {
  record::v1::EvidenceFile file = RecordFork();
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(0)->set_revoked_ms(testing::NowMs() - 1);
  const record::v1::EvidenceFile about = About(entry);
  *file.mutable_publisher_entry() = about.publisher_entry();
  *file.mutable_publisher_entry_proof() = about.publisher_entry_proof();
  const absl::StatusOr<EvidenceReport> report = Verify(file);
  MEGURI_ASSERT_OK(report);
  EXPECT_THAT(report->judgement.why.ToString(), ::testing::HasSubstr("revoked"));
}

// Heads of the feed to/9999:other that were committed in entries of `heads`.
class CommittedEvidenceTest : public EvidenceTest {
 protected:
  static constexpr char kFeed[] = "to/9999:other";

  static std::string OriginOf(const std::string& name) {
    return record::FeedOrigin(testing::kFederation,
                              {testing::Participant(kMember), ValueOf(record::FeedName::Parse(name)), 1});
  }
  // An entry for each of `heads`, of which all are opened.
  std::vector<record::v1::ProvenOpening> Commit(const std::vector<std::pair<uint64_t, std::string>>& heads) const {
    std::vector<record::HeadsTree> trees;
    std::vector<record::Hash> leaves;
    for (const auto& [size, root] : heads) {
      trees.emplace_back(record::Sha256(std::to_string(trees.size())),
                         std::vector<record::Checkpoint>{{OriginOf(kFeed), size, record::Sha256(root)}});
      leaves.push_back(record::LeafHash(trees.back().entry().Encode()));
    }
    std::vector<record::v1::ProvenOpening> openings(trees.size());
    for (size_t i = 0; i < trees.size(); ++i) {
      *openings[i].mutable_opening() = record::ToMessage(*trees[i].Open(OriginOf(kFeed), i));
      openings[i].set_epoch(1);
      const std::vector<record::Hash> path = ValueOf(
          record::InclusionProof(i, leaves.size(), [&](uint32_t level, uint64_t index) -> absl::StatusOr<record::Hash> {
            return record::RootOf(absl::MakeConstSpan(leaves).subspan(index << level, size_t{1} << level));
          }));
      for (const record::Hash& hash : path) {
        openings[i].add_entry_path(hash.ToString());
      }
      openings[i].set_checkpoint(ValueOf(
          record::SignCheckpoint({OriginOf("heads"), leaves.size(), record::RootOf(leaves)}, *member_.feed_key)));
    }
    return openings;
  }
  // The notes, or the openings; one of each: the opening first.
  record::v1::EvidenceFile Fork(const std::vector<std::string>& notes,
                                const std::vector<record::v1::ProvenOpening>& openings) {
    record::v1::EvidenceFile file = About(member_.Entry());
    file.mutable_feed_fork()->set_feed(kFeed);
    file.mutable_feed_fork()->set_epoch(1);
    for (const record::v1::ProvenOpening& opening : openings) {
      file.mutable_feed_fork()->add_checkpoints(record::WriteOpening(opening));
    }
    for (const std::string& note : notes) {
      file.mutable_feed_fork()->add_checkpoints(note);
    }
    return file;
  }
  std::string Note(uint64_t size, const std::string& root) const {
    return ValueOf(record::SignCheckpoint({OriginOf(kFeed), size, record::Sha256(root)}, *member_.feed_key));
  }
};

TEST_F(CommittedEvidenceTest, WhatIsShownAndWhatIsCommittedProveAFork) {
  const auto report = Verify(Fork({Note(3, "shown")}, {Commit({{3, "committed"}})[0]}));
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->feed_fork->feed.name.text(), kFeed);
  EXPECT_EQ(report->feed_fork->smaller.root, record::Sha256("committed"));
  EXPECT_EQ(report->feed_fork->larger.root, record::Sha256("shown"));
  EXPECT_THAT(Verify(Fork({Note(3, "same")}, {Commit({{3, "same"}})[0]})), HasReason("NO_CONTRADICTION"));
  EXPECT_THAT(Verify(Fork({Note(4, "shown")}, {Commit({{3, "committed"}})[0]})), HasReason("NO_CONTRADICTION"))
      << "nothing shows that the larger begins otherwise";
  EXPECT_THAT(Verify(Fork({Note(2, "shown")}, {Commit({{3, "committed"}})[0]})), HasReason("EVIDENCE_FILE"))
      << "the smaller comes first";
}

TEST_F(CommittedEvidenceTest, AFeedThatWasLargerBeforeIsAFork) {
  const auto openings = Commit({{3, "three"}, {2, "two"}, {2, "another two"}, {2, "two"}});
  const auto report = Verify(Fork({}, {openings[0], openings[1]}));
  MEGURI_ASSERT_OK(report);
  EXPECT_EQ(report->feed_fork->smaller.size, 2U);
  EXPECT_EQ(report->feed_fork->larger.size, 3U);
  MEGURI_EXPECT_OK(Verify(Fork({}, {openings[1], openings[2]}))) << "two roots of one size";
  EXPECT_THAT(Verify(Fork({}, {openings[1], openings[3]})), HasReason("NO_CONTRADICTION"));
  EXPECT_THAT(Verify(Fork({}, {openings[1], openings[0]})), HasReason("EVIDENCE_FILE")) << "the later comes first";
  EXPECT_THAT(Verify(Fork({}, {openings[0], openings[0]})), HasReason("EVIDENCE_FILE")) << "twice the same";
  EXPECT_THAT(Verify(Fork({}, {openings[0]})), HasReason("EVIDENCE_FILE"));
  EXPECT_THAT(Verify(Fork({Note(3, "a"), Note(3, "b")}, {openings[0]})), HasReason("EVIDENCE_FILE"));
  record::v1::EvidenceFile with_path = Fork({}, {openings[0], openings[1]});
  with_path.mutable_feed_fork()->set_other_root(record::Sha256("x").ToString());
  EXPECT_THAT(Verify(with_path), HasReason("EVIDENCE_FILE"));
}

TEST_F(CommittedEvidenceTest, NobodyIsAccusedOfWhatAnotherCommitted) {
  auto openings = Commit({{3, "three"}, {2, "two"}});
  openings[1].mutable_opening()->mutable_salt()->back() ^= 1;
  EXPECT_THAT(Verify(Fork({}, openings)), HasReason("INCLUSION_PROOF"));
  openings = Commit({{3, "three"}, {2, "two"}});
  const Member stranger{kMember};
  openings[1].set_checkpoint(
      ValueOf(record::SignCheckpoint({OriginOf("heads"), 2, record::Sha256("x")}, *stranger.feed_key)));
  EXPECT_THAT(Verify(Fork({}, openings)), HasReason("CHECKPOINT_SIGNATURE"));
}

TEST_F(CommittedEvidenceTest, RefusesEveryChangedBit) {
  const auto openings = Commit({{3, "three"}, {2, "two"}});
  const std::string file = MakeEvidenceFile(Fork({}, openings), bundle_);
  for (size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    ASSERT_FALSE(VerifyEvidenceFile(changed, bundle_, Now()).ok()) << i;
  }
}

}  // namespace
}  // namespace meguri::certs
