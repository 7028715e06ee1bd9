// SPDX-License-Identifier: Apache-2.0
#include "absl/algorithm/container.h"
#include "gmock/gmock.h"
#include "record/header.h"
#include "storage/erasures.h"
#include "storage/fsck.h"
#include "tests/testing/status.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using meguri::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kMaker;
using testing::kOther;
using testing::Participant;
using testing::PublishingNode;
using ::testing::SizeIs;
using testing::ValueOf;

record::Header HeaderOf(const record::v1::Publication& publication) {
  return ValueOf(record::Header::Parse(publication.envelope().header()));
}

class PublishedErasureTest : public ::testing::Test {
 protected:
  record::v1::Publication Last(const record::Header& newest, record::v1::TombstoneReason reason) {
    record::v1::Tombstone tombstone;
    tombstone.set_reason(reason);
    return node_.Sign(ValueOf(client::LastVersion(tombstone, newest)));
  }
  std::vector<record::v1::Section> SectionsOf(const record::v1::Publication& publication) {
    const storage::Records records(*node_.store);
    const auto arrival = ValueOf(records.FindByHash(HeaderOf(publication).hash()));
    Invariant(arrival.has_value(), "the record was published");
    return ValueOf(records.ReadSections(*arrival, ~uint64_t{0}));
  }
  std::vector<std::string> Problems() { return ValueOf(storage::Fsck(*node_.store, nullptr, nullptr)).problems; }

  PublishingNode node_;
  const record::v1::Publication lot_ = node_.Sign(node_.Lot("L1"));
};

TEST_F(PublishedErasureTest, TheCommitOfTheTombstoneDestroysWhatWasPublished) {
  ASSERT_THAT(node_.Publish(node_.Call(lot_)), IsOk());
  EXPECT_THAT(SectionsOf(lot_), SizeIs(1));
  ASSERT_THAT(node_.Publish(node_.Call(Last(HeaderOf(lot_), record::v1::TOMBSTONE_REASON_ERASED))), IsOk());
  EXPECT_THAT(SectionsOf(lot_), IsEmpty());
  EXPECT_THAT(ValueOf(storage::Erasures(*node_.store).Pending(10)), ElementsAre(1));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(PublishedErasureTest, WhatWasSignedBeforeBringsNothingBack) {
  ASSERT_THAT(node_.Publish(node_.Call(lot_)), IsOk());
  ASSERT_THAT(node_.Publish(node_.Call(Last(HeaderOf(lot_), record::v1::TOMBSTONE_REASON_ERASED))), IsOk());
  const auto again = node_.Publish(node_.Call(lot_));
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->records.front().already_there);
  EXPECT_THAT(SectionsOf(lot_), IsEmpty());
  client::VersionDraft next = node_.Lot("L1");
  next.record_id = HeaderOf(lot_).record_id();
  next.version = 3;
  next.previous = HeaderOf(Last(HeaderOf(lot_), record::v1::TOMBSTONE_REASON_ERASED)).hash();
  EXPECT_FALSE(node_.Publish(node_.Call(node_.Sign(next))).ok());
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(PublishedErasureTest, NobodyErasesTheRecordOfAnother) {
  ASSERT_THAT(node_.Publish(node_.Call(lot_)), IsOk());
  record::v1::Tombstone tombstone;
  tombstone.set_reason(record::v1::TOMBSTONE_REASON_ERASED);
  record::v1::Publication foreign = ValueOf(client::Seal(ValueOf(client::LastVersion(tombstone, HeaderOf(lot_))),
                                                         Participant(kOther), node_.clock.Now(), node_.random));
  ASSERT_THAT(client::Sign({&foreign}, certs::testing::KeyIdOf(kOther, *node_.other.record_key),
                           *node_.other.record_key, node_.random),
              IsOk());
  PublishCall call = node_.Call(foreign);
  call.acting_member = Participant(kOther);
  EXPECT_THAT(node_.Publish(std::move(call)), HasReason("VERSION_GAP"));
  EXPECT_FALSE(node_.Publish(node_.Call(foreign)).ok()) << "nor in the name of the maker";
  EXPECT_THAT(SectionsOf(lot_), SizeIs(1));
  EXPECT_THAT(ValueOf(storage::Erasures(*node_.store).Pending(10)), IsEmpty());
}

TEST_F(PublishedErasureTest, AnEntryOfTheRegistryIsNotErased) {
  record::v1::Header entry = HeaderOf(lot_).message();
  entry.set_record_type(record::v1::RECORD_TYPE_MEMBER);
  const record::Header newest = ValueOf(record::Header::Make(entry));
  const auto refused = node_.Publish(node_.Call(Last(newest, record::v1::TOMBSTONE_REASON_ERASED)));
  const auto names_it = [](const Violation& violation) { return violation.reason == "ERASURE_REGISTRY"; };
  EXPECT_TRUE(absl::c_any_of(ViolationsOf(refused.status()), names_it)) << refused.status();
}

}  // namespace
}  // namespace meguri::node
