// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "meguri/registry/v1/key_origin.pb.h"
#include "nlohmann/json.hpp"

// What readers are told of keys that no key before them vouches for.
namespace meguri::client {

// "key of 0199:x replaced without the old key's signature on 2026-04-01T00:00:00Z (recovery)".
std::string RecoveryText(const Session& session, absl::string_view participant_id, uint64_t recovered_ms);
// The same of a notice of any kind.
std::string NoticeText(const Session& session, const registry::v1::KeyNotice& notice);

// Adds the notice as a row and as an element of a JSON array.
void AddNotice(const Session& session, const registry::v1::KeyNotice& notice, Table& table,
               nlohmann::ordered_json& array);

// A row for each of `notices`, and `key_notices` in `json`.
template <typename Notices>
void AddNotices(const Session& session, const Notices& notices, Table& table, nlohmann::ordered_json& json) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const registry::v1::KeyNotice& notice : notices) {
    AddNotice(session, notice, table, array);
  }
  json["key_notices"] = std::move(array);
}

}  // namespace meguri::client
