// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "meguri/passport/v1/composition.pb.h"
#include "passport/terms/term_sink.h"

namespace meguri::passport {

// Adds a substance by each of its identifiers: that it is there, and, unless `fraction` is empty, how much of it.
void AddSubstance(const google::protobuf::RepeatedPtrField<v1::SubstanceIdentifier>& identifiers,
                  absl::string_view fraction, TermSink& terms);

// What stands for the fraction of a substance: the fraction itself, or mass / mass of what it is in; "" if neither is
// there. Exact to 1e-9, rounded up, so that a substance is never found below a threshold that it exceeds.
std::string FractionOf(absl::string_view mass_fraction, absl::string_view mass_kg, absl::string_view whole_mass_kg);

}  // namespace meguri::passport
