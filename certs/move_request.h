// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "certs/change_request.h"
#include "meguri/registry/v1/move.pb.h"
#include "record/public_key.h"

// What a new host asks a member to sign when it moves: docs/format/trust.md §7.3. The member makes a change request of
// it, with its record key; nothing but the host and its feed key can change by that.
namespace meguri::certs {

inline constexpr size_t kMoveRequestBytesMax = size_t{256} << 10;

// A request that was read: what the registry says, as the request shows it, and what it shall say.
struct MoveRequest {
  std::string federation;
  CurrentEntry present;
  registry::v1::MemberEntry next;        // the new feed key, the last one, is not endorsed yet
  std::string certificate_request = {};  // of the node's TLS key, if the member moves to a node of its own

  // Whether the member moves to a node of its own.
  bool is_to_own_node() const { return !certificate_request.empty(); }
};

// Whether `bytes` are meant to be a move request.
bool IsMoveRequest(absl::string_view bytes);

// Writes a request that ReadMoveRequest takes; its errors if it would not. Version and digest are added.
absl::StatusOr<std::string> MakeMoveRequest(registry::v1::MoveRequest request);

// INVALID_ARGUMENT with reason MOVE_REQUEST, FEED_BASE, or the reasons of record and of the entry.
absl::StatusOr<MoveRequest> ReadMoveRequest(absl::string_view bytes);

// The change request by which the member moves, signed with its record key in force. Errors as of ReadMoveRequest and
// SignChangeRequest.
absl::StatusOr<std::string> SignMoveRequest(const MoveRequest& request, const record::Signer& record_key,
                                            absl::Time now);

}  // namespace meguri::certs
