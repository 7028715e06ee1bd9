// SPDX-License-Identifier: Apache-2.0
#include "client/cli/progress.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/table.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr size_t kBarColumns = 24;
constexpr absl::Duration kBarInterval = absl::Milliseconds(100);
constexpr absl::Duration kPlainInterval = absl::Seconds(5);
constexpr absl::Duration kJsonInterval = absl::Seconds(1);

absl::Duration IntervalOf(ProgressMode mode) {
  return mode == ProgressMode::kBar ? kBarInterval : mode == ProgressMode::kJson ? kJsonInterval : kPlainInterval;
}

double PerSecond(uint64_t amount, absl::Duration elapsed) {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

// From the mean rate so far; zero as long as there is none.
absl::Duration Remaining(Amount done, Amount total, absl::Duration elapsed) {
  const double rate = PerSecond(done.items, elapsed);
  return rate > 0 && total.items > done.items ? absl::Seconds(static_cast<double>(total.items - done.items) / rate)
                                              : absl::ZeroDuration();
}

uint64_t Percent(Amount done, Amount total) {
  return total.items == 0 ? 100 : std::min<uint64_t>(100, done.items * 100 / total.items);
}

}  // namespace

std::string HumanBytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", unit > 0 && value < 10 ? 1 : 0, value, kUnits[unit]);
}

std::string HumanDuration(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 60) {
    return absl::StrCat(seconds, " s");
  }
  return seconds < 3600 ? absl::StrFormat("%d min %02d s", seconds / 60, seconds % 60)
                        : absl::StrFormat("%d h %02d min", seconds / 3600, seconds % 3600 / 60);
}

Progress::Progress(ProgressMode mode, ProgressWords words, Amount total, bool is_terminal, std::ostream& out,
                   const Clock& clock)
    : mode_(mode != ProgressMode::kAuto ? mode
            : is_terminal               ? ProgressMode::kBar
                                        : ProgressMode::kPlain),
      words_(std::move(words)),
      total_(total),
      out_(out),
      clock_(clock),
      start_(clock.Now()),
      shown_(mode_ == ProgressMode::kPlain ? start_ : absl::InfinitePast()) {}

Progress::~Progress() {
  if (width_ > 0) {
    out_ << "\n" << std::flush;
  }
}

void Progress::Update(Amount done) {
  done_ = done;
  const absl::Time now = clock_.Now();
  if (mode_ != ProgressMode::kNone && now - shown_ >= IntervalOf(mode_)) {
    shown_ = now;
    Show(/*is_last=*/false);
  }
}

void Progress::Finish() {
  if (mode_ != ProgressMode::kNone) {
    Show(/*is_last=*/true);
  }
}

void Progress::Show(bool is_last) {
  const absl::Duration elapsed = clock_.Now() - start_;
  if (mode_ == ProgressMode::kPlain) {
    out_ << Line(elapsed) << std::endl;
  } else if (mode_ == ProgressMode::kJson) {
    out_ << Json(elapsed, is_last) << std::endl;
  } else {
    const std::string bar = Bar(elapsed);
    const size_t width = DisplayWidth(bar);
    out_ << "\r" << bar << std::string(width < width_ ? width_ - width : 0, ' ') << (is_last ? "\n" : "") << std::flush;
    width_ = is_last ? 0 : width;
  }
}

std::string Progress::Line(absl::Duration elapsed) const {
  const std::string refused = done_.refused == 0 ? "" : absl::StrCat("  ", words_.refused, " ", done_.refused);
  if (total_.items == 0) {
    return absl::StrFormat("%s %d  %.0f/s%s", words_.label, done_.items, PerSecond(done_.items, elapsed), refused);
  }
  std::string line = absl::StrFormat("%s %d/%d (%d%%)  %s  %.0f/s", words_.label, done_.items, total_.items,
                                     Percent(done_, total_), HumanBytes(done_.bytes), PerSecond(done_.items, elapsed));
  const absl::Duration remaining = Remaining(done_, total_, elapsed);
  if (remaining > absl::ZeroDuration()) {
    absl::StrAppend(&line, "  ETA ", HumanDuration(remaining));
  }
  return line + refused;
}

std::string Progress::Bar(absl::Duration elapsed) const {
  if (total_.items == 0) {
    return Line(elapsed);
  }
  const size_t filled = kBarColumns * Percent(done_, total_) / 100;
  return absl::StrCat("[", std::string(filled, '#'), std::string(kBarColumns - filled, '.'), "] ", Line(elapsed));
}

std::string Progress::Json(absl::Duration elapsed, bool is_last) const {
  nlohmann::ordered_json json;
  json["progress"] = words_.label;
  json["items"] = done_.items;
  json["items_total"] = total_.items;
  json["refused"] = done_.refused;
  json["bytes"] = done_.bytes;
  json["bytes_total"] = total_.bytes;
  json["elapsed_ms"] = absl::ToInt64Milliseconds(elapsed);
  json["items_per_s"] = PerSecond(done_.items, elapsed);
  json["eta_s"] = absl::ToInt64Seconds(Remaining(done_, total_, elapsed));
  json["finished"] = is_last;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace meguri::client
