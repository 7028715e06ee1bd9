// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command.h"
#include "client/cli/record_input.h"
#include "client/cli/session.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/canonical_json.h"

namespace meguri::client {

// By the words that the command line has for them.
const std::map<std::string, passport::v1::AccessPurpose>& Purposes();

// The option by which a command says what it reads for.
void AddReadPurpose(Command command, Session& session);

// A time of RFC 3339 in UTC out of one, of a date, which is its beginning in UTC, or of a number of days from now: 90d.
// INVALID_ARGUMENT (reason USAGE).
absl::StatusOr<std::string> TimeArgument(const Session& session, const std::string& text);
// recycler:battery. INVALID_ARGUMENT (reason USAGE).
absl::StatusOr<passport::v1::RoleScope> RoleArgument(const Session& session, const std::string& text);

// A draft of a record with one section. Addressees: none for a section that all members may read.
passport::RecordDraft OneSection(uint32_t record_type, uint32_t section_type, record::v1::Audience audience,
                                 const google::protobuf::Message& payload, const std::vector<std::string>& addressees);
// Seals, checks, signs and publishes, and says what became of it.
absl::Status PublishVersions(Session& session, const std::vector<NamedVersion>& versions, bool dry_run);
// The first version of a record.
absl::Status PublishFirst(Session& session, const std::string& name, passport::RecordDraft draft, bool dry_run);

}  // namespace meguri::client
