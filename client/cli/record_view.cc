// SPDX-License-Identifier: Apache-2.0
#include "client/cli/record_view.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/signature_time.h"
#include "client/cli/key_notice.h"
#include "client/cli/words.h"

namespace meguri::client {
namespace {

std::string SectionNames(const record::v1::Envelope& envelope) {
  return absl::StrJoin(envelope.sections(), " ", [](std::string* out, const record::v1::Section& section) {
    absl::StrAppend(out, SectionTypeName(section.type()));
  });
}

// As `meguri verify` would say it of a file with the record.
std::string DoubtText(const record::v1::RecordView& view, const Session& session) {
  if (view.valid_at_ms() != 0) {
    const std::string time = TimeOf(view.valid_at_ms());
    if (view.valid_source() == certs::NameOf(certs::TimeSource::kReceipts)) {
      return session.Say(Message::kReadValidAtSaid, {time, view.doubt(), absl::StrJoin(view.valid_by(), ", ")});
    }
    const bool is_own = view.valid_source() == certs::NameOf(certs::TimeSource::kOwn);
    return session.Say(is_own ? Message::kReadValidAtOwn : Message::kReadValidAt, {time, view.doubt()});
  }
  const bool has_ended = view.doubt() == "KEY_REVOKED" || view.doubt() == "KEY_EXPIRED";
  return has_ended ? session.Say(Message::kReadIndeterminate, {view.doubt()})
                   : absl::StrCat(session.Say(Message::kVerdictIndeterminate), " [", view.doubt(), "]");
}

std::vector<std::string> NotEmpty(std::vector<std::string> texts) {
  texts.erase(std::remove(texts.begin(), texts.end(), ""), texts.end());
  return texts;
}

}  // namespace

absl::StatusOr<record::RecordId> ParseRecordIdArgument(absl::string_view text) {
  absl::StatusOr<record::RecordId> record_id = record::RecordId::ParseHex(text);
  if (!record_id.ok()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 absl::StrCat(certs::Quoted(text), ": ", record_id.status().message()));
  }
  return record_id;
}

std::string CautionOf(const record::v1::RecordView& view, const Session& session) {
  std::vector<std::string> cautions;
  if (view.frozen()) {
    cautions.push_back(session.Say(Message::kFrozen));
  } else if (!view.doubt().empty()) {
    cautions.push_back(DoubtText(view, session));
  }
  if (view.key_recovered_ms() != 0) {
    const absl::StatusOr<record::Header> header = record::Header::Parse(view.envelope().header());
    cautions.push_back(RecoveryText(session, header.ok() ? header->publisher().text() : "", view.key_recovered_ms()));
  }
  return absl::StrJoin(cautions, "; ");
}

Table TableOf(const google::protobuf::RepeatedPtrField<record::v1::RecordView>& views, const Session& session) {
  Table table({{session.Say(Message::kRecord)},
               {session.Say(Message::kVersion), true},
               {session.Say(Message::kRecordType)},
               {session.Say(Message::kPublisher)},
               {session.Say(Message::kIssued)},
               {session.Say(Message::kSource)},
               {session.Say(Message::kSections)}});
  for (const record::v1::RecordView& view : views) {
    const absl::StatusOr<record::Header> header = record::Header::Parse(view.envelope().header());
    if (!header.ok()) {
      table.Add({ToHex(view.header_hash()), "", "", "", "", view.source(), absl::StrCat(header.status().message())});
      continue;
    }
    const record::v1::Header& message = header->message();
    table.Add(
        {header->record_id().ToHex(), absl::StrCat(header->version()),
         RecordTypeName(static_cast<uint32_t>(message.record_type())), header->publisher().text(),
         TimeOf(message.issue_time_ms()), view.source(),
         absl::StrJoin(NotEmpty({header->is_tombstone() ? session.Say(Message::kEnded) : SectionNames(view.envelope()),
                                 CautionOf(view, session)}),
                       "; ")});
  }
  return table;
}

std::string CopyNote(const record::v1::CopyAnswer& copies, const Session& session) {
  const std::string time = copies.as_of_ms() == 0 ? session.Say(Message::kTimeUnknown) : TimeOf(copies.as_of_ms());
  return Harmless(session.Say(Message::kFetchedCopy, {copies.relay(), time}));
}

absl::StatusOr<record::Header> GetNewestOwn(Session& session, const record::RecordId& record_id) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  record::v1::GetRequest request;
  request.set_record_id(record_id.ToString());
  request.set_publisher(context->settings.member.text());
  request.mutable_read_mask()->add_paths("header");
  const absl::StatusOr<record::v1::GetResponse> own = node->Get(request);
  if (absl::IsNotFound(own.status())) {
    // One of somebody else's that may be read is no secret.
    request.clear_publisher();
    if (const absl::StatusOr<record::v1::GetResponse> other = node->Get(request); other.ok()) {
      MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(other->record().envelope().header()));
      return Error(absl::StatusCode::kPermissionDenied, "NOT_THE_PUBLISHER",
                   session.Say(Message::kNotThePublisher, {record_id.ToHex(), header.publisher().text()}));
    }
  }
  MEGURI_RETURN_IF_ERROR(own.status());
  return record::Header::Parse(own->record().envelope().header());
}

}  // namespace meguri::client
