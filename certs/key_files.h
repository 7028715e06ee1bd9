// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "certs/signing_key.h"

// A key and those that came after it lie side by side: record.key, record-2.key, record-3.key … None is overwritten.
namespace meguri::certs {

inline constexpr int kKeyGenerationsMax = 99;

// The files of the line of keys that begins with `path`, those that exist, oldest first.
std::vector<std::string> KeyFilesOf(const std::string& path);

// The name of the next one. RESOURCE_EXHAUSTED with reason KEY_GENERATIONS.
absl::StatusOr<std::string> NextKeyFile(const std::string& path);

// The key of that line whose public half is `public_key`. NOT_FOUND with reason KEY_NOT_HERE; the errors of
// SigningKey::Load.
absl::StatusOr<std::unique_ptr<SigningKey>> LoadKeyOf(const std::string& path, absl::string_view public_key);

}  // namespace meguri::certs
