// SPDX-License-Identifier: Apache-2.0
#include "passport/filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/index_values.h"
#include "passport/record_terms.h"
#include "passport/rules/decimal.h"
#include "passport/terms/index_fields.h"
#include "passport/terms/number_term.h"
#include "passport/terms/region_groups.h"
#include "passport/terms/term_sink.h"

namespace meguri::passport {
namespace {

constexpr absl::string_view kComparisons[] = {">=", "<=", ">", "<", "="};
constexpr char kSubstance[] = "substance";
constexpr char kRegion[] = "region";
constexpr char kAnd[] = "AND";

absl::Status FilterError(absl::string_view found, absl::string_view expected) {
  return InvalidInput({{"filter", "FILTER", std::string(found), std::string(expected),
                        "write for example: product_group = \"battery\" AND recycled_fraction >= 0.3",
                        "filter の書式が正しくありません。例: product_group = \"battery\""}});
}

std::string FieldNames() {
  return absl::StrJoin(IndexFields(), ", ",
                       [](std::string* out, const IndexField& field) { absl::StrAppend(out, field.name); });
}

// The numbers that `comparison` with `number` leaves.
NumberRange RangeOf(std::string field, absl::string_view comparison, const IndexNumber& number) {
  NumberRange range{std::move(field)};
  const uint64_t up = number.units + (number.exact ? 0 : 1);  // the first number of the index that is not below
  if (comparison == "=" && !number.exact) {
    return {range.field, 1, 0};
  }
  if (comparison == ">=" || comparison == "=") {
    range.low = up;
  }
  if (comparison == ">") {
    range.low = number.units + 1;
  }
  if (comparison == "<=" || comparison == "=") {
    range.high = number.units;
  }
  if (comparison == "<") {
    if (up == 0) {
      return {range.field, 1, 0};
    }
    range.high = up - 1;
  }
  return range;
}

// Reads the filter from the front.
class FilterReader {
 public:
  explicit FilterReader(absl::string_view text) : rest_(text) { SkipSpace(); }

  bool AtEnd() const { return rest_.empty(); }

  absl::Status TakeCondition(Filter& filter) {
    const absl::string_view name = TakeWord();
    const IndexField* field = FindIndexField(name);
    if (field == nullptr) {
      return FilterError(absl::StrCat("the field '", name, "'"), FieldNames());
    }
    if (name == kSubstance && absl::StartsWith(rest_, "(")) {
      return TakeSubstance(filter);
    }
    if (field->kind == IndexFieldKind::kWord && TakeIn()) {
      return TakeList(name, filter);
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view comparison, TakeComparison(name));
    if (field->kind == IndexFieldKind::kNumber) {
      return TakeRange(name, std::string(name), comparison, filter);
    }
    if (comparison != "=") {
      return FilterError(absl::StrCat("'", comparison, "' after ", name), "'=' or IN: this field is a word");
    }
    MEGURI_ASSIGN_OR_RETURN(const std::string value, TakeValue());
    return AddWords(name, {value}, filter);
  }

  absl::Status TakeAnd() {
    const absl::string_view word = TakeWord();
    if (!absl::EqualsIgnoreCase(word, kAnd)) {
      return FilterError(absl::StrCat("'", word.empty() ? rest_.substr(0, 10) : word, "' between two conditions"),
                         kAnd);
    }
    return absl::OkStatus();
  }

 private:
  // substance("…") with a comparison, or alone: that it is there at all.
  absl::Status TakeSubstance(Filter& filter) {
    Drop(1);
    MEGURI_ASSIGN_OR_RETURN(const std::string substance, TakeValue());
    if (!absl::StartsWith(rest_, ")")) {
      return FilterError("no ')' after the substance", "substance(\"117-81-7\")");
    }
    Drop(1);
    if (AtEnd() || absl::StartsWithIgnoreCase(rest_, kAnd)) {
      return AddWords(kSubstance, {substance}, filter);
    }
    const absl::optional<std::string> expected = ExpectedWord(kSubstance, substance);
    if (expected.has_value()) {
      return FilterError(absl::StrCat("'", substance, "' for ", kSubstance), *expected);
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view comparison, TakeComparison(kSubstance));
    return TakeRange(kSubstance, SubstanceFractionField(substance), comparison, filter);
  }

  bool TakeIn() {
    FilterReader ahead = *this;
    if (!absl::EqualsIgnoreCase(ahead.TakeWord(), "IN") || !absl::StartsWith(ahead.rest_, "(")) {
      return false;
    }
    *this = ahead;
    Drop(1);
    return true;
  }

  // The words of a list that has begun, up to its end.
  absl::Status TakeList(absl::string_view field, Filter& filter) {
    std::vector<std::string> values;
    do {
      if (!values.empty()) {
        Drop(1);
      }
      MEGURI_ASSIGN_OR_RETURN(values.emplace_back(), TakeValue());
    } while (absl::StartsWith(rest_, ","));
    if (!absl::StartsWith(rest_, ")")) {
      return FilterError(absl::StrCat("no ')' after the words of ", field), "region IN (\"13\", \"14\")");
    }
    Drop(1);
    return AddWords(field, values, filter);
  }

