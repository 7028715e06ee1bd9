// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace meguri::bench {

// What one run measured, by name.
using Figures = std::vector<std::pair<std::string, double>>;
// The command that the arguments chose.
using Chosen = std::function<absl::StatusOr<Figures>()>;

// {"rate": 1234.5, …}
std::string ToJson(const Figures& figures);

// Times in order, for percentiles.
class Latencies {
 public:
  void Add(absl::Duration latency) { milliseconds_.push_back(absl::ToDoubleMilliseconds(latency)); }
  void Append(const Latencies& other);
  // The value that `fraction` of all do not exceed. 0 if there is none.
  double Percentile(double fraction) const;
  // <prefix>p50_ms and <prefix>p99_ms.
  void AddTo(Figures& figures, const std::string& prefix) const;

 private:
  std::vector<double> milliseconds_;
};

// Each adds one command to the program and says what it does when chosen.
void AddFill(CLI::App& app, Chosen& chosen);
void AddPublishUnary(CLI::App& app, Chosen& chosen);
void AddPublishStream(CLI::App& app, Chosen& chosen);
void AddGet(CLI::App& app, Chosen& chosen);
void AddGrants(CLI::App& app, Chosen& chosen);
void AddRevocations(CLI::App& app, Chosen& chosen);
void AddFollow(CLI::App& app, Chosen& chosen);
void AddFreshness(CLI::App& app, Chosen& chosen);
void AddStartUp(CLI::App& app, Chosen& chosen);
void AddRawServer(CLI::App& app, Chosen& chosen);
void AddRawStream(CLI::App& app, Chosen& chosen);
void AddFdatasync(CLI::App& app, Chosen& chosen);
void AddVerify(CLI::App& app, Chosen& chosen);
void AddStoreLimit(CLI::App& app, Chosen& chosen);

}  // namespace meguri::bench
