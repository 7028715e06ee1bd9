// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passport/formats/document.h"
#include "passport/readers/input_tree.h"

// What single aspects and containers of twins share.
namespace meguri::passport {

// Adds the ID of a twin to the identity section, unless it is there.
void AddTwinId(DocumentDraft& draft, InputNode* id);

// Fills the recycled content section of the materials of a secondary material aspect: percentages of the net mass.
void FillSecondaryMaterial(DocumentDraft& draft, InputNode& aspect);

// Writes one child of a bill into a bill item; `name` is what its own twin is called, or null.
void FillBillItem(DocumentDraft& draft, InputNode& child, InputNode* id, InputNode* name);

// Reads what a passport says of size, life, state, spare parts, conformity and critical elements. The granularity is
// set.
void ReadCatenaXLife(InputNode& root, DocumentDraft& draft);

// Offers what a passport has of its footprint, hazardous substances, plants and documents.
void OfferCatenaXSections(InputNode& root, DocumentDraft& draft);

}  // namespace meguri::passport
