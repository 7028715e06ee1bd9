// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "passport/formats/document.h"

namespace meguri::passport {

// One value of a document and where it goes.
struct LeafRow {
  const char* from;  // path of names in the document
  uint32_t section;  // a record::v1::SectionType
  const char* to;    // path in its payload
  // A unit of FactorOf; or, behind a point, the name of the value beside it that holds the unit: ".unitCode".
  const char* unit = "";
};

// Moves every value that is there. Units that stand in the document are implied.
void SetLeaves(DocumentDraft& draft, InputNode& root, absl::Span<const LeafRow> rows);

// Writes the first ten characters of a point in time, which are its date.
void SetDate(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* leaf);

}  // namespace meguri::passport
