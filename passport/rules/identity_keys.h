// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr size_t kProductGroupBytesMax = 40;

// Whether `group` is 1-40 of [a-z0-9-].
bool IsProductGroup(absl::string_view group);

void CheckProductGroup(absl::string_view value, const Path& path, Findings& findings);

// A lot or a serial: GS1 character set 82.
void CheckLotOrSerial(absl::string_view value, const Path& path, Findings& findings);

// V4: a model has neither lot nor serial, a batch a lot, an item a serial and a status; something names the thing.
void CheckGranularity(const v1::Identity& identity, const Path& path, Findings& findings);

// The value has the form that its scheme asks for.
void CheckIdentifier(const v1::Identifier& identifier, const Path& path, Findings& findings);
void CheckCategory(const v1::Category& category, const Path& path, Findings& findings);

}  // namespace meguri::passport
