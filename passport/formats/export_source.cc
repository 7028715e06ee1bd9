// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_source.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "google/protobuf/message.h"
#include "passport/formats/json.h"
#include "passport/formats/known_part.h"
#include "passport/formats/proto_json.h"
#include "passport/payload.h"
#include "passport/section_table.h"
#include "record/audience.h"

namespace meguri::passport {
namespace {

// Recursion is bounded: DecodePayload bounds the depth.
InputNode TreeOf(const std::string& name, const Json& value) {
  InputNode node;
  node.name = name;
  if (value.is_object()) {
    node.kind = InputNode::Kind::kObject;
    for (const auto& [child_name, child] : value.items()) {
      node.children.push_back(TreeOf(child_name, child));
    }
  } else if (value.is_array()) {
    node.kind = InputNode::Kind::kArray;
    for (const Json& child : value) {
      node.children.push_back(TreeOf("", child));
    }
  } else if (value.is_string()) {
    node.kind = InputNode::Kind::kString;
    node.text = value.get<std::string>();
  } else {
    node.kind = value.is_boolean() ? InputNode::Kind::kBool : InputNode::Kind::kNumber;
    node.text = value.dump();
  }
  return node;
}

}  // namespace

absl::StatusOr<ExportSource> ExportSource::Open(const record::v1::Envelope& envelope) {
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  ExportSource source(std::move(header));
  source.draft_.record_type = static_cast<uint32_t>(source.header_.message().record_type());
  source.sections_.kind = InputNode::Kind::kObject;
  std::vector<const record::v1::Section*> sections;
  for (const record::v1::Section& section : envelope.sections()) {
    sections.push_back(&section);
  }
  std::sort(sections.begin(), sections.end(), [](const record::v1::Section* a, const record::v1::Section* b) {
    return std::make_pair(a->type(), a->slot()) < std::make_pair(b->type(), b->slot());
  });
  for (const record::v1::Section* section : sections) {
    source.AddSection(*section);
  }
  return source;
}

void ExportSource::AddSection(const record::v1::Section& section) {
  const SectionKind* kind = FindSectionKind(section.type());
  const std::string name = kind == nullptr ? absl::StrCat("type_", section.type()) : std::string(kind->name);
  const std::string size = absl::StrCat("(", section.payload().size(), " bytes)");
  const absl::StatusOr<record::AudienceSet> audiences = record::AudienceSet::Parse(section.audiences());
  if (sections_.Find(name) != nullptr) {
    return Leave(absl::StrCat(name, "#", section.slot()), size);
  }
  if (kind == nullptr || !kind->understood() || !audiences.ok()) {
    return Leave(name, size);
  }
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message = DecodePayload(*kind, section.payload());
  if (!message.ok()) {
    return Leave(name, size);
  }
  KeepKnownPart(**message, name, left_);
  sections_.children.push_back(TreeOf(name, MessageToJson(**message)));
  draft_.sections.push_back(
      {.type = section.type(), .audiences = *audiences, .payload = (*message)->SerializeAsString()});
}

void ExportSource::TakeAll() {
  ForEachLeaf(sections_, [](const std::string&, InputNode& leaf) { leaf.fate = Fate::kMapped; });
}

ExportedRecord ExportSource::Account() && {
  ExportedRecord record;
  record.name = header_.record_id().ToHex();
  passport::Account account;
  if (!sections_.children.empty()) {
    account = AccountOf(sections_);
  }
  record.carried = account.mapped;
  record.implied = account.implied;
  for (auto& [path, value] : account.untouched) {
    record.left.push_back({path, value});
  }
  record.left.insert(record.left.end(), left_.begin(), left_.end());
  for (const record::SectionDraft& section : draft_.sections) {
    record.sections.emplace_back(std::string(FindSectionKind(section.type)->name), section.audiences.ToString());
  }
  return record;
}

absl::Status ExportSources::ForEach(absl::FunctionRef<absl::Status(ExportSource& record)> write) {
  for (const record::v1::Envelope& envelope : envelopes_) {
    MEGURI_ASSIGN_OR_RETURN(ExportSource source, ExportSource::Open(envelope));
    MEGURI_RETURN_IF_ERROR(write(source));
    accounts_.push_back(std::move(source).Account());
  }
  return absl::OkStatus();
}

}  // namespace meguri::passport
