// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/time/clock.h"
#include "bench/micro/sample.h"
#include "benchmark/benchmark.h"
#include "certs/files.h"
#include "certs/record_file.h"
#include "certs/trust_bundle.h"

namespace meguri::bench {
namespace {

// What `deploy/demo` leaves behind, seen from the root of the project.
constexpr char kRecordFile[] = "build/demo/battery.meguri";
constexpr char kTrustBundle[] = "build/demo/trust-bundle";
constexpr size_t kBundleBytesMax = size_t{1} << 20;

// What `meguri verify` does once it has read its files; how large the file is, and how much of it is not sections.
void VerifySavedRecord(benchmark::State& state) {
  const absl::StatusOr<std::string> file = certs::ReadFile(kRecordFile, certs::kRecordFileBytesMax);
  const absl::StatusOr<std::string> bundle_file = certs::ReadFile(kTrustBundle, kBundleBytesMax);
  if (!file.ok() || !bundle_file.ok()) {
    state.SkipWithError("run deploy/demo first, and this program in the root of the project");
    return;
  }
  const absl::Time now = absl::Now();
  const certs::TrustBundle bundle = Must(certs::TrustBundle::Open(*bundle_file, now));
  size_t sections = 0;
  for (auto _ : state) {
    const certs::VerificationReport report = Must(certs::VerifyRecordFile(*file, bundle, now));
    sections = 0;
    for (const record::v1::Section& section : report.envelope.sections()) {
      sections += section.ByteSizeLong();
    }
  }
  state.counters["bytes"] = static_cast<double>(file->size());
  state.counters["beside_sections"] = static_cast<double>(file->size() - sections);
}
BENCHMARK(VerifySavedRecord);

}  // namespace
}  // namespace meguri::bench
