// SPDX-License-Identifier: Apache-2.0
#include "node/app/guest_quota.h"

#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"

namespace meguri::node {
namespace {

constexpr size_t kFileBytesMax = 4096;
constexpr mode_t kPublicMode = 0644;
constexpr uint64_t kQuotaMax = uint64_t{1} << 40;
constexpr uint64_t kMebibyte = uint64_t{1} << 20;

absl::Status BadLine(const Folder& folder, absl::string_view line) {
  return InvalidInput({{folder.quota(), "CONFIG", absl::StrCat("'", line, "'"),
                        absl::StrCat("store_mib, records or calls_per_second = a number from 1 to ", kQuotaMax),
                        "set it with `meguri-node host quota`", "quota.toml の行が正しくありません。"}});
}

absl::Status Exhausted(absl::string_view reason, const record::ParticipantId& member, absl::string_view what,
                       absl::string_view cure) {
  return Error(absl::StatusCode::kResourceExhausted, reason,
               absl::StrCat(member.text(), " ", what, " on the node that hosts it. ", cure));
}

}  // namespace

absl::StatusOr<GuestQuota> ReadGuestQuota(const Folder& folder) {
  GuestQuota quota;
  const absl::StatusOr<std::string> text = certs::ReadFile(folder.quota(), kFileBytesMax);
  if (absl::IsNotFound(text.status())) {
    return quota;
  }
  MEGURI_RETURN_IF_ERROR(text.status());
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits('=', 1));
    const absl::string_view name = absl::StripAsciiWhitespace(parts.first);
    uint64_t* const value = name == "store_mib"          ? &quota.store_mib
                            : name == "records"          ? &quota.records
                            : name == "calls_per_second" ? &quota.calls_per_second
                                                         : nullptr;
    uint64_t number = 0;
    if (value == nullptr || !absl::SimpleAtoi(parts.second, &number) || number == 0 || number > kQuotaMax) {
      return BadLine(folder, line);
    }
    *value = number;
  }
  return quota;
}

absl::Status WriteGuestQuota(const Folder& folder, const GuestQuota& quota) {
  for (const uint64_t number : {quota.store_mib, quota.records, quota.calls_per_second}) {
    if (number == 0 || number > kQuotaMax) {
      return BadLine(folder, absl::StrCat(number));
    }
  }
  return certs::WriteFileAtomically(folder.quota(),
                                    absl::StrCat("store_mib = ", quota.store_mib, "\nrecords = ", quota.records,
                                                 "\ncalls_per_second = ", quota.calls_per_second, "\n"),
                                    kPublicMode);
}

// Files come and go while a store is in use: those that are gone count nothing.
uint64_t StoreBytes(const Folder& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  std::filesystem::directory_iterator files(folder.store(), error);
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    std::error_code gone;
    const uint64_t size = files->file_size(gone);
    bytes += gone ? 0 : size;
  }
  return bytes;
}

absl::Status GuestGuard::Refresh(uint64_t records) {
  const uint64_t store_bytes = StoreBytes(folder_);
  std::error_code absent;
  const auto time = std::filesystem::last_write_time(folder_.quota(), absent);
  {
    MutexLock lock(mutex_);
    store_bytes_ = store_bytes;
    records_ = records;
    if (read_time_ == time) {
      return absl::OkStatus();
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const GuestQuota quota, ReadGuestQuota(folder_));
  calls_.SetMax(quota.calls_per_second);
  MutexLock lock(mutex_);
  quota_ = quota;
  read_time_ = time;
  return absl::OkStatus();
}

admin::v1::GuestUsage GuestGuard::Usage() const {
  MutexLock lock(mutex_);
  admin::v1::GuestUsage usage;
  usage.set_store_bytes(store_bytes_);
  usage.set_store_bytes_max(quota_.store_mib * kMebibyte);
  usage.set_records(records_);
  usage.set_records_max(quota_.records);
  usage.set_calls_per_second_max(quota_.calls_per_second);
  return usage;
}

absl::Status GuestGuard::AdmitCall() {
  if (calls_.Admit()) {
    return absl::OkStatus();
  }
  MutexLock lock(mutex_);
  return Exhausted("GUEST_CALLS", member_,
                   absl::StrCat("is called more than ", quota_.calls_per_second, " times a second, its quota"),
                   "Call it less often, several records at a time; or ask the host for more (`host quota`).");
}

absl::Status GuestGuard::AdmitStorage() const {
  MutexLock lock(mutex_);
  if (store_bytes_ >= quota_.store_mib * kMebibyte) {
    return Exhausted(
        "GUEST_STORE", member_,
        absl::StrCat("takes up ", store_bytes_ / kMebibyte, " MiB of disk; its quota is ", quota_.store_mib),
        "What is there stays readable. Follow less, or ask the host for more (`host quota`).");
  }
  if (records_ >= quota_.records) {
    return Exhausted(
        "GUEST_RECORDS", member_,
        absl::StrCat("has ", records_, " versions of records, copies included; its quota is ", quota_.records),
        "What is there stays readable. Follow less, or ask the host for more (`host quota`).");
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
