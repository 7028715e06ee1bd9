// SPDX-License-Identifier: Apache-2.0
#include "node/app/key_notice_log.h"

#include "base/bytes.h"

namespace meguri::node {
namespace {

absl::string_view EventOf(registry::v1::KeyOrigin origin) {
  switch (origin) {
    case registry::v1::KEY_ORIGIN_RECOVERY:
      return "key-recovered";
    case registry::v1::KEY_ORIGIN_REFUSED:
      return "key-refused";
    default:
      return "key-unstated";
  }
}

}  // namespace

void KeyNoticeLog::Report(const certs::Registry& registry) {
  for (const registry::v1::KeyNotice& notice : registry.KeyNotices()) {
    {
      MutexLock lock(mutex_);
      if (!told_.emplace(notice.key_id(), notice.origin()).second) {
        continue;
      }
    }
    const absl::Time begin = absl::FromUnixMillis(static_cast<int64_t>(notice.not_before_ms()));
    log_.Warning(EventOf(notice.origin()), {{"member", notice.participant_id()},
                                            {"key_id", ToHex(notice.key_id())},
                                            {"in_force_from", absl::FormatTime(begin, absl::UTCTimeZone())}});
  }
}

}  // namespace meguri::node
