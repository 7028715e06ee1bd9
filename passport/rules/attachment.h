// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/attachment.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int kAttachmentsMax = 16;
inline constexpr int kKeptValuesMax = 20'000;  // of one file
inline constexpr size_t kKeptPathBytesMax = 1024;
inline constexpr size_t kKeptValueBytesMax = 65536;

// A name without folders, of one line.
void CheckFileName(absl::string_view value, const Path& path, Findings& findings);
// What is kept of a file is kept as it stood there: only its size is checked.
void CheckKeptPath(absl::string_view value, const Path& path, Findings& findings);
void CheckKeptValue(absl::string_view value, const Path& path, Findings& findings);
// An attachment holds something, and the content is what sha256 says.
void CheckAttachment(const v1::Attachment& attachment, const Path& path, Findings& findings);

}  // namespace meguri::passport
