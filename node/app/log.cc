// SPDX-License-Identifier: Apache-2.0
#include "node/app/log.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace meguri::node {
namespace {

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// The length of the UTF-8 sequence at the front of `text`, or 0 if it is none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const size_t length = byte(0) < 0x80                      ? 1
                        : byte(0) >= 0xC2 && byte(0) < 0xE0 ? 2
                        : byte(0) >= 0xE0 && byte(0) < 0xF0 ? 3
                        : byte(0) >= 0xF0 && byte(0) < 0xF5 ? 4
                                                            : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  return length;
}

}  // namespace

std::string JsonQuoted(absl::string_view text, size_t max) {
  text = text.substr(0, max);
  std::string quoted = "\"";
  while (!text.empty()) {
    const auto c = static_cast<uint8_t>(text.front());
    const size_t length = Utf8Length(text);
    if (length == 0 || c < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(&quoted, "\\u%04x", c);
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
    }
    quoted.append(text.data(), length);
    text.remove_prefix(length);
  }
  quoted.push_back('"');
  return quoted;
}

Log::Log(const Log& whole, const Field& field)
    : descriptor_(whole.descriptor_),
      level_(whole.level_),
      clock_(whole.clock_),
      field_(absl::StrCat(whole.field_, ",", JsonQuoted(field.first), ":", JsonQuoted(field.second))) {}

void Log::Write(LogLevel level, absl::string_view event, std::initializer_list<Field> fields) {
  if (level < level_) {
    return;
  }
  std::string line =
      absl::StrCat("{\"time\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_.Now(), absl::UTCTimeZone()),
                   "\",\"level\":\"", LevelName(level), "\",\"event\":", JsonQuoted(event), field_);
  for (const Field& field : fields) {
    absl::StrAppend(&line, ",", JsonQuoted(field.first), ":", JsonQuoted(field.second));
  }
  line += "}\n";
  MutexLock lock(mutex_);
  // One write, so that lines of several processes do not mix. A log that cannot be written must not stop the node.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, line.data(), line.size());
}

}  // namespace meguri::node
