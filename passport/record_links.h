// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/types/optional.h"
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

// Whom a letter is for: an enquiry, its answer, a request for access, a grant, an agreement.
struct Counterparty {
  std::string participant_id;
  std::string field;  // sections.enquiry.seller_id
};

// The member at the other side of a letter; nullopt if the record is none, or does not decode.
absl::optional<Counterparty> CounterpartyOf(absl::Span<const record::v1::Section> sections);

// Whether the identity among `sections` is that of one piece with a serial number which is not waste.
bool IsPieceInUse(absl::Span<const record::v1::Section> sections);

// The warning that a record lists a piece which `other`, a record of the same publisher, lists too: a piece is in one
// product at a time (V7).
Violation PartElsewhere(const RecordLink& link, const std::string& other);

// V7 over the records that `links` of the record `own_id` lead to, warnings included. `graph` holds them, or, unless
// `is_whole`, as many as were looked up.
std::vector<Violation> ValidateRecordGraph(const std::string& own_id, absl::Span<const RecordLink> links,
                                           const RecordGraph& graph, bool is_whole);

}  // namespace meguri::passport
