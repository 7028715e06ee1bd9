// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "node/follow/limits.h"

// What a caller may take of this node before it is told no.
namespace meguri::node {

inline constexpr int kStreamsPerConnectionMax = 64;
inline constexpr int kMetadataBytesMax = 16 << 10;
inline constexpr int kHandshakeTimeoutMs = 5000;
inline constexpr int kKeepaliveTimeMs = 120'000;
inline constexpr int kKeepaliveTimeoutMs = 20'000;
inline constexpr int kPingIntervalMinMs = 10'000;
inline constexpr int kPingStrikesMax = 2;
inline constexpr int kFrameBytesMax = 16 << 10;
// HTTP/2 frames of one peer: what gRPC takes without a bound of its own (frame_guard.h). A client of gRPC measures the
// line with PINGs while messages come, up to ten a second.
inline constexpr absl::Duration kFrameWindow = absl::Seconds(10);
// gRPC, whose own bound some peers get around, is to speak first.
inline constexpr size_t kOpenStreamsMax = size_t{2} * kStreamsPerConnectionMax;
inline constexpr int kResetsMax = 200;      // within the window: calls that the peer gives up
inline constexpr int kPingsMax = 400;       // within the window, answers to ours included
inline constexpr int kSettingsMax = 100;    // within the window, acknowledgements included
inline constexpr int kIdleFramesMax = 100;  // within the window: of types that mean nothing here, or without content
inline constexpr uint64_t kHeaderBlockBytesMax = uint64_t{2} * kMetadataBytesMax;  // likewise
inline constexpr int kHeaderBlockFramesMax = 8;
inline constexpr int kConnectionsPerPeerMax = 256;  // of one certificate's identity: a host has some for each member
inline constexpr int kConnectionsMax = 2048;
inline constexpr absl::Duration kBarredFor = absl::Minutes(1);  // whoever has flooded
inline constexpr size_t kServerMemoryBytes = size_t{512} << 20;
inline constexpr int kServerThreadsMax = 64;
inline constexpr size_t kFollowStreamsMax = 4096;
// Of one acting member. More than a follower of ours opens, for the old ones may not have ended when it comes again.
inline constexpr size_t kFollowStreamsPerMemberMax = 48;
static_assert(kFollowStreamsPerMemberMax > 2 * (kFollowStreamsPerPublisherMax + 1));
// That hand on copies, so that those who follow what is published here have room.
inline constexpr size_t kOnwardStreamsMax = 1024;
static_assert(kOnwardStreamsMax < kFollowStreamsMax);
inline constexpr size_t kWorkThreads = 3;
inline constexpr size_t kWorkQueueMax = 1024;
inline constexpr size_t kKnownCertificatesMax = 1024;
inline constexpr size_t kPublishStreamWindow = 32;                    // requests of one stream that are not answered
inline constexpr size_t kPublishStreamBytesMax = size_t{32} << 20;    // of them together, before another one is read
inline constexpr absl::Duration kRefusalWindow = absl::Minutes(1);    // in which one of a kind is told in full
inline constexpr size_t kRefusalKindsMax = 1024;                      // peers and reasons that are told apart
inline constexpr absl::Duration kAnswerStep = absl::Milliseconds(5);  // answers to other nodes leave at multiples of it
inline constexpr absl::Duration kShutdownGrace = absl::Seconds(2);

}  // namespace meguri::node
