// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/terms/term_sink.h"

namespace meguri::passport {

using SubstanceIdentifiers = google::protobuf::RepeatedPtrField<v1::SubstanceIdentifier>;

// The one CAS number as an identifier.
SubstanceIdentifiers CasIdentifier(absl::string_view cas_number);

// Adds a substance by each of its identifiers: that it is there, and how much of it; amount_unknown if `fraction` is
// empty.
void AddSubstance(const SubstanceIdentifiers& identifiers, absl::string_view fraction, TermSink& terms);
// Adds how much of it there is only.
void AddSubstanceFraction(const SubstanceIdentifiers& identifiers, absl::string_view fraction, TermSink& terms);

}  // namespace meguri::passport
