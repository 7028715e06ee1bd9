// SPDX-License-Identifier: Apache-2.0
#include "storage/value.h"

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::storage {
namespace {

constexpr char kPlain = static_cast<char>(ValueEncryption::kPlain);

}  // namespace

std::string WrapValue(absl::string_view bytes) {
  std::string stored;
  stored.reserve(1 + bytes.size());
  stored.push_back(kPlain);
  stored.append(bytes.data(), bytes.size());
  return stored;
}

std::string WrapU64(uint64_t number) {
  std::string stored(1, kPlain);
  AppendU64(number, stored);
  return stored;
}

std::string WrapMessage(const google::protobuf::MessageLite& message) {
  std::string stored(1, kPlain);
  // It fails only beyond 2 GiB, and every value has a limit far below that.
  Invariant(message.AppendToString(&stored), "a stored message can be serialised");
  return stored;
}

absl::StatusOr<absl::string_view> UnwrapValue(absl::string_view stored) {
  if (!stored.empty() && stored.front() == static_cast<char>(ValueEncryption::kSealed)) {
    return Error(absl::StatusCode::kDataLoss, "VALUE_SEALED",
                 "a stored section does not open with the data key of its record: it is damaged; restore a backup of "
                 "store and ANCHOR");
  }
  if (stored.empty() || stored.front() != kPlain) {
    return Error(absl::StatusCode::kDataLoss, "VALUE_ENCODING",
                 "a stored value starts with an unknown encryption byte; restore a backup of store and ANCHOR");
  }
  return stored.substr(1);
}

absl::StatusOr<uint64_t> UnwrapU64(absl::string_view stored, absl::string_view what) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  if (bytes.size() != sizeof(uint64_t)) {
    return ValueDamaged(what);
  }
  return ReadU64(bytes);
}

absl::Status UnwrapMessage(absl::string_view stored, absl::string_view what, google::protobuf::MessageLite& message) {
  MEGURI_ASSIGN_OR_RETURN(const absl::string_view bytes, UnwrapValue(stored));
  if (bytes.size() > INT32_MAX || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return ValueDamaged(what);
  }
  return absl::OkStatus();
}

absl::Status ValueDamaged(absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "VALUE_DAMAGED",
               absl::StrCat("the stored ", what, " cannot be read; restore a backup of store and ANCHOR"));
}

absl::Status ValueMissing(absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "VALUE_MISSING",
               absl::StrCat("the store has lost ", what, "; restore a backup of store and ANCHOR"));
}

}  // namespace meguri::storage
