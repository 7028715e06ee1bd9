// SPDX-License-Identifier: Apache-2.0
#include "record/heads.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/cosignature.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::testing::SizeIs;

constexpr char kFederation[] = "ce.example";
const ParticipantId kPublisher = ParticipantId::Parse("9999:maker").value();

FeedKey FeedOf(absl::string_view name) { return {kPublisher, FeedName::Parse(name).value(), 1}; }
std::string OriginOf(absl::string_view name) { return FeedOrigin(kFederation, FeedOf(name)); }

std::vector<Checkpoint> Heads(size_t count) {
  std::vector<Checkpoint> heads;
  heads.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    heads.push_back({OriginOf(absl::StrCat("to/9999:m", i)), i + 1, Sha256(absl::StrCat("root ", i))});
  }
  return heads;
}

TEST(HeadsTree, OpensEveryHeadThatItCommits) {
  for (const size_t count : {1, 2, 3, 17, 300}) {
    const std::vector<Checkpoint> heads = Heads(count);
    const HeadsTree tree(Sha256("key"), heads);
    for (const Checkpoint& head : heads) {
      const absl::optional<Opening> opening = tree.Open(head.origin, 7);
      ASSERT_TRUE(opening.has_value());
      EXPECT_EQ(opening->index, 7U);
      EXPECT_EQ(opening->size, head.size);
      EXPECT_EQ(opening->root, head.root);
      EXPECT_THAT(opening->path, SizeIs(kHeadsDepth));
      EXPECT_EQ(OpenedEntry(head.origin, *opening), tree.entry());
    }
    EXPECT_FALSE(tree.Open(OriginOf("owner"), 7).has_value());
  }
}

TEST(HeadsTree, AnEntryWithoutFeedsLooksLikeAnyOther) {
  const HeadsTree none(Sha256("key"), {});
  EXPECT_NE(none.entry(), HeadsTree(Sha256("other key"), {}).entry());
  EXPECT_EQ(none.entry().slots, 0U);
  EXPECT_THAT(none.entry().Encode(), SizeIs(HeadsTree(Sha256("key"), Heads(300)).entry().Encode().size()));
  EXPECT_FALSE(none.Open(OriginOf("owner"), 0).has_value());
}

// Who may see the same feed in two entries learns nothing of the others: no hash of its paths comes twice, whether
// there are other feeds or not, and all paths are as long.
TEST(HeadsTree, TwoEntriesShareNoHash) {
  for (const size_t count : {1, 300}) {
    std::set<Hash> seen;
    for (const char* key : {"one", "two", "three"}) {
      const Opening opening = *HeadsTree(Sha256(key), Heads(count)).Open(OriginOf("to/9999:m0"), 0);
      EXPECT_TRUE(seen.insert(opening.salt).second);
      for (const Hash& hash : opening.path) {
        EXPECT_TRUE(seen.insert(hash).second);
      }
    }
    EXPECT_THAT(seen, SizeIs(3 * (kHeadsDepth + 1)));
  }
}

TEST(HeadsTree, NothingElseOpensTheEntry) {
  const std::vector<Checkpoint> heads = Heads(20);
  const HeadsTree tree(Sha256("key"), heads);
  const std::string& origin = heads[3].origin;
  const Opening sound = *tree.Open(origin, 0);
  EXPECT_NE(OpenedEntry(heads[4].origin, sound), tree.entry()) << "another feed";
  EXPECT_NE(OpenedEntry(FeedOrigin(kFederation, {kPublisher, FeedOf("to/9999:m3").name, 2}), sound), tree.entry())
      << "another epoch";
  Opening changed = sound;
  changed.size += 1;
  EXPECT_NE(OpenedEntry(origin, changed), tree.entry());
  changed = sound;
  changed.root = Sha256("another root");
  EXPECT_NE(OpenedEntry(origin, changed), tree.entry());
  changed = sound;
  changed.salt = Sha256("another salt");
  EXPECT_NE(OpenedEntry(origin, changed), tree.entry());
  for (size_t i = 0; i < kHeadsDepth; ++i) {
    changed = sound;
    changed.path[i] = Sha256("another sibling");
    EXPECT_NE(OpenedEntry(origin, changed), tree.entry()) << i;
  }
}

TEST(Opening, TravelsAsAMessage) {
  const Opening opening = *HeadsTree(Sha256("key"), Heads(5)).Open(OriginOf("to/9999:m2"), 12);
  const absl::StatusOr<Opening> parsed = ParseOpening(ToMessage(opening));
  MEGURI_ASSERT_OK(parsed);
  EXPECT_EQ(*parsed, opening);
}

