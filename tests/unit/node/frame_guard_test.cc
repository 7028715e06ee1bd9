// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/frame_guard.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "node/rpc/limits.h"
#include "node/rpc/peer_gate.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"

namespace meguri::node {
namespace {

using meguri::testing::HasReason;
using meguri::testing::IsOk;

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kPriority = 2;
constexpr uint8_t kReset = 3;
constexpr uint8_t kSettings = 4;
constexpr uint8_t kPing = 6;
constexpr uint8_t kGoAway = 7;
constexpr uint8_t kWindowUpdate = 8;
constexpr uint8_t kContinuation = 9;
constexpr uint8_t kNone = 0;
constexpr uint8_t kEndStream = 1;

std::string Frame(uint8_t type, uint32_t stream, size_t length = 0, uint8_t flags = kNone) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) {
    bytes.push_back(static_cast<char>(length >> shift));
  }
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) {
    bytes.push_back(static_cast<char>(stream >> shift));
  }
  return bytes + std::string(length, 'x');
}

class FrameGuardTest : public ::testing::Test {
 protected:
  FrameGuardTest() { MEGURI_EXPECT_OK(guard_.Received(kPreface, clock_.Now())); }
  absl::Status Receive(const std::string& bytes) { return guard_.Received(bytes, clock_.Now()); }
  // That a peer may send so many of these, and not one more.
  void ExpectBound(int max, const std::string& frame) {
    for (int i = 0; i < max; ++i) {
      ASSERT_THAT(Receive(frame), IsOk()) << i;
    }
    clock_.Advance(kFrameWindow - absl::Milliseconds(1));
    EXPECT_THAT(Receive(frame), HasReason("HTTP2_FLOOD"));
  }

  meguri::testing::FakeClock clock_;
  FrameGuard guard_{FrameGuard::Peer::kCaller};
};

TEST_F(FrameGuardTest, BoundsWhatCostsThePeerNothing) {
  const struct {
    int max;
    std::string frame;
  } bounds[] = {
      {kResetsMax, Frame(kReset, 1, 4)},         {kPingsMax, Frame(kPing, 0, 8)},
      {kPingsMax, Frame(kPing, 0, 8, 1)},        {kSettingsMax, Frame(kSettings, 0)},
      {kSettingsMax, Frame(kSettings, 0, 0, 1)}, {kIdleFramesMax, Frame(kData, 1)},
      {kIdleFramesMax, Frame(kPriority, 1, 5)},  {kIdleFramesMax, Frame(kGoAway, 0, 8)},
      {kIdleFramesMax, Frame(0xee, 0, 100)},
  };
  for (const auto& bound : bounds) {
    guard_ = FrameGuard(FrameGuard::Peer::kCaller);
    MEGURI_ASSERT_OK(Receive(kPreface));
    ExpectBound(bound.max, bound.frame);
  }
}

TEST_F(FrameGuardTest, CountsWithinAWindow) {
  for (int window = 0; window < 5; ++window) {
    for (int i = 0; i < kResetsMax; ++i) {
      ASSERT_THAT(Receive(Frame(kReset, 1, 4)), IsOk());
    }
    clock_.Advance(kFrameWindow);
  }
  // A clock that goes back begins another one.
  clock_.Advance(-absl::Hours(1));
  EXPECT_THAT(Receive(Frame(kReset, 1, 4)), IsOk());
}

TEST_F(FrameGuardTest, LetsCallsAndBytesPass) {
  for (uint32_t stream = 1; stream < 20'001; stream += 2) {
    ASSERT_THAT(Receive(Frame(kHeaders, stream, 300)), IsOk());
    ASSERT_THAT(Receive(Frame(kData, stream, kFrameBytesMax)), IsOk());
    ASSERT_THAT(Receive(Frame(kData, stream, 0, kEndStream)), IsOk());
    ASSERT_THAT(Receive(Frame(kWindowUpdate, 0, 4)), IsOk());
    guard_.Sent(Frame(kHeaders, stream, 20));
    guard_.Sent(Frame(kData, stream, 5));
    guard_.Sent(Frame(kHeaders, stream, 20, kEndStream));
  }
}

