// SPDX-License-Identifier: Apache-2.0
#include "node/witness/witness.h"

#include "gmock/gmock.h"
#include "node/witness/limits.h"
#include "node/witness/witness_memory.h"
#include "storage/value.h"
#include "tests/testing/status.h"
#include "tests/unit/node/witness/scene.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kMaker;
using testing::kReader;
using testing::Participant;
using testing::PublicFeed;
using testing::Scene;
using testing::Tree;
using testing::ValueOf;
using testing::WitnessId;

class WitnessTest : public ::testing::Test {
 protected:
  absl::StatusOr<Verdict> Add(uint64_t old_size, uint64_t size) { return Add(tree_, old_size, size); }
  absl::StatusOr<Verdict> Add(const Tree& tree, uint64_t old_size, uint64_t size) {
    return node_.witness->Add(scene_.Submit(tree, old_size, size));
  }
  // The size and time of the head that the witness has cosigned last, by its own word.
  std::pair<uint64_t, absl::Time> Newest() {
    const std::string note = ValueOf(node_.witness->Newest(PublicFeed()));
    const certs::Cosigners cosigners = ValueOf(certs::CosignersOf(note, scene_.bundle()));
    EXPECT_EQ(cosigners.cosigned.size(), 1U);
    EXPECT_EQ(cosigners.cosigned.front().witness.text(), testing::WitnessId(0));
    return {ValueOf(OpenHead(note, PublicFeed(), scene_, scene_.clock.Now())).size, cosigners.cosigned.front().time};
  }

  Scene scene_;
  testing::WitnessNodeInMemory node_{scene_, 0};
  const Tree tree_;
};

TEST_F(WitnessTest, CosignsWhatContinuesWhatItKnows) {
  EXPECT_THAT(node_.witness->Newest(PublicFeed()), HasReason("NOT_WITNESSED"));
  const Verdict first = ValueOf(Add(0, 5));
  EXPECT_EQ(first.known, "");
  const std::string cosigned = ValueOf(record::AddSignatureLine(scene_.Note(tree_, 5), first.cosignature));
  EXPECT_EQ(ValueOf(certs::CosignersOf(cosigned, scene_.bundle())).cosigned.size(), 1U);
  EXPECT_EQ(ValueOf(node_.witness->Newest(PublicFeed())), cosigned);
  scene_.clock.Advance(absl::Seconds(7));
  EXPECT_NE(ValueOf(Add(5, 12)).cosignature, "");
  EXPECT_EQ(Newest(), std::pair(uint64_t{12}, scene_.clock.Now()));
}

TEST_F(WitnessTest, NamesWhatItKnowsToWhoeverThinksOtherwise) {
  MEGURI_ASSERT_OK(Add(0, 5));
  for (const uint64_t old_size : {uint64_t{0}, uint64_t{4}, uint64_t{6}}) {
    const Verdict verdict = ValueOf(Add(old_size, 12));
    EXPECT_EQ(verdict.cosignature, "");
    EXPECT_EQ(ValueOf(OpenHead(verdict.known, PublicFeed(), scene_, scene_.clock.Now())).size, 5U);
  }
  EXPECT_EQ(Newest().first, 5U);
  // Nothing is known of another feed: the answer is empty.
  Submission other = scene_.Submit(tree_, 3, 4);
  other.feed.name = record::FeedName::Members();
  other.note = scene_.Note(tree_, 4, other.feed);
  const Verdict verdict = ValueOf(node_.witness->Add(other));
  EXPECT_EQ(verdict.cosignature + verdict.known, "");
}

TEST_F(WitnessTest, CosignsTheSameHeadAnewWithTheTimeOfThen) {
  MEGURI_ASSERT_OK(Add(0, 5));
  scene_.clock.Advance(absl::Hours(1));
  EXPECT_NE(ValueOf(Add(5, 5)).cosignature, "");
  EXPECT_EQ(Newest(), std::pair(uint64_t{5}, scene_.clock.Now()));
}

