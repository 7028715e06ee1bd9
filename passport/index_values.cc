// SPDX-License-Identifier: Apache-2.0
#include "passport/index_values.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "passport/rules/cas_number.h"
#include "passport/rules/codes.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/rules/participant_reference.h"
#include "passport/rules/rule.h"
#include "passport/section_table.h"
#include "passport/terms/region_groups.h"

namespace meguri::passport {
namespace {

using google::protobuf::EnumDescriptor;

struct ClosedField {
  absl::string_view name;
  const EnumDescriptor* (*type)();
  absl::string_view prefix;  // of its enumerators
};

constexpr ClosedField kClosedFields[] = {
    {"granularity", &v1::Granularity_descriptor, "GRANULARITY_"},
    {"product_status", &v1::ProductStatus_descriptor, "PRODUCT_STATUS_"},
    {"designation", &v1::Designation_descriptor, "DESIGNATION_"},
    {"material_family", &v1::MaterialFamily_descriptor, "MATERIAL_FAMILY_"},
    {"form", &v1::MaterialForm_descriptor, "MATERIAL_FORM_"},
    {"origin", &v1::MaterialOrigin_descriptor, "MATERIAL_ORIGIN_"},
    {"waste_status", &v1::WasteStatus_descriptor, "WASTE_STATUS_"},
    {"above_threshold", &v1::SubstanceRegime_descriptor, "SUBSTANCE_REGIME_"},
    {"verdict", &v1::EnquiryVerdict_descriptor, "ENQUIRY_VERDICT_"},
};

// Fields of numbers that end somewhere.
struct BoundedField {
  absl::string_view name;
  int64_t most;
  absl::string_view expected;
};
constexpr BoundedField kBoundedFields[] = {
    {"recycled_fraction", 1, "a fraction from 0 to 1: 0.16 for 16 %"},
    {"substance", 1, "a mass fraction from 0 to 1: 0.001 for 0.1 %"},
    {"data_quality_level", 4, "a level from 1 to 4"},
};

// Fields whose words a rule of the passport judges.
struct JudgedField {
  absl::string_view name;
  ValueRule rule;
  absl::string_view expected;
};
constexpr JudgedField kJudgedFields[] = {
    {"publisher", &CheckParticipantId, "a participant ID: ICD:identifier"},
    {"manufacturer", &CheckParticipantId, "a participant ID: ICD:identifier"},
    {"parent", &CheckRecordId, "a record ID: 32 hexadecimal digits"},
    {"component", &CheckRecordId, "a record ID: 32 hexadecimal digits"},
    {"about", &CheckRecordId, "a record ID: 32 hexadecimal digits"},
    {"answer_to", &CheckRecordId, "a record ID: 32 hexadecimal digits"},
};

std::vector<std::string> WordsOf(const EnumDescriptor& type, absl::string_view prefix) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) {
      words.push_back(absl::AsciiStrToLower(absl::string_view(type.value(i)->name()).substr(prefix.size())));
    }
  }
  return words;
}

absl::optional<std::string> OneOf(const std::vector<std::string>& words, absl::string_view word) {
  const bool is_one = std::any_of(words.begin(), words.end(),
                                  [word](const std::string& each) { return absl::EqualsIgnoreCase(each, word); });
  return is_one ? absl::nullopt : absl::make_optional(absl::StrCat("one of ", absl::StrJoin(words, ", ")));
}

bool Breaks(ValueRule rule, absl::string_view word) {
  Findings findings(1);
  rule(word, Path("filter"), findings);
  return !std::move(findings).Take().empty();
}

// 123-45-6 and 200-001-8 are meant to be numbers of substances; anything else may be a name.
bool LooksLikeSubstanceNumber(absl::string_view word) {
  return std::count(word.begin(), word.end(), '-') == 2 && std::all_of(word.begin(), word.end(), [](char c) {
           return c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

// Flags are words of letters; hazard classes (Flam. Liq. 2) and statements (H225) have points and digits.
absl::optional<std::string> ExpectedHazard(absl::string_view word) {
  const bool is_flag = std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  if (!is_flag) {
    return absl::nullopt;
  }
  std::vector<std::string> words = {"svhc",     "lithium_ion_battery", "fluorocarbons",
                                    "asbestos", "jmoss_orange",        "not_rohs_conformant"};
  const std::vector<std::string> restricted = WordsOf(*v1::RestrictedSubstance_descriptor(), "RESTRICTED_SUBSTANCE_");
  words.insert(words.end(), restricted.begin(), restricted.end());
  absl::optional<std::string> expected = OneOf(words, word);
  if (expected.has_value()) {
    absl::StrAppend(&*expected, ", or a hazard class or statement such as H225");
  }
  return expected;
}

absl::optional<std::string> ExpectedRegion(absl::string_view word) {
  if (FindRegionGroup(word) != nullptr || !Breaks(&CheckRegion, absl::AsciiStrToUpper(word))) {
    return absl::nullopt;
  }
  return absl::StrCat("a JIS X 0401 code 01 to 47, a country, or one of ",
                      absl::StrJoin(RegionGroups(), ", ", [](std::string* out, const RegionGroup& group) {
                        absl::StrAppend(out, group.name);
                      }));
}

absl::optional<std::string> ExpectedRecordType(absl::string_view word) {
  std::vector<std::string> words;
  for (const RecordKind& kind : RecordKinds()) {
    words.emplace_back(kind.name);
  }
  return OneOf(words, word);
}

absl::optional<std::string> ExpectedGtin(absl::string_view word) {
  if (NormalisedGtin(word).has_value()) {
    return absl::nullopt;
  }
  const size_t size = word.size();
  const bool is_number = (size == 8 || (size >= 12 && size <= 14)) && std::all_of(word.begin(), word.end(), [](char c) {
                           return absl::ascii_isdigit(static_cast<unsigned char>(c));
                         });
  return is_number ? absl::StrCat("a GTIN whose check digit holds, here ",
                                  std::string(1, Gs1CheckDigit(word.substr(0, size - 1))))
                   : "a GTIN of 8, 12, 13 or 14 digits";
}

}  // namespace

absl::optional<std::string> ExpectedWord(absl::string_view field, absl::string_view word) {
  for (const ClosedField& closed : kClosedFields) {
    if (closed.name == field) {
      return OneOf(WordsOf(*closed.type(), closed.prefix), word);
    }
  }
  for (const JudgedField& judged : kJudgedFields) {
    if (judged.name == field) {
      return Breaks(judged.rule, absl::AsciiStrToLower(word)) && Breaks(judged.rule, word)
                 ? absl::make_optional(std::string(judged.expected))
                 : absl::nullopt;
    }
  }
  if (field == "record_type") {
    return ExpectedRecordType(word);
  }
  if (field == "gtin") {
    return ExpectedGtin(word);
  }
  if (field == "region") {
    return ExpectedRegion(word);
  }
  if (field == "hazard") {
    return ExpectedHazard(word);
  }
  if (field == "substance" && LooksLikeSubstanceNumber(word) && !IsCasNumber(word) && !IsEcNumber(word)) {
    return "a CAS or EC number whose check digit holds, or a name";
  }
  return absl::nullopt;
}

absl::optional<std::string> ExpectedNumber(absl::string_view field, const FixedDecimal& number) {
  for (const BoundedField& bounded : kBoundedFields) {
    if (bounded.name == field && number.units() > FixedDecimal::FromInteger(bounded.most).units()) {
      return std::string(bounded.expected);
    }
  }
  return absl::nullopt;
}

}  // namespace meguri::passport
