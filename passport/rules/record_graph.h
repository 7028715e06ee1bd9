// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace meguri::passport {

inline constexpr size_t kGraphDepthMax = 32;

// V7 over several records: which record is made of, follows or was made from which others.
using RecordGraph = std::map<std::string, std::vector<std::string>>;

// A circle of records, the first one again at the end; empty if there is none.
std::vector<std::string> FindCircle(const RecordGraph& graph);
// The shortest circle through `name`, which begins and ends with it; empty if there is none.
std::vector<std::string> CircleThrough(const std::string& name, const RecordGraph& graph);
// The longest chain from any record, itself counted; more than kGraphDepthMax if there is a circle.
size_t GraphDepth(const RecordGraph& graph);

}  // namespace meguri::passport
