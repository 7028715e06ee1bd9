// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/error.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/rules/record_graph.h"

namespace meguri::passport {

enum class LinkKind {
  kParent,       // what it inherits from
  kPredecessor,  // what it was before
  kComponent,    // what it is made of
};

// Another record that a record names.
struct RecordLink {
  LinkKind kind = LinkKind::kParent;
  std::string record_id;  // 32 hexadecimal digits
  std::string field;      // sections.bill_of_materials.items[3].component_record_id
};

// What the identity, the composition and the bill of materials name, in their order. Sections that do not decode name
// nothing.
std::vector<RecordLink> LinksOf(absl::Span<const record::v1::Section> sections);

// V7 over the records that `links` of the record `own_id` lead to, warnings included. `graph` holds them, or, unless
// `is_whole`, as many as were looked up.
std::vector<Violation> ValidateRecordGraph(const std::string& own_id, absl::Span<const RecordLink> links,
                                           const RecordGraph& graph, bool is_whole);

}  // namespace meguri::passport
