// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/leaf_rows.h"

#include <string>

#include "absl/strings/string_view.h"
#include "base/error.h"
#include "passport/formats/field_path.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

constexpr size_t kDateBytes = 10;  // YYYY-MM-DD

InputNode* Beside(InputNode& root, absl::string_view path, absl::string_view name) {
  const size_t point = path.rfind('.');
  return point == absl::string_view::npos ? root.Find(name)
                                          : DocumentDraft::At(DocumentDraft::At(&root, path.substr(0, point)), name);
}

}  // namespace

void SetLeaves(DocumentDraft& draft, InputNode& root, absl::Span<const LeafRow> rows) {
  for (const LeafRow& row : rows) {
    InputNode* leaf = DocumentDraft::At(&root, row.from);
    if (leaf == nullptr || !leaf->is_leaf()) {
      continue;
    }
    std::string unit = row.unit;
    if (!unit.empty() && unit[0] == '.') {
      InputNode* said = Beside(root, row.from, unit.substr(1));
      if (said == nullptr) {
        continue;  // a number without its unit says nothing; it is left
      }
      unit = said->text;
      DocumentDraft::Imply(said);
    }
    draft.SetPath(row.section, row.to, leaf, unit);
  }
}

void SetDate(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* leaf) {
  if (leaf != nullptr) {
    draft.SetAs(message, field, leaf, absl::string_view(leaf->text).substr(0, kDateBytes));
  }
}

}  // namespace meguri::passport
