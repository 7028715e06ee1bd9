// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/document.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "passport/formats/field_path.h"
#include "passport/rules/rule.h"
#include "passport/section_table.h"
#include "passport/validate.h"

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

// Calls `visit` with every leaf, always in the same order. As deep as the tree, which its reader bounds.
void VisitLeaves(InputNode& node, absl::FunctionRef<void(InputNode&)> visit) {
  if (node.is_leaf()) {
    visit(node);
  }
  for (InputNode& child : node.children) {
    VisitLeaves(child, visit);
  }
}

// A number and its unit as a person finds them in the file. `text` is what was made of the leaf.
std::string WrittenAs(const std::string& leaf, absl::string_view text, absl::string_view unit) {
  if (text == leaf) {
    return absl::StrCat(leaf, " ", unit);
  }
  return absl::StrContains(leaf, unit) ? leaf : absl::StrCat(text, " ", unit, " (from ", leaf, ")");
}

record::SectionDraft DraftOf(uint32_t type, const Message& message) {
  return {.type = type, .audiences = FindSectionKind(type)->audiences, .payload = message.SerializeAsString()};
}

}  // namespace

bool HasAllThatIsRequired(uint32_t type, const Message& message) {
  const std::vector<Violation> violations = ValidateSection(type, message.SerializeAsString(), "");
  return std::none_of(violations.begin(), violations.end(),
                      [](const Violation& violation) { return violation.reason == "FIELD_MISSING"; });
}

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

void DocumentDraft::OfferSection(uint32_t type, absl::FunctionRef<void(Message&)> fill) {
  Invariant(!HasSection(type), "a section is offered or begun, not both");
  std::vector<Fate> before;
  VisitLeaves(root_, [&before](InputNode& leaf) { before.push_back(leaf.fate); });
  std::vector<Violation> problems = std::exchange(record_.problems, {});
  fill(SectionOf(type));
  problems.swap(record_.problems);
  std::unique_ptr<Message> message = std::move(sections_.extract(type).mapped());
  std::vector<std::pair<InputNode*, Fate>> changed;
  bool is_said = false;
  size_t at = 0;
  VisitLeaves(root_, [&](InputNode& leaf) {
    const Fate was = before[at++];
    if (leaf.fate != was) {
      changed.emplace_back(&leaf, was);
      is_said = is_said || leaf.fate == Fate::kMapped;
    }
  });
  if (is_said && HasAllThatIsRequired(type, *message)) {
    sections_[type] = std::move(message);
    record_.problems.insert(record_.problems.end(), problems.begin(), problems.end());
    return;
  }
  for (const auto& [leaf, was] : changed) {
    if (is_said) {
      offered_leaves_.insert({leaf, {record_.offered.size(), leaf->fate}});
    }
    leaf->fate = was;
  }
  if (is_said) {
    record_.offered.push_back({.section = DraftOf(type, *message), .problems = std::move(problems), .values = {}});
  }
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
  if (!(*factor == Factor())) {
    const absl::StatusOr<std::string> number = ScaledDecimal(text, *factor);
    if (number.ok()) {
      record_.converted.push_back({path->field().name(), *number, WrittenAs(leaf->text, text, unit)});
    }
  }
  return true;
}

void DocumentDraft::Imply(InputNode* node) {
  if (node == nullptr) {
    return;
  }
  ForEachLeaf(*node, [](const std::string&, InputNode& leaf) { leaf.fate = Fate::kImplied; });
}

void DocumentDraft::ImplySame(InputNode* leaf, const InputNode* other) {
  if (leaf != nullptr && other != nullptr && leaf != other && leaf->is_leaf() && leaf->text == other->text &&
      leaf->fate == Fate::kUntouched) {
    leaf->fate = Fate::kImplied;
  }
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
    record_.draft.sections.push_back(DraftOf(type, *message));
  }
  Account account = AccountOf(root_);
  record_.mapped = account.mapped;
  record_.implied = account.implied;
  for (auto& [path, value] : account.untouched) {
    record_.unmapped.push_back({path, value});
  }
  ForEachLeaf(root_, [this](const std::string& path, InputNode& leaf) {
    const auto [first, last] = offered_leaves_.equal_range(&leaf);
    for (auto each = first; each != last && leaf.fate == Fate::kUntouched; ++each) {
      record_.offered[each->second.section].values.emplace_back(path, each->second.fate);
    }
  });
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
