// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/frame_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/rpc/limits.h"

namespace meguri::node {
namespace {

// RFC 9113 §6.
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kResetStream = 3;
constexpr uint8_t kSettingsFrame = 4;
constexpr uint8_t kPing = 6;
constexpr uint8_t kWindowUpdate = 8;
constexpr uint8_t kContinuation = 9;
constexpr uint8_t kEndStreamFlag = 0x1;  // of DATA and HEADERS

absl::Status Flood(absl::string_view what) {
  return Error(absl::StatusCode::kResourceExhausted, "HTTP2_FLOOD",
               absl::StrCat("The peer sent ", what, "; its connection was ended."));
}

struct Bound {
  int max;
  absl::string_view what;
};

}  // namespace

absl::optional<FrameHeader> FrameHeaders::Next(absl::string_view& bytes) {
  const auto skipped = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size()));
  skip_ -= skipped;
  bytes.remove_prefix(skipped);
  const size_t taken = std::min(kHeaderBytes - read_bytes_, bytes.size());
  std::copy_n(bytes.begin(), taken, read_.begin() + static_cast<ptrdiff_t>(read_bytes_));
  read_bytes_ += taken;
  bytes.remove_prefix(taken);
  if (read_bytes_ < kHeaderBytes) {
    return absl::nullopt;
  }
  read_bytes_ = 0;
  FrameHeader header;
  header.length = uint32_t{read_[0]} << 16 | uint32_t{read_[1]} << 8 | read_[2];
  header.type = read_[3];
  header.flags = read_[4];
  header.stream =
      (uint32_t{read_[5]} << 24 | uint32_t{read_[6]} << 16 | uint32_t{read_[7]} << 8 | read_[8]) & 0x7fffffff;
  skip_ = header.length;
  return header;
}

absl::Status FrameGuard::Count(Counted kind, absl::Time now) {
  static constexpr Bound kBounds[kKinds] = {
      {kResetsMax, "RST_STREAM frames"},
      {kPingsMax, "PING frames"},
      {kSettingsMax, "SETTINGS frames"},
      {kIdleFramesMax, "frames that carry nothing"},
  };
  if (now < window_begin_ || now >= window_begin_ + kFrameWindow) {
    window_begin_ = now;
    counts_ = {};
  }
  if (++counts_[kind] <= kBounds[kind].max) {
    return absl::OkStatus();
  }
  return Flood(absl::StrCat("more than ", kBounds[kind].max, " ", kBounds[kind].what, " within ",
                            absl::FormatDuration(kFrameWindow)));
}

absl::Status FrameGuard::JudgeHeaders(const FrameHeader& frame) {
  if (frame.type == kHeaders) {
    block_bytes_ = 0;
    block_frames_ = 0;
    if (peer_ == Peer::kCaller && frame.stream > last_stream_) {
      last_stream_ = frame.stream;
      open_.insert(frame.stream);
      if (open_.size() > kOpenStreamsMax) {
        return Flood(absl::StrCat("more than ", kOpenStreamsMax, " streams at a time"));
      }
    }
  }
  block_bytes_ += frame.length;
  if (block_bytes_ > kHeaderBlockBytesMax) {
    return Flood(absl::StrCat("more than ", kHeaderBlockBytesMax, " bytes of headers"));
  }
  return ++block_frames_ <= kHeaderBlockFramesMax
             ? absl::OkStatus()
             : Flood(absl::StrCat("headers in more than ", kHeaderBlockFramesMax, " frames"));
}

absl::Status FrameGuard::Judge(const FrameHeader& frame, absl::Time now) {
  switch (frame.type) {
    case kHeaders:
    case kContinuation:
      return JudgeHeaders(frame);
    case kResetStream:
      open_.erase(frame.stream);
      return peer_ == Peer::kCaller ? Count(kResets, now) : absl::OkStatus();
    case kPing:
      return Count(kPings, now);
    case kSettingsFrame:
      return Count(kSettings, now);
    case kWindowUpdate:  // as many as what it is sent demands
      return absl::OkStatus();
    case kData:
      return frame.length > 0 || (frame.flags & kEndStreamFlag) != 0 ? absl::OkStatus() : Count(kIdle, now);
    default:
      return Count(kIdle, now);
  }
}

absl::Status FrameGuard::Received(absl::string_view bytes, absl::Time now) {
  while (over_.ok()) {
    const absl::optional<FrameHeader> frame = received_.Next(bytes);
    if (!frame.has_value()) {
      break;
    }
    over_ = Judge(*frame, now);
  }
  return over_;
}

void FrameGuard::Sent(absl::string_view bytes) {
  while (const absl::optional<FrameHeader> frame = sent_.Next(bytes)) {
    const bool ends = (frame->type == kData || frame->type == kHeaders) && (frame->flags & kEndStreamFlag) != 0;
    if (ends || frame->type == kResetStream) {
      open_.erase(frame->stream);
    }
  }
}

}  // namespace meguri::node
