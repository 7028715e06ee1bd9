// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/gs1_key.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/rules/rule.h"

namespace meguri::passport {
namespace {

constexpr char kSet82Punctuation[] = "!\"%&'()*+,-./:;<=>?_";
constexpr char kSet39Punctuation[] = "#-/";

// Digits first, `checked` of them ending in a check digit, then text.
struct KeyForm {
  absl::string_view ai;
  absl::string_view prefix;  // digits that always lead
  size_t checked = 0;
  size_t digits_min = 0;  // after the checked ones
  size_t digits_max = 0;
  size_t text_max = 0;
};

constexpr KeyForm kKeyForms[] = {
    {"00", "", 18, 0, 0, 0},      // SSCC
    {"253", "", 13, 0, 0, 17},    // GDTI
    {"255", "", 13, 0, 12, 0},    // GCN
    {"401", "", 0, 0, 0, 30},     // GINC
    {"402", "", 17, 0, 0, 0},     // GSIN
    {"414", "", 13, 0, 0, 0},     // GLN of a place
    {"417", "", 13, 0, 0, 0},     // GLN of a party
    {"8003", "0", 13, 0, 0, 16},  // GRAI
    {"8004", "", 0, 0, 0, 30},    // GIAI
    {"8006", "", 14, 4, 4, 0},    // ITIP: GTIN, piece, total
    {"8013", "", 0, 0, 0, 25},    // GMN
    {"8017", "", 18, 0, 0, 0},    // GSRN of the provider
    {"8018", "", 18, 0, 0, 0},    // GSRN of the recipient
};

constexpr char kGtinAi[] = "01";
constexpr char kPartAi[] = "8010";
constexpr size_t kPartBytesMax = 30;

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

const KeyForm* FindForm(absl::string_view ai) {
  const auto form =
      std::find_if(std::begin(kKeyForms), std::end(kKeyForms), [ai](const KeyForm& known) { return known.ai == ai; });
  return form == std::end(kKeyForms) ? nullptr : form;
}

absl::Status BadKey(absl::string_view ai, absl::string_view value) {
  return Error(absl::StatusCode::kInvalidArgument, "V4_GS1_KEY",
               absl::StrCat(Quoted(value), " does not have the form of the GS1 key (", ai, ")"));
}

absl::Status BadCheckDigit(absl::string_view ai, absl::string_view digits) {
  return Error(absl::StatusCode::kInvalidArgument, "V3_CHECK_DIGIT",
               absl::StrCat(Quoted(digits), " of the GS1 key (", ai, ") should end in the check digit ",
                            std::string(1, Gs1CheckDigit(digits.substr(0, digits.size() - 1)))));
}

absl::Status CheckGtinOfAnySize(absl::string_view value) {
  if (!AreDigits(value) || (value.size() != 8 && (value.size() < 12 || value.size() > 14))) {
    return BadKey(kGtinAi, value);
  }
  return HasGs1CheckDigit(value) ? absl::OkStatus() : BadCheckDigit(kGtinAi, value);
}

// Component and part identifiers use character set 39.
absl::Status CheckPart(absl::string_view value) {
  const bool is_part =
      !value.empty() && value.size() <= kPartBytesMax && std::all_of(value.begin(), value.end(), [](unsigned char c) {
        return absl::ascii_isdigit(c) || absl::ascii_isupper(c) ||
               absl::StrContains(kSet39Punctuation, static_cast<char>(c));
      });
  return is_part ? absl::OkStatus() : BadKey(kPartAi, value);
}

absl::Status CheckForm(const KeyForm& form, absl::string_view value) {
  absl::string_view rest = value;
  if (!absl::ConsumePrefix(&rest, form.prefix) || rest.size() < form.checked ||
      !AreDigits(rest.substr(0, form.checked))) {
    return BadKey(form.ai, value);
  }
  const absl::string_view checked = rest.substr(0, form.checked);
  rest.remove_prefix(form.checked);
  const bool is_text_key = form.checked == 0;  // such a key is nothing but its text, which must be there
  const bool tail_fits = form.text_max > 0
                             ? (rest.empty() && !is_text_key) || IsGs1Text(rest, form.text_max)
                             : AreDigits(rest) && rest.size() >= form.digits_min && rest.size() <= form.digits_max;
  if (!tail_fits) {
    return BadKey(form.ai, value);
  }
  return checked.empty() || HasGs1CheckDigit(checked) ? absl::OkStatus() : BadCheckDigit(form.ai, checked);
}

}  // namespace

bool IsGs1Text(absl::string_view text, size_t size_max) {
  return !text.empty() && text.size() <= size_max && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains(kSet82Punctuation, static_cast<char>(c));
  });
}

bool IsGs1PrimaryKey(absl::string_view ai) { return ai == kGtinAi || ai == kPartAi || FindForm(ai) != nullptr; }

absl::Status CheckGs1Key(absl::string_view ai, absl::string_view value) {
  if (ai == kGtinAi) {
    return CheckGtinOfAnySize(value);
  }
  if (ai == kPartAi) {
    return CheckPart(value);
  }
  const KeyForm* form = FindForm(ai);
  return form == nullptr ? BadKey(ai, value) : CheckForm(*form, value);
}

}  // namespace meguri::passport
