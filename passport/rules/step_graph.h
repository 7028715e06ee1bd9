// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "meguri/passport/v1/dismantling.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr int kStepsMax = 1000;
inline constexpr int kStepDependenciesMax = 100;
inline constexpr uint32_t kStepSecondsMax = 86'400;

// V7: each step has its own number and takes time; what it depends on exists; no step waits for itself.
void CheckStepGraph(const v1::Dismantling& dismantling, const Path& path, Findings& findings);

}  // namespace meguri::passport
