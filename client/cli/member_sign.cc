// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "certs/change_request.h"
#include "certs/enrolment.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/limits.h"
#include "certs/move_request.h"
#include "certs/signing_key.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_change.h"
#include "client/cli/member_record.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr mode_t kRequestFileMode = 0644;

struct Arguments {
  std::string request;
  std::string record_key;
  std::string out;
  bool yes = false;
};

// Shows what is asked, and goes on unless the member says no.
absl::Status Ask(Session& session, const std::string& summary, bool yes) {
  if (yes) {
    session.Note(absl::StripTrailingAsciiWhitespace(summary));
    return absl::OkStatus();
  }
  return session.Confirm(summary, session.Say(Message::kSignQuestion));
}

// With its record key, which no host has, the member says that another host goes on with its feeds, and where they
// stand.
absl::Status SignMove(Session& session, const Arguments& arguments, const std::string& bytes) {
  MEGURI_ASSIGN_OR_RETURN(const certs::MoveRequest request, certs::ReadMoveRequest(bytes));
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity node, certs::Identity::Parse(request.next.hosting().node_identity()));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<certs::SigningKey> key, certs::SigningKey::Load(arguments.record_key));
  MEGURI_ASSIGN_OR_RETURN(const std::string change, certs::SignMoveRequest(request, *key, session.clock().Now()));
  MEGURI_RETURN_IF_ERROR(
      Ask(session,
          absl::StrCat(session.Say(Message::kMoveAsks, {node.participant.text(), request.next.participant_id()}), "\n",
                       DifferenceOf(request.present.entry, request.next, request.federation, session)),
          arguments.yes));
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(arguments.out, change, kRequestFileMode));
  const nlohmann::ordered_json json = {{"member", request.next.participant_id()},
                                       {"node_identity", request.next.hosting().node_identity()},
                                       {"request", arguments.out}};
  return session.Answer(absl::StrCat(session.Say(Message::kMoveSigned, {arguments.out}), "\n"), json);
}

// A change of the entry that the host has written down: another feed key, other names or addresses.
absl::Status SignChange(Session& session, const Arguments& arguments, const std::string& bytes) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, certs::ApplicantOf(bytes));
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, participant));
  const certs::CurrentEntry current{member.entry, member.header.hash()};
  const std::string& federation = context->settings.federation;
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::MemberEntry next, certs::ReadChangeDraft(bytes, federation, current));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<certs::SigningKey> key, certs::SigningKey::Load(arguments.record_key));
  MEGURI_ASSIGN_OR_RETURN(const std::string change,
                          certs::AddChangeSignature(bytes, federation, current, *key, session.clock().Now()));
  MEGURI_RETURN_IF_ERROR(Ask(session,
                             absl::StrCat(session.Say(Message::kEntryChanges, {next.participant_id()}), "\n",
                                          DifferenceOf(current.entry, next, federation, session)),
                             arguments.yes));
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(arguments.out, change, kRequestFileMode));
  const nlohmann::ordered_json json = {{"member", next.participant_id()}, {"request", arguments.out}};
  return session.Answer(absl::StrCat(session.Say(Message::kRequestSigned, {arguments.out}), "\n"), json);
}

// The member sees what its host asks for in its name, and signs it with the key that it keeps.
absl::Status Sign(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(arguments.request, certs::kEnrolmentBytesMax));
  if (certs::IsMoveRequest(bytes)) {
    return SignMove(session, arguments, bytes);
  }
  if (certs::IsChangeRequest(bytes)) {
    return SignChange(session, arguments, bytes);
  }
  MEGURI_ASSIGN_OR_RETURN(const registry::v1::EnrolmentRequest request, certs::ReadEnrolmentDraft(bytes));
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity node,
                          certs::Identity::Parse(request.entry().hosting().node_identity()));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<certs::SigningKey> key, certs::SigningKey::Load(arguments.record_key));
  MEGURI_ASSIGN_OR_RETURN(const std::string whole, certs::AddEnrolmentSignature(bytes, *key));
  const std::string summary = absl::StrCat(session.Say(Message::kSignAsks, {node.participant.text(), node.federation}),
                                           "\n", TableOf(request.entry(), node.federation, session).Layout());
  MEGURI_RETURN_IF_ERROR(Ask(session, summary, arguments.yes));
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(arguments.out, whole, kRequestFileMode));
  const nlohmann::ordered_json json = {{"member", request.entry().participant_id()},
                                       {"node_identity", request.entry().hosting().node_identity()},
                                       {"request", arguments.out}};
  return session.Answer(absl::StrCat(session.Say(Message::kRequestSigned, {arguments.out}), "\n"), json);
}

}  // namespace

void AddMemberSign(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "sign", Message::kAboutMemberSign, session);
  command.Option("REQUEST", arguments->request, session.Say(Message::kAboutHostRequest)).Required();
  command.Option("--record-key", arguments->record_key, session.Say(Message::kAboutSigningKey))
      .TypeName("FILE")
      .Required();
  command.Option("--out", arguments->out, session.Say(Message::kAboutSignedRequest)).TypeName("FILE").Required();
  command.Flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  OnCall(command, session, arguments, &Sign);
}

}  // namespace meguri::client
