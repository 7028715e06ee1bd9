// SPDX-License-Identifier: Apache-2.0
#include "client/sign.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/formats/canonical_json.h"
#include "record/batch.h"
#include "record/section.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::client {
namespace {

using certs::testing::KeyIdOf;
using certs::testing::Member;
using certs::testing::Now;
using certs::testing::Participant;
using certs::testing::ValueOf;
using record::v1::Publication;
using testing::HasReason;

constexpr char kMember[] = "0199:member";

passport::RecordDraft DraftWith(record::v1::Audience audience) {
  passport::RecordDraft draft;
  draft.record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
  draft.sections.push_back({record::v1::SECTION_TYPE_OWNER_NOTE, record::AudienceSet::Of({audience}), "anything"});
  return draft;
}

class SignTest : public ::testing::Test {
 protected:
  VersionDraft New(record::v1::Audience audience = record::v1::AUDIENCE_OWNER) {
    return ValueOf(FirstVersion(DraftWith(audience), random_));
  }
  Publication Sealed(const VersionDraft& draft) { return ValueOf(Seal(draft, Participant(kMember), Now(), random_)); }
  absl::Status SignAll(std::vector<Publication>& publications) {
    std::vector<Publication*> pointers;
    pointers.reserve(publications.size());
    for (Publication& publication : publications) {
      pointers.push_back(&publication);
    }
    return Sign(pointers, KeyIdOf(kMember, *member_.record_key), *member_.record_key, random_);
  }
  absl::Status Check(const Publication& publication) {
    const record::Header header = HeaderOf(publication);
    const absl::Status sections = record::VerifySections(header, publication.envelope().sections());
    return !sections.ok() ? sections
                          : record::VerifyBatchSignature(header.hash(), publication.envelope().signature(),
                                                         member_.record_key->public_key(), nullptr);
  }
  static record::Header HeaderOf(const Publication& publication) {
    return ValueOf(record::Header::Parse(publication.envelope().header()));
  }

  testing::SeededRandom random_;
  const Member member_{kMember};
};

TEST_F(SignTest, MakesSignaturesThatVerify) {
  std::vector<Publication> publications;
  publications.reserve(5);
  for (int i = 0; i < 5; ++i) {
    publications.push_back(Sealed(New()));
  }
  MEGURI_ASSERT_OK(SignAll(publications));
  for (const Publication& publication : publications) {
    MEGURI_EXPECT_OK(Check(publication));
  }
  EXPECT_EQ(publications[0].envelope().signature().size(), 8U) << "padded to a power of two";
}

TEST_F(SignTest, KeepsRecordsOfDifferentFeedsInDifferentBatches) {
  std::vector<Publication> publications = {Sealed(New(record::v1::AUDIENCE_OWNER)),
                                           Sealed(New(record::v1::AUDIENCE_RECYCLERS)),
                                           Sealed(New(record::v1::AUDIENCE_OWNER))};
  MEGURI_ASSERT_OK(SignAll(publications));
  EXPECT_EQ(publications[0].envelope().signature().size(), 2U);
  EXPECT_EQ(publications[1].envelope().signature().size(), 1U);
  EXPECT_EQ(publications[0].envelope().signature().signature(), publications[2].envelope().signature().signature());
}

TEST_F(SignTest, KeepsRecordsForDifferentAddresseesInDifferentBatches) {
  VersionDraft one = New(record::v1::AUDIENCE_ADDRESSEES);
  one.content.addressees = {"0199:one"};
  VersionDraft other = New(record::v1::AUDIENCE_ADDRESSEES);
  other.content.addressees = {"0199:other"};
  std::vector<Publication> publications = {Sealed(one), Sealed(other)};
  MEGURI_ASSERT_OK(SignAll(publications));
  EXPECT_EQ(publications[0].envelope().signature().size(), 1U);
}

TEST_F(SignTest, SplitsAtTheDefaultBatchSize) {
  std::vector<Publication> publications;
  publications.reserve(record::kBatchSizeDefault + 1);
  for (uint64_t i = 0; i < record::kBatchSizeDefault + 1; ++i) {
    publications.push_back(Sealed(New()));
  }
  MEGURI_ASSERT_OK(SignAll(publications));
  std::set<std::string> signatures;
  for (const Publication& publication : publications) {
    MEGURI_ASSERT_OK(Check(publication));
    signatures.insert(publication.envelope().signature().signature());
  }
  EXPECT_EQ(signatures.size(), 2U);
}

TEST_F(SignTest, ChainsTheNextVersionToTheNewest) {
  const record::Header first = HeaderOf(Sealed(New()));
  const VersionDraft next = ValueOf(NextVersion(DraftWith(record::v1::AUDIENCE_OWNER), first));
  const record::Header second = HeaderOf(Sealed(next));
  EXPECT_EQ(second.version(), 2U);
  EXPECT_EQ(second.record_id(), first.record_id());
  EXPECT_EQ(second.message().previous_header_hash(), first.hash().ToString());
}

TEST_F(SignTest, GivesTheSameContentOtherDigestsInEveryVersion) {
  const VersionDraft draft = New();
  EXPECT_NE(HeaderOf(Sealed(draft)).hash(), HeaderOf(Sealed(draft)).hash());
}

TEST_F(SignTest, RefusesAnUpdateThatWasMadeForAnotherVersion) {
  const record::Header first = HeaderOf(Sealed(New()));
  passport::RecordDraft stale = DraftWith(record::v1::AUDIENCE_OWNER);
  stale.record_id = first.record_id();
  stale.previous = record::Sha256("another version");
  EXPECT_THAT(NextVersion(stale, first), HasReason("NOT_NEWEST"));
  stale.previous = first.hash();
  MEGURI_EXPECT_OK(NextVersion(stale, first));
}

TEST_F(SignTest, RefusesAnUpdateOfAnotherRecordOrType) {
  const record::Header first = HeaderOf(Sealed(New()));
  passport::RecordDraft other = DraftWith(record::v1::AUDIENCE_OWNER);
  other.record_id = record::RecordId::Make(random_);
  EXPECT_THAT(NextVersion(other, first), HasReason("RECORD_ID"));
  passport::RecordDraft event = DraftWith(record::v1::AUDIENCE_OWNER);
  event.record_type = record::v1::RECORD_TYPE_CIRCULATION_EVENT;
  EXPECT_THAT(NextVersion(event, first), HasReason("RECORD_TYPE_CHANGED"));
}

TEST_F(SignTest, RefusesToPublishAnUpdateAsANewRecord) {
  passport::RecordDraft update = DraftWith(record::v1::AUDIENCE_OWNER);
  update.record_id = record::RecordId::Make(random_);
  EXPECT_THAT(FirstVersion(update, random_), HasReason("RECORD_EXISTS"));
}

TEST_F(SignTest, EndsARecordOnce) {
  const record::Header first = HeaderOf(Sealed(New()));
  record::v1::Tombstone tombstone;
  tombstone.set_reason(record::v1::TOMBSTONE_REASON_WITHDRAWN);
  const Publication end = Sealed(ValueOf(LastVersion(tombstone, first)));
  EXPECT_TRUE(HeaderOf(end).is_tombstone());
  EXPECT_EQ(end.envelope().sections_size(), 0);
  EXPECT_THAT(LastVersion(tombstone, HeaderOf(end)), HasReason("RECORD_ENDED"));
  EXPECT_THAT(NextVersion(DraftWith(record::v1::AUDIENCE_OWNER), HeaderOf(end)), HasReason("RECORD_ENDED"));
}

}  // namespace
}  // namespace meguri::client
