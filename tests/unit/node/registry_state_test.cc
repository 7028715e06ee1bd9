// SPDX-License-Identifier: Apache-2.0
#include "node/membership/registry_state.h"

#include "gtest/gtest.h"
#include "record/merkle.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

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

  testing::FakeClock clock_{certs::testing::Now()};
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

}  // namespace
}  // namespace meguri::node
