// SPDX-License-Identifier: Apache-2.0
#include "node/query/list_scan.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/terms/number_term.h"

namespace meguri::node {
namespace {

constexpr char kFirstDriver = '0';  // position: driver | position of its candidates

bool Holds(const passport::NumberRange& range, const record::IndexTerm& term) {
  return term.field == range.field && term.value.size() == passport::kNumberTermSize &&
         term.value >= passport::EncodeIndexNumber(range.low) && term.value <= passport::EncodeIndexNumber(range.high);
}

}  // namespace

ListScan::ListScan(const storage::Index& index, std::vector<ReadableFeed> feeds, passport::Filter filter)
    : index_(index), filter_(std::move(filter)) {
  for (ReadableFeed& feed : feeds) {
    feeds_.push_back(feed.id);
    feeds_of_[std::move(feed.publisher)].push_back(feed.id);
  }
}

std::unique_ptr<Candidates> ListScan::MakeDriver(size_t driver) const {
  return driver == 0 ? MakeTermJoin(index_, feeds_, filter_.terms)
                     : MakeRangeScan(index_, feeds_, filter_.ranges[driver - 1]);
}

// The one that comes to its end first. If none does, a range: it is what the question is about.
absl::StatusOr<size_t> ListScan::ChooseDriver() const {
  std::vector<size_t> drivers;
  for (size_t driver = filter_.terms.empty() ? 1 : 0; driver <= filter_.ranges.size(); ++driver) {
    drivers.push_back(driver);
  }
  if (drivers.size() == 1) {
    return drivers.front();
  }
  std::vector<std::unique_ptr<Candidates>> probes;
  probes.reserve(drivers.size());
  for (const size_t driver : drivers) {
    probes.push_back(MakeDriver(driver));
    MEGURI_RETURN_IF_ERROR(probes.back()->Start());
  }
  for (int step = 0; step < kProbeMax; ++step) {
    for (size_t i = 0; i < probes.size(); ++i) {
      if (!probes[i]->Valid()) {
        return drivers[i];
      }
      MEGURI_RETURN_IF_ERROR(probes[i]->Next());
    }
  }
  return drivers.back();
}

absl::Status ListScan::Start(absl::string_view position) {
  if (position.empty()) {
    MEGURI_ASSIGN_OR_RETURN(driver_, ChooseDriver());
    candidates_ = MakeDriver(driver_);
    return candidates_->Start();
  }
  const auto driver = static_cast<size_t>(position.front() - kFirstDriver);
  if (driver > filter_.ranges.size() || (driver == 0 && filter_.terms.empty())) {
    return Error(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN", "The page token is for another question.");
  }
  driver_ = driver;
  candidates_ = MakeDriver(driver_);
  return candidates_->StartAfter(position.substr(1));
}

std::string ListScan::position() const {
  return absl::StrCat(std::string(1, static_cast<char>(kFirstDriver + driver_)), candidates_->position());
}

absl::StatusOr<uint64_t> ListScan::MatchingVersion() const {
  if (filter_.ranges.empty()) {
    return candidates_->version();
  }
  // Only what the newest version says counts; a feed that it did not enter still has the words of an older one.
  const storage::Posting& posting = candidates_->current();
  uint64_t newest = 0;
  std::vector<record::IndexTerm> terms;
  for (const storage::FeedId feed : feeds_of_.at(posting.publisher)) {
    MEGURI_ASSIGN_OR_RETURN(absl::optional<storage::RecordTerms> found,
                            index_.TermsOf(feed, posting.record_id, posting.publisher));
    if (!found.has_value() || found->version < newest) {
      continue;
    }
    if (found->version > newest) {
      terms.clear();
      newest = found->version;
    }
    absl::c_move(found->terms, std::back_inserter(terms));
  }
  return Meets(terms) && IsFirstPlaceOf(terms) ? newest : 0;
}

bool ListScan::Meets(const std::vector<record::IndexTerm>& terms) const {
  const auto has = [&](const record::IndexTerm& wanted) { return absl::c_linear_search(terms, wanted); };
  return absl::c_all_of(filter_.terms, [&](const passport::AnyOf& words) { return absl::c_any_of(words, has); }) &&
         absl::c_all_of(filter_.ranges, [&](const passport::NumberRange& range) {
           return absl::c_any_of(terms, [&](const record::IndexTerm& term) { return Holds(range, term); });
         });
}

// A record that lies under several numbers of the driving range counts at the least of them.
bool ListScan::IsFirstPlaceOf(const std::vector<record::IndexTerm>& terms) const {
  if (driver_ == 0) {
    return true;
  }
  const passport::NumberRange& range = filter_.ranges[driver_ - 1];
  const std::string place = candidates_->position().substr(0, passport::kNumberTermSize);
  return absl::c_none_of(terms,
                         [&](const record::IndexTerm& term) { return Holds(range, term) && term.value < place; });
}

}  // namespace meguri::node
