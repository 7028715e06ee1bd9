// SPDX-License-Identifier: Apache-2.0
#include "node/policy/decision.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace meguri::node {
namespace {

using record::AudienceSet;
using record::FeedName;
using record::ParticipantId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace v1 = record::v1;

ParticipantId Id(absl::string_view text) { return *ParticipantId::Parse(text); }
FeedName Feed(absl::string_view text) { return *FeedName::Parse(text); }

const char kMaker[] = "0188:7123456789012";
const char kRecycler[] = "0188:4000012090001";

RecordScope Scope() { return {Id(kMaker), "battery", {"JP"}, {}, {}, {}}; }

Reader Member(absl::string_view id) {
  Reader reader;
  reader.participant = Id(id);
  reader.registered = true;
  reader.active = true;
  return reader;
}

Reader RecyclerOf(const std::string& group) {
  Reader reader = Member(kRecycler);
  reader.recycler_groups = {group};
  return reader;
}

Reader AuthorityOf(const std::string& jurisdiction) {
  Reader reader = Member(kRecycler);
  reader.jurisdictions = {jurisdiction};
  return reader;
}

// Slots 0 identity, 1 composition, 2 dismantling, 3 members only, 4 partners only.
std::vector<SectionFacts> Facts() {
  return {{0, v1::SECTION_TYPE_IDENTITY, AudienceSet::Of({v1::AUDIENCE_PUBLIC})},
          {1, v1::SECTION_TYPE_COMPOSITION,
           AudienceSet::Of({v1::AUDIENCE_PARTNERS, v1::AUDIENCE_RECYCLERS, v1::AUDIENCE_AUTHORITIES})},
          {2, v1::SECTION_TYPE_DISMANTLING, AudienceSet::Of({v1::AUDIENCE_RECYCLERS})},
          {3, v1::SECTION_TYPE_DURABILITY, AudienceSet::Of({v1::AUDIENCE_MEMBERS})},
          {4, v1::SECTION_TYPE_TEST_REPORTS, AudienceSet::Of({v1::AUDIENCE_PARTNERS})}};
}

TEST(Decide, LetsEachReaderSeeItsOwnSections) {
  EXPECT_EQ(AllowedSlots(Reader(), Scope(), Facts()), 0b00001U);
  EXPECT_EQ(AllowedSlots(Member(kRecycler), Scope(), Facts()), 0b01001U);
  EXPECT_EQ(AllowedSlots(RecyclerOf("battery"), Scope(), Facts()), 0b01111U);
  EXPECT_EQ(AllowedSlots(RecyclerOf("washing-machine"), Scope(), Facts()), 0b01001U);
  EXPECT_EQ(AllowedSlots(AuthorityOf("JP"), Scope(), Facts()), 0b01011U);
  EXPECT_EQ(AllowedSlots(Member(kMaker), Scope(), Facts()), 0b11111U);
}

TEST(Decide, GivesAnInactiveMemberOnlyWhatIsPublic) {
  Reader reader = RecyclerOf("battery");
  reader.active = false;
  EXPECT_EQ(AllowedSlots(reader, Scope(), Facts()), 0b00001U);
  EXPECT_EQ(Decide(reader, Scope(), Facts())[2].rule, "deny-not-active");
}

TEST(Decide, SaysOfWhomTheRegistryDoesNotNameThatItDoesNot) {
  Reader reader = Member(kRecycler);
  reader.registered = false;
  reader.active = false;
  EXPECT_EQ(AllowedSlots(reader, Scope(), Facts()), 0b00001U);
  EXPECT_EQ(Decide(reader, Scope(), Facts())[2].rule, "deny-not-registered");
}

TEST(Decide, CountsTheNationForItsPrefecturesButNotTheReverse) {
  RecordScope prefecture = Scope();
  prefecture.jurisdictions = {"13"};
  EXPECT_EQ(AllowedSlots(AuthorityOf("JP"), prefecture, Facts()) & 0b10U, 0b10U);
  EXPECT_EQ(AllowedSlots(AuthorityOf("13"), prefecture, Facts()) & 0b10U, 0b10U);
  EXPECT_EQ(AllowedSlots(AuthorityOf("27"), prefecture, Facts()) & 0b10U, 0U);
  EXPECT_EQ(AllowedSlots(AuthorityOf("13"), Scope(), Facts()) & 0b10U, 0U);
}

TEST(Decide, MatchesNoRecyclerWhenTheRecordNamesNoGroup) {
  RecordScope scope = Scope();
  scope.product_group = "";
  EXPECT_EQ(AllowedSlots(RecyclerOf(""), scope, Facts()) & 0b100U, 0U);
}

TEST(Decide, OpensAnAddressedSectionToTheAddresseeAlone) {
  RecordScope scope = Scope();
  scope.addressees = {kRecycler};
  const std::vector<SectionFacts> facts = {{0, 80, AudienceSet::Of({v1::AUDIENCE_ADDRESSEES})}};
  EXPECT_EQ(AllowedSlots(Member(kRecycler), scope, facts), 1U);
  EXPECT_EQ(AllowedSlots(Member("0188:4011001098993"), scope, facts), 0U);
  EXPECT_EQ(Decide(Member(kRecycler), scope, facts)[0].rule, "allow-addressee");
}

TEST(FeedsFor, NamesInEachFeedEverythingThatItsReadersMayRead) {
  EXPECT_THAT(FeedsFor(Scope(), Facts()),
              ElementsAre(FeedSlots{Feed("authorities/JP"), 0b01011}, FeedSlots{Feed("members"), 0b01001},
                          FeedSlots{Feed("owner"), 0b11111}, FeedSlots{Feed("public"), 0b00001},
                          FeedSlots{Feed("recyclers/battery"), 0b01111}));
}

TEST(FeedsFor, LeavesOutAFeedWhoseReadersGetTheSameFromAWiderOne) {
  const std::vector<SectionFacts> facts = {
      {5, 1, AudienceSet::Of({v1::AUDIENCE_PUBLIC, v1::AUDIENCE_MEMBERS, v1::AUDIENCE_RECYCLERS})}};
  EXPECT_THAT(FeedsFor(Scope(), facts), ElementsAre(FeedSlots{FeedName::Public(), 0b100000}));
}

TEST(FeedsFor, EntersNoFeedButTheOwnersForAnOwnerNote) {
  const std::vector<SectionFacts> facts = {{1, 20, AudienceSet::Of({v1::AUDIENCE_OWNER})}};
  EXPECT_THAT(FeedsFor(Scope(), facts), ElementsAre(FeedSlots{FeedName::Owner(), 0b10}));
  EXPECT_THAT(FeedsFor(Scope(), {}), IsEmpty());
}

// What a reader gets by following is what it gets by asking: for every reader, the union of the slots of the feeds that
// it may follow equals the slots that Decide allows, whatever the audiences are.
TEST(FeedsFor, AgreesWithDecideForEveryReaderAndEveryAudienceSet) {
  RecordScope scope = Scope();
  scope.addressees = {"0188:4011001098993"};
  scope.jurisdictions = {"JP", "13"};
  const Reader readers[] = {Reader(),
                            Member(kMaker),
                            Member(kRecycler),
                            RecyclerOf("battery"),
                            AuthorityOf("JP"),
                            AuthorityOf("13"),
                            Member("0188:4011001098993"),
                            RecyclerOf("tv")};
  for (uint32_t first = 1; first < 256; ++first) {
    for (const uint32_t second : {1U, 2U, 8U, 24U, 32U, 128U}) {
      const std::vector<SectionFacts> facts = {{0, 1, *AudienceSet::Parse(first << 1)},
                                               {3, 3, *AudienceSet::Parse(second << 1)}};
      for (const Reader& reader : readers) {
        uint64_t followed = 0;
        for (const FeedSlots& feed : FeedsFor(scope, facts)) {
          if (MayFollow(reader, scope.publisher, feed.feed)) {
            followed |= feed.slots;
          }
        }
        ASSERT_EQ(followed, AllowedSlots(reader, scope, facts)) << "audiences " << first << " and " << second;
      }
    }
  }
}

// An index entry must not tell a reader of a section that it may not read.
TEST(IndexFeedsFor, IndexesASectionOnlyWhereItMayBeRead) {
  const Reader readers[] = {Reader(), Member(kRecycler), RecyclerOf("battery"), AuthorityOf("JP"), Member(kMaker)};
  for (uint32_t bits = 1; bits < 256; ++bits) {
    const AudienceSet audiences = *AudienceSet::Parse(bits << 1);
    for (const Reader& reader : readers) {
      bool indexed = false;
      for (const FeedName& feed : IndexFeedsFor(Scope(), audiences)) {
        indexed = indexed || MayFollow(reader, Id(kMaker), feed);
      }
      const bool readable = AllowedSlots(reader, Scope(), {{{0, 1, audiences}}}) != 0;
      ASSERT_EQ(indexed, readable) << "audiences " << bits;
    }
  }
}

TEST(MayFollow, OpensTheAuditFeedToNobody) {
  EXPECT_FALSE(MayFollow(Member(kMaker), Id(kMaker), FeedName::Audit()));
  EXPECT_FALSE(MayFollow(Member(kRecycler), Id(kMaker), FeedName::Audit()));
  EXPECT_FALSE(MayFollow(Reader(), Id(kMaker), FeedName::Audit()));
}

TEST(MayFollow, OpensTheRegistryToAnyone) {
  EXPECT_TRUE(MayFollow(Reader(), Id(kMaker), FeedName::Registry()));
  EXPECT_TRUE(MayFollow(Reader(), Id(kMaker), FeedName::Public()));
  EXPECT_FALSE(MayFollow(Reader(), Id(kMaker), FeedName::Members()));
  EXPECT_FALSE(MayFollow(Member(kRecycler), Id(kMaker), FeedName::Owner()));
  EXPECT_FALSE(MayFollow(Member(kRecycler), Id(kMaker), Feed("to/0188:7123456789012")));
}

}  // namespace
}  // namespace meguri::node
