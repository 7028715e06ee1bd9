// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/plastic_marking.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace meguri::passport {
namespace {

constexpr size_t kMarkingBytesMax = 100;
constexpr size_t kPolymersMax = 8;

// ISO 1043-1, ISO 1629 (rubbers) and ISO 18064 (thermoplastic elastomers); sorted.
constexpr absl::string_view kSymbols[] = {
    "AB",     "ABAK",   "ABS",    "ACM",   "ACS",   "AEPDS", "AMMA",  "ASA",    "BIIR", "BR",  "CA",   "CAB",   "CAP",
    "CEF",    "CF",     "CIIR",   "CMC",   "CN",    "COC",   "CP",    "CR",     "CSM",  "CTA", "E/P",  "EAA",   "EBAK",
    "EC",     "EEAK",   "EMA",    "EP",    "EPDM",  "EPM",   "ETFE",  "EVAC",   "EVOH", "FEP", "FF",   "FKM",   "HNBR",
    "IIR",    "IR",     "LCP",    "MABS",  "MBS",   "MC",    "MF",    "MP",     "MSAN", "NBR", "NR",   "PA",    "PAA",
    "PAEK",   "PAI",    "PAK",    "PAN",   "PAR",   "PARA",  "PB",    "PBAK",   "PBAT", "PBD", "PBN",  "PBS",   "PBT",
    "PC",     "PCCE",   "PCL",    "PCO",   "PCT",   "PCTFE", "PDAP",  "PDCPD",  "PE",   "PEC", "PEEK", "PEEKK", "PEEST",
    "PEI",    "PEK",    "PEKEKK", "PEKK",  "PEN",   "PEOX",  "PES",   "PESTUR", "PESU", "PET", "PEUR", "PF",    "PFA",
    "PGA",    "PHA",    "PHB",    "PHBV",  "PI",    "PIB",   "PIR",   "PK",     "PLA",  "PMI", "PMMA", "PMMI",  "PMP",
    "PMS",    "POM",    "PP",     "PPDD",  "PPE",   "PPOX",  "PPS",   "PPSU",   "PS",   "PSU", "PTFE", "PTT",   "PUR",
    "PVAC",   "PVAL",   "PVB",    "PVC",   "PVDC",  "PVDF",  "PVF",   "PVFM",   "PVK",  "PVP", "SAN",  "SB",    "SBR",
    "SI",     "SMAH",   "SMS",    "TPA",   "TPC",   "TPO",   "TPS",   "TPU",    "TPV",  "TPZ", "UF",   "UP",    "VCE",
    "VCEMAK", "VCEVAC", "VCMAK",  "VCMMA", "VCOAK", "VCVAC", "VCVDC", "VE",     "VMQ"};

// Special characteristics of ISO 1043-1: density, impact, block, chlorinated, expanded, crystalline, plasticised …
constexpr absl::string_view kSuffixes[] = {"A", "B", "BO", "C",    "CR", "E",   "G", "H", "HD", "HI", "HMW",
                                           "I", "L", "LD", "LLD",  "M",  "MD",  "N", "O", "P",  "Q",  "R",
                                           "S", "T", "U",  "UHMW", "V",  "VLD", "W", "X", "XL", "Y"};

// ISO 1043-2: what a filler is, and in which form.
constexpr absl::string_view kFillerMaterials = "ABCDEGKLMNPQRSTWXZ";
constexpr absl::string_view kFillerForms = "BCDFGHKLMNPRSTVWXYZ";

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// PA66, PA12, PA6T, PA6/66: the numbers of ISO 16396 after PA.
bool IsPolyamide(absl::string_view symbol) {
  return absl::ConsumePrefix(&symbol, "PA") && !symbol.empty() && symbol.size() <= 8 &&
         absl::ascii_isdigit(static_cast<unsigned char>(symbol[0])) &&
         std::all_of(symbol.begin(), symbol.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c) || c == '/' || c == 'T' || c == 'I'; });
}

bool IsSuffix(absl::string_view text) {
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), text) != std::end(kSuffixes);
}

// GF30, MD20, T40: the figures are per cent by mass. Nullopt if it is no filler.
absl::optional<int> FillerPercent(absl::string_view text) {
  if (text.size() < 2 || !absl::StrContains(kFillerMaterials, text[0])) {
    return absl::nullopt;
  }
  text.remove_prefix(1);
  if (absl::StrContains(kFillerForms, text[0])) {
    text.remove_prefix(1);
  }
  int percent = 0;
  const bool fits = (text.size() == 1 || text.size() == 2) && AreDigits(text) && absl::SimpleAtoi(text, &percent);
  return fits ? absl::make_optional(percent) : absl::nullopt;
}

// They leave room for the polymer.
bool AreFillers(absl::string_view text) {
  int sum = 0;
  for (const absl::string_view filler : absl::StrSplit(text, '+')) {
    const absl::optional<int> percent = FillerPercent(filler);
    if (!percent.has_value()) {
      return false;
    }
    sum += *percent;
  }
  return sum < 100;
}

