// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/erasure_file.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/erasure_input.h"
#include "client/cli/json.h"
#include "client/cli/key_notice.h"
#include "client/cli/record_file.h"
#include "client/cli/table.h"
#include "client/cli/verdict.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {
  std::string file;
  std::string trust_bundle;
};

// As of the moment at which the publisher signed what it says.
erasure::v1::HolderState StateOf(const certs::AccountedHolder& holder, const certs::ErasureReport& report) {
  if (holder.acknowledgement.has_value()) {
    return erasure::v1::HOLDER_STATE_DONE;
  }
  if (holder.asked.has_left()) {
    return erasure::v1::HOLDER_STATE_GONE;
  }
  return report.account.time_ms() > report.request.deadline_ms() ? erasure::v1::HOLDER_STATE_OVERDUE
                                                                 : erasure::v1::HOLDER_STATE_PENDING;
}

std::string AnswerText(const Session& session, const certs::AccountedHolder& holder) {
  if (!holder.acknowledgement.has_value()) {
    return session.Say(Message::kNoAnswerSince, {TimeOf(holder.asked.found_ms())});
  }
  const erasure::v1::ErasureAck& ack = holder.acknowledgement->ack;
  const std::string key = holder.acknowledgement->key_id.ToHex();
  std::vector<std::string> texts = {
      ack.versions() == 0
          ? session.Say(Message::kHeldNothing, {key})
          : session.Say(Message::kErasedUpTo, {absl::StrCat(ack.versions()), absl::StrCat(ack.newest_version()), key})};
  if (!ack.onward_recipients().empty()) {
    texts.push_back(session.Say(Message::kHandedOnTo, {absl::StrCat(absl::StrJoin(ack.onward_recipients(), ", "),
                                                                    ack.has_more_recipients() ? ", …" : "")}));
  }
  if (const certs::Judgement& judgement = holder.acknowledgement->judgement;
      judgement.verdict > certs::Verdict::kValidAt) {
    texts.push_back(session.Say(Message::kIndeterminateDoubt, {judgement.why.message()}));
  }
  return absl::StrJoin(texts, "; ");
}

nlohmann::ordered_json JsonOf(const certs::AccountedHolder& holder, const certs::ErasureReport& report) {
  nlohmann::ordered_json json = {{"participant_id", holder.asked.participant_id()},
                                 {"state", erasure::v1::HolderState_Name(StateOf(holder, report))},
                                 {"asked_since", TimeOf(holder.asked.found_ms())}};
  if (holder.acknowledgement.has_value()) {
    const erasure::v1::ErasureAck& ack = holder.acknowledgement->ack;
    json["acknowledgement"] = ToJson(holder.acknowledgement->judgement, "PROVEN");
    json["acknowledgement"]["time"] = TimeOf(ack.time_ms());
    json["acknowledgement"]["key_id"] = holder.acknowledgement->key_id.ToHex();
    json["acknowledgement"]["versions"] = ack.versions();
    json["acknowledgement"]["newest_version"] = ack.newest_version();
    json["acknowledgement"]["onward_recipients"] =
        std::vector<std::string>(ack.onward_recipients().begin(), ack.onward_recipients().end());
    json["acknowledgement"]["has_more_recipients"] = ack.has_more_recipients();
  }
  return json;
}

Table FactsOf(const Session& session, const certs::ErasureReport& report) {
  const registry::v1::MemberEntry& entry = report.publisher.entry;
  Table facts = Table::OfPairs();
  facts.Add({session.Say(Message::kVerdict), VerdictText(session, report.judgement, Message::kVerdictProven)});
  facts.Add({session.Say(Message::kPublisher),
             absl::StrCat(entry.participant_id(), " ", NameIn(session.language(), entry.name()))});
  facts.Add({session.Say(Message::kRecord), report.tombstone.record_id().ToHex()});
  facts.Add({session.Say(Message::kErasedByVersion),
             absl::StrCat(report.tombstone.version(), ", ", report.tombstone.hash().ToHex())});
  facts.Add({session.Say(Message::kBasis), BasisText(session, report.request.basis())});
  facts.Add({session.Say(Message::kAskedAt), TimeOf(report.request.time_ms())});
  facts.Add({session.Say(Message::kDeadline), TimeOf(report.request.deadline_ms())});
  facts.Add({session.Say(Message::kKeyId), report.request_key_id.ToHex()});
  facts.Add({session.Say(Message::kAccountedAt), TimeOf(report.account.time_ms())});
  facts.Add({session.Say(Message::kHoldersDone),
             session.Say(Message::kAcknowledgedOf,
                         {absl::StrCat(report.acknowledged()), absl::StrCat(report.holders.size())})});
  return facts;
}

