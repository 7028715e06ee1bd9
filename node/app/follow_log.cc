// SPDX-License-Identifier: Apache-2.0
#include "node/app/follow_log.h"

#include "absl/strings/str_cat.h"

namespace meguri::node {
namespace {

struct Event {
  LogLevel level;
  absl::string_view name;
};

Event EventOf(FollowReport::Kind kind) {
  switch (kind) {
    case FollowReport::Kind::kStarted:
      return {LogLevel::kInfo, "follow-started"};
    case FollowReport::Kind::kStopped:
      return {LogLevel::kInfo, "follow-stopped"};
    case FollowReport::Kind::kLive:
      return {LogLevel::kInfo, "follow-live"};
    case FollowReport::Kind::kWaiting:
      return {LogLevel::kWarning, "follow-waiting"};
    case FollowReport::Kind::kQuarantined:
      return {LogLevel::kError, "follow-quarantined"};
    case FollowReport::Kind::kOverQuota:
      return {LogLevel::kError, "follow-over-quota"};
    case FollowReport::Kind::kTwoHeaders:
      return {LogLevel::kWarning, "two-headers"};
    case FollowReport::Kind::kTwoOpenings:
      return {LogLevel::kWarning, "two-openings"};
    case FollowReport::Kind::kContradicted:
      return {LogLevel::kError, "own-feed-contradicted"};
    case FollowReport::Kind::kOverdue:
      return {LogLevel::kWarning, "follow-overdue"};
    case FollowReport::Kind::kUnopened:
      return {LogLevel::kWarning, "follow-unopened"};
    case FollowReport::Kind::kNewerFormat:
      return {LogLevel::kWarning, "newer-format"};
  }
  return {LogLevel::kError, "follow-unknown"};
}

}  // namespace

void FollowLog::Report(const FollowReport& report) {
  const Event event = EventOf(report.kind);
  const Log::Field member{"member", report.feed.holder.text()};
  const Log::Field publisher{"publisher", report.feed.key.publisher.text()};
  const Log::Field feed{"feed", report.feed.key.name.text()};
  const Log::Field size{"size", absl::StrCat(report.size)};
  if (report.reason.empty()) {
    log_.Write(event.level, event.name, {member, publisher, feed, size});
  } else {
    log_.Write(event.level, event.name,
               {member, publisher, feed, size, {"reason", report.reason}, {"error", report.message}});
  }
}

}  // namespace meguri::node