TEST_F(WitnessTest, NeverGoesBackInTime) {
  MEGURI_ASSERT_OK(Add(0, 5));
  const absl::Time then = scene_.clock.Now();
  scene_.clock.Advance(-absl::Hours(2));
  MEGURI_ASSERT_OK(Add(5, 6));
  EXPECT_EQ(Newest(), std::pair(uint64_t{6}, then));
}

TEST_F(WitnessTest, NeverCosignsASmallerHead) {
  MEGURI_ASSERT_OK(Add(0, 5));
  const Verdict verdict = ValueOf(Add(3, 3));
  EXPECT_EQ(verdict.cosignature, "");
  EXPECT_NE(verdict.known, "");
  Submission backwards = scene_.Submit(tree_, 0, 3);
  backwards.old_size = 5;
  EXPECT_THAT(node_.witness->Add(backwards), HasReason("OLD_SIZE"));
  EXPECT_EQ(Newest().first, 5U);
}

TEST_F(WitnessTest, KeepsTheSecondFaceAndDoesNotCosignIt) {
  MEGURI_ASSERT_OK(Add(0, 5));
  const Tree other("other");
  const Verdict verdict = ValueOf(Add(other, 5, 5));
  EXPECT_EQ(verdict.cosignature, "");
  EXPECT_EQ(verdict.known, ValueOf(node_.witness->Newest(PublicFeed())));
  EXPECT_THAT(Add(other, 5, 9).status(), HasReason("CONSISTENCY_PROOF"));
  EXPECT_EQ(Newest().first, 5U);
  ASSERT_EQ(node_.reports.size(), 2U);
  EXPECT_EQ(node_.reports[0].reason, "FORK");
  EXPECT_EQ(node_.reports[0].size, 5U);
  EXPECT_EQ(node_.reports[1].reason, "CONSISTENCY_PROOF");
  EXPECT_EQ(node_.reports[1].size, 9U);
  // The same once more is no news.
  MEGURI_EXPECT_OK(Add(other, 5, 5));
  EXPECT_EQ(node_.reports.size(), 2U);
}

TEST_F(WitnessTest, ShowsWhatContradictedAndWhen) {
  MEGURI_ASSERT_OK(Add(0, 5));
  const std::string known = ValueOf(node_.witness->Newest(PublicFeed()));
  const Tree other("other");
  MEGURI_EXPECT_OK(Add(other, 5, 5));
  const absl::Time time = scene_.clock.Now();
  // Cosigned anew, the one that is known has another line: that is no news of the other.
  scene_.clock.Advance(absl::Hours(1));
  MEGURI_ASSERT_OK(Add(5, 5));
  MEGURI_EXPECT_OK(Add(other, 5, 5));
  const auto found = ValueOf(node_.witness->Contradictions("", 10));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].publisher(), kMaker);
  EXPECT_EQ(found[0].feed(), "public");
  EXPECT_EQ(found[0].epoch(), 1U);
  EXPECT_EQ(found[0].number(), 1U);
  EXPECT_EQ(found[0].time_ms(), static_cast<uint64_t>(absl::ToUnixMillis(time)));
  ASSERT_EQ(found[0].checkpoints_size(), 2);
  EXPECT_EQ(found[0].checkpoints(0), known);
  EXPECT_EQ(found[0].checkpoints(1), scene_.Note(other, 5));
  EXPECT_EQ(ValueOf(node_.witness->Contradictions(kMaker, 10)).size(), 1U);
  EXPECT_TRUE(ValueOf(node_.witness->Contradictions(kReader, 10)).empty());
  EXPECT_TRUE(ValueOf(node_.witness->Contradictions("", 0)).empty());
}

