// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/term_sink.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/types/optional.h"
#include "passport/rules/decimal.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/terms/index_fields.h"
#include "passport/terms/number_term.h"

namespace meguri::passport {
namespace {

constexpr char kGtin[] = "gtin";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string Shortened(std::string value) {
  if (value.size() > record::kIndexValueMax) {
    size_t size = record::kIndexValueMax;
    while (size > 0 && IsContinuation(value[size])) {
      --size;
    }
    value.resize(size);
  }
  return value;
}

}  // namespace

record::IndexTerm NormalisedTerm(absl::string_view field, absl::string_view value) {
  std::string text(absl::StripAsciiWhitespace(value));
  if (field == kGtin) {
    text = NormalisedGtin(text).value_or(text);
  }
  const IndexField* known = FindIndexField(field);
  if (known != nullptr && known->caseless) {
    absl::AsciiStrToLower(&text);
  }
  return {std::string(field), Shortened(std::move(text))};
}

void TermSink::AddWord(absl::string_view field, absl::string_view value) {
  record::IndexTerm term = NormalisedTerm(field, value);
  if (!term.value.empty() && !full()) {
    words_.insert(std::move(term));
  }
}

void TermSink::AddNumber(absl::string_view field, absl::string_view decimal) {
  const absl::optional<FixedDecimal> parsed = FixedDecimal::Parse(decimal);
  const absl::optional<IndexNumber> number = parsed.has_value() ? ToIndexNumber(*parsed) : absl::nullopt;
  if (number.has_value()) {
    AddUnits(field, number->units);
  }
}

void TermSink::AddUnits(absl::string_view field, uint64_t units) {
  const std::string name(field);
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) {
    known->second = std::max(known->second, units);
  } else if (!full()) {
    numbers_.emplace(name, units);
  }
}

std::vector<record::IndexTerm> TermSink::Take() && {
  std::vector<record::IndexTerm> terms(words_.begin(), words_.end());
  for (const auto& [field, units] : numbers_) {
    terms.push_back({field, EncodeIndexNumber(units)});
  }
  std::sort(terms.begin(), terms.end());
  return terms;
}

}  // namespace meguri::passport
