// SPDX-License-Identifier: Apache-2.0
#include "storage/format.h"

#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "storage/commit_keys.h"
#include "storage/membership.h"
#include "storage/usage_count.h"
#include "storage/value.h"
#include "storage/versions.h"

namespace meguri::storage {
namespace {

// Fails if another process has changed the mark meanwhile.
absl::Status Mark(OrderedStore& store, absl::optional<uint64_t> from, uint64_t to) {
  WriteBatch batch;
  const absl::optional<std::string> expected =
      from.has_value() ? absl::optional<std::string>(WrapU64(*from)) : absl::nullopt;
  batch.preconditions.push_back(Precondition{Family::kLookup, kFormatKey, expected});
  batch.writes.push_back(Write{Family::kLookup, kFormatKey, WrapU64(to)});
  return store.Apply(batch);
}

absl::Status MarkNew(OrderedStore& store, uint64_t format) {
  MEGURI_ASSIGN_OR_RETURN(const bool empty, IsEmpty(store));
  if (!empty) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 "the store holds entries but no format number: it is not a Meguri store, or has lost data; "
                 "restore a backup of store and ANCHOR");
  }
  return Mark(store, absl::nullopt, format);
}

absl::Status AddNothing(OrderedStore& /*store*/) { return absl::OkStatus(); }

}  // namespace

absl::Status PrepareFormat(OrderedStore& store) { return PrepareFormat(store, MigrationStep(AddNothing)); }

absl::Status PrepareFormat(OrderedStore& store, const MigrationStep& seal_sections) {
  const MigrationStep steps[] = {AddUsage, AddNewestKeys, AddEntryIndices, AddNothing, seal_sections};
  static_assert(std::size(steps) == kStoreFormat - 1, "a step leads to every format but the first");
  return PrepareFormat(store, steps);
}

absl::Status PrepareFormat(OrderedStore& store, absl::Span<const MigrationStep> steps) {
  const uint64_t wanted = steps.size() + 1;
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<uint64_t> found, ReadNumber(store, kFormatKey));
  if (!found.has_value()) {
    return MarkNew(store, wanted);
  }
  if (*found > wanted) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_FORMAT_NEWER",
                 absl::StrCat("the store has format ", *found, " and this program knows formats up to ", wanted,
                              ": run the newer program, or restore a backup from before the upgrade"));
  }
  if (*found == 0) {
    return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
                 "the store has format 0, which never existed; restore a backup of store and ANCHOR");
  }
  for (uint64_t format = *found; format < wanted; ++format) {
    MEGURI_RETURN_IF_ERROR(steps[format - 1](store));
    MEGURI_RETURN_IF_ERROR(Mark(store, format, format + 1));
  }
  return absl::OkStatus();
}

}  // namespace meguri::storage
