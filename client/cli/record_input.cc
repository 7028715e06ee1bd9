// SPDX-License-Identifier: Apache-2.0
#include "client/cli/record_input.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "passport/derived_values.h"
#include "passport/section_table.h"
#include "passport/validate.h"
#include "record/header.h"

namespace meguri::client {
namespace {

constexpr char kStandardInput[] = "-";
constexpr size_t kReadStep = size_t{64} << 10;

void AddNamed(const std::string& name, std::vector<Violation> found, std::vector<Violation>& violations) {
  for (Violation& violation : found) {
    violation.field = violation.field.empty() ? name : absl::StrCat(name, ": ", violation.field);
    violations.push_back(std::move(violation));
  }
}

std::vector<Violation> Check(const record::v1::Publication& publication) {
  const record::v1::Envelope& envelope = publication.envelope();
  const absl::StatusOr<record::Header> header = record::Header::Parse(envelope.header());
  Invariant(header.ok(), "a header that was just made can be parsed");
  const std::vector<record::v1::Section> sections(envelope.sections().begin(), envelope.sections().end());
  return passport::ValidateRecord(*header, sections);
}

// Every problem of a record that cannot be sealed, `why` being the first.
std::vector<Violation> CheckUnsealed(const passport::RecordDraft& draft, const absl::Status& why) {
  std::vector<Violation> found;
  for (const record::SectionDraft& section : draft.sections) {
    const passport::SectionKind* kind = passport::FindSectionKind(section.type);
    const std::string name = kind == nullptr ? absl::StrCat(section.type) : std::string(kind->name);
    std::vector<Violation> of_section =
        passport::ValidateSection(section.type, section.payload, absl::StrCat("sections.", name));
    std::move(of_section.begin(), of_section.end(), std::back_inserter(found));
  }
  if (std::none_of(found.begin(), found.end(),
                   [&why](const Violation& each) { return each.reason == ReasonOf(why); })) {
    found.push_back({.field = "",
                     .reason = ReasonOf(why),
                     .found = std::string(why.message()),
                     .expected = "a record that can be sealed",
                     .cure = "correct the record",
                     .message_ja = "封入できないレコードです。"});
  }
  return found;
}

}  // namespace

absl::StatusOr<std::string> ReadAll(std::istream& in, size_t size_max) {
  std::string bytes;
  std::array<char, kReadStep> step;
  while (in.read(step.data(), step.size()) || in.gcount() > 0) {
    bytes.append(step.data(), static_cast<size_t>(in.gcount()));
    if (bytes.size() > size_max) {
      return Error(absl::StatusCode::kInvalidArgument, "FILE_TOO_LARGE",
                   absl::StrCat("standard input holds more than ", size_max, " bytes"));
    }
  }
  return bytes;
}

absl::StatusOr<std::vector<NamedDraft>> ReadRecordFiles(Session& session, const std::vector<std::string>& files) {
  std::vector<NamedDraft> drafts;
  std::vector<Violation> violations;
  for (const std::string& file : files) {
    MEGURI_ASSIGN_OR_RETURN(const std::string json, file == kStandardInput
                                                        ? ReadAll(session.in(), kRecordJsonBytesMax)
                                                        : certs::ReadFile(file, kRecordJsonBytesMax));
    absl::StatusOr<passport::RecordDraft> draft = passport::ParseRecordJson(json);
    if (draft.ok()) {
      passport::FillWholeMass(draft->sections);
      for (record::SectionDraft& section : draft->sections) {
        section.payload = passport::WithDerivedValues(section.type, section.payload);
      }
      drafts.push_back({file, *std::move(draft)});
      continue;
    }
    std::vector<Violation> found = ViolationsOf(draft.status());
    if (found.empty()) {
      return Error(draft.status().code(), ReasonOf(draft.status()), absl::StrCat(file, ": ", draft.status().message()));
    }
    AddNamed(file, std::move(found), violations);
  }
  if (!violations.empty()) {
    return InvalidInput(violations);
  }
  return drafts;
}

absl::StatusOr<std::vector<NamedPublication>> SealAndCheck(Session& session,
                                                           const std::vector<NamedVersion>& versions) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  std::vector<NamedPublication> publications;
  std::vector<Violation> violations;
  for (const NamedVersion& named : versions) {
    absl::StatusOr<record::v1::Publication> publication =
        Seal(named.version, context->settings.member, session.clock().Now(), session.random());
    if (!publication.ok()) {
      AddNamed(named.name, CheckUnsealed(named.version.content, publication.status()), violations);
      continue;
    }
    AddNamed(named.name, Check(*publication), violations);
    publications.push_back({named.name, *std::move(publication)});
  }
  session.Warn(TakeWarnings(violations));
  if (!violations.empty()) {
    return InvalidInput(violations);
  }
  return publications;
}

}  // namespace meguri::client
