// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace meguri::node {

// What stands before the payload of an HTTP/2 frame (RFC 9113 §4.1).
struct FrameHeader {
  uint32_t length = 0;
  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
};

// Finds the headers of frames in bytes that come in any pieces, after `skipped` that are not frames.
class FrameHeaders {
 public:
  explicit FrameHeaders(size_t skipped) : skip_(skipped) {}
  // The next header, and `bytes` without it and all before it; nullopt, and no bytes, if it does not end there.
  absl::optional<FrameHeader> Next(absl::string_view& bytes);

 private:
  static constexpr size_t kHeaderBytes = 9;
  uint64_t skip_;
  std::array<uint8_t, kHeaderBytes> read_ = {};
  size_t read_bytes_ = 0;
};

// Counts the HTTP/2 frames of one connection, and ends what costs the node more than it costs the peer: header blocks
// without end, streams without number, streams that are opened and reset, and frames that carry nothing. Which of them
// are valid is for gRPC to say; calls and bytes are not counted. Thread-compatible.
class FrameGuard {
 public:
  // Who is at the other end. Whoever was called answers as it likes with resets, and opens no streams.
  enum class Peer { kCaller, kCalled };
  explicit FrameGuard(Peer peer) : peer_(peer), received_(peer == Peer::kCaller ? kPrefaceBytes : 0) {}

  // Looks at the next bytes that the peer sent. RESOURCE_EXHAUSTED with reason HTTP2_FLOOD, now and for all that
  // follows: nothing more of this peer is to be read.
  absl::Status Received(absl::string_view bytes, absl::Time now);
  // Looks at the next bytes that a caller is sent: they end its streams.
  void Sent(absl::string_view bytes);

 private:
  static constexpr size_t kPrefaceBytes = 24;  // of a client: RFC 9113 §3.4

  // Of which a peer may send so many within kFrameWindow.
  enum Counted : uint8_t { kResets, kPings, kSettings, kIdle, kKinds };

  absl::Status Judge(const FrameHeader& frame, absl::Time now);
  absl::Status JudgeHeaders(const FrameHeader& frame);
  absl::Status Count(Counted kind, absl::Time now);

  Peer peer_;
  absl::Status over_;
  FrameHeaders received_;
  FrameHeaders sent_{0};
  absl::flat_hash_set<uint32_t> open_;  // streams that neither side has ended
  uint32_t last_stream_ = 0;
  uint64_t block_bytes_ = 0;  // of the header block that is being read
  int block_frames_ = 0;
  absl::Time window_begin_ = absl::InfinitePast();
  std::array<int, kKinds> counts_ = {};
};

}  // namespace meguri::node