bool IsPlasticiser(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return absl::ascii_isupper(c) || absl::ascii_isdigit(c); });
}

// Code numbers of ISO 1043-4.
bool AreFlameRetardants(absl::string_view text) {
  for (const absl::string_view code : absl::StrSplit(text, '+')) {
    if (code.size() != 2 || !AreDigits(code)) {
      return false;
    }
  }
  return true;
}

// Takes `head` … ")" from the end of `text`. Nullopt if it does not end so.
absl::optional<absl::string_view> TakeEnding(absl::string_view head, absl::string_view& text) {
  const size_t start = text.rfind(head);
  if (start == absl::string_view::npos || !absl::EndsWith(text, ")")) {
    return absl::nullopt;
  }
  const absl::string_view inside = text.substr(start + head.size(), text.size() - start - head.size() - 1);
  if (absl::StrContains(inside, ")")) {
    return absl::nullopt;
  }
  text = text.substr(0, start);
  return inside;
}

// (REC), (REC30). False if there is such an ending and it is wrong.
bool TakeRecycled(absl::string_view& text, PlasticMarking& marking) {
  const absl::optional<absl::string_view> percent = TakeEnding("(REC", text);
  if (!percent.has_value() || percent->empty()) {
    return true;
  }
  int value = 0;
  if (percent->size() > 3 || !AreDigits(*percent) || !absl::SimpleAtoi(*percent, &value) || value > 100) {
    return false;
  }
  marking.recycled_percent = value;
  return true;
}

bool TakeFillers(absl::string_view& text) {
  if (const absl::optional<absl::string_view> several = TakeEnding("-(", text)) {
    return AreFillers(*several);
  }
  const size_t dash = text.rfind('-');
  if (dash != absl::string_view::npos && FillerPercent(text.substr(dash + 1)).has_value()) {
    text = text.substr(0, dash);
  }
  return true;
}

bool TakePolymers(absl::string_view text, std::vector<std::string>& polymers) {
  for (const absl::string_view symbol : absl::StrSplit(text, '+')) {
    if (!IsPolymerSymbol(symbol) || polymers.size() == kPolymersMax) {
      return false;
    }
    polymers.emplace_back(symbol);
  }
  return true;
}

}  // namespace

bool IsPolymerSymbol(absl::string_view symbol) {
  const size_t dash = symbol.find('-');
  const absl::string_view base = symbol.substr(0, dash);
  if (dash != absl::string_view::npos && !IsSuffix(symbol.substr(dash + 1))) {
    return false;
  }
  return std::binary_search(std::begin(kSymbols), std::end(kSymbols), base) || IsPolyamide(base);
}

absl::optional<PlasticMarking> ParsePlasticMarking(absl::string_view text) {
  PlasticMarking marking;
  if (text.size() > kMarkingBytesMax || !absl::ConsumePrefix(&text, ">") || !absl::ConsumeSuffix(&text, "<") ||
      !TakeRecycled(text, marking)) {
    return absl::nullopt;
  }
  if (const absl::optional<absl::string_view> codes = TakeEnding("-FR(", text);
      codes.has_value() && !AreFlameRetardants(*codes)) {
    return absl::nullopt;
  }
  if (const absl::optional<absl::string_view> plasticiser = TakeEnding("-P(", text);
      plasticiser.has_value() && !IsPlasticiser(*plasticiser)) {
    return absl::nullopt;
  }
  if (!TakeFillers(text) || !TakePolymers(text, marking.polymers)) {
    return absl::nullopt;
  }
  return marking;
}

void CheckPlasticMarking(absl::string_view value, const Path& path, Findings& findings) {
  if (!ParsePlasticMarking(value).has_value()) {
    findings.Add({.field = path.ToString(),
                  .reason = "V9_PLASTIC_MARKING",
                  .found = Quoted(value),
                  .expected = "a marking of JIS K 6999 such as >PP-TD20< or >PC+ABS(REC30)<",
                  .cure = "write symbols of ISO 1043-1, fillers of ISO 1043-2 with per cent by mass (less than 100 "
                          "together), -P, -FR, (REC)",
                  .message_ja = "材質表示が JIS K 6999 の形式ではありません（例: >PP-TD20<）。"});
  }
}

void CheckPolymerSymbols(absl::string_view value, const Path& path, Findings& findings) {
  std::vector<std::string> polymers;
  if (!TakePolymers(value, polymers)) {
    findings.Add({.field = path.ToString(),
                  .reason = "V9_POLYMER_SYMBOL",
                  .found = Quoted(value),
                  .expected = "symbols of ISO 1043-1 such as PP or PC+ABS",
                  .cure = "write the abbreviated term in capitals, without fillers",
                  .message_ja = "ISO 1043-1 の略号で記載してください（例: PP、PC+ABS）。"});
  }
}

}  // namespace meguri::passport
