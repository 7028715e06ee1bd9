// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace meguri::node {

inline constexpr size_t kFollowFeedsMax = 64;                // in one stream
inline constexpr size_t kFollowStreamsPerPublisherMax = 16;  // that one member opens, beside that of the registry
inline constexpr size_t kFollowFeedsPerPublisherMax = kFollowFeedsMax * kFollowStreamsPerPublisherMax;
inline constexpr size_t kBatchEntriesMax = 256;                      // in one message
inline constexpr size_t kBatchBytesTarget = size_t{2} << 20;         // a message ends once it is this large
inline constexpr size_t kMessageBytesMax = size_t{40} << 20;         // a record of 32 MiB and what travels around it
inline constexpr size_t kUnwrittenBytesMax = size_t{32} << 20;       // verified and not yet durable, of one stream
inline constexpr absl::Duration kGatherMax = absl::Seconds(1);       // that verified entries wait for more
inline constexpr size_t kFollowBytesInFlightMax = size_t{64} << 20;  // of all followed streams of this node
inline constexpr size_t kRelaysTriedMax = 8;                         // of those that are known, for one publisher
inline constexpr size_t kPromisesMax = 256;    // signed heads of one feed whose entries have not come
inline constexpr int kExchangedHeadsMax = 64;  // in one exchange of checkpoints, each way
inline constexpr int kExchangedForksMax = 16;
inline constexpr int kExchangedReceiptsMax = 64;   // in one exchange, each way
inline constexpr size_t kToldReceiptsPerFeed = 8;  // of them
inline constexpr absl::Duration kExchangeTimeout = absl::Seconds(10);
inline constexpr absl::Duration kFollowHeartbeat = absl::Seconds(15);
// How often a publisher signs that a feed is as its followers have it, and after how long without that word it is
// reported: twice as long, and what a stream needs to be opened anew.
inline constexpr absl::Duration kFeedHeartbeat = absl::Hours(1);
inline constexpr absl::Duration kFeedOverdue = absl::Minutes(135);
// Of what publishers committed in their feeds `heads`: how long it may take until it is opened, which is many times as
// often as entries are made; the pause after an answer that opened nothing; and how many entries may have become too
// old between a question and its answer.
inline constexpr absl::Duration kOpeningOverdue = kFeedOverdue;
inline constexpr absl::Duration kOpeningPause = absl::Minutes(1);
inline constexpr absl::Duration kOpeningTimeout = absl::Seconds(10);
inline constexpr uint64_t kOpeningsLostMax = 12;
inline constexpr absl::Duration kHeadsPause = absl::Hours(1);  // of a publisher's node that does not know `heads`
// A connection that is dead, gRPC's keep-alive finds. These end a stream whose connection lives and whose publisher
// says nothing: no message within the first if all that was promised is here, and within both while entries are owed,
// for the next message may then be as large as one can be, on the slowest line that we mean to serve.
inline constexpr absl::Duration kFollowSilenceMax = absl::Seconds(60);
inline constexpr size_t kSlowestLinkBytesPerSecond = size_t{16} << 10;
inline constexpr absl::Duration kLargestMessageTime = absl::Seconds(kMessageBytesMax / kSlowestLinkBytesPerSecond);
inline constexpr absl::Duration kKeyEndSkewMax = absl::Minutes(5);  // a publisher's clock may be ahead, as at publish
inline constexpr absl::Duration kRetryMin = absl::Milliseconds(500);
// Pauses double up to these, and last between a half and one and a half of them. A node that was well a moment ago is
// most likely just starting again; one that has been away for long is not worth a call every half minute, unless it has
// granted something that is handed on until a revocation comes: that ends everywhere a minute after the owner is back.
inline constexpr absl::Duration kRetryMax = absl::Minutes(5);
inline constexpr absl::Duration kRetryMaxIfWell = absl::Seconds(20);
inline constexpr absl::Duration kWellWithin = absl::Hours(1);
inline constexpr absl::Duration kTroubleSettles = absl::Seconds(10);  // what lasts longer is reported

}  // namespace meguri::node
