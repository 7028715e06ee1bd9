// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "passport/rules/record_rule.h"

namespace meguri::passport {

inline constexpr int kDataQualityLevelMax = 4;

// How well a lot of plastic is described. EN 18065, IDTA 02080 RequiredAtDQL.
struct QualityLevel {
  int level = 0;                     // 0 … kDataQualityLevelMax; each level needs all of the levels below it
  std::vector<std::string> missing;  // what the next level needs, in the words of IDTA 02080
};

QualityLevel AchievedQuality(const RecordContent& content);

// V10: the declared level is no higher than the achieved one, and plastic recyclate declares one.
void CheckDataQualityLevel(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