TEST(Opening, RefusesWhatHasNotTheForm) {
  const v1::Opening sound = ToMessage(*HeadsTree(Sha256("key"), Heads(5)).Open(OriginOf("to/9999:m2"), 12));
  v1::Opening changed = sound;
  changed.mutable_path()->append(kHashSize, '\0');
  EXPECT_THAT(ParseOpening(changed), HasReason("HEADS_OPENING"));
  changed = sound;
  changed.mutable_path()->pop_back();
  EXPECT_THAT(ParseOpening(changed), HasReason("HEADS_OPENING"));
  changed = sound;
  changed.clear_salt();
  EXPECT_THAT(ParseOpening(changed), HasReason("HEADS_OPENING"));
  changed = sound;
  changed.mutable_root()->push_back('\0');
  EXPECT_THAT(ParseOpening(changed), HasReason("HEADS_OPENING"));
  changed = sound;
  changed.clear_size();
  EXPECT_THAT(ParseOpening(changed), HasReason("HEADS_OPENING")) << "no entries, and not the root of none";
}

class ProvenOpeningTest : public ::testing::Test {
 protected:
  ProvenOpeningTest() {
    for (size_t i = 0; i < 5; ++i) {
      trees_.emplace_back(Sha256(absl::StrCat("key ", i)), Heads(3));
      leaves_.push_back(LeafHash(trees_.back().entry().Encode()));
    }
  }
  v1::ProvenOpening Prove(absl::string_view name, uint64_t index) const {
    v1::ProvenOpening proven;
    *proven.mutable_opening() = ToMessage(*trees_[index].Open(OriginOf(name), index));
    proven.set_epoch(1);
    const auto path = InclusionProof(index, leaves_.size(), [&](uint32_t level, uint64_t at) -> absl::StatusOr<Hash> {
      return RootOf(absl::MakeConstSpan(leaves_).subspan(at << level, size_t{1} << level));
    });
    for (const Hash& hash : path.value()) {
      proven.add_entry_path(hash.ToString());
    }
    proven.set_checkpoint(SignCheckpoint({OriginOf("heads"), leaves_.size(), RootOf(leaves_)}, *signer_).value());
    return proven;
  }
  absl::StatusOr<CommittedHead> Verify(const v1::ProvenOpening& proven, absl::string_view name) const {
    return VerifyOpening(proven, kFederation, FeedOf(name), {signer_->public_key()});
  }

  const std::unique_ptr<RawSigner> signer_ = RawSigner::Ed25519(std::string(32, 'a'));
  std::vector<HeadsTree> trees_;
  std::vector<Hash> leaves_;
};

TEST_F(ProvenOpeningTest, LeadsToTheSignedHead) {
  const auto committed = Verify(Prove("to/9999:m1", 3), "to/9999:m1");
  MEGURI_ASSERT_OK(committed);
  EXPECT_EQ(committed->head, Heads(3)[1]);
  EXPECT_EQ(committed->index, 3U);
  EXPECT_EQ(committed->heads.size, 5U);
}

TEST_F(ProvenOpeningTest, RefusesWhatProvesSomethingElse) {
  const v1::ProvenOpening sound = Prove("to/9999:m1", 3);
  EXPECT_THAT(Verify(sound, "to/9999:m2"), HasReason("INCLUSION_PROOF")) << "another feed";
  EXPECT_THAT(Verify(sound, "public"), HasReason("HEADS_OPENING")) << "witnesses see it themselves";
  v1::ProvenOpening changed = sound;
  changed.mutable_opening()->set_index(2);
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("INCLUSION_PROOF")) << "another entry";
  changed.mutable_opening()->set_index(5);
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("INCLUSION_PROOF")) << "an entry beyond the head";
  *changed.mutable_opening() = Prove("to/9999:m1", 2).opening();
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("INCLUSION_PROOF")) << "an opening of before";
  changed = sound;
  (*changed.mutable_opening()->mutable_salt())[0] ^= 1;
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("INCLUSION_PROOF"));
  changed = sound;
  (*changed.mutable_opening()->mutable_path())[1279] ^= 1;
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("INCLUSION_PROOF"));
  changed = sound;
  changed.mutable_entry_path()->RemoveLast();
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("INCLUSION_PROOF"));
  changed.mutable_entry_path(0)->pop_back();
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("HEADS_OPENING"));
  changed = sound;
  changed.set_epoch(0);
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("HEADS_OPENING"));
  changed.set_epoch(2);
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("CHECKPOINT_ORIGIN"));
  const std::unique_ptr<RawSigner> stranger = RawSigner::Ed25519(std::string(32, 'b'));
  changed = sound;
  changed.set_checkpoint(SignCheckpoint({OriginOf("heads"), leaves_.size(), RootOf(leaves_)}, *stranger).value());
  EXPECT_THAT(Verify(changed, "to/9999:m1"), HasReason("CHECKPOINT_SIGNATURE"));
}

TEST(FeedName, TellsWhatHeadsCommit) {
  for (const char* name : {"owner", "audit", "recyclers/battery", "authorities/JP", "to/9999:a",
                           "offer/0123456789abcdef0123456789abcdef"}) {
    EXPECT_TRUE(IsCommittedInHeads(FeedName::Parse(name).value())) << name;
  }
  for (const char* name : {"public", "members", "registry", "heads"}) {
    EXPECT_FALSE(IsCommittedInHeads(FeedName::Parse(name).value())) << name;
  }
}

}  // namespace
}  // namespace meguri::record
