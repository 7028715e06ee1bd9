// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace meguri::client {

enum class ProgressMode { kAuto, kBar, kPlain, kJson, kNone };

// What stands before the numbers, and before that of the refused items.
struct ProgressWords {
  std::string label;
  std::string refused = "refused";
};

// How much of a job is done.
struct Amount {
  uint64_t items = 0;
  uint64_t bytes = 0;
  uint64_t refused = 0;  // of the items
};

// Shows how a job advances: a bar that redraws itself on a terminal, a line now and then elsewhere, or one JSON object
// a line. The last state is always shown. Not thread-safe.
class Progress {
 public:
  // A `total` without items is not known yet. kAuto is the bar if `is_terminal`, else plain lines.
  Progress(ProgressMode mode, ProgressWords words, Amount total, bool is_terminal, std::ostream& out,
           const Clock& clock);
  // Ends the line of a bar whose job broke off.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // What is done by now, from the start on.
  void Update(Amount done);
  // The job is complete as far as it went.
  void Finish();

 private:
  void Show(bool is_last);
  std::string Bar(absl::Duration elapsed) const;
  std::string Line(absl::Duration elapsed) const;
  std::string Json(absl::Duration elapsed, bool is_last) const;

  const ProgressMode mode_;
  const ProgressWords words_;
  const Amount total_;
  std::ostream& out_;
  const Clock& clock_;
  const absl::Time start_;
  absl::Time shown_;
  Amount done_;
  size_t width_ = 0;  // of the bar on the screen, 0 if there is none
};

// "312 B", "4.0 KiB", "17 MiB".
std::string HumanBytes(uint64_t bytes);
// "8 s", "3 min 05 s", "2 h 10 min".
std::string HumanDuration(absl::Duration duration);

}  // namespace meguri::client
