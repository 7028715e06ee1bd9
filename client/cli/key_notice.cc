// SPDX-License-Identifier: Apache-2.0
#include "client/cli/key_notice.h"

#include "base/bytes.h"
#include "client/cli/words.h"

namespace meguri::client {
namespace {

const char* NameOf(registry::v1::KeyOrigin origin) {
  switch (origin) {
    case registry::v1::KEY_ORIGIN_RECOVERY:
      return "RECOVERY";
    case registry::v1::KEY_ORIGIN_REFUSED:
      return "REFUSED";
    default:
      return "UNSPECIFIED";
  }
}

}  // namespace

std::string RecoveryText(const Session& session, absl::string_view participant_id, uint64_t recovered_ms) {
  return session.Say(Message::kKeyRecovered, {participant_id, TimeOf(recovered_ms)});
}

std::string NoticeText(const Session& session, const registry::v1::KeyNotice& notice) {
  const std::string time = TimeOf(notice.not_before_ms());
  const std::string id = ToHex(notice.key_id());
  switch (notice.origin()) {
    case registry::v1::KEY_ORIGIN_RECOVERY:
      return RecoveryText(session, notice.participant_id(), notice.not_before_ms());
    case registry::v1::KEY_ORIGIN_REFUSED:
      return session.Say(Message::kKeyRefused, {notice.participant_id(), time, id});
    default:
      return session.Say(Message::kKeyUnstated, {notice.participant_id(), time, id});
  }
}

void AddNotice(const Session& session, const registry::v1::KeyNotice& notice, Table& table,
               nlohmann::ordered_json& array) {
  table.Add({session.Say(Message::kCaution), NoticeText(session, notice)});
  array.push_back({{"participant_id", notice.participant_id()},
                   {"key_id", ToHex(notice.key_id())},
                   {"origin", NameOf(notice.origin())},
                   {"not_before", TimeOf(notice.not_before_ms())}});
}

}  // namespace meguri::client
