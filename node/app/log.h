// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace meguri::node {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Writes one JSON object a line to a file descriptor. What peers control is escaped and cut. Thread-safe.
class Log {
 public:
  using Field = std::pair<absl::string_view, std::string>;

  Log(int descriptor, LogLevel level, const Clock& clock) : descriptor_(descriptor), level_(level), clock_(clock) {}
  // The same log, each line of which has one more field.
  Log(const Log& whole, const Field& field);

  // `event` is a stable name that a program can look for: node-ready, certificate-renewed …
  void Write(LogLevel level, absl::string_view event, std::initializer_list<Field> fields = {});
  void Info(absl::string_view event, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kInfo, event, fields);
  }
  void Warning(absl::string_view event, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kWarning, event, fields);
  }
  void Error(absl::string_view event, std::initializer_list<Field> fields = {}) {
    Write(LogLevel::kError, event, fields);
  }

 private:
  const int descriptor_;
  const LogLevel level_;
  const Clock& clock_;
  const std::string field_;  // as it stands in a line; "": none
  Mutex mutex_;
};

// `text` as a JSON string with its quotes: control characters and invalid UTF-8 escaped, cut at `max` bytes.
std::string JsonQuoted(absl::string_view text, size_t max = 2000);

}  // namespace meguri::node