  absl::Status AddWords(absl::string_view field, const std::vector<std::string>& values, Filter& filter) {
    AnyOf words;
    for (const std::string& value : values) {
      const absl::optional<std::string> expected = ExpectedWord(field, value);
      if (expected.has_value()) {
        return FilterError(absl::StrCat("'", value, "' for ", field), *expected);
      }
      const RegionGroup* group = field == kRegion ? FindRegionGroup(value) : nullptr;
      if (group == nullptr) {
        words.push_back(NormalisedTerm(field, value));
        continue;
      }
      for (const absl::string_view prefecture : group->prefectures) {
        words.push_back(NormalisedTerm(field, prefecture));
      }
    }
    // A word that is said twice would be looked up twice.
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    words_ += words.size();
    if (words_ > kFilterWordsMax) {
      return FilterError("more words", absl::StrCat("at most ", kFilterWordsMax));
    }
    filter.terms.push_back(std::move(words));
    return absl::OkStatus();
  }

  // `name` is what the filter calls the field.
  absl::Status TakeRange(absl::string_view name, std::string field, absl::string_view comparison, Filter& filter) {
    MEGURI_ASSIGN_OR_RETURN(const std::string text, TakeValue());
    const absl::optional<FixedDecimal> decimal = FixedDecimal::Parse(text);
    const absl::optional<IndexNumber> number = decimal.has_value() ? ToIndexNumber(*decimal) : absl::nullopt;
    if (!number.has_value()) {
      return FilterError(absl::StrCat("'", text, "' after ", comparison),
                         absl::StrCat("a decimal number from 0 to ", kNumberTermMax, ", such as 0.001"));
    }
    const absl::optional<std::string> expected = ExpectedNumber(name, *decimal);
    if (expected.has_value() && !absl::StartsWith(comparison, "<")) {
      return FilterError(absl::StrCat("'", text, "' for ", name), *expected);
    }
    const NumberRange range = RangeOf(std::move(field), comparison, *number);
    const auto known = std::find_if(filter.ranges.begin(), filter.ranges.end(),
                                    [&](const NumberRange& other) { return other.field == range.field; });
    if (known == filter.ranges.end()) {
      filter.ranges.push_back(range);
    } else {
      known->low = std::max(known->low, range.low);
      known->high = std::min(known->high, range.high);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<absl::string_view> TakeComparison(absl::string_view field) {
    for (const absl::string_view comparison : kComparisons) {
      if (absl::StartsWith(rest_, comparison)) {
        Drop(comparison.size());
        return comparison;
      }
    }
    return FilterError(absl::StrCat("no comparison after ", field), "field = \"value\", or a number after > >= < <=");
  }

  void Drop(size_t size) {
    rest_.remove_prefix(size);
    SkipSpace();
  }

  void SkipSpace() {
    while (!rest_.empty() && absl::ascii_isspace(static_cast<unsigned char>(rest_.front()))) {
      rest_.remove_prefix(1);
    }
  }

  // Letters, digits, _ and the point of a number.
  absl::string_view TakeWord() {
    size_t size = 0;
    while (size < rest_.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(rest_[size])) || rest_[size] == '_' || rest_[size] == '.')) {
      ++size;
    }
    const absl::string_view word = rest_.substr(0, size);
    Drop(size);
    return word;
  }

  absl::StatusOr<std::string> TakeValue() {
    const char quote = rest_.empty() ? ' ' : rest_.front();
    if (quote != '"' && quote != '\'') {
      const absl::string_view word = TakeWord();
      if (word.empty()) {
        return FilterError("no value where one is expected", "\"value\"");
      }
      return std::string(word);
    }
    std::string value;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        Drop(i + 1);
        return value;
      }
      i += rest_[i] == '\\' && i + 1 < rest_.size() ? 1 : 0;
      value.push_back(rest_[i]);
    }
    return FilterError("a value without its closing quote", "\"value\"");
  }

  absl::string_view rest_;
  size_t words_ = 0;
};

}  // namespace

absl::StatusOr<Filter> ParseFilter(absl::string_view text) {
  if (text.size() > kFilterBytesMax) {
    return FilterError(absl::StrCat(text.size(), " bytes"), absl::StrCat("at most ", kFilterBytesMax));
  }
  FilterReader reader(text);
  Filter filter;
  if (reader.AtEnd()) {
    filter.terms.push_back({{kAllRecordsField, ""}});
    return filter;
  }
  for (size_t count = 1;; ++count) {
    MEGURI_RETURN_IF_ERROR(reader.TakeCondition(filter));
    if (reader.AtEnd()) {
      return filter;
    }
    if (count == kFilterTermsMax) {
      return FilterError("more conditions", absl::StrCat("at most ", kFilterTermsMax));
    }
    MEGURI_RETURN_IF_ERROR(reader.TakeAnd());
  }
}

}  // namespace meguri::passport
