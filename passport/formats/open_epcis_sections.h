// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/formats/document.h"
#include "passport/readers/input_tree.h"

// The sections of an OpenEPCIS passport beside identity and composition. Terms go by their local names.
namespace meguri::passport {

// The leaf of a term that may be a reference or a tagged text: a leaf itself, or its @id, id or @value; null if
// the text is in another language than English. Null is fine.
InputNode* OpenEpcisLeaf(InputNode* node);

// The last part of an IRI: eubat:Original, https://…/Original → Original.
absl::string_view LastPartOf(absl::string_view iri);

// Materials, critical ones, recycled shares, substances and hazards.
void ReadOpenEpcisMaterials(InputNode& root, DocumentDraft& draft);

// Life, state of an item, footprint, facilities, conformity, dismantling and return. The identity section is filled.
void ReadOpenEpcisSections(InputNode& root, DocumentDraft& draft);

}  // namespace meguri::passport
