// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/record_file.h"
#include "certs/signature_time.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/key_notice.h"
#include "client/cli/record_file.h"
#include "client/cli/table.h"
#include "client/cli/verdict.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"
#include "record/receipt.h"

namespace meguri::client {
namespace {

struct Arguments {
  std::string file;
  std::string trust_bundle;
  uint32_t receipts = certs::kReceiptsNeeded;
};

std::string TextOf(absl::Time time) { return TimeOf(static_cast<uint64_t>(absl::ToUnixMillis(time))); }

// "seen by 9999:w1, 9999:w2, 9999:w3 at …": which witnesses vouch for a head, and when it was there. Empty: none.
std::string SeenText(const Session& session, const certs::Cosigners& cosigners) {
  if (cosigners.cosigned.empty()) {
    return "";
  }
  const std::string witnesses = absl::StrJoin(
      cosigners.cosigned, ", ",
      [](std::string* out, const certs::Cosigners::One& one) { absl::StrAppend(out, one.witness.text()); });
  const absl::optional<absl::Time> time = certs::ProvenTime(cosigners);
  return time.has_value() ? session.Say(Message::kSeenBy, {witnesses, TextOf(*time)})
                          : session.Say(Message::kSeenByTooFew, {witnesses, absl::StrCat(cosigners.quorum)});
}

// "public, entry 3 of 12": what the head of a feed proves.
std::string EntryText(const Session& session, const certs::ProvenByFeed& proven) {
  const record::ProvenEntry& entry = proven.entry;
  const std::string text = session.Say(
      Message::kEntryOf, {entry.feed.name.text(), absl::StrCat(entry.index + 1), absl::StrCat(entry.checkpoint.size)});
  std::vector<std::string> texts = {text};
  if (std::string seen = SeenText(session, proven.cosigners); !seen.empty()) {
    texts.push_back(std::move(seen));
  }
  for (const certs::SeenBy& receipt : proven.receipts) {
    texts.push_back(session.Say(Message::kSeenSaid, {receipt.member.text(), TextOf(receipt.time)}));
  }
  return absl::StrJoin(texts, "; ");
}

nlohmann::ordered_json JsonOf(const certs::ProvenByFeed& proven) {
  const record::ProvenEntry& entry = proven.entry;
  nlohmann::ordered_json json = {
      {"feed", entry.feed.name.text()}, {"origin", entry.checkpoint.origin},     {"index", entry.index},
      {"size", entry.checkpoint.size},  {"root", entry.checkpoint.root.ToHex()}, {"slots", entry.slots}};
  for (const certs::SeenBy& receipt : proven.receipts) {
    json["receipts"].push_back(
        {{"member", receipt.member.text()}, {"node_of", receipt.host.text()}, {"time", TextOf(receipt.time)}});
  }
  if (proven.cosigners.cosigned.empty()) {
    return json;
  }
  if (const absl::optional<absl::Time> time = certs::ProvenTime(proven.cosigners); time.has_value()) {
    json["seen_at"] = TextOf(*time);
  }
  for (const certs::Cosigners::One& one : proven.cosigners.cosigned) {
    json["cosigned"].push_back({{"witness", one.witness.text()}, {"time", TextOf(one.time)}});
  }
  return json;
}

std::string HumanText(const Session& session, const certs::VerificationReport& report) {
  const record::v1::Header& header = report.header.message();
  const registry::v1::MemberEntry& entry = report.publisher.entry;
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kVerdict), VerdictText(session, report.judgement, Message::kVerdictValid)});
  table.Add({session.Say(Message::kRecord), report.header.record_id().ToHex()});
  table.Add({session.Say(Message::kVersion), absl::StrCat(report.header.version())});
  table.Add({session.Say(Message::kRecordType), RecordTypeName(static_cast<uint32_t>(header.record_type()))});
  table.Add({session.Say(Message::kIssued), TimeOf(header.issue_time_ms())});
  table.Add({session.Say(Message::kPublisher),
             absl::StrCat(entry.participant_id(), " ", NameIn(session.language(), entry.name()))});
  table.Add({session.Say(Message::kStatus), StatusName(session.language(), entry.status())});
  table.Add({session.Say(Message::kKeyId), report.key_id.ToHex()});
  table.Add({session.Say(Message::kHeaderHash), report.header.hash().ToHex()});
  for (const certs::ProvenByFeed& proven : report.entries) {
    table.Add({session.Say(Message::kFeed), EntryText(session, proven)});
  }
  table.Add({session.Say(Message::kRegistry), EntryText(session, report.publisher_entry)});
  table.Add({session.Say(Message::kTrustBundle), absl::StrCat(report.trust_bundle_version)});
  if (report.header.is_tombstone()) {
    table.Add({session.Say(Message::kState), session.Say(Message::kEnded)});
  }
  for (const record::v1::Section& section : report.envelope.sections()) {
    table.Add({session.Say(Message::kSection),
               absl::StrCat(SectionTypeName(section.type()), " [", AudiencesName(section.audiences()), "]")});
  }
  return table.Layout();
}

absl::Status Verify(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle bundle, ChosenBundle(session, arguments.trust_bundle));
  const absl::StatusOr<std::string> bytes = certs::ReadFile(arguments.file, certs::kRecordFileBytesMax);
  if (!bytes.ok() && ReasonOf(bytes.status()) != "FILE_TOO_LARGE") {
    return bytes.status();
  }
  const absl::StatusOr<certs::VerificationReport> report =
      bytes.ok() ? certs::VerifyRecordFile(*bytes, bundle, session.clock().Now(), arguments.receipts) : bytes.status();
  if (!report.ok()) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "NOT_VERIFIED",
        session.Say(Message::kNotVerified, {arguments.file, report.status().message(), ReasonOf(report.status())}));
  }
  nlohmann::ordered_json json = ToJson(report->judgement, "VALID");
  Table notices = Table::OfPairs();
  AddNotices(session, report->key_notices, notices, json);
  json["key_id"] = report->key_id.ToHex();
  json["header_hash"] = report->header.hash().ToHex();
  json["publisher"] = ToJson(report->publisher.entry);
  json["feeds"] = nlohmann::ordered_json::array();
  for (const certs::ProvenByFeed& proven : report->entries) {
    json["feeds"].push_back(JsonOf(proven));
  }
  json["registry"] = JsonOf(report->publisher_entry);
  json["trust_bundle_version"] = report->trust_bundle_version;
  json["record"] = ToJson(report->envelope);
  MEGURI_RETURN_IF_ERROR(session.Answer(absl::StrCat(HumanText(session, *report), notices.Layout()), json));
  return ToStatus(session, report->judgement);
}

}  // namespace

void AddVerify(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "verify", Message::kAboutVerify, session);
  command.Option("FILE", arguments->file, session.Say(Message::kAboutSavedFile)).Required();
  command.Option("--trust-bundle", arguments->trust_bundle, session.Say(Message::kAboutTrustBundle)).TypeName("FILE");
  command.Option("--receipts", arguments->receipts, session.Say(Message::kAboutReceipts))
      .TypeName("N")
      .ShowDefault()
      .Between(0, record::kReceiptsPerProofMax);
  OnCall(command, session, arguments, &Verify);
}

}  // namespace meguri::client
