// SPDX-License-Identifier: Apache-2.0
#include "client/cli/import_run.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/error_report.h"
#include "client/cli/import_judge.h"
#include "client/cli/json.h"
#include "client/sign.h"
#include "record/hash.h"

namespace meguri::client {
namespace {

using passport::ImportedRecord;
using record::v1::Publication;

std::string NameOf(const ImportFile& file, const ImportedRecord& record) {
  return record.name.empty() ? file.name : absl::StrCat(file.name, ": ", record.name);
}

// "row 12, column D (colour)" → "column D (colour)": what rows have in common.
std::string PlaceWithoutRow(const std::string& path) {
  const size_t comma = path.find(", ");
  return absl::StartsWith(path, "row ") && comma != std::string::npos ? path.substr(comma + 2) : path;
}

// Stands for what the record says, whatever the file and the row. An attachment holds the time of the import.
std::string ContentOf(const passport::RecordDraft& draft) {
  std::string all = absl::StrCat(draft.record_type);
  const auto add = [&all](absl::string_view part) { absl::StrAppend(&all, "\n", part.size(), ":", part); };
  for (const record::SectionDraft& section : draft.sections) {
    if (section.type != record::v1::SECTION_TYPE_ATTACHMENT) {
      add(absl::StrCat(section.type, " ", section.audiences.bits()));
      add(section.payload);
    }
  }
  for (const std::vector<std::string>* list : {&draft.jurisdictions, &draft.addressees, &draft.subjects}) {
    add(absl::StrJoin(*list, ","));
  }
  return record::Sha256(all).ToHex();
}

// Checks the records of one file.
class Checker {
 public:
  Checker(Session& session, ImportJudge& judge, ImportFile& file, ImportCheck& check, Progress& progress)
      : session_(session), judge_(judge), file_(file), check_(check), progress_(progress) {}

  absl::Status Take(ImportedRecord& record) {
    std::vector<Violation> violations = judge_.Judge(*file_.import, record);
    Warn(record, TakeWarnings(violations));
    ++file_.records;
    file_.mapped += record.mapped;
    file_.implied += record.implied;
    for (const passport::UnmappedValue& value : record.unmapped) {
      Leftover& leftover = file_.leftovers[PlaceWithoutRow(value.path)];
      leftover.first = leftover.count++ == 0 ? value.value : leftover.first;
    }
    check_.is_refused.push_back(!violations.empty());
    if (violations.empty()) {
      check_.contents.push_back(ContentOf(record.draft));
    } else {
      Refuse(record, violations);
    }
    progress_.Update({.items = check_.is_refused.size(), .bytes = 0, .refused = check_.refused});
    return absl::OkStatus();
  }

 private:
  // What many rows have in common is said once, of the first of them.
  void Warn(const ImportedRecord& record, std::vector<Violation> warnings) {
    for (Violation& warning : warnings) {
      const std::string kind = absl::StrCat(warning.reason, " ", warning.field);
      const auto known = warned_.find(kind);
      if (known != warned_.end()) {
        ++check_.warning_counts[known->second];
      } else if (check_.warnings.size() < kImportViolationsMax) {
        warned_.emplace(kind, check_.warnings.size());
        file_.import->Locate(record, warning);
        warning.field = absl::StrCat(file_.name, ": ", warning.field);
        check_.warnings.push_back(std::move(warning));
        check_.warning_counts.push_back(1);
      }
    }
  }

  void Refuse(const ImportedRecord& record, std::vector<Violation>& violations) {
    ++check_.refused;
    ++file_.refused;
    for (Violation& violation : violations) {
      const uint32_t row = file_.import->Locate(record, violation);
      if (row > 0) {
        file_.errors_by_row.emplace_back(row, SheetSentence(session_.language(), violation));
      }
      violation.field = violation.field.empty() ? file_.name : absl::StrCat(file_.name, ": ", violation.field);
      if (check_.violations.size() < kImportViolationsMax) {
        check_.violations.push_back(violation);
      }
    }
  }

  Session& session_;
  ImportJudge& judge_;
  ImportFile& file_;
  ImportCheck& check_;
  Progress& progress_;
  absl::flat_hash_map<std::string, size_t> warned_;  // position in the warnings, by reason and field
};

// Gathers records into requests, and sends each when it is full.
class Publishing {
 public:
  Publishing(Session& session, const NodeClient& node, const RecordKey& key, ImportState& state, ImportOutcome& outcome,
             Progress& progress)
      : session_(session), node_(node), key_(key), state_(state), outcome_(outcome), progress_(progress) {}

  absl::Status Take(const std::string& name, const passport::RecordDraft& draft, const std::string& content) {
    MEGURI_ASSIGN_OR_RETURN(Publication publication, SealRecord(session_, draft));
    const size_t size = publication.ByteSizeLong();
    if (batch_.size() == static_cast<size_t>(kPublicationsPerRequestMax) || bytes_ + size > kRequestBytesMax) {
      MEGURI_RETURN_IF_ERROR(Flush());
    }
    batch_.push_back({{name, content}, std::move(publication)});
    bytes_ += size;
    return absl::OkStatus();
  }

