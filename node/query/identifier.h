// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "record/record_id.h"

namespace meguri::node {

inline constexpr size_t kModelBytesMax = 128;      // of a model number that is looked for
inline constexpr size_t kPlateTextBytesMax = 256;  // of a maker or serial number beside it

// What an identifier may be: a record ID, a GTIN with what narrows it, or a model number with what narrows it.
struct Identifier {
  absl::optional<record::RecordId> record_id;
  std::string host;  // of a Digital Link
  std::string uri;   // if it was a URI
  std::string gtin;  // 14 digits
  std::string lot;
  std::string serial;
  std::string model;
  std::string maker;  // of a model number
};

// A record ID in hex, a GS1 Digital Link, `GTIN`, or `GTIN/serial`. INVALID_ARGUMENT with reason IDENTIFIER.
absl::StatusOr<Identifier> ParseIdentifier(absl::string_view text);

// What a line of a list says of one product.
struct ProductQuestion {
  std::string identifier = {};   // as Query::Resolve takes it, or a model number as it is printed on the product
  bool is_model_number = false;  // even if it could be a GTIN or a record ID
  std::string maker = {};        // of a model number: participant ID, or the brand as the passport has it; may be empty
  std::string serial = {};       // of a model number or GTIN; may be empty
};

// What is none of the above is a model number, unless it is a link or only a digit away from a GTIN: a mistyped GTIN
// must not read as a model that nobody has. INVALID_ARGUMENT with reason IDENTIFIER.
absl::StatusOr<Identifier> ParseQuestion(const ProductQuestion& question);

// `text` with full-width letters, digits and signs as ASCII: Japanese sheets write model numbers either way.
std::string HalfWidth(absl::string_view text);

}  // namespace meguri::node
