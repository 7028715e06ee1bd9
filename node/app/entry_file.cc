// SPDX-License-Identifier: Apache-2.0
#include "node/app/entry_file.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "certs/files.h"
#include "certs/strict_parse.h"
#include "record/header.h"

namespace meguri::node {
namespace {

constexpr size_t kEntryFileBytesMax = size_t{1} << 20;
constexpr mode_t kPublicMode = 0644;

}  // namespace

absl::Status WriteEntryFile(const std::string& path, const record::v1::Envelope& record) {
  const std::string bytes = certs::SerializeForSigning(record);
  const absl::StatusOr<std::string> present = certs::ReadFile(path, kEntryFileBytesMax);
  return present.ok() && *present == bytes ? absl::OkStatus() : certs::WriteFileAtomically(path, bytes, kPublicMode);
}

absl::StatusOr<certs::CurrentEntry> ReadEntryFile(const std::string& path) {
  const absl::StatusOr<std::string> bytes = certs::ReadFile(path, kEntryFileBytesMax);
  record::v1::Envelope record;
  certs::CurrentEntry current;
  if (bytes.ok() && record.ParseFromString(*bytes) && record.sections_size() == 1 &&
      current.entry.ParseFromString(record.sections(0).payload())) {
    current.header_hash = record::HeaderHash(record.header());
    return current;
  }
  return Error(absl::StatusCode::kFailedPrecondition, "NO_REGISTRY_ENTRY",
               absl::StrCat(path,
                            " does not say what the registry has of this member yet. Start the node, and wait "
                            "until it has followed the registry."));
}

}  // namespace meguri::node