nlohmann::ordered_json JsonOf(const certs::ErasureReport& report) {
  nlohmann::ordered_json json = ToJson(report.judgement, "PROVEN");
  json["publisher"] = report.publisher.entry.participant_id();
  json["record_id"] = report.tombstone.record_id().ToHex();
  json["tombstone_version"] = report.tombstone.version();
  json["tombstone_hash"] = report.tombstone.hash().ToHex();
  json["basis"] = erasure::v1::ErasureBasis_Name(report.request.basis());
  json["asked_at"] = TimeOf(report.request.time_ms());
  json["deadline"] = TimeOf(report.request.deadline_ms());
  json["key_id"] = report.request_key_id.ToHex();
  json["as_of"] = TimeOf(report.account.time_ms());
  json["asks_everyone"] = report.account.asks_everyone();
  json["looks_for_holders"] = report.account.looks_for_holders();
  json["acknowledged"] = report.acknowledged();
  json["holders"] = nlohmann::ordered_json::array();
  for (const certs::AccountedHolder& holder : report.holders) {
    json["holders"].push_back(JsonOf(holder, report));
  }
  return json;
}

absl::Status Show(Session& session, const certs::ErasureReport& report) {
  Table holders({{session.Say(Message::kHolder)},
                 {session.Say(Message::kState)},
                 {session.Say(Message::kErasedAt)},
                 {session.Say(Message::kWhatCame)}});
  for (const certs::AccountedHolder& holder : report.holders) {
    const std::string time =
        holder.acknowledgement.has_value() ? TimeOf(holder.acknowledgement->ack.time_ms()) : std::string();
    holders.Add({holder.asked.participant_id(), StateText(session, StateOf(holder, report)), time,
                 AnswerText(session, holder)});
  }
  Table facts = FactsOf(session, report);
  nlohmann::ordered_json json = JsonOf(report);
  AddNotices(session, report.key_notices, facts, json);
  MEGURI_RETURN_IF_ERROR(session.Answer(absl::StrCat(facts.Layout(), "\n", holders.Layout()), json, "holders"));
  if (session.options().output == OutputForm::kJsonLines) {
    session.Note(VerdictText(session, report.judgement, Message::kVerdictProven));  // the lines are holders alone
  }
  if (report.account.looks_for_holders()) {
    session.Note(session.Say(Message::kHoldersMayBeMore));
  }
  session.Note(session.Say(Message::kErasureIsSaid));
  return ToStatus(session, report.judgement);
}

absl::Status Verify(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle bundle, ChosenBundle(session, arguments.trust_bundle));
  const absl::StatusOr<std::string> bytes = certs::ReadFile(arguments.file, certs::kErasureFileBytesMax);
  if (!bytes.ok() && ReasonOf(bytes.status()) != "FILE_TOO_LARGE") {
    return bytes.status();
  }
  const absl::StatusOr<certs::ErasureReport> report =
      bytes.ok() ? certs::VerifyErasureFile(*bytes, bundle, session.clock().Now()) : bytes.status();
  if (!report.ok()) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "NOT_VERIFIED",
        session.Say(Message::kNotVerified, {arguments.file, report.status().message(), ReasonOf(report.status())}));
  }
  return Show(session, *report);
}

}  // namespace

void AddErasureVerify(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "verify", Message::kAboutErasureVerify, session);
  command.Option("FILE", arguments->file, session.Say(Message::kAboutErasureFile)).Required();
  command.Option("--trust-bundle", arguments->trust_bundle, session.Say(Message::kAboutTrustBundle)).TypeName("FILE");
  OnCall(command, session, arguments, &Verify);
}

}  // namespace meguri::client
