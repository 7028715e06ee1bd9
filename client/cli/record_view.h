// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "meguri/record/v1/record_service.pb.h"
#include "record/header.h"
#include "record/record_id.h"

namespace meguri::client {

// INVALID_ARGUMENT with reason USAGE and a sentence that names the argument.
absl::StatusOr<record::RecordId> ParseRecordIdArgument(absl::string_view text);

// What a reader must know before it relies on a record: that it is frozen, or that nobody knows whether it was signed
// in time. Empty: nothing.
std::string CautionOf(const record::v1::RecordView& view, const Session& session);

// Records as rows: ID, version, type, publisher, time, source, sections that the reader sees, and caution.
Table TableOf(const google::protobuf::RepeatedPtrField<record::v1::RecordView>& views, const Session& session);

// Where a record that is not kept here came from, and as of when.
std::string CopyNote(const record::v1::CopyAnswer& copies, const Session& session);

// The newest version of an own record, as the node has it. PERMISSION_DENIED (reason NOT_THE_PUBLISHER) if it is
// another member's.
absl::StatusOr<record::Header> GetNewestOwn(Session& session, const record::RecordId& record_id);

}  // namespace meguri::client
