// SPDX-License-Identifier: Apache-2.0
#include "client/cli/import_judge.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/sign.h"
#include "passport/derived_values.h"
#include "passport/inheritance.h"
#include "passport/validate.h"
#include "record/header.h"
#include "record/record_id.h"

namespace meguri::client {
namespace {

using passport::ImportedRecord;
using record::v1::Publication;
using record::v1::Section;

constexpr size_t kKnownMax = 256;

passport::RecordDraft Completed(passport::RecordDraft draft) {
  for (record::SectionDraft& section : draft.sections) {
    section.payload = passport::WithDerivedValues(section.type, section.payload);
  }
  return draft;
}

// The sections as they will be sealed.
std::vector<Section> SectionsOf(const passport::RecordDraft& draft) {
  std::vector<Section> sections(draft.sections.size());
  for (size_t i = 0; i < sections.size(); ++i) {
    const record::SectionDraft& drafted = draft.sections[i];
    sections[i].set_slot(static_cast<uint32_t>(i));
    sections[i].set_type(drafted.type);
    sections[i].set_audiences(drafted.audiences.bits());
    sections[i].set_payload(passport::WithDerivedValues(drafted.type, drafted.payload));
  }
  return sections;
}

}  // namespace

absl::StatusOr<Publication> SealRecord(Session& session, const passport::RecordDraft& draft) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const VersionDraft version, FirstVersion(Completed(draft), session.random()));
  return Seal(version, context->settings.member, session.clock().Now(), session.random());
}

absl::StatusOr<const record::Header*> ImportJudge::HeaderFor(const passport::RecordDraft& draft) {
  if (draft.record_id.has_value()) {
    return FirstVersion(draft, session_.random()).status();
  }
  MEGURI_ASSIGN_OR_RETURN(const size_t slot_count, SlotCountOf(draft));
  const std::pair<uint32_t, size_t> kind(draft.record_type, slot_count);
  auto known = headers_.find(kind);
  if (known == headers_.end()) {
    MEGURI_ASSIGN_OR_RETURN(const Context* context, session_.context());
    MEGURI_ASSIGN_OR_RETURN(record::Header header,
                            UnsealedHeader(draft.record_type, slot_count, context->settings.member,
                                           session_.clock().Now(), session_.random()));
    known = headers_.emplace(kind, std::move(header)).first;
  }
  return &known->second;
}

absl::StatusOr<absl::optional<ImportJudge::Sections>> ImportJudge::Find(const std::string& record_id) {
  const auto known = known_.find(record_id);
  if (known != known_.end()) {
    return known->second;
  }
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session_.context());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session_.node());
  const absl::StatusOr<record::RecordId> id = record::RecordId::ParseHex(record_id);
  absl::optional<Sections> found;
  if (id.ok()) {
    record::v1::GetRequest request;
    request.set_record_id(id->ToString());
    request.set_publisher(context->settings.member.text());
    const absl::StatusOr<record::v1::GetResponse> response = node->Get(request);
    if (!response.ok() && !absl::IsNotFound(response.status())) {
      return response.status();
    }
    if (response.ok()) {
      const record::v1::Envelope& envelope = response->record().envelope();
      MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(envelope.header()));
      if (!header.is_tombstone()) {
        found.emplace(envelope.sections().begin(), envelope.sections().end());
      }
    }
  }
  if (known_.size() == kKnownMax) {
    known_.clear();
  }
  return known_.emplace(record_id, std::move(found)).first->second;
}

absl::StatusOr<std::vector<ImportJudge::Sections>> ImportJudge::ParentsOf(const std::string& nearest) {
  std::vector<Sections> parents;
  std::string next = nearest;
  while (!next.empty() && parents.size() < passport::kParentsMax) {
    MEGURI_ASSIGN_OR_RETURN(absl::optional<Sections> parent, Find(next));
    if (!parent.has_value()) {
      break;
    }
    next = passport::ParentOf(*parent);
    parents.push_back(*std::move(parent));
  }
  return parents;
}

std::vector<Violation> ImportJudge::Judge(const passport::Import& import, const ImportedRecord& record) {
  std::vector<Violation> found = record.problems;
  if (!found.empty() && record.draft.sections.empty()) {
    return found;  // nothing could be read
  }
  const absl::StatusOr<const record::Header*> header = HeaderFor(record.draft);
  if (!header.ok()) {
    if (found.empty()) {
      found.push_back({.field = "",
                       .reason = ReasonOf(header.status()),
                       .found = std::string(header.status().message()),
                       .expected = "a record that can be signed",
                       .cure = "correct the file",
                       .message_ja = "署名できないレコードです。"});
    }
    return found;
  }
  const Sections sections = SectionsOf(record.draft);
  std::vector<Violation> judged = passport::ValidateRecord(**header, sections);
  const std::string parent = passport::ParentOf(sections);
  if (!parent.empty() && parents_status_.ok()) {
    const absl::StatusOr<std::vector<Sections>> parents = ParentsOf(parent);
    parents_status_ = parents.status();
    if (parents.ok()) {
      std::vector<Violation> together = passport::ValidateWithParents(**header, sections, *parents);
      std::move(together.begin(), together.end(), std::back_inserter(judged));
    }
  }
  if (found.empty()) {
    return judged;
  }
  for (Violation& violation : judged) {
    Violation located = violation;
    import.Locate(record, located);
    const bool is_said = std::any_of(record.problems.begin(), record.problems.end(), [&](const Violation& problem) {
      return absl::StartsWith(located.field, problem.field);
    });
    if (!is_said && !passport::MayFollowFromUnread(violation.reason)) {
      found.push_back(std::move(violation));
    }
  }
  return found;
}

}  // namespace meguri::client
