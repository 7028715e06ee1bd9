// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/channel.h"
#include "record/participant_id.h"

namespace meguri::client {

inline constexpr size_t kContextFileBytesMax = size_t{1} << 20;

// The content of client.toml.
struct ContextSettings {
  std::string federation;
  record::ParticipantId member;  // whom the calls act for
  std::string address;           // host:port of the node
  std::string node_identity;     // SPIFFE ID that the node's certificate must carry
  std::string record_key;        // path, relative to the folder; "" if records are signed elsewhere

  // INVALID_ARGUMENT (reason CONTEXT) with every wrong key as a violation whose field is "<file>: <key>".
  static absl::StatusOr<ContextSettings> Parse(absl::string_view toml, absl::string_view file);
};

// A client folder that was read and checked: all that is needed to call one node as one member.
struct Context {
  std::string folder;
  ContextSettings settings;
  TlsMaterial tls;
  std::string trust_bundle;     // bytes of the file
  std::string record_key_path;  // "" if there is none

  // INVALID_ARGUMENT (reason CONTEXT) with every missing, unreadable or wrong file as a violation.
  static absl::StatusOr<Context> Load(const std::string& folder);
};

}  // namespace meguri::client
