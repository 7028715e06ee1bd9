// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Small files: keys, certificates, bundles. Errors name the path and what the system said: reason FILE_NOT_FOUND
// (NOT_FOUND), FILE_EXISTS (ALREADY_EXISTS), FILE_TOO_LARGE (FAILED_PRECONDITION) or FILE_IO (UNAVAILABLE).
namespace meguri::certs {

// Reads a regular file of at most `size_max` bytes. Symbolic links are followed.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t size_max);

// As ReadFile. FAILED_PRECONDITION (reason KEY_FILE_MODE) if group or others have any right to the file.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path, size_t size_max);

// Replaces the file at once: a reader, or a start after a crash, sees the old bytes or the new ones. Durable when it
// returns OK.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes, mode_t mode);

// Writes a file that must not exist yet. Durable when it returns OK; leaves nothing behind when it fails.
absl::Status WriteNewFile(const std::string& path, absl::string_view bytes, mode_t mode);

}  // namespace meguri::certs
