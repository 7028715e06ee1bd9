// SPDX-License-Identifier: Apache-2.0
#include "storage/fsck_findings.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "storage/commit_keys.h"
#include "storage/format.h"

namespace meguri::storage {
namespace {

constexpr uint64_t kStepsBetweenProgress = 4096;

}  // namespace

void Findings::AddProblem(std::string sentence) {
  if (report.problems.size() < kFsckProblemsMax) {
    report.problems.push_back(std::move(sentence));
  } else {
    ++problems_left_out_;
  }
}

bool Findings::IsOk(absl::string_view where, const absl::Status& status) {
  if (!status.ok()) {
    AddProblem(absl::StrCat(where, ": ", status.message()));
  }
  return status.ok();
}

void Findings::Step() {
  ++done_;
  if (progress_ && done_ % kStepsBetweenProgress == 0) {
    // The total comes from counters that may be damaged or behind.
    progress_(done_, std::max(done_, total_));
  }
}

FsckReport Findings::Finish() {
  if (problems_left_out_ > 0) {
    report.problems.push_back(absl::StrCat("and ", problems_left_out_, " more problems"));
  }
  if (progress_) {
    progress_(done_, done_);
  }
  return std::move(report);
}

void Walk(const StoreReader& store, Family family, const std::string& prefix, Findings& findings, Visit visit) {
  const std::unique_ptr<Cursor> cursor = store.NewCursor(family, prefix);
  std::string last = prefix;
  for (; cursor->Valid(); cursor->Next()) {
    visit(cursor->key(), cursor->value());
    last.assign(cursor->key().data(), cursor->key().size());
  }
  findings.IsOk(absl::StrCat("after ", NameOfKey(last), " nothing can be read"), cursor->status());
}

std::string NameOfKey(absl::string_view key) { return absl::StrCat("key ", ToHex(key)); }

bool HasFormat(const StoreReader& store, uint32_t format, Findings& findings) {
  const auto found = ReadNumber(store, kFormatKey);
  return findings.IsOk("number of the store format", found.status()) && found->value_or(kStoreFormat) >= format;
}

}  // namespace meguri::storage
