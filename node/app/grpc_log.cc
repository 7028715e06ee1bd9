// SPDX-License-Identifier: Apache-2.0
#include "node/app/grpc_log.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/mutex.h"
#include "grpc/support/log.h"
#include "node/rpc/limits.h"

namespace meguri::node {
namespace {

constexpr size_t kKindsMax = 256;

// Said of every connection, as we know peers by their certificates' URIs and not by host names.
constexpr char kOrdinary[] = "No match found for server name";

// gRPC takes a function without a context.
struct Target {
  Mutex mutex;
  GrpcLog* log ABSL_GUARDED_BY(mutex) = nullptr;
};
Target& TheTarget() {
  static Target& target = *new Target();  // never destroyed: gRPC's threads may outlive main
  return target;
}

// Errors of gRPC are about connections of others, which the node goes on without.
LogLevel LevelOf(const gpr_log_func_args& line) {
  if (line.severity == GPR_LOG_SEVERITY_ERROR) {
    return absl::StrContains(line.message, kOrdinary) ? LogLevel::kDebug : LogLevel::kWarning;
  }
  return line.severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo : LogLevel::kDebug;
}

void TakeLine(gpr_log_func_args* line) {
  absl::string_view file = line->file;
  file = file.substr(file.rfind('/') + 1);
  Target& target = TheTarget();
  MutexLock lock(target.mutex);
  if (target.log != nullptr) {
    target.log->Take(LevelOf(*line), absl::StrCat(file, ":", line->line), line->message);
  }
}

// What lines of one kind have in common: where they come from, and what they say but for ports and numbers.
std::string KindOf(absl::string_view place, absl::string_view text) {
  std::string kind = absl::StrCat(place, " ");
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      kind.push_back(c);
    }
  }
  return kind;
}

void SetTarget(GrpcLog* log) {
  Target& target = TheTarget();
  MutexLock lock(target.mutex);
  Invariant(log == nullptr || target.log == nullptr, "gRPC has one log");
  target.log = log;
}

}  // namespace

GrpcLog::GrpcLog(Log& log, const Clock& clock) : log_(log), lines_(kRefusalWindow, kKindsMax, clock) {
  SetTarget(this);
  gpr_set_log_function(TakeLine);
}

GrpcLog::~GrpcLog() { SetTarget(nullptr); }

void GrpcLog::Take(LogLevel level, absl::string_view place, absl::string_view text) {
  if (level == LogLevel::kDebug) {
    log_.Write(level, "grpc", {{"place", std::string(place)}, {"text", std::string(text)}});
    return;
  }
  for (const auto& [repeated, again] : lines_.TakeCounts()) {
    log_.Warning("grpc-repeated", {{"place", repeated.substr(0, repeated.find(' '))}, {"again", absl::StrCat(again)}});
  }
  if (lines_.IsFirst(KindOf(place, text))) {
    log_.Write(level, "grpc", {{"place", std::string(place)}, {"text", std::string(text)}});
  }
}

}  // namespace meguri::node