  // Signs and sends what waits.
  absl::Status Flush() {
    if (batch_.empty()) {
      return absl::OkStatus();
    }
    record::v1::PublishRequest request;
    request.set_request_id(MakeRequestId(session_.random()));
    std::vector<Publication*> publications;
    publications.reserve(batch_.size());
    std::vector<ImportItem> items;
    for (Sealed& sealed : batch_) {
      publications.push_back(&sealed.publication);
      items.push_back(std::move(sealed.item));
    }
    MEGURI_RETURN_IF_ERROR(Sign(publications, key_.id, *key_.signer, session_.random()));
    for (Sealed& sealed : batch_) {
      *request.add_publications() = std::move(sealed.publication);
    }
    batch_.clear();
    bytes_ = 0;
    MEGURI_RETURN_IF_ERROR(state_.Begin(request, std::move(items)));
    return Send();
  }

  // Sends the pending request of the state.
  absl::Status Send() {
    const record::v1::PublishRequest request = *state_.pending();
    std::vector<NamedPublication> named;
    for (const ImportItem& item : state_.pending_items()) {
      named.push_back({item.name, {}});
    }
    const PublishOutcome sent = PublishOnce(node_, request, named);
    if (!sent.status.ok()) {
      if (sent.status.code() == absl::StatusCode::kInvalidArgument) {
        MEGURI_RETURN_IF_ERROR(state_.Drop());
      }
      return sent.status;
    }
    outcome_.warnings.insert(outcome_.warnings.end(), sent.warnings.begin(), sent.warnings.end());
    outcome_.warnings.resize(std::min(outcome_.warnings.size(), kImportViolationsMax));
    std::vector<std::string> lines;
    for (size_t i = 0; i < sent.records.size() && i < named.size(); ++i) {
      nlohmann::ordered_json item = {{"name", named[i].name}};
      item.update(ToJson(sent.records[i]));
      outcome_.records.push_back(item);
      item["content"] = state_.pending_items()[i].content;
      lines.push_back(PrintJson(item, /*indented=*/false));
    }
    MEGURI_RETURN_IF_ERROR(state_.Finish(lines));
    progress_.Update({.items = state_.done(), .bytes = bytes_sent_ += request.ByteSizeLong(), .refused = 0});
    return absl::OkStatus();
  }

 private:
  struct Sealed {
    ImportItem item;
    Publication publication;
  };

  Session& session_;
  const NodeClient& node_;
  const RecordKey& key_;
  ImportState& state_;
  ImportOutcome& outcome_;
  Progress& progress_;
  std::vector<Sealed> batch_;
  size_t bytes_ = 0;
  size_t bytes_sent_ = 0;
};

absl::Status PublishAll(std::vector<ImportFile>& files, const ImportCheck& check, const ImportState& state,
                        Publishing& publishing) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<bool> to_publish, state.ToPublish(check.contents));
  if (state.pending().has_value()) {
    MEGURI_RETURN_IF_ERROR(publishing.Send());
  }
  size_t number = 0;
  size_t accepted = 0;
  for (ImportFile& file : files) {
    MEGURI_RETURN_IF_ERROR(file.import->Run([&](ImportedRecord& record) {
      if (check.is_refused[number++]) {
        return absl::OkStatus();
      }
      const size_t position = accepted++;
      return to_publish[position] ? publishing.Take(NameOf(file, record), record.draft, check.contents[position])
                                  : absl::OkStatus();
    }));
  }
  return publishing.Flush();
}

}  // namespace

absl::StatusOr<ImportCheck> CheckImport(Session& session, std::vector<ImportFile>& files) {
  ImportCheck check;
  ImportJudge judge(session);
  const std::unique_ptr<Progress> progress = session.MakeProgress(Message::kChecking, {});
  for (ImportFile& file : files) {
    Checker checker(session, judge, file, check, *progress);
    const absl::Status status = file.import->Run([&checker](ImportedRecord& record) { return checker.Take(record); });
    if (!status.ok()) {
      std::vector<Violation> violations = ViolationsOf(status);
      for (Violation& violation : violations) {
        violation.field = violation.field.empty() ? file.name : absl::StrCat(file.name, ": ", violation.field);
      }
      return violations.empty()
                 ? Error(status.code(), ReasonOf(status), absl::StrCat(file.name, ": ", status.message()))
                 : InvalidInput(violations);
    }
  }
  progress->Finish();
  for (size_t i = 0; i < check.warnings.size(); ++i) {
    if (check.warning_counts[i] > 1) {
      absl::StrAppend(&check.warnings[i].found,
                      session.Say(Message::kAlsoInOthers, {absl::StrCat(check.warning_counts[i] - 1)}));
    }
  }
  session.Warn(check.warnings);
  if (!judge.parents().ok()) {
    session.Note(session.Say(Message::kParentsNotAsked, {judge.parents().message()}));
  }
  return check;
}

ImportOutcome PublishImport(Session& session, std::vector<ImportFile>& files, const ImportCheck& check,
                            ImportState& state) {
  ImportOutcome outcome;
  const absl::StatusOr<const RecordKey*> key = session.record_key();
  const absl::StatusOr<const NodeClient*> node = session.node();
  if (!key.ok() || !node.ok()) {
    outcome.status = key.ok() ? node.status() : key.status();
    return outcome;
  }
  const std::unique_ptr<Progress> progress = session.MakeProgress(
      Message::kPublishing, {.items = check.is_refused.size() - check.refused, .bytes = 0, .refused = 0});
  Publishing publishing(session, **node, **key, state, outcome, *progress);
  outcome.status = PublishAll(files, check, state, publishing);
  if (outcome.status.ok()) {
    outcome.status = state.Complete();
  }
  progress->Finish();
  return outcome;
}

}  // namespace meguri::client