TEST_F(FrameGuardTest, BoundsStreamsThatNobodyHasEnded) {
  for (size_t i = 0; i < kOpenStreamsMax; ++i) {
    ASSERT_THAT(Receive(Frame(kHeaders, static_cast<uint32_t>(2 * i + 1), 10, kEndStream)), IsOk());
  }
  // Each of these makes room for one more.
  guard_.Sent(Frame(kHeaders, 1, 5, kEndStream));
  guard_.Sent(Frame(kReset, 3, 4));
  guard_.Sent(Frame(kData, 5, 5, kEndStream));
  ASSERT_THAT(Receive(Frame(kReset, 7, 4)), IsOk());
  // These do not.
  guard_.Sent(Frame(kHeaders, 9, 5));
  guard_.Sent(Frame(kData, 9, 5));
  guard_.Sent(Frame(kReset, 1, 4));
  for (uint32_t i = 0; i < 4; ++i) {
    ASSERT_THAT(Receive(Frame(kHeaders, 10'001 + 2 * i, 10)), IsOk());
  }
  EXPECT_THAT(Receive(Frame(kHeaders, 10'101, 10)), HasReason("HTTP2_FLOOD"));
}

TEST_F(FrameGuardTest, BoundsABlockOfHeaders) {
  ASSERT_THAT(Receive(Frame(kHeaders, 1, kFrameBytesMax)), IsOk());
  ASSERT_THAT(Receive(Frame(kContinuation, 1, kHeaderBlockBytesMax - kFrameBytesMax)), IsOk());
  ASSERT_THAT(Receive(Frame(kHeaders, 3, kFrameBytesMax)), IsOk()) << "another block";
  ASSERT_THAT(Receive(Frame(kContinuation, 3, kHeaderBlockBytesMax - kFrameBytesMax)), IsOk());
  EXPECT_THAT(Receive(Frame(kContinuation, 3, 1)), HasReason("HTTP2_FLOOD"));
}

TEST_F(FrameGuardTest, BoundsTheFramesOfABlock) {
  ASSERT_THAT(Receive(Frame(kHeaders, 1, 1)), IsOk());
  for (int i = 1; i < kHeaderBlockFramesMax; ++i) {
    ASSERT_THAT(Receive(Frame(kContinuation, 1)), IsOk());
  }
  EXPECT_THAT(Receive(Frame(kContinuation, 1)), HasReason("HTTP2_FLOOD"));
}

TEST_F(FrameGuardTest, StaysOver) {
  ASSERT_THAT(Receive(Frame(kHeaders, 1, kHeaderBlockBytesMax + 1)), HasReason("HTTP2_FLOOD"));
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(Receive(Frame(kWindowUpdate, 0, 4)), HasReason("HTTP2_FLOOD"));
  EXPECT_THAT(Receive(""), HasReason("HTTP2_FLOOD"));
}

TEST_F(FrameGuardTest, WhoWasCalledMayResetAndOpensNothing) {
  FrameGuard guard(FrameGuard::Peer::kCalled);
  for (int i = 0; i < 10 * kResetsMax; ++i) {
    ASSERT_THAT(guard.Received(Frame(kReset, 1, 4), clock_.Now()), IsOk());
  }
  for (uint32_t stream = 1; stream < 8 * kOpenStreamsMax; stream += 2) {
    ASSERT_THAT(guard.Received(Frame(kHeaders, stream, 4), clock_.Now()), IsOk());
  }
  for (int i = 0; i < kSettingsMax; ++i) {
    ASSERT_THAT(guard.Received(Frame(kSettings, 0), clock_.Now()), IsOk());
  }
  EXPECT_THAT(guard.Received(Frame(kSettings, 0), clock_.Now()), HasReason("HTTP2_FLOOD"));
}

// Whatever comes, and in whatever pieces, the verdict is the same.
TEST_F(FrameGuardTest, DoesNotDependOnThePieces) {
  meguri::testing::SeededRandom random(61);
  int floods = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = kPreface;
    const uint64_t frames = random.Below(400);
    for (uint64_t i = 0; i < frames; ++i) {
      const auto type = static_cast<uint8_t>(random.Below(11));
      bytes += Frame(type, static_cast<uint32_t>(random.Below(2000)), random.Below(40),
                     static_cast<uint8_t>(random.Below(2)));
      if (random.Below(50) == 0) {
        bytes.back() = static_cast<char>(random.Below(256));  // may be the last byte of a frame's header
      }
    }
    FrameGuard whole(FrameGuard::Peer::kCaller);
    FrameGuard pieces(FrameGuard::Peer::kCaller);
    const absl::Status at_once = whole.Received(bytes, clock_.Now());
    absl::Status status;
    for (absl::string_view left = bytes; !left.empty();) {
      const size_t size = std::min(left.size(), static_cast<size_t>(1 + random.Below(12)));
      status = pieces.Received(left.substr(0, size), clock_.Now());
      left.remove_prefix(size);
    }
    EXPECT_EQ(status, at_once);
    floods += at_once.ok() ? 0 : 1;
  }
  EXPECT_GT(floods, 30);
  EXPECT_LT(floods, 270);
}

TEST(PeerGate, KeepsOutForAWhileWhoHasFlooded) {
  meguri::testing::FakeClock clock;
  PeerGate gate;
  MEGURI_ASSERT_OK(gate.Enter("evil", clock.Now()));
  gate.Bar("evil", clock.Now());
  EXPECT_THAT(gate.Enter("evil", clock.Now()), HasReason("PEER_BARRED"));
  MEGURI_EXPECT_OK(gate.Enter("other", clock.Now()));
  gate.Leave("evil");
  clock.Advance(kBarredFor - absl::Milliseconds(1));
  EXPECT_THAT(gate.Enter("evil", clock.Now()), HasReason("PEER_BARRED"));
  clock.Advance(absl::Milliseconds(1));
  MEGURI_EXPECT_OK(gate.Enter("evil", clock.Now()));
  gate.Leave("evil");
  MEGURI_EXPECT_OK(gate.Enter("evil", clock.Now()));
}

TEST(PeerGate, BoundsTheConnectionsOfOneAndOfAll) {
  meguri::testing::FakeClock clock;
  PeerGate gate;
  int entered = 0;
  for (int peer = 0; entered < kConnectionsMax; ++peer) {
    for (int i = 0; i < kConnectionsPerPeerMax; ++i) {
      MEGURI_ASSERT_OK(gate.Enter(absl::StrCat(peer), clock.Now()));
      ++entered;
    }
    EXPECT_THAT(gate.Enter(absl::StrCat(peer), clock.Now()), HasReason("CONNECTIONS_MAX"));
  }
  EXPECT_THAT(gate.Enter("one more", clock.Now()), HasReason("CONNECTIONS_MAX"));
  gate.Leave("0");
  MEGURI_EXPECT_OK(gate.Enter("one more", clock.Now()));
}

}  // namespace
}  // namespace meguri::node
