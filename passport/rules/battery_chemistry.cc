// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/battery_chemistry.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

// In small letters.
constexpr absl::string_view kPhrases[] = {
    "lithium-ion",
    "lithium ion",
    "li-ion",
    "lifepo4",
    "licoo2",
    "limn2o4",
    "lithium iron phosphate",
    "リチウムイオン",
    "リチウム・イオン",
    "リン酸鉄リチウム",
    "ニッケル酸リチウム",
    "コバルト酸リチウム",
    "マンガン酸リチウム",
};

// Cathodes and anodes that only lithium-ion batteries have; numbers may follow: NMC811.
constexpr absl::string_view kSymbols[] = {"NMC", "NCM", "NCA", "NCMA", "LFP", "LMFP", "LNMO", "LCO", "LMO", "LTO"};

bool IsSymbol(absl::string_view word) {
  const absl::string_view letters = word.substr(0, word.find_first_of("0123456789"));
  const absl::string_view numbers = word.substr(letters.size());
  return absl::c_linear_search(kSymbols, letters) &&
         absl::c_all_of(numbers, [](unsigned char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

bool NamesLithiumIon(absl::string_view chemistry) {
  const std::string lower = absl::AsciiStrToLower(chemistry);
  if (absl::StrContains(lower, "sodium") || absl::StrContains(lower, "na-ion") ||
      absl::StrContains(lower, "ナトリウム")) {
    return false;  // their cathodes have names of the same form
  }
  if (absl::c_any_of(kPhrases, [&lower](absl::string_view phrase) { return absl::StrContains(lower, phrase); })) {
    return true;
  }
  std::string words = absl::AsciiStrToUpper(chemistry);
  absl::c_replace_if(words, [](unsigned char c) { return !absl::ascii_isalnum(c); }, ' ');
  const std::vector<std::string> all = absl::StrSplit(words, ' ', absl::SkipEmpty());
  return absl::c_any_of(all, IsSymbol);
}

void CheckLithiumIonAnswer(const record::Header& header, const RecordContent& content, Findings& findings) {
  if (content.hazard_summary == nullptr || content.hazard_summary->contains_lithium_ion_battery() != v1::ANSWER_NO ||
      header.message().record_type() != record::v1::RECORD_TYPE_PRODUCT_PASSPORT) {
    return;
  }
  std::string found;
  if (content.dismantling != nullptr && content.dismantling->lithium_ion()) {
    found = "no, while sections.dismantling.lithium_ion says that there is one";
  } else if (content.composition_summary != nullptr) {
    const v1::Text& chemistry = content.composition_summary->chemistry();
    for (const std::string* name : {&chemistry.en(), &chemistry.ja()}) {
      found = found.empty() && NamesLithiumIon(*name)
                  ? absl::StrCat("no, while sections.composition_summary.chemistry is ", Quoted(*name))
                  : found;
    }
  }
  if (!found.empty()) {
    Report(findings, "sections.hazard_summary.contains_lithium_ion_battery", "V15_CONTRADICTION", std::move(found),
           {"yes: it may burn where it is collected", "correct the answer, or what contradicts it",
            "リチウムイオン電池を含まないという回答が、電池の化学系または解体情報と矛盾します。"});
  }
}

}  // namespace meguri::passport
