// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace meguri::passport {

// A product of a work list, as it was scanned or read off its plate.
struct ListedProduct {
  std::string identifier = {};   // Digital Link, GTIN, GTIN/serial, record ID or model number
  bool is_model_number = false;  // the list says so
  std::string maker = {};        // participant ID or brand
  std::string serial = {};
  uint32_t count = 1;  // how often it is on the list

  friend bool operator==(const ListedProduct&, const ListedProduct&) = default;
};

// The products of a work list in UTF-8, UTF-16 or CP932. If the first line names columns, one at least that says which
// product it is (identifier, GTIN or JAN, model number; in English or Japanese), it is CSV: those columns, maker and
// serial number count, and a row without a product is kept with an empty identifier. Else one a line: what stands
// behind a comma or tab is for people. Lines that begin with # are for people in any case. The errors of
// passport/readers/text_encoding.h and passport/readers/csv.h.
absl::StatusOr<std::vector<ListedProduct>> ReadProductList(absl::string_view bytes);

// Each product once, where it came first, with its count.
std::vector<ListedProduct> EachOnce(const std::vector<ListedProduct>& products);

// "NA-LX129C, S/N 0012, Panasonic": how a line of the list is named to people.
std::string ToText(const ListedProduct& product);

}  // namespace meguri::passport
