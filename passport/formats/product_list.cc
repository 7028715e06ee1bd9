// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/product_list.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "passport/readers/csv.h"
#include "passport/readers/text_encoding.h"

namespace meguri::passport {
namespace {

enum class Column { kIdentifier, kGtin, kModel, kMaker, kSerial };
constexpr size_t kColumns = 5;

struct Heading {
  absl::string_view words;  // in lower case
  Column column;
};

constexpr Heading kHeadings[] = {
    {"identifier", Column::kIdentifier},
    {"id", Column::kIdentifier},
    {"digital link", Column::kIdentifier},
    {"識別子", Column::kIdentifier},
    {"gtin", Column::kGtin},
    {"jan", Column::kGtin},
    {"jan code", Column::kGtin},
    {"janコード", Column::kGtin},
    {"ean", Column::kGtin},
    {"model", Column::kModel},
    {"model number", Column::kModel},
    {"model no", Column::kModel},
    {"model no.", Column::kModel},
    {"model name", Column::kModel},
    {"型番", Column::kModel},
    {"型式", Column::kModel},
    {"型名", Column::kModel},
    {"形名", Column::kModel},
    {"形式", Column::kModel},
    {"機種", Column::kModel},
    {"機種名", Column::kModel},
    {"品番", Column::kModel},
    {"maker", Column::kMaker},
    {"manufacturer", Column::kMaker},
    {"brand", Column::kMaker},
    {"メーカー", Column::kMaker},
    {"メーカ", Column::kMaker},
    {"メーカー名", Column::kMaker},
    {"製造者", Column::kMaker},
    {"製造業者", Column::kMaker},
    {"ブランド", Column::kMaker},
    {"serial", Column::kSerial},
    {"serial number", Column::kSerial},
    {"serial no", Column::kSerial},
    {"serial no.", Column::kSerial},
    {"s/n", Column::kSerial},
    {"シリアル", Column::kSerial},
    {"シリアル番号", Column::kSerial},
    {"製造番号", Column::kSerial},
    {"製番", Column::kSerial},
    {"機番", Column::kSerial},
};

using ColumnPlaces = std::array<absl::optional<size_t>, kColumns>;

absl::optional<size_t>& At(ColumnPlaces& places, Column column) { return places[static_cast<size_t>(column)]; }

// nullopt: this is no line of headings.
absl::optional<ColumnPlaces> PlacesOf(const std::vector<std::string>& cells) {
  ColumnPlaces places;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string words = absl::AsciiStrToLower(absl::StripAsciiWhitespace(cells[i]));
    std::replace(words.begin(), words.end(), '_', ' ');
    const auto* const known = std::find_if(std::begin(kHeadings), std::end(kHeadings),
                                           [&](const Heading& heading) { return heading.words == words; });
    if (known != std::end(kHeadings) && !At(places, known->column).has_value()) {
      At(places, known->column) = i;
    }
  }
  const bool names_products = At(places, Column::kIdentifier).has_value() || At(places, Column::kGtin).has_value() ||
                              At(places, Column::kModel).has_value();
  return names_products ? absl::make_optional(places) : absl::nullopt;
}

ListedProduct ProductOf(const TableRow& row, const ColumnPlaces& places) {
  const auto cell = [&](Column column) {
    const absl::optional<size_t> place = places[static_cast<size_t>(column)];
    return std::string(place.has_value() && *place < row.cells.size() ? absl::StripAsciiWhitespace(row.cells[*place])
                                                                      : absl::string_view());
  };
  ListedProduct product{cell(Column::kIdentifier), false, cell(Column::kMaker), cell(Column::kSerial), 1};
  if (product.identifier.empty()) {
    product.identifier = cell(Column::kGtin);
  }
  if (product.identifier.empty()) {
    product.identifier = cell(Column::kModel);
    product.is_model_number = !product.identifier.empty();
  }
  return product;
}

bool IsForPeople(absl::string_view line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  return text.empty() || absl::StartsWith(text, "#");
}

std::vector<ListedProduct> ProductsOfLines(absl::string_view text) {
  std::vector<ListedProduct> products;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> cells = absl::StrSplit(line, absl::MaxSplits(absl::ByAnyChar(",\t"), 1));
    const absl::string_view identifier = absl::StripAsciiWhitespace(cells[0]);
    if (!identifier.empty() && !IsForPeople(line)) {
      products.push_back({std::string(identifier), false, "", "", 1});
    }
  }
  return products;
}

}  // namespace

absl::StatusOr<std::vector<ListedProduct>> ReadProductList(absl::string_view bytes) {
  MEGURI_ASSIGN_OR_RETURN(const std::string text, DecodeText(bytes));
  absl::string_view rest = text;
  while (!rest.empty() && IsForPeople(rest.substr(0, rest.find('\n')))) {
    rest.remove_prefix(std::min(rest.size(), rest.substr(0, rest.find('\n')).size() + 1));
  }
  absl::optional<ColumnPlaces> places;
  const absl::Status no_headings = ReadCsv(rest.substr(0, rest.find('\n')), [&](const TableRow& row) {
    places = PlacesOf(row.cells);
    return absl::OkStatus();
  });
  if (!no_headings.ok() || !places.has_value()) {
    return ProductsOfLines(rest);
  }
  std::vector<ListedProduct> products;
  bool is_first = true;
  MEGURI_RETURN_IF_ERROR(ReadCsv(rest, [&](const TableRow& row) {
    if (!is_first && !absl::StartsWith(row.cells.front(), "#")) {
      products.push_back(ProductOf(row, *places));
    }
    is_first = false;
    return absl::OkStatus();
  }));
  return products;
}

std::vector<ListedProduct> EachOnce(const std::vector<ListedProduct>& products) {
  std::vector<ListedProduct> once;
  std::map<std::tuple<std::string, bool, std::string, std::string>, size_t> places;
  for (const ListedProduct& product : products) {
    const auto [place, is_new] = places.try_emplace(
        std::tuple(product.identifier, product.is_model_number, product.maker, product.serial), once.size());
    if (is_new) {
      once.push_back(product);
    } else {
      once[place->second].count += product.count;
    }
  }
  return once;
}

std::string ToText(const ListedProduct& product) {
  std::string text = product.identifier.empty() ? "?" : product.identifier;
  if (!product.serial.empty()) {
    absl::StrAppend(&text, ", S/N ", product.serial);
  }
  if (!product.maker.empty()) {
    absl::StrAppend(&text, ", ", product.maker);
  }
  return text;
}

}  // namespace meguri::passport
