// SPDX-License-Identifier: Apache-2.0
#include "storage/erasure_requests.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/erasure.h"
#include "record/hash.h"
#include "storage/fsck.h"
#include "storage/key_layout.h"
#include "storage/memory/memory_store.h"
#include "storage/value.h"
#include "tests/testing/status.h"
#include "tests/unit/storage/samples.h"

namespace meguri::storage {
namespace {

using meguri::testing::HasReason;
using testing::Apply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Member;
using ::testing::SizeIs;

record::RecordId Id(char last) {
  return *record::RecordId::Parse(absl::StrCat("ABCDEFGHIJKLMNO", std::string(1, last)));
}

record::v1::SignedBody Request() {
  erasure::v1::ErasureRequest request;
  request.set_format_version(1);
  request.set_federation("ce.example");
  request.set_publisher("9999:maker");
  request.set_record_id(Id('a').ToString());
  request.set_tombstone_hash(record::Sha256("tombstone").ToString());
  request.set_basis(erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
  request.set_time_ms(1);
  request.set_deadline_ms(2);
  record::v1::SignedBody body;
  body.set_body(*record::EncodeErasureRequest(request));
  return body;
}

class ErasureRequestsTest : public ::testing::Test {
 protected:
  ErasureRequestsTest() {
    Transaction transaction(*store_);
    v1::StoredErasure own;
    *own.mutable_request() = Request();
    v1::StoredIncomingErasure incoming;
    *incoming.mutable_request() = Request();
    for (const char last : {'a', 'b', 'c'}) {
      ErasureRequests::Put(transaction, {Member("9999:maker"), Id(last)}, own);
      ErasureRequests::PutHolder(transaction, {Member("9999:maker"), Id('a')},
                                 Member(absl::StrCat("9999:", std::string(1, last))), {});
      ErasureRequests::PutIncoming(transaction, Member("9999:me"), {Member("9999:maker"), Id(last)}, incoming);
    }
    // Of others: they are not among these.
    ErasureRequests::Put(transaction, {Member("9999:maker-2"), Id('a')}, own);
    ErasureRequests::PutIncoming(transaction, Member("9999:me2"), {Member("9999:maker"), Id('a')}, incoming);
    MEGURI_EXPECT_OK(Apply(*store_, transaction));
  }
  std::vector<std::string> Problems() { return Fsck(*store_, nullptr, nullptr)->problems; }

  std::unique_ptr<OrderedStore> store_ = OpenMemoryStore(MakeMemoryDisk());
  ErasureRequests requests_{*store_};
};

TEST_F(ErasureRequestsTest, ListsGoOnBehindTheLastOne) {
  const auto first = requests_.List(Member("9999:maker"), "", 2);
  MEGURI_ASSERT_OK(first);
  ASSERT_THAT(*first, SizeIs(2));
  EXPECT_EQ((*first)[1].first.record_id, Id('b'));
  const auto rest = requests_.List(Member("9999:maker"), Id('b').view(), 2);
  MEGURI_ASSERT_OK(rest);
  ASSERT_THAT(*rest, SizeIs(1));
  EXPECT_EQ((*rest)[0].first.record_id, Id('c'));
  EXPECT_EQ((*rest)[0].second.request().body(), Request().body());

  const auto holders = requests_.Holders({Member("9999:maker"), Id('a')}, "9999:a", 10);
  MEGURI_ASSERT_OK(holders);
  ASSERT_THAT(*holders, SizeIs(2));
  EXPECT_EQ(holders->front().first, Member("9999:b"));
  EXPECT_THAT(*requests_.Holders({Member("9999:maker"), Id('b')}, "", 10), IsEmpty());

  const auto incoming = requests_.ListIncoming(Member("9999:me"), absl::StrCat(Id('a').view(), "9999:maker"), 10);
  MEGURI_ASSERT_OK(incoming);
  ASSERT_THAT(*incoming, SizeIs(2));
  EXPECT_EQ(incoming->front().first.publisher, Member("9999:maker"));
}

TEST_F(ErasureRequestsTest, FsckFindsWhatMayNotLieThere) {
  EXPECT_THAT(Problems(), IsEmpty());
  v1::StoredHolder holder;
  holder.mutable_acknowledgement()->set_body("no acknowledgement");
  Transaction transaction(*store_);
  ErasureRequests::PutHolder(transaction, {Member("9999:maker"), Id('a')}, Member("9999:a"), holder);
  ErasureRequests::Put(transaction, {Member("9999:maker"), Id('b')}, {});
  MEGURI_ASSERT_OK(Apply(*store_, transaction));
  EXPECT_THAT(Problems(), SizeIs(2));
}

TEST_F(ErasureRequestsTest, KeysAreCheckedToo) {
  const std::string prefix = absl::StrCat(KindPrefix(KeyKind::kSetting), "erasure/own/");
  v1::StoredErasure own;
  *own.mutable_request() = Request();
  for (const std::string& name :
       {std::string("9999:maker"), std::string("nobody\0ABCDEFGHIJKLMNOP", 23), std::string("9999:maker\0ABC", 14),
        std::string("9999:maker\0ABCDEFGHIJKLMNOPQ", 28)}) {
    EXPECT_TRUE(IsErasureRequestKey(prefix + name));
    EXPECT_THAT(CheckErasureRequest(prefix + name, WrapMessage(own)), HasReason("VALUE_DAMAGED")) << name;
  }
  EXPECT_FALSE(IsErasureRequestKey(absl::StrCat(KindPrefix(KeyKind::kSetting), "erasure/other")));
}

}  // namespace
}  // namespace meguri::storage
