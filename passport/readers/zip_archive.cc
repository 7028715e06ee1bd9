// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/zip_archive.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "zip.h"

namespace meguri::passport {
namespace {

constexpr size_t kReadStep = size_t{64} << 10;

absl::Status Refused(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status CheckEntry(const zip_stat_t& entry) {
  if (entry.encryption_method != ZIP_EM_NONE) {
    return Refused("ZIP_ENCRYPTED", absl::StrCat(entry.name, " is encrypted; save the file without a password"));
  }
  if (entry.size > kZipRatioFreeBytes && entry.size / std::max<uint64_t>(entry.comp_size, 1) > kZipRatioMax) {
    return Refused("ZIP_RATIO",
                   absl::StrCat(entry.name, " is packed tighter than 1 : ", kZipRatioMax, ", as no document is"));
  }
  return absl::OkStatus();
}

// Every entry is looked at before the first is unpacked.
absl::StatusOr<std::vector<std::string>> CheckEntries(zip_t* archive) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count < 0 || static_cast<uint64_t>(count) > kZipEntriesMax) {
    return Refused("ZIP_ENTRIES",
                   absl::StrCat("the archive has ", count, " entries; at most ", kZipEntriesMax, " are allowed"));
  }
  std::vector<std::string> names;
  uint64_t unpacked = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    zip_stat_t entry;
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive, i, 0, &entry) != 0 || (entry.valid & kNeeded) != kNeeded) {
      return Refused("ZIP_SYNTAX", absl::StrCat("entry ", i, " of the archive says nothing about itself"));
    }
    MEGURI_RETURN_IF_ERROR(CheckEntry(entry));
    unpacked = entry.size > kZipUnpackedBytesMax - unpacked ? kZipUnpackedBytesMax + 1 : unpacked + entry.size;
    if (unpacked > kZipUnpackedBytesMax) {
      return Refused("ZIP_UNPACKED_SIZE",
                     absl::StrCat("the archive unpacks to more than ", kZipUnpackedBytesMax, " bytes; split the file"));
    }
    names.emplace_back(entry.name);
  }
  return names;
}

// Closes an entry that was opened.
struct EntryCloser {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

absl::Status WriteFailed() {
  return Error(absl::StatusCode::kInternal, "ZIP_WRITE", "the archive could not be written");
}

}  // namespace

struct ZipArchive::Handle {
  zip_t* archive = nullptr;
  ~Handle() { zip_discard(archive); }
};

bool LooksLikeZip(absl::string_view bytes) {
  return absl::StartsWith(bytes, "PK\x03\x04") || absl::StartsWith(bytes, "PK\x05\x06");
}

ZipArchive::ZipArchive(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
ZipArchive::~ZipArchive() = default;

absl::StatusOr<std::unique_ptr<ZipArchive>> ZipArchive::Open(absl::string_view bytes) {
  if (bytes.size() > kZipBytesMax) {
    return Refused("ZIP_SIZE",
                   absl::StrCat("the archive has ", bytes.size(), " bytes; at most ", kZipBytesMax, " are allowed"));
  }
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), /*freep=*/0, &error);
  Invariant(source != nullptr, "there is memory for a ZIP source");
  auto handle = std::make_unique<Handle>();
  handle->archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (handle->archive == nullptr) {
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    zip_source_free(source);
    return Refused("ZIP_SYNTAX", absl::StrCat("the file is no ZIP archive: ", why));
  }
  zip_error_fini(&error);
  MEGURI_ASSIGN_OR_RETURN(std::vector<std::string> names, CheckEntries(handle->archive));
  auto archive = std::unique_ptr<ZipArchive>(new ZipArchive(std::move(handle)));
  archive->names_ = std::move(names);
  return archive;
}

bool ZipArchive::Has(absl::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

absl::Status ZipArchive::Read(const std::string& name,
                              absl::FunctionRef<absl::Status(absl::string_view piece)> take) const {
  zip_stat_t entry;
  if (zip_stat(handle_->archive, name.c_str(), 0, &entry) != 0) {
    return Error(absl::StatusCode::kNotFound, "ZIP_ENTRY_MISSING", absl::StrCat("the archive has no entry ", name));
  }
  const std::unique_ptr<zip_file_t, EntryCloser> file(zip_fopen_index(handle_->archive, entry.index, 0));
  if (file == nullptr) {
    return Refused("ZIP_SYNTAX", absl::StrCat(name, " cannot be unpacked"));
  }
  std::string step(kReadStep, '\0');
  uint64_t total = 0;
  while (true) {
    const zip_int64_t size = zip_fread(file.get(), step.data(), step.size());
    total += static_cast<uint64_t>(std::max<zip_int64_t>(size, 0));
    // An entry that goes on behind its end would get around the limits.
    if (size < 0 || total > entry.size) {
      return Refused("ZIP_SYNTAX", absl::StrCat(name, " does not hold what the archive says"));
    }
    if (size == 0) {
      return total == entry.size ? absl::OkStatus() : Refused("ZIP_SYNTAX", absl::StrCat(name, " is cut off"));
    }
    MEGURI_RETURN_IF_ERROR(take(absl::string_view(step.data(), static_cast<size_t>(size))));
  }
}

absl::StatusOr<std::string> ZipArchive::ReadAll(const std::string& name, size_t size_max) const {
  std::string all;
  MEGURI_RETURN_IF_ERROR(Read(name, [&](absl::string_view piece) {
    all.append(piece.data(), piece.size());
    return all.size() <= size_max
               ? absl::OkStatus()
               : Refused("ZIP_UNPACKED_SIZE", absl::StrCat(name, " unpacks to more than ", size_max, " bytes"));
  }));
  return all;
}

absl::StatusOr<std::string> WriteZip(const std::vector<ZipFile>& files) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  Invariant(target != nullptr, "there is memory for a ZIP source");
  zip_source_keep(target);  // closing the archive gives up one of two holds
  zip_t* archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error);
  zip_error_fini(&error);
  Invariant(archive != nullptr, "an archive can be begun in memory");
  for (const ZipFile& file : files) {
    zip_source_t* source = zip_source_buffer(archive, file.bytes.data(), file.bytes.size(), 0);
    if (zip_file_add(archive, file.name.c_str(), source, ZIP_FL_ENC_UTF_8) < 0) {
      zip_source_free(source);
      zip_discard(archive);
      zip_source_free(target);
      return WriteFailed();
    }
  }
  if (zip_close(archive) != 0) {
    zip_discard(archive);
    zip_source_free(target);
    return WriteFailed();
  }
  zip_stat_t made;
  std::string bytes;
  if (zip_source_stat(target, &made) == 0 && zip_source_open(target) == 0) {
    bytes.resize(made.size);
    zip_source_read(target, bytes.data(), bytes.size());
    zip_source_close(target);
  }
  zip_source_free(target);
  return bytes.empty() ? absl::StatusOr<std::string>(WriteFailed()) : bytes;
}

}  // namespace meguri::passport
