// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/document.h"

#include <utility>

#include "absl/strings/str_split.h"
#include "base/error.h"
#include "passport/formats/field_path.h"
#include "passport/rules/rule.h"
#include "passport/section_table.h"

namespace meguri::passport {

using google::protobuf::Message;

namespace {

// A JSON null and "" say that there is nothing to say; that is implied.
bool SaysSomething(InputNode& leaf) {
  const bool is_value = leaf.kind != InputNode::Kind::kObject && leaf.kind != InputNode::Kind::kArray;
  if (is_value && (leaf.kind == InputNode::Kind::kNull || leaf.text.empty())) {
    leaf.fate = Fate::kImplied;
    return false;
  }
  return is_value;
}

}  // namespace

DocumentDraft::DocumentDraft(InputNode& root, uint32_t record_type) : root_(root) {
  record_.draft.record_type = record_type;
}

Message& DocumentDraft::SectionOf(uint32_t type) {
  std::unique_ptr<Message>& section = sections_[type];
  if (section == nullptr) {
    const SectionKind* kind = FindSectionKind(type);
    Invariant(kind != nullptr && kind->understood(), "formats fill sections that this version understands");
    section.reset(kind->prototype->New());
  }
  return *section;
}

InputNode* DocumentDraft::At(InputNode* from, absl::string_view path) {
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (from == nullptr) {
      return nullptr;
    }
    from = from->Find(name);
  }
  return from;
}

bool DocumentDraft::Set(Message& message, absl::string_view field, InputNode* leaf, absl::string_view unit) {
  return leaf != nullptr && SetAs(message, field, leaf, leaf->text, unit);
}

bool DocumentDraft::SetAs(Message& message, absl::string_view field, InputNode* leaf, absl::string_view text,
                          absl::string_view unit) {
  const absl::StatusOr<FieldPath> path = FieldPath::Parse(*message.GetDescriptor(), field);
  return Write(message, path, leaf, text, unit);
}

bool DocumentDraft::SetPath(uint32_t section, absl::string_view path, InputNode* leaf, absl::string_view unit) {
  if (leaf == nullptr || !SaysSomething(*leaf)) {
    return false;
  }
  Message& message = SectionOf(section);
  return Write(message, FieldPath::Parse(*message.GetDescriptor(), path), leaf, leaf->text, unit);
}

bool DocumentDraft::Write(Message& message, const absl::StatusOr<FieldPath>& path, InputNode* leaf,
                          absl::string_view text, absl::string_view unit) {
  if (leaf == nullptr || !SaysSomething(*leaf)) {
    return false;
  }
  Invariant(path.ok(), path.status().message());
  leaf->fate = Fate::kMapped;
  const absl::StatusOr<Factor> factor = FactorOf(unit, path->field());
  if (!factor.ok()) {
    Refuse(*leaf, ReasonOf(factor.status()), factor.status().message(), "単位が正しくありません。");
    return false;
  }
  absl::optional<Violation> problem = path->Set(message, text, *factor);
  if (problem.has_value()) {
    problem->field = PathOf(*leaf);
    record_.problems.push_back(*std::move(problem));
    return false;
  }
  return true;
}

void DocumentDraft::Imply(InputNode* node) {
  if (node == nullptr) {
    return;
  }
  ForEachLeaf(*node, [](const std::string&, InputNode& leaf) { leaf.fate = Fate::kImplied; });
}

void DocumentDraft::Refuse(InputNode& leaf, absl::string_view reason, absl::string_view expected,
                           absl::string_view message_ja) {
  leaf.fate = Fate::kMapped;
  record_.problems.push_back({.field = PathOf(leaf),
                              .reason = std::string(reason),
                              .found = Quoted(leaf.text),
                              .expected = std::string(expected),
                              .cure = "correct the value in the file",
                              .message_ja = std::string(message_ja)});
}

std::string DocumentDraft::PathOf(const InputNode& leaf) {
  std::string found;
  ForEachLeaf(root_, [&](const std::string& path, InputNode& other) {
    if (&other == &leaf) {
      found = path;
    }
  });
  return found;
}

ImportedRecord DocumentDraft::Take() && {
  for (const auto& [type, message] : sections_) {
    record_.draft.sections.push_back(
        {.type = type, .audiences = FindSectionKind(type)->audiences, .payload = message->SerializeAsString()});
  }
  Account account = AccountOf(root_);
  record_.mapped = account.mapped;
  record_.implied = account.implied;
  for (auto& [path, value] : account.untouched) {
    record_.unmapped.push_back({path, value});
  }
  return std::move(record_);
}

bool SetCode(DocumentDraft& draft, Message& message, absl::string_view field, InputNode* leaf,
             absl::Span<const CodeRow> codes) {
  if (leaf == nullptr) {
    return false;
  }
  for (const CodeRow& row : codes) {
    if (row.text == leaf->text) {
      return draft.SetAs(message, field, leaf, row.name);
    }
  }
  return false;
}

}  // namespace meguri::passport
