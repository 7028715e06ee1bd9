// SPDX-License-Identifier: Apache-2.0
#include "node/membership/registry_state.h"

#include "gtest/gtest.h"
#include "record/merkle.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using certs::testing::ValueOf;

class RegistryStateTest : public ::testing::Test {
 protected:
  void SetUp() override { MEGURI_ASSERT_OK(state_.Reload()); }

  absl::Status Beat() {
    registry::v1::Heartbeat heartbeat;
    heartbeat.set_origin(certs::testing::kOrigin);
    heartbeat.set_root(record::Frontier().Root().ToString());
    heartbeat.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(clock_.Now())));
    heartbeat.set_next_update_ms(heartbeat.time_ms() + 30'000);
    return state_.AcceptHeartbeat(
        ValueOf(certs::SignHeartbeat(heartbeat, certs::testing::kFederation,
                                     certs::testing::Participant(certs::testing::kOperator), *operator_.feed_key)));
  }

  meguri::testing::FakeClock clock_{certs::testing::Now()};
  const certs::testing::Operator operator_;
  const std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  RegistryState state_{operator_.Bundle(), certs::testing::Participant("0199:member"), absl::Hours(72), *store_,
                       clock_};
};

TEST_F(RegistryStateTest, IsStaleUntilAHeartbeatComesAndOnceItIsTooOld) {
  EXPECT_TRUE(state_.IsStale());
  MEGURI_EXPECT_OK(Beat());
  EXPECT_FALSE(state_.IsStale());
  // A suspension that cannot be stored is one that nobody hears of.
  state_.SetWritable(false);
  EXPECT_TRUE(state_.IsStale());
  state_.SetWritable(true);
  EXPECT_FALSE(state_.IsStale());
}

// The bundle of the test lasts a day, and the registry may be three days old.
TEST_F(RegistryStateTest, IsStaleWhenItsBundleHasExpiredHoweverFreshTheHeartbeat) {
  clock_.Advance(absl::Hours(24) - absl::Milliseconds(1));
  MEGURI_EXPECT_OK(Beat());
  EXPECT_FALSE(state_.IsStale());
  clock_.Advance(absl::Milliseconds(1));
  MEGURI_EXPECT_OK(Beat());
  EXPECT_TRUE(state_.IsStale());
}

// A store that has the registry feed, entry by entry.
class RegistryFeedTest : public ::testing::Test {
 protected:
  void Publish(const registry::v1::MemberEntry& entry) {
    passport::RecordDraft content;
    content.record_type = record::v1::RECORD_TYPE_MEMBER;
    content.sections.push_back({record::v1::SECTION_TYPE_MEMBER, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                                entry.SerializeAsString()});
    const client::VersionDraft draft = newest_.has_value()
                                           ? ValueOf(client::NextVersion(std::move(content), *newest_))
                                           : ValueOf(client::FirstVersion(std::move(content), node_.random));
    record::v1::Publication publication = ValueOf(
        client::Seal(draft, certs::testing::Participant(certs::testing::kOperator), node_.clock.Now(), node_.random));
    MEGURI_ASSERT_OK(client::Sign({&publication},
                                  certs::testing::KeyIdOf(certs::testing::kOperator, *node_.the_operator.record_key),
                                  *node_.the_operator.record_key, node_.random));
    newest_ = ValueOf(record::Header::Parse(publication.envelope().header()));
    PublishCall call = node_.Call(publication);
    call.acting_member = certs::testing::Participant(certs::testing::kOperator);
    MEGURI_ASSERT_OK(node_.Publish(std::move(call)));
  }

  testing::PublishingNode node_;
  absl::optional<record::Header> newest_;
};

// The operator is not trusted with whose keys these are: what it publishes does not become a key of the member.
TEST_F(RegistryFeedTest, TheOperatorCannotSlipInAKey) {
  RegistryState state(node_.bundle(), certs::testing::Participant(certs::testing::kOperator), absl::Hours(72),
                      *node_.store, node_.clock);
  registry::v1::MemberEntry entry = node_.maker.Entry();
  certs::StateOrigins(certs::testing::kFederation, nullptr, node_.clock.Now(), entry);
  Publish(entry);
  MEGURI_ASSERT_OK(state.Reload());
  const std::unique_ptr<certs::SigningKey> other = certs::testing::NewKey();
  const record::Hash other_id = certs::testing::KeyIdOf(testing::kMaker, *other);
  registry::v1::MemberEntry swapped = entry;
  swapped.mutable_keys(0)->set_public_key(other->public_key().spki());
  Publish(swapped);
  MEGURI_ASSERT_OK(state.Reload());
  const auto never_seen = [] { return certs::SeenTimes(); };
  EXPECT_EQ(state.Get()->FindKey(other_id), nullptr);
  EXPECT_EQ(state.StandingOf(other_id.view(), never_seen).doubt, "KEY_NOT_ENDORSED");
  EXPECT_TRUE(state.Get()->IsActive(certs::testing::Participant(testing::kMaker))) << "nothing else is lost";
  // Nor does it help to read everything at once, as a node does that starts.
  RegistryState anew(node_.bundle(), certs::testing::Participant(certs::testing::kOperator), absl::Hours(72),
                     *node_.store, node_.clock);
  MEGURI_ASSERT_OK(anew.Reload());
  EXPECT_EQ(anew.Get()->FindKey(other_id), nullptr);
  // As a recovery it is taken, and everybody is told.
  swapped.mutable_keys(0)->set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
  swapped.mutable_keys(0)->set_not_before_ms(certs::testing::NowMs());
  Publish(swapped);
  MEGURI_ASSERT_OK(state.Reload());
  EXPECT_EQ(state.StandingOf(other_id.view(), never_seen).doubt, "");
  EXPECT_EQ(state.StandingOf(other_id.view(), never_seen).recovered_ms, certs::testing::NowMs());
  ASSERT_EQ(state.Get()->KeyNotices().size(), 1U);
  EXPECT_EQ(state.Get()->KeyNotices()[0].origin(), registry::v1::KEY_ORIGIN_RECOVERY);
}

}  // namespace
}  // namespace meguri::node