// What fsck says of the memory of a witness.
class WitnessMemoryTest : public WitnessTest {
 protected:
  std::vector<std::string> Check() {
    return CheckWitnessMemory(*node_.store, Participant(WitnessId(0)), scene_.witness_keys[0]->public_key());
  }
  void Put(const std::string& key, const std::string& value) {
    MEGURI_ASSERT_OK(node_.store->Apply({{}, {{storage::Family::kLookup, key, value}}}));
  }
  std::string Origin() const { return record::FeedOrigin(certs::testing::kFederation, PublicFeed()); }
  // The note of `size` entries of `tree`, as this witness cosigns it.
  std::string Cosigned(const Tree& tree, uint64_t size, int by = 0) const {
    const std::string note = scene_.Note(tree, size);
    const std::string name = record::WitnessName(certs::testing::kFederation, Participant(WitnessId(0)));
    return note + ValueOf(record::Cosign(note, name, *scene_.witness_keys[static_cast<size_t>(by)], 1'790'000'000));
  }
};

TEST_F(WitnessMemoryTest, IsSoundAfterWhateverPublishersDo) {
  EXPECT_THAT(Check(), IsEmpty());
  MEGURI_ASSERT_OK(Add(0, 5));
  MEGURI_EXPECT_OK(Add(Tree("other"), 5, 5));
  EXPECT_FALSE(Add(Tree("other"), 5, 9).ok());
  MEGURI_ASSERT_OK(Add(5, 7));
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(WitnessMemoryTest, TellsOfEveryKindOfDamage) {
  MEGURI_ASSERT_OK(Add(0, 5));
  MEGURI_EXPECT_OK(Add(Tree("other"), 5, 5));
  const std::string newest = WitnessedKey(Origin());
  const std::string sound = ValueOf(node_.store->Get(storage::Family::kLookup, newest)).value();
  const auto expect = [&](const std::string& key, const std::string& value, const char* problem) {
    Put(key, value);
    EXPECT_THAT(Check(), Contains(HasSubstr(problem))) << problem;
    Put(newest, sound);
  };
  expect(newest, storage::WrapValue("no note"), "checkpoint");
  expect(newest, storage::WrapValue(scene_.Note(tree_, 5)), "no cosignature");
  std::string lied = Cosigned(tree_, 5);
  lied.replace(0, lied.find("\n\n"), scene_.Note(tree_, 6).substr(0, scene_.Note(tree_, 6).find("\n\n")));
  expect(newest, storage::WrapValue(lied), "cosignature");
  expect(newest, storage::WrapValue(Cosigned(tree_, 4)), "not what is remembered");
  expect(newest, storage::WrapValue(Cosigned(Tree("other"), 5)), "not what is remembered");
  Put(newest, storage::WrapValue(Cosigned(tree_, 5, 1)));
  EXPECT_THAT(Check(), IsEmpty()) << "by a key before this one";
  Put(newest, sound);
  EXPECT_THAT(Check(), IsEmpty());
  witness::v1::Contradiction none;
  none.add_checkpoints(Cosigned(tree_, 5));
  none.add_checkpoints(scene_.Note(tree_, 5));
  const std::string second = ContradictionKey(Origin(), 1);
  expect(second, storage::WrapMessage(none), "one head and no other");
  expect(second, storage::WrapValue("x"), "cannot be read");
  MEGURI_ASSERT_OK(node_.store->Apply({{}, {{storage::Family::kLookup, second, absl::nullopt}}}));
  expect("Wnowhere", sound, "cannot be read");
  MEGURI_ASSERT_OK(node_.store->Apply({{}, {{storage::Family::kLookup, "Wnowhere", absl::nullopt}}}));
  expect("strange", "x", "cannot be read");
}

TEST(WitnessMemory, KeysAreReadAsTheyAreWritten) {
  const std::string origin = "ce.example/meguri/0188/7123456789012/1/public";
  const auto parts = ParseContradictionKey(ContradictionKey(origin, 258));
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->origin, origin);
  EXPECT_EQ(parts->number, 258U);
  EXPECT_FALSE(ParseContradictionKey(WitnessedKey(origin)).has_value());
  EXPECT_FALSE(ParseContradictionKey(ContradictionKey(origin, 1) + "x").has_value());
  EXPECT_FALSE(ParseContradictionKey("X").has_value());
  EXPECT_EQ(PublisherOf(origin)->text(), "0188:7123456789012");
  EXPECT_EQ(PublisherOf("ce.example/other/0188/7123456789012/1/public"), absl::nullopt);
  EXPECT_EQ(PublisherOf("ce.example/meguri/0188/7123456789012"), absl::nullopt);
}

TEST_F(WitnessTest, KeepsAFewContradictionsOfAFeed) {
  MEGURI_ASSERT_OK(Add(0, 5));
  for (uint64_t i = 0; i < kWitnessEvidenceMax + 3; ++i) {
    MEGURI_EXPECT_OK(Add(Tree(absl::StrCat("face ", i)), 5, 5));
  }
  EXPECT_EQ(node_.reports.size(), kWitnessEvidenceMax);
}

TEST_F(WitnessTest, RemembersAfterAStart) {
  MEGURI_ASSERT_OK(Add(0, 5));
  node_.Start();
  EXPECT_EQ(Newest().first, 5U);
  EXPECT_EQ(ValueOf(Add(Tree("other"), 0, 5)).cosignature, "");
}

TEST_F(WitnessTest, SeesOnlyFeedsThatEveryMemberMayRead) {
  for (const char* name : {"recyclers/battery", "to/0199:reader", "owner", "audit", "authorities/13"}) {
    Submission submission = scene_.Submit(tree_, 0, 5);
    submission.feed.name = ValueOf(record::FeedName::Parse(name));
    submission.note = scene_.Note(tree_, 5, submission.feed);
    EXPECT_THAT(node_.witness->Add(submission), HasReason("FEED_NOT_WITNESSED")) << name;
  }
}

TEST_F(WitnessTest, TakesHeadsThatThePublishersFeedKeySigned) {
  Submission submission = scene_.Submit(tree_, 0, 5);
  submission.feed.publisher = Participant(testing::kReader);
  EXPECT_THAT(node_.witness->Add(submission), HasReason("CHECKPOINT_ORIGIN"));
  submission = scene_.Submit(tree_, 0, 5);
  submission.note = ValueOf(record::SignCheckpoint(
      {record::FeedOrigin(certs::testing::kFederation, PublicFeed()), 5, tree_.RootAt(5)}, *scene_.reader.feed_key));
  EXPECT_THAT(node_.witness->Add(submission), HasReason("CHECKPOINT_SIGNATURE"));
  submission.feed.publisher = Participant("0199:nobody");
  EXPECT_THAT(node_.witness->Add(submission), HasReason("PUBLISHER_NOT_ACTIVE"));
  EXPECT_THAT(node_.witness->Newest(PublicFeed()), HasReason("NOT_WITNESSED"));
}

TEST_F(WitnessTest, CosignsNothingWhileItCannotKnowWhoIsSuspended) {
  scene_.is_stale = true;
  EXPECT_THAT(Add(0, 5), HasReason("REGISTRY_STALE"));
  scene_.is_stale = false;
  registry::v1::MemberEntry maker = scene_.maker.Entry();
  maker.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
  scene_.Register({maker});
  EXPECT_THAT(Add(0, 5), HasReason("PUBLISHER_NOT_ACTIVE"));
}

TEST_F(WitnessTest, KeepsNoLinesOfOthers) {
  Submission submission = scene_.Submit(tree_, 0, 5);
  submission.note += ValueOf(record::Cosign(submission.note, "w.example", *scene_.witness_keys[1], 7));
  const Verdict verdict = ValueOf(node_.witness->Add(submission));
  EXPECT_EQ(ValueOf(node_.witness->Newest(PublicFeed())), absl::StrCat(scene_.Note(tree_, 5), verdict.cosignature));
}

}  // namespace
}  // namespace meguri::node
