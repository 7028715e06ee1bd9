// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/canonical_json.h"
#include "passport/formats/export.h"
#include "passport/readers/input_tree.h"
#include "record/header.h"

namespace meguri::passport {

// One record on its way out: what its header says, and its sections as a tree (identity.mass_kg) whose values a format
// marks as it takes them. What no format takes is left, and told. Values are texts as in a record file. Not
// thread-safe.
class ExportSource {
 public:
  // INVALID_ARGUMENT with the reasons of record::Header::Parse. Sections that this version does not understand, fields
  // that it does not know, and a second section of one type are values that no format takes.
  static absl::StatusOr<ExportSource> Open(const record::v1::Envelope& envelope);

  const record::Header& header() const { return header_; }
  // The understood sections, ascending, without fields that are not known.
  const RecordDraft& draft() const { return draft_; }

  // The sections by name, as objects.
  InputNode& sections() { return sections_; }
  // Marks every value of every section.
  void TakeAll();
  // A value that this format cannot take, and that is no value of a section.
  void Leave(std::string path, std::string value) { left_.push_back({std::move(path), std::move(value)}); }

  ExportedRecord Account() &&;

 private:
  explicit ExportSource(record::Header header) : header_(std::move(header)) {}
  void AddSection(const record::v1::Section& section);

  record::Header header_;
  RecordDraft draft_;
  InputNode sections_;
  std::vector<UnmappedValue> left_;
};

// The records of one export. They are opened one after the other, as a tree takes many times the memory of its
// sections. Not thread-safe.
class ExportSources {
 public:
  // `envelopes` are borrowed; there is at least one.
  explicit ExportSources(absl::Span<const record::v1::Envelope> envelopes) : envelopes_(envelopes) {}

  absl::Span<const record::v1::Envelope> envelopes() const { return envelopes_; }
  // Hands over each record, and keeps its account. Errors are those of Open, or of `write`. To be called once.
  absl::Status ForEach(absl::FunctionRef<absl::Status(ExportSource& record)> write);
  std::vector<ExportedRecord> TakeAccounts() && { return std::move(accounts_); }

 private:
  const absl::Span<const record::v1::Envelope> envelopes_;
  std::vector<ExportedRecord> accounts_;
};

}  // namespace meguri::passport
