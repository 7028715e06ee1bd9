// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// JIS X 0401: 01 … 47.
bool IsPrefecture(absl::string_view code);

void CheckPrefecture(absl::string_view value, const Path& path, Findings& findings);
// A prefecture of JIS X 0401 or a country of ISO 3166-1.
void CheckRegion(absl::string_view value, const Path& path, Findings& findings);
// A country of ISO 3166-1, or XX if it is not known.
void CheckOriginCountry(absl::string_view value, const Path& path, Findings& findings);
// V2: 全国地方公共団体コード of six digits.
void CheckMunicipalityCode(absl::string_view value, const Path& path, Findings& findings);
// V5: a CAS Registry Number.
void CheckCas(absl::string_view value, const Path& path, Findings& findings);
// A year of four digits.
void CheckYear(absl::string_view value, const Path& path, Findings& findings);
// H225, H350i, EUH014, one or several joined by +.
void CheckHazardStatement(absl::string_view value, const Path& path, Findings& findings);

}  // namespace meguri::passport
