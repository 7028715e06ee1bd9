// SPDX-License-Identifier: Apache-2.0
#include "gtest/gtest.h"
#include "node/app/move_check.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using certs::testing::ValueOf;
using meguri::testing::HasReason;

// A registry of two entries, as its operator holds it, and as a former host hands it on: to whom it is just bytes.
class RegistryCopyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Publish(node_.other.Entry());
    Publish(node_.maker.Entry());
  }

  void Publish(registry::v1::MemberEntry entry) {
    certs::StateOrigins(certs::testing::kFederation, nullptr, node_.clock.Now(), entry);
    passport::RecordDraft content;
    content.record_type = record::v1::RECORD_TYPE_MEMBER;
    content.sections.push_back({record::v1::SECTION_TYPE_MEMBER, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                                entry.SerializeAsString()});
    record::v1::Publication publication = ValueOf(client::Seal(
        ValueOf(client::FirstVersion(std::move(content), node_.random)), operator_, node_.clock.Now(), node_.random));
    MEGURI_ASSERT_OK(client::Sign({&publication},
                                  certs::testing::KeyIdOf(certs::testing::kOperator, *node_.the_operator.record_key),
                                  *node_.the_operator.record_key, node_.random));
    PublishCall call = node_.Call(publication);
    call.acting_member = operator_;
    MEGURI_ASSERT_OK(node_.Publish(std::move(call)));
  }

  absl::Status CheckWith(const registry::v1::TrustBundle& message) const {
    const certs::TrustBundle bundle = ValueOf(certs::TrustBundle::Open(
        ValueOf(certs::SignTrustBundle(message, node_.the_operator.Signers())), certs::testing::Now()));
    return CheckRegistryCopy(*node_.store, bundle, operator_);
  }

  testing::PublishingNode node_;
  const record::ParticipantId operator_ = certs::testing::Participant(certs::testing::kOperator);
};

TEST_F(RegistryCopyTest, ThatOfTheOperatorIsTaken) {
  MEGURI_EXPECT_OK(CheckRegistryCopy(*node_.store, node_.bundle(), operator_));
  registry::v1::TrustBundle pinned = node_.the_operator.BundleMessage();
  pinned.set_registry_size_min(2);
  const storage::Feeds feeds(*node_.store);
  const storage::HeldFeed feed{operator_, {operator_, record::FeedName::Registry(), 1}};
  pinned.set_registry_root_min(ValueOf(feeds.ReadHead(*ValueOf(feeds.Find(feed)))).frontier.Root().ToString());
  MEGURI_EXPECT_OK(CheckWith(pinned));
}

TEST_F(RegistryCopyTest, OneThatTheOperatorHasNotSignedIsRefused) {
  // Whoever makes up a federation of the same name makes up its operator too.
  registry::v1::TrustBundle other = node_.the_operator.BundleMessage();
  const std::unique_ptr<certs::SigningKey> key = certs::testing::NewKey();
  *other.mutable_registry_record_keys(0) = certs::testing::KeyMessage(*key, registry::v1::KEY_PURPOSE_RECORD);
  EXPECT_THAT(CheckWith(other), HasReason("MOVE_REGISTRY"));
  registry::v1::TrustBundle revoked = node_.the_operator.BundleMessage();
  revoked.mutable_registry_record_keys(0)->set_revoked_ms(certs::testing::NowMs());
  EXPECT_THAT(CheckWith(revoked), HasReason("MOVE_REGISTRY"));
}

TEST_F(RegistryCopyTest, OneThatIsShorterThanTheBundleAsksForOrAnotherOneIsRefused) {
  registry::v1::TrustBundle later = node_.the_operator.BundleMessage();
  later.set_registry_size_min(3);
  later.set_registry_root_min(std::string(32, 'r'));
  EXPECT_THAT(CheckWith(later), HasReason("MOVE_REGISTRY"));
  later.set_registry_size_min(2);
  EXPECT_THAT(CheckWith(later), HasReason("MOVE_REGISTRY"));
  const std::unique_ptr<storage::OrderedStore> empty = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  EXPECT_THAT(CheckRegistryCopy(*empty, node_.bundle(), operator_), HasReason("MOVE_REGISTRY"));
}

}  // namespace
}  // namespace meguri::node
