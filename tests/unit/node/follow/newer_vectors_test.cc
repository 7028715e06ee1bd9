// SPDX-License-Identifier: Apache-2.0
// Follows the golden feed that holds a header of a newer format.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "node/follow/follower.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "storage/fsck.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"
#include "tests/vectors/golden.h"

namespace meguri::node {
namespace {

using certs::testing::ValueOf;
using meguri::testing::HasReason;
using ::testing::IsEmpty;
using vectors::Json;

registry::v1::MemberKey KeyMessage(absl::string_view spki, registry::v1::KeyPurpose purpose) {
  registry::v1::MemberKey key;
  key.set_purpose(purpose);
  key.set_algorithm(registry::v1::KEY_ALGORITHM_ED25519);
  key.set_public_key(std::string(spki.data(), spki.size()));
  return key;
}

feed::v1::FeedItem ItemOf(const Json& item) {
  feed::v1::FeedItem message;
  message.set_entry(item.bytes("entry_hex"));
  EXPECT_TRUE(message.mutable_envelope()->ParseFromString(item.bytes("envelope_hex")));
  return message;
}

feed::v1::FeedBatch BatchOf(const Json& batch) {
  feed::v1::FeedBatch message;
  message.set_feed("public");
  message.set_start(batch["start"].number());
  for (const Json& item : batch["items"].items()) {
    *message.add_items() = ItemOf(item);
  }
  for (const Json& hash : batch["consistency_path_hex"].items()) {
    message.add_consistency_path(hash.bytes());
  }
  return message;
}

class NewerVectors : public ::testing::Test {
 protected:
  NewerVectors() {
    registry::v1::TrustBundle bundle = operator_.BundleMessage();
    bundle.set_federation(vectors::kFederation);
    bundle.set_registry_origin(absl::StrCat(vectors::kFederation, "/meguri/0199/operator/1/registry"));
    registry::v1::MemberEntry entry = certs::testing::Member{vectors::kPublisher}.Entry();
    entry.mutable_hosting()->set_node_identity(
        absl::StrReplaceAll(entry.hosting().node_identity(), {{certs::testing::kFederation, vectors::kFederation}}));
    *entry.mutable_keys(0) = KeyMessage(golden_["keys"].items()[0].bytes("spki_hex"), registry::v1::KEY_PURPOSE_RECORD);
    *entry.mutable_keys(1) = KeyMessage(newer_["feed_key"].bytes("spki_hex"), registry::v1::KEY_PURPOSE_FEED);
    const certs::TrustBundle opened =
        ValueOf(certs::TrustBundle::Open(ValueOf(certs::SignTrustBundle(bundle, operator_.Signers())), now_));
    registry_ = ValueOf(certs::Registry::Make(opened, {entry}));
  }

  std::unique_ptr<Follower> NewFollower() {
    return ValueOf(Follower::Make(feed_, vectors::kFederation, absl::nullopt, *store_, verified_roots_));
  }
  void Write(VerifiedBatch batch, absl::string_view note) {
    storage::Transaction transaction(*store_);
    storage::Feeds feeds(*store_);
    storage::CommitScope scope(transaction, feeds);
    FrozenRecords frozen;
    MEGURI_ASSERT_OK(WriteBatchOf(feed_, batch, note, {UINT64_MAX, UINT64_MAX}, now_, *store_, scope, frozen));
    storage::WriteBatch writes;
    transaction.MoveTo(writes);
    MEGURI_ASSERT_OK(store_->Apply(writes));
  }

  const absl::Time now_ = certs::testing::Now();
  const Json golden_ = vectors::ReadVectors("record.json");
  const Json newer_ = vectors::ReadVectors("newer.json");
  const certs::testing::Operator operator_;
  const storage::HeldFeed feed_{certs::testing::Participant("0199:follower"),
                                {certs::testing::Participant(vectors::kPublisher), record::FeedName::Public(), 1}};
  std::shared_ptr<const certs::Registry> registry_;
  record::VerifiedRoots verified_roots_;
  std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
};

TEST_F(NewerVectors, AreFollowedToTheEndAndKeptWithoutSections) {
  const Json& feed = newer_["feeds"].items().front();
  const std::string note = feed["checkpoints"].items().back()["note"].text();
  const std::unique_ptr<Follower> follower = NewFollower();
  MEGURI_ASSERT_OK(follower->TakeTarget(note, *registry_, now_));
  uint64_t unread = 0;
  for (const Json& batch : feed["follow"]["batches"].items()) {
    auto verified = follower->TakeBatch(BatchOf(batch), *registry_, now_);
    MEGURI_ASSERT_OK(verified);
    unread += verified->unread;
    Write(*std::move(verified), note);
  }
  EXPECT_EQ(follower->size(), feed["follow"]["target_size"].number());
  EXPECT_EQ(unread, 1U);
  const feed::v1::FeedItem item = ItemOf(feed["follow"]["batches"].items()[0]["items"].items()[1]);
  EXPECT_GT(item.envelope().sections_size(), 0);
  const storage::Records records(*store_);
  const auto arrival = ValueOf(records.FindByHash(feed["entries"].items()[1].hash("header_hash_hex")));
  ASSERT_TRUE(arrival.has_value());
  EXPECT_EQ(ValueOf(records.Read(*arrival)).header(), item.envelope().header());
  EXPECT_THAT(record::Header::Parse(item.envelope().header()), HasReason("NEWER_FORMAT"));
  EXPECT_THAT(ValueOf(records.ReadSections(*arrival, ~uint64_t{0})), IsEmpty());
  EXPECT_THAT(ValueOf(storage::Fsck(*store_, nullptr, nullptr)).problems, IsEmpty());
}

TEST_F(NewerVectors, AreRefusedForWhatCanBeJudged) {
  const vectors::Golden golden = vectors::MakeGolden();
  ASSERT_GE(newer_["refused"].items().size(), 3U);
  for (const Json& item : newer_["refused"].items()) {
    const record::Hash root = record::LeafHash(item.bytes("entry_hex"));
    const std::unique_ptr<Follower> follower = NewFollower();
    const std::string note = ValueOf(
        record::SignCheckpoint({record::FeedOrigin(vectors::kFederation, feed_.key), 1, root}, *golden.feed_signer));
    MEGURI_ASSERT_OK(follower->TakeTarget(note, *registry_, now_));
    feed::v1::FeedBatch batch;
    *batch.add_items() = ItemOf(item);
    EXPECT_THAT(follower->TakeBatch(std::move(batch), *registry_, now_), HasReason(item["reason"].text()))
        << item["name"].text();
  }
}

}  // namespace
}  // namespace meguri::node
