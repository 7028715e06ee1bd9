// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/error.h"
#include "google/protobuf/message.h"
#include "passport/rules/path.h"

namespace meguri::passport {

// Violations as they are found, up to a limit. Not thread-safe.
class Findings {
 public:
  explicit Findings(size_t count_max) : count_max_(count_max) {}

  void Add(Violation violation);
  bool full() const { return violations_.size() > count_max_; }
  // What was found, in order; the last one says TOO_MANY_VIOLATIONS if there were more than the limit.
  std::vector<Violation> Take() && { return std::move(violations_); }

 private:
  const size_t count_max_;
  std::vector<Violation> violations_;
};

// A rule adds to `findings` what it dislikes, and depends on nothing else. A value rule sees the text of one string or
// Decimal field at `path`, never an empty one; a message rule sees one message at `path` and what lies in it.
using ValueRule = void (*)(absl::string_view value, const Path& path, Findings& findings);
using MessageRule = void (*)(const google::protobuf::Message& message, const Path& path, Findings& findings);

// `text` in quotes, shortened, without control characters.
std::string Quoted(absl::string_view text);

}  // namespace meguri::passport
