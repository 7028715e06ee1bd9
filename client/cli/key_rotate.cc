// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/grammar.h"
#include "certs/key_succession.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_record.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr mode_t kRequestFileMode = 0644;

struct Arguments {
  std::string begin;
  std::string old_end;
  std::string algorithm = "ed25519";
  std::string out;
};

absl::StatusOr<absl::optional<absl::Time>> ParseTime(const std::string& text, const Session& session) {
  absl::Time time;
  std::string error;
  if (text.empty()) {
    return absl::optional<absl::Time>();
  }
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time <= absl::UnixEpoch()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kBadTime, {certs::Quoted(text)}));
  }
  return absl::make_optional(time);
}

absl::Status Rotate(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  if (context->settings.member == bundle->operator_id()) {
    return Error(absl::StatusCode::kFailedPrecondition, "PINNED_KEY", session.Say(Message::kPinnedKey));
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, context->settings.member));
  certs::Succession succession{.federation = context->settings.federation,
                               .current = {member.entry, member.header.hash()},
                               .purpose = registry::v1::KEY_PURPOSE_RECORD,
                               .algorithm = record::KeyAlgorithm::kEd25519,
                               .key_file = context->record_key_path,
                               .record_key_file = context->record_key_path,
                               .begin = absl::nullopt,
                               .old_end = absl::nullopt,
                               .is_recovery = false};
  MEGURI_ASSIGN_OR_RETURN(succession.algorithm, certs::ParseKeyAlgorithm(arguments.algorithm));
  MEGURI_ASSIGN_OR_RETURN(succession.begin, ParseTime(arguments.begin, session));
  MEGURI_ASSIGN_OR_RETURN(succession.old_end, ParseTime(arguments.old_end, session));
  MEGURI_ASSIGN_OR_RETURN(const certs::SuccessorRequest request,
                          certs::RequestSuccessor(succession, session.clock().Now()));
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(arguments.out, request.bytes, kRequestFileMode));
  const nlohmann::ordered_json json = {{"key_file", request.key_file}, {"request", arguments.out}};
  return session.Answer(absl::StrCat(session.Say(Message::kSuccessorWritten, {request.key_file, arguments.out}), "\n"),
                        json);
}

}  // namespace

void AddKeyRotate(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "rotate", Message::kAboutKeyRotate, session);
  command.Option("OUT", arguments->out, session.Say(Message::kAboutChangeOut)).Required();
  command.Option("--begins", arguments->begin, session.Say(Message::kAboutKeyBegins)).TypeName("TIME");
  command.Option("--old-ends", arguments->old_end, session.Say(Message::kAboutOldKeyEnds)).TypeName("TIME");
  command.Option("--algorithm", arguments->algorithm, session.Say(Message::kAboutAlgorithm))
      .OneOf({"ed25519", "p256"})
      .ShowDefault();
  OnCall(command, session, arguments, &Rotate);
}

}  // namespace meguri::client
