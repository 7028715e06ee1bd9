// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meguri::passport {

inline constexpr size_t kZipBytesMax = size_t{128} << 20;
inline constexpr size_t kZipEntriesMax = 2'000;
inline constexpr uint64_t kZipUnpackedBytesMax = uint64_t{256} << 20;  // all entries together
// Deflate packs at most 1 : 1032; office documents reach 1 : 60.
inline constexpr uint64_t kZipRatioMax = 250;
inline constexpr uint64_t kZipRatioFreeBytes = uint64_t{1}
                                               << 20;  // entries up to this size may be packed as well as they can

// Whether `bytes` begin as a ZIP archive does.
bool LooksLikeZip(absl::string_view bytes);

// A ZIP archive in memory. Nothing is unpacked before every entry has been found within the limits. INVALID_ARGUMENT
// with reason ZIP_SYNTAX, ZIP_SIZE, ZIP_ENTRIES, ZIP_UNPACKED_SIZE, ZIP_RATIO or ZIP_ENCRYPTED. Total: any bytes are
// fine. Not thread-safe.
class ZipArchive {
 public:
  // `bytes` are borrowed.
  static absl::StatusOr<std::unique_ptr<ZipArchive>> Open(absl::string_view bytes);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::vector<std::string>& names() const { return names_; }
  bool Has(absl::string_view name) const;

  // Hands the entry over in pieces. NOT_FOUND with reason ZIP_ENTRY_MISSING; reason ZIP_SYNTAX if the entry does not
  // hold what the archive says, or what `take` said.
  absl::Status Read(const std::string& name, absl::FunctionRef<absl::Status(absl::string_view piece)> take) const;
  // The whole entry. As Read, and reason ZIP_UNPACKED_SIZE if it is longer than `size_max`.
  absl::StatusOr<std::string> ReadAll(const std::string& name, size_t size_max) const;

 private:
  struct Handle;
  explicit ZipArchive(std::unique_ptr<Handle> handle);

  const std::unique_ptr<Handle> handle_;
  std::vector<std::string> names_;
};

struct ZipFile {
  std::string name;
  std::string bytes;
};
// Packs files into an archive.
absl::StatusOr<std::string> WriteZip(const std::vector<ZipFile>& files);

}  // namespace meguri::passport
