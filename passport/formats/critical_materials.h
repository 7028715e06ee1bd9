// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "passport/formats/document.h"

namespace meguri::passport {

// A material that a file calls critical or not, and where the file says so.
struct CriticalClaim {
  InputNode* is_critical = nullptr;  // true or false; false is left, as silence about the rest is no "no"
  InputNode* cas_number = nullptr;
  InputNode* amount = nullptr;  // written into `amount_field` (mass_kg, mass_fraction), from `unit`
  const char* amount_field = "";
  absl::string_view unit;
  InputNode* location = nullptr;
  absl::string_view location_text;
};

// The symbol or name of the element of a CAS number as the lists of critical raw materials have it: Li, graphite; ""
// if it is none that batteries and magnets are made of.
absl::string_view ElementOfCas(absl::string_view cas_number);

// Adds a material that a file calls critical to the critical raw materials, and its element to the summary. A material
// whose element is not known by its CAS number is left.
void AddCriticalMaterial(DocumentDraft& draft, const CriticalClaim& claim);

// Adds an element without an amount to the summary alone.
void AddCriticalElement(DocumentDraft& draft, InputNode* is_critical, absl::string_view element, InputNode* location);

}  // namespace meguri::passport
