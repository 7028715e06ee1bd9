// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/fsck.h"
#include "storage/ordered_store.h"

namespace meguri::storage {

// Where the checks of Fsck put what they find. Thread-compatible.
class Findings {
 public:
  using Progress = std::function<void(uint64_t, uint64_t)>;
  explicit Findings(const Progress& progress) : progress_(progress) {}

  void AddProblem(std::string sentence);
  // Adds `status` as a problem of `where` unless it is OK. Returns whether it is.
  bool IsOk(absl::string_view where, const absl::Status& status);
  // One more record or entry is through.
  void Step();
  void SetTotal(uint64_t total) { total_ = total; }
  // The report; nothing may be added afterwards.
  FsckReport Finish();

  FsckReport report;

 private:
  const Progress& progress_;
  uint64_t total_ = 0;
  uint64_t done_ = 0;
  uint64_t problems_left_out_ = 0;
};

// Calls `visit` for everything under `prefix`. A walk that ends early because of damage is a problem.
using Visit = absl::FunctionRef<void(absl::string_view key, absl::string_view stored)>;
void Walk(const StoreReader& store, Family family, const std::string& prefix, Findings& findings, Visit visit);

// "key 6b…": how a sentence names a key that cannot be read.
std::string NameOfKey(absl::string_view key);

// Whether the store has at least this format. What a later format adds is not missed in an older one, which a node will
// migrate when it opens it.
bool HasFormat(const StoreReader& store, uint32_t format, Findings& findings);

}  // namespace meguri::storage
