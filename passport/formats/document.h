// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "passport/formats/field_path.h"
#include "passport/formats/imported_record.h"
#include "passport/readers/input_tree.h"
#include "record/audience.h"

namespace meguri::passport {

// Whether no field is missing that a section of that type must have.
bool HasAllThatIsRequired(uint32_t type, const google::protobuf::Message& message);

// One record that is made of a document, and what became of the document's values. Every value that it takes it marks;
// what is left is unmapped. Not thread-safe.
class DocumentDraft {
 public:
  // `root` is borrowed.
  DocumentDraft(InputNode& root, uint32_t record_type);

  // The payload of a section, made when first asked for.
  template <typename Payload>
  Payload& Section(uint32_t type) {
    return static_cast<Payload&>(SectionOf(type));
  }
  bool HasSection(uint32_t type) const { return sections_.contains(type); }
  // Fills a section that only begins if the document has all that the section requires. If it does not, its values have
  // no place, and the section is offered: BeginOffered (imported_record.h) begins it. Once for each type, which is not
  // begun otherwise; `fill` writes into no other section.
  template <typename Payload, typename Fill>
  void Offer(uint32_t type, Fill fill) {
    OfferSection(type, [&fill](google::protobuf::Message& message) { fill(static_cast<Payload&>(message)); });
  }

  // The node at a path of names below `from` (identification.type), or null; null is fine as `from`.
  static InputNode* At(InputNode* from, absl::string_view path);

  // Writes the leaf into `field` of `message` (a path of FieldPath), from `unit` if it says one, and marks it. A null
  // leaf, a JSON null and
  // "" change nothing. A value that cannot be written is a problem at its place. Returns whether it was written.
  bool Set(google::protobuf::Message& message, absl::string_view field, InputNode* leaf, absl::string_view unit = "");
  // As Set, with another text than that of the leaf.
  bool SetAs(google::protobuf::Message& message, absl::string_view field, InputNode* leaf, absl::string_view text,
             absl::string_view unit = "");
  // As Set, into a place of a section (performance_class, name.ja), which is made if there is a value.
  bool SetPath(uint32_t section, absl::string_view path, InputNode* leaf, absl::string_view unit = "");
  // Every leaf at or below `node` says only how to read others, or is a constant of the format. Null is fine.
  static void Imply(InputNode* node);
  // The leaf is implied if it says the same as `other`. Null is fine.
  static void ImplySame(InputNode* leaf, const InputNode* other);
  // Says that the value at `leaf` cannot be imported.
  void Refuse(InputNode& leaf, absl::string_view reason, absl::string_view expected, absl::string_view message_ja);

  // The sections in order, the counts, and what was left. The document may not be used after.
  ImportedRecord Take() &&;

 private:
  // A value that an offered section holds, and what it would be there.
  struct OfferedLeaf {
    size_t section;  // an index of record_.offered
    Fate fate;
  };

  google::protobuf::Message& SectionOf(uint32_t type);
  void OfferSection(uint32_t type, absl::FunctionRef<void(google::protobuf::Message&)> fill);
  bool Write(google::protobuf::Message& message, const absl::StatusOr<FieldPath>& path, InputNode* leaf,
             absl::string_view text, absl::string_view unit);
  std::string PathOf(const InputNode& leaf);

  InputNode& root_;
  ImportedRecord record_;
  std::map<uint32_t, std::unique_ptr<google::protobuf::Message>> sections_;
  std::multimap<const InputNode*, OfferedLeaf> offered_leaves_;
};

// One row of a table of codes.
struct CodeRow {
  absl::string_view text;  // as the document has it
  absl::string_view name;  // an enumerator
};
// As Set, through a table of codes; a code that is not in it is left unmapped. Returns whether it was there.
bool SetCode(DocumentDraft& draft, google::protobuf::Message& message, absl::string_view field, InputNode* leaf,
             absl::Span<const CodeRow> codes);

}  // namespace meguri::passport
