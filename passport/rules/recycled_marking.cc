// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/recycled_marking.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "passport/rules/decimal.h"
#include "passport/rules/plastic_marking.h"
#include "passport/rules/recycled_claim.h"

namespace meguri::passport {
namespace {

// A marking shows whole per cent: half a per cent is rounding.
constexpr int kMarkingRoundingPerMille = 5;
const Path kIdentityPath("sections.identity");

struct PolymerName {
  absl::string_view name;
  absl::string_view symbol;
};
// A name before those that it contains.
constexpr PolymerName kNames[] = {
    {"polyethylene terephthalate", " PET "},
    {"polybutylene terephthalate", " PBT "},
    {"polyvinyl chloride", " PVC "},
    {"polypropylene", " PP "},
    {"polyethylene", " PE "},
    {"polystyrene", " PS "},
    {"polycarbonate", " PC "},
    {"polyamide", " PA "},
    {"nylon", " PA "},
    {"ポリエチレンテレフタレート", " PET "},
    {"ポリブチレンテレフタレート", " PBT "},
    {"塩化ビニル", " PVC "},
    {"ポリプロピレン", " PP "},
    {"ポリエチレン", " PE "},
    {"ポリスチレン", " PS "},
    {"ポリカーボネート", " PC "},
    {"ポリアミド", " PA "},
    {"ナイロン", " PA "},
};

// Materials that are no plastic, as the names of their kinds end: stainless steel, 再生アルミニウム.
constexpr absl::string_view kOthers[] = {"steel",  "iron",  "aluminium", "aluminum", "copper", "brass", "zinc",
                                         "glass",  "paper", "cardboard", "metal",    "鋼",     "鉄",    "アルミニウム",
                                         "アルミ", "銅",    "亜鉛",      "ガラス",   "紙",     "金属"};

// What is written before a symbol: rPP, R-PP, HDPE, GPPS.
constexpr absl::string_view kBefore[] = {"r", "R", "HD", "LD", "LLD", "MD", "rHD", "rLD", "GP", "HI", "E", "X"};

// The words of a text that may be symbols, with the names of polymers as these: "recycled PP-TD20" gives PP and TD20.
std::vector<std::string> SymbolsIn(absl::string_view text) {
  std::string lower = absl::AsciiStrToLower(text);
  std::string words(text);
  for (const PolymerName& row : kNames) {
    if (absl::StrContains(lower, row.name)) {
      lower = absl::StrReplaceAll(lower, {{row.name, " "}});
      absl::StrAppend(&words, row.symbol);
    }
  }
  absl::c_replace_if(words, [](unsigned char c) { return !absl::ascii_isalnum(c) && c != '/'; }, ' ');
  return absl::StrSplit(words, ' ', absl::SkipEmpty());
}

// Whether a word means a polymer; one of ISO 1043-1 without what follows the hyphen. Any polyamide is PA.
bool Means(absl::string_view word, absl::string_view polymer) {
  const absl::string_view base = polymer.substr(0, polymer.find('-'));
  if (word == base || (word == "PA" && absl::StartsWith(base, "PA") && IsPolymerSymbol(base) && base.size() > 2 &&
                       absl::ascii_isdigit(static_cast<unsigned char>(base[2])))) {
    return true;
  }
  return absl::ConsumeSuffix(&word, base) && absl::c_linear_search(kBefore, word);
}

bool NamesAny(absl::string_view text, const std::vector<std::string>& polymers) {
  return absl::c_any_of(SymbolsIn(text), [&polymers](const std::string& word) {
    return absl::c_any_of(polymers, [&word](const std::string& polymer) { return Means(word, polymer); });
  });
}

bool IsAbout(const v1::RecycledContentClaim& claim, const PlasticMarking& marking) {
  return claim.scope() != v1::CLAIM_SCOPE_ELEMENT &&
         (NamesAny(claim.subject(), marking.polymers) || NamesAny(claim.description().en(), marking.polymers) ||
          NamesAny(claim.description().ja(), marking.polymers));
}

// Of a claim that does not name a polymer of the marking.
bool MayBeAbout(const v1::RecycledContentClaim& claim) {
  if (claim.scope() != v1::CLAIM_SCOPE_MATERIAL) {
    return claim.scope() != v1::CLAIM_SCOPE_ELEMENT;
  }
  const std::string kind = absl::AsciiStrToLower(absl::StripAsciiWhitespace(claim.subject()));
  return !absl::c_any_of(SymbolsIn(claim.subject()), [](const std::string& word) { return IsPolymerSymbol(word); }) &&
         !absl::c_any_of(kOthers, [&kind](absl::string_view other) { return absl::EndsWith(kind, other); });
}

// Rounded up.
int PerMille(absl::int128 fraction) {
  const absl::int128 one = FixedDecimal::FromInteger(1).units();
  return static_cast<int>((fraction * 1000 + one - 1) / one);
}

int ClaimedPerMille(const std::vector<RecycledShare>& shares, const PlasticMarking& marking) {
  const bool is_named =
      absl::c_any_of(shares, [&marking](const RecycledShare& share) { return IsAbout(*share.first, marking); });
  int most = 0;
  for (const RecycledShare& share : shares) {
    if (is_named ? IsAbout(*share.first, marking) : MayBeAbout(*share.first)) {
      most = std::max(most, PerMille(share.fraction));
    }
  }
  return most;
}

}  // namespace

void CheckRecycledMarking(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.identity == nullptr || content.recycled_content == nullptr) {
    return;
  }
  const std::vector<RecycledShare> shares = RecycledSharesOf(*content.recycled_content);
  for (int i = 0; i < content.identity->plastic_markings_size(); ++i) {
    const auto marking = ParsePlasticMarking(content.identity->plastic_markings(i));
    if (!marking.has_value() || !marking->recycled_percent.has_value()) {
      continue;
    }
    const int claimed_per_mille = ClaimedPerMille(shares, *marking);
    if (*marking->recycled_percent * 10 > claimed_per_mille + kMarkingRoundingPerMille) {
      findings.Add({.field = kIdentityPath.Element("plastic_markings", i).ToString(),
                    .reason = "V9_RECYCLED_MARKING",
                    .found = absl::StrCat("REC", *marking->recycled_percent),
                    .expected = absl::StrCat("at most the ", claimed_per_mille / 10, " % that the claims about ",
                                             absl::StrJoin(marking->polymers, "+"), " make"),
                    .cure = "correct the marking, or the claim whose subject names this plastic",
                    .message_ja = absl::StrCat("材質表示の再生材率が、", absl::StrJoin(marking->polymers, "+"),
                                               " についての再生材情報の値を超えています。")});
    }
  }
}

}  // namespace meguri::passport
