// SPDX-License-Identifier: Apache-2.0
#include "node/query/filter.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/index_terms.h"
#include "passport/record_terms.h"

namespace meguri::node {
namespace {

constexpr absl::string_view kFields[] = {"record_type", "product_group", "gtin",     "lot",       "serial",
                                         "model",       "granularity",   "material", "substance", "publisher"};

absl::Status FilterError(absl::string_view found, absl::string_view expected) {
  return InvalidInput({{"filter", "FILTER", std::string(found), std::string(expected),
                        "write for example: product_group = \"battery\" AND gtin = \"04912345678904\"",
                        "filter の書式が正しくありません。例: product_group = \"battery\""}});
}

// Reads the filter from the front.
class FilterReader {
 public:
  explicit FilterReader(absl::string_view text) : rest_(text) { SkipSpace(); }

  bool AtEnd() const { return rest_.empty(); }

  absl::StatusOr<record::IndexTerm> TakeTerm() {
    const absl::string_view field = TakeWord();
    bool known = false;
    for (const absl::string_view candidate : kFields) {
      known = known || candidate == field;
    }
    if (!known) {
      return FilterError(absl::StrCat("the field '", field, "'"),
                         "record_type, product_group, gtin, lot, serial, model, granularity, material, substance or "
                         "publisher");
    }
    if (!absl::StartsWith(rest_, "=")) {
      return FilterError(absl::StrCat("no '=' after ", field), "field = \"value\"");
    }
    rest_.remove_prefix(1);
    SkipSpace();
    MEGURI_ASSIGN_OR_RETURN(const std::string value, TakeValue());
    return field == "publisher" || field == "record_type" ? record::IndexTerm{std::string(field), value}
                                                          : passport::NormalisedTerm(field, value);
  }

  absl::Status TakeAnd() {
    const absl::string_view word = TakeWord();
    if (word != "AND") {
      return FilterError(absl::StrCat("'", word.empty() ? rest_.substr(0, 10) : word, "' between two conditions"),
                         "AND");
    }
    return absl::OkStatus();
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() && absl::ascii_isspace(static_cast<unsigned char>(rest_.front()))) {
      rest_.remove_prefix(1);
    }
  }

  absl::string_view TakeWord() {
    size_t size = 0;
    while (size < rest_.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(rest_[size])) || rest_[size] == '_')) {
      ++size;
    }
    const absl::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    SkipSpace();
    return word;
  }

  absl::StatusOr<std::string> TakeValue() {
    if (!absl::StartsWith(rest_, "\"")) {
      const absl::string_view word = TakeWord();
      if (word.empty()) {
        return FilterError("no value after '='", "\"value\"");
      }
      return std::string(word);
    }
    std::string value;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        SkipSpace();
        return value;
      }
      i += rest_[i] == '\\' && i + 1 < rest_.size() ? 1 : 0;
      value.push_back(rest_[i]);
    }
    return FilterError("a value without its closing quote", "\"value\"");
  }

  absl::string_view rest_;
};

}  // namespace

absl::StatusOr<std::vector<record::IndexTerm>> ParseFilter(absl::string_view filter) {
  if (filter.size() > kFilterBytesMax) {
    return FilterError(absl::StrCat(filter.size(), " bytes"), absl::StrCat("at most ", kFilterBytesMax));
  }
  FilterReader reader(filter);
  if (reader.AtEnd()) {
    return std::vector<record::IndexTerm>{{passport::kAllRecordsField, ""}};
  }
  std::vector<record::IndexTerm> terms;
  while (true) {
    MEGURI_ASSIGN_OR_RETURN(record::IndexTerm term, reader.TakeTerm());
    terms.push_back(std::move(term));
    if (reader.AtEnd()) {
      return terms;
    }
    if (terms.size() == kFilterTermsMax) {
      return FilterError("more conditions", absl::StrCat("at most ", kFilterTermsMax));
    }
    MEGURI_RETURN_IF_ERROR(reader.TakeAnd());
  }
}

}  // namespace meguri::node
