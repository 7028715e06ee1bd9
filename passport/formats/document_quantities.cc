// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/document_quantities.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "passport/formats/unit.h"
#include "passport/rules/decimal.h"

namespace meguri::passport {
namespace {

constexpr uint32_t kMonthsOfAYear = 12;

struct MonthsRow {
  absl::string_view unit;
  uint32_t months;
};
constexpr MonthsRow kMonths[] = {{"ANN", kMonthsOfAYear}, {"unit:year", kMonthsOfAYear}, {"MON", 1}, {"unit:month", 1}};

constexpr CodeRow kLifetimeUnits[] = {
    {"ANN", "LIFETIME_UNIT_YEAR"},      {"unit:year", "LIFETIME_UNIT_YEAR"},
    {"CYC", "LIFETIME_UNIT_CYCLE"},     {"unit:cycle", "LIFETIME_UNIT_CYCLE"},
    {"HUR", "LIFETIME_UNIT_HOUR"},      {"unit:hour", "LIFETIME_UNIT_HOUR"},
    {"KMT", "LIFETIME_UNIT_KILOMETRE"}, {"unit:kilometre", "LIFETIME_UNIT_KILOMETRE"}};

template <typename Row>
bool Has(InputNode* unit, absl::Span<const Row> rows, absl::string_view Row::* name) {
  return unit != nullptr &&
         std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.*name == unit->text; });
}

}  // namespace

bool SetMonths(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* value,
               InputNode* unit) {
  if (value == nullptr || !Has(unit, absl::MakeConstSpan(kMonths), &MonthsRow::unit)) {
    return false;
  }
  const auto* row = std::find_if(std::begin(kMonths), std::end(kMonths),
                                 [unit](const MonthsRow& each) { return each.unit == unit->text; });
  const absl::StatusOr<std::string> months = ScaledDecimal(value->text, {row->months, 0});
  DocumentDraft::Imply(unit);
  return draft.SetAs(message, field, value, months.ok() ? *months : value->text);
}

bool SetLifetime(DocumentDraft& draft, v1::Lifetime& lifetime, InputNode* value, InputNode* unit) {
  if (value == nullptr || !Has(unit, absl::MakeConstSpan(kLifetimeUnits), &CodeRow::text) ||
      !draft.Set(lifetime, "value", value)) {
    return false;
  }
  SetCode(draft, lifetime, "unit", unit, kLifetimeUnits);
  DocumentDraft::Imply(unit);
  return true;
}

bool SetRemaining(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* loss,
                  absl::string_view unit) {
  const google::protobuf::FieldDescriptor* share = message.GetDescriptor()->FindFieldByName(field);
  const absl::StatusOr<Factor> factor = FactorOf(unit, *share);
  const absl::StatusOr<std::string> lost =
      loss == nullptr || !factor.ok() ? std::string() : ScaledDecimal(loss->text, *factor);
  if (loss == nullptr || !factor.ok() || !lost.ok()) {
    return draft.Set(message, field, loss, unit);  // says what is wrong with it
  }
  const absl::int128 left = FixedDecimal::FromInteger(1).units() - FixedDecimal::Parse(*lost)->units();
  return draft.SetAs(message, field, loss, FixedDecimalText(left));
}

bool SetTime(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* leaf) {
  absl::Time time;
  std::string error;
  if (leaf == nullptr || !absl::ParseTime(absl::RFC3339_full, leaf->text, &time, &error)) {
    return false;
  }
  return draft.SetAs(message, field, leaf, absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone()));
}

bool SetParticipant(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* leaf) {
  constexpr size_t kGlnDigits = 13;
  if (leaf == nullptr) {
    return false;
  }
  absl::string_view number = leaf->text;
  absl::ConsumePrefix(&number, "https://id.gs1.org/417/");
  const bool is_gln = number.size() == kGlnDigits && std::all_of(number.begin(), number.end(), [](char c) {
                        return absl::ascii_isdigit(static_cast<unsigned char>(c));
                      });
  return is_gln && draft.SetAs(message, field, leaf, absl::StrCat("0088:", number));
}

absl::StatusOr<std::string> PercentOf(absl::string_view amount, absl::string_view percent) {
  MEGURI_ASSIGN_OR_RETURN(const Factor factor, FactorOfNumber(percent));
  return ScaledDecimal(amount, {factor.multiplier, factor.exponent - 2});
}

bool SetJoined(DocumentDraft& draft, v1::Text& text, const std::vector<TextPart>& parts) {
  std::string joined;
  for (const TextPart& part : parts) {
    if (part.leaf != nullptr && part.leaf->kind == InputNode::Kind::kString && !part.leaf->text.empty()) {
      absl::StrAppend(&joined, joined.empty() ? "" : part.before, part.leaf->text);
    }
  }
  bool is_written = false;
  for (const TextPart& part : parts) {
    is_written = (part.leaf != nullptr && part.leaf->kind == InputNode::Kind::kString &&
                  draft.SetAs(text, "en", part.leaf, joined)) ||
                 is_written;
  }
  return is_written;
}

}  // namespace meguri::passport
