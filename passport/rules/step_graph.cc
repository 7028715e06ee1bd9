// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/step_graph.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace meguri::passport {
namespace {

// From a step's seq to its place in the list; the first one where two share a seq.
using Places = absl::flat_hash_map<uint32_t, int>;

void AddFinding(std::string field, std::string reason, std::string found, std::string expected, std::string cure,
                std::string message_ja, Findings& findings) {
  findings.Add({.field = std::move(field),
                .reason = std::move(reason),
                .found = std::move(found),
                .expected = std::move(expected),
                .cure = std::move(cure),
                .message_ja = std::move(message_ja)});
}

Places CheckNumbers(const v1::Dismantling& dismantling, const Path& path, Findings& findings) {
  Places places;
  for (int i = 0; i < dismantling.steps_size(); ++i) {
    const v1::DismantlingStep& step = dismantling.steps(i);
    const Path step_path = path.Element("steps", i);
    const bool is_new = places.emplace(step.seq(), i).second;
    if (!is_new) {
      AddFinding(step_path.At("seq"), "V7_SEQ_DUPLICATE", absl::StrCat(step.seq()), "a number of its own for each step",
                 "number the steps anew", "工程番号（seq）が重複しています。", findings);
    }
    if (step.time_s() == 0 || step.time_s() > kStepSecondsMax) {
      AddFinding(step_path.At("time_s"), "V7_TIME", absl::StrCat(step.time_s(), " s"),
                 absl::StrCat("1 to ", kStepSecondsMax, " seconds"), "time the step",
                 "所要時間（秒）は1以上で記載してください。", findings);
    }
  }
  return places;
}

void CheckDependencies(const v1::Dismantling& dismantling, const Places& places, const Path& path, Findings& findings) {
  for (int i = 0; i < dismantling.steps_size(); ++i) {
    const v1::DismantlingStep& step = dismantling.steps(i);
    const Path step_path = path.Element("steps", i);
    if (step.depends_on_size() > kStepDependenciesMax) {
      AddFinding(step_path.At("depends_on"), "V7_DEPENDENCIES", absl::StrCat(step.depends_on_size()),
                 absl::StrCat("at most ", kStepDependenciesMax), "name only what must come right before",
                 "依存工程の数が多すぎます。", findings);
    }
    for (int j = 0; j < step.depends_on_size(); ++j) {
      if (!places.contains(step.depends_on(j))) {
        AddFinding(step_path.Element("depends_on", j).ToString(), "V7_DEPENDS_UNKNOWN",
                   absl::StrCat(step.depends_on(j)), "the seq of a step in this list",
                   "correct the number or add the step", "依存先の工程番号が存在しません。", findings);
      }
    }
  }
}

// Takes away, round by round, the steps that wait for nothing; what stays waits in a circle or for one.
std::vector<int> StepsLeftWaiting(const v1::Dismantling& dismantling, const Places& places) {
  const auto count = static_cast<size_t>(dismantling.steps_size());
  std::vector<std::vector<size_t>> followers(count);
  std::vector<size_t> waits_for(count, 0);
  for (size_t i = 0; i < count; ++i) {
    for (const uint32_t seq : dismantling.steps(static_cast<int>(i)).depends_on()) {
      if (const auto place = places.find(seq); place != places.end()) {
        followers[static_cast<size_t>(place->second)].push_back(i);
        ++waits_for[i];
      }
    }
  }
  std::vector<size_t> free;
  for (size_t i = 0; i < count; ++i) {
    if (waits_for[i] == 0) {
      free.push_back(i);
    }
  }
  while (!free.empty()) {
    const size_t done = free.back();
    free.pop_back();
    for (const size_t follower : followers[done]) {
      if (--waits_for[follower] == 0) {
        free.push_back(follower);
      }
    }
  }
  std::vector<int> left;
  for (size_t i = 0; i < count; ++i) {
    if (waits_for[i] > 0) {
      left.push_back(static_cast<int>(i));
    }
  }
  return left;
}

// Follows a dependency that is itself left waiting until a step comes round again: "2 > 5 > 2".
std::string CircleAmong(const v1::Dismantling& dismantling, const Places& places, const std::vector<int>& left) {
  absl::flat_hash_map<int, size_t> seen;
  std::vector<uint32_t> walk;
  int step = left.front();
  while (seen.emplace(step, walk.size()).second) {
    walk.push_back(dismantling.steps(step).seq());
    for (const uint32_t seq : dismantling.steps(step).depends_on()) {
      const auto place = places.find(seq);
      if (place != places.end() && std::binary_search(left.begin(), left.end(), place->second)) {
        step = place->second;
        break;
      }
    }
  }
  walk.erase(walk.begin(), walk.begin() + static_cast<std::ptrdiff_t>(seen[step]));
  walk.push_back(dismantling.steps(step).seq());
  return absl::StrJoin(walk, " > ");
}

}  // namespace

void CheckStepGraph(const v1::Dismantling& dismantling, const Path& path, Findings& findings) {
  if (dismantling.steps_size() > kStepsMax) {
    AddFinding(path.At("steps"), "V7_STEPS", absl::StrCat(dismantling.steps_size(), " steps"),
               absl::StrCat("at most ", kStepsMax), "describe parts in passports of their own",
               absl::StrCat("工程数は", kStepsMax, "までです。"), findings);
    return;
  }
  const Places places = CheckNumbers(dismantling, path, findings);
  CheckDependencies(dismantling, places, path, findings);
  const std::vector<int> left = StepsLeftWaiting(dismantling, places);
  if (!left.empty()) {
    AddFinding(path.At("steps"), "V7_CYCLE",
               absl::StrCat("steps that wait for each other: ", CircleAmong(dismantling, places, left)),
               "an order in which every step can begin", "take one of these dependencies out",
               "工程の依存関係が循環しています。", findings);
  }
}

}  // namespace meguri::passport
