// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/evidence_file.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
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

void AddHeader(const Session& session, const record::Header& header, Table& table, nlohmann::ordered_json& json) {
  const std::string time = TimeOf(header.message().issue_time_ms());
  table.Add({session.Say(Message::kHeaderHash), absl::StrCat(header.hash().ToHex(), " ", time)});
  json["headers"].push_back({{"header_hash", header.hash().ToHex()}, {"issue_time", time}});
}

void AddHead(const Session& session, const record::Checkpoint& head, Table& table, nlohmann::ordered_json& json) {
  table.Add(
      {session.Say(Message::kRoot), session.Say(Message::kRootOfSize, {head.root.ToHex(), absl::StrCat(head.size)})});
  json["checkpoints"].push_back({{"size", head.size}, {"root", head.root.ToHex()}});
}

void AddSectionFork(const Session& session, const certs::ProvenSectionFork& fork, Table& table,
                    nlohmann::ordered_json& json) {
  json["kind"] = "SECTION_FORK";
  json["record_id"] = fork.header.record_id().ToHex();
  json["version"] = fork.header.version();
  json["section"] = SectionTypeName(fork.first.type());
  table.Add({session.Say(Message::kReason), session.Say(Message::kSectionForkProven)});
  table.Add({session.Say(Message::kRecord), fork.header.record_id().ToHex()});
  table.Add({session.Say(Message::kVersion), absl::StrCat(fork.header.version())});
  AddHeader(session, fork.header, table, json);
  for (const record::v1::Section* section : {&fork.first, &fork.second}) {
    const std::string payload = record::Sha256(section->payload()).ToHex();
    table.Add({session.Say(Message::kSectionInSlot, {SectionTypeName(section->type()), absl::StrCat(section->slot())}),
               absl::StrCat(section->payload().size(), " B, SHA-256 ", payload)});
    json["sections"].push_back(
        {{"slot", section->slot()}, {"bytes", section->payload().size()}, {"payload_sha256", payload}});
  }
}

absl::Status Verify(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle bundle, ChosenBundle(session, arguments.trust_bundle));
  const absl::StatusOr<std::string> bytes = certs::ReadFile(arguments.file, certs::kEvidenceFileBytesMax);
  if (!bytes.ok() && ReasonOf(bytes.status()) != "FILE_TOO_LARGE") {
    return bytes.status();
  }
  const absl::StatusOr<certs::EvidenceReport> report =
      bytes.ok() ? certs::VerifyEvidenceFile(*bytes, bundle, session.clock().Now()) : bytes.status();
  if (!report.ok()) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "NOT_VERIFIED",
        session.Say(Message::kNotVerified, {arguments.file, report.status().message(), ReasonOf(report.status())}));
  }
  const registry::v1::MemberEntry& entry = report->publisher.entry;
  nlohmann::ordered_json json = ToJson(report->judgement, "PROVEN");
  json["publisher"] = entry.participant_id();
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kVerdict), VerdictText(session, report->judgement, Message::kVerdictProven)});
  table.Add({session.Say(Message::kPublisher),
             absl::StrCat(entry.participant_id(), " ", NameIn(session.language(), entry.name()))});
  if (report->section_fork.has_value()) {
    AddSectionFork(session, *report->section_fork, table, json);
  } else if (report->record_fork.has_value()) {
    const certs::ProvenRecordFork& fork = *report->record_fork;
    json["kind"] = "RECORD_FORK";
    json["record_id"] = fork.first.record_id().ToHex();
    json["version"] = fork.first.version();
    table.Add({session.Say(Message::kReason), session.Say(Message::kRecordForkProven)});
    table.Add({session.Say(Message::kRecord), fork.first.record_id().ToHex()});
    table.Add({session.Say(Message::kVersion), absl::StrCat(fork.first.version())});
    AddHeader(session, fork.first, table, json);
    AddHeader(session, fork.second, table, json);
  } else {
    const certs::ProvenFeedFork& fork = *report->feed_fork;
    json["kind"] = "FEED_FORK";
    json["feed"] = fork.feed.name.text();
    table.Add({session.Say(Message::kReason), session.Say(Message::kFeedForkProven)});
    table.Add({session.Say(Message::kFeed), fork.feed.name.text()});
    AddHead(session, fork.smaller, table, json);
    AddHead(session, fork.larger, table, json);
  }
  AddNotices(session, report->key_notices, table, json);
  MEGURI_RETURN_IF_ERROR(session.Answer(table.Layout(), json));
  return ToStatus(session, report->judgement);
}

}  // namespace

void AddEvidenceVerify(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "verify", Message::kAboutEvidenceVerify, session);
  command.Option("FILE", arguments->file, session.Say(Message::kAboutEvidenceFile)).Required();
  command.Option("--trust-bundle", arguments->trust_bundle, session.Say(Message::kAboutTrustBundle)).TypeName("FILE");
  OnCall(command, session, arguments, &Verify);
}

}  // namespace meguri::client
