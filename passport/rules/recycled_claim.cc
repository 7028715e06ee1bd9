// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/recycled_claim.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/decimal.h"
#include "passport/rules/derived_value.h"
#include "passport/rules/finding.h"
#include "passport/rules/mass_sum.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

constexpr int kFractionTolerancePerMille = 5;  // ±0.005

absl::int128 OrZero(const Amount& amount) { return amount.value_or(0); }

absl::int128 RecycledMass(const v1::RecycledContentClaim& claim) {
  return OrZero(MassOf(claim.has_pre_consumer_mass_kg(), claim.pre_consumer_mass_kg())) +
         OrZero(MassOf(claim.has_post_consumer_mass_kg(), claim.post_consumer_mass_kg()));
}

void AddClaim(std::string field, std::string reason, std::string found, std::string expected, std::string cure,
              std::string message_ja, Findings& findings) {
  findings.Add({.field = std::move(field),
                .reason = std::move(reason),
                .found = std::move(found),
                .expected = std::move(expected),
                .cure = std::move(cure),
                .message_ja = std::move(message_ja)});
}

void CheckSubject(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings) {
  const std::string& subject = claim.subject();
  const bool needs_subject = claim.scope() != v1::CLAIM_SCOPE_UNSPECIFIED && claim.scope() != v1::CLAIM_SCOPE_PRODUCT;
  if (needs_subject && subject.empty()) {
    AddClaim(path.At("subject"), "V8_SUBJECT", "no subject", "the material, component or element",
             "name what the claim is about", "対象（材料・部品・元素）の記載が必要です。", findings);
  }
  const bool is_element = !subject.empty() && subject.size() <= 2 &&
                          absl::ascii_isupper(static_cast<unsigned char>(subject[0])) &&
                          (subject.size() == 1 || absl::ascii_islower(static_cast<unsigned char>(subject[1])));
  if (claim.scope() == v1::CLAIM_SCOPE_ELEMENT && !subject.empty() && !is_element) {
    AddClaim(path.At("subject"), "V8_SUBJECT", Quoted(subject), "the symbol of an element", "write for example Co",
             "元素記号で記載してください（例: Co）。", findings);
  }
}

void CheckMasses(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings) {
  if (!claim.has_pre_consumer_mass_kg() && !claim.has_post_consumer_mass_kg()) {
    AddClaim(path.At("post_consumer_mass_kg"), "V8_MASS_MISSING", "neither pre- nor post-consumer mass",
             "at least one of them", "fill in pre_consumer_mass_kg or post_consumer_mass_kg",
             "プレコンシューマまたはポストコンシューマの質量が必要です。", findings);
  }
  const Amount total = MassOf(claim.has_total_mass_kg(), claim.total_mass_kg());
  const absl::int128 recycled = RecycledMass(claim);
  if (total.has_value() && recycled > *total) {
    AddClaim(path.At("total_mass_kg"), "V8_CLAIM_MASS",
             absl::StrCat(FixedDecimalText(recycled), " kg of recycled mass"),
             absl::StrCat("at most the total of ", FixedDecimalText(*total), " kg"),
             "correct the masses; rework of the same process does not count", "再生材の質量が総質量を超えています。",
             findings);
  }
  absl::int128 sources = 0;
  for (const v1::PostConsumerSource& source : claim.post_consumer_sources()) {
    sources += OrZero(MassOf(source.has_mass_kg(), source.mass_kg()));
  }
  if (sources > OrZero(MassOf(claim.has_post_consumer_mass_kg(), claim.post_consumer_mass_kg()))) {
    AddClaim(path.At("post_consumer_sources"), "V8_SOURCE_MASS",
             absl::StrCat("sources of ", FixedDecimalText(sources), " kg"), "at most post_consumer_mass_kg",
             "correct the masses of the sources", "由来別質量の合計がポストコンシューマ質量を超えています。", findings);
  }
}

// |declared − recycled / total| ≤ 0.005, multiplied out.
void CheckFraction(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings) {
  const Amount declared = FractionOf(claim.has_recycled_fraction(), claim.recycled_fraction());
  const Amount total = MassOf(claim.has_total_mass_kg(), claim.total_mass_kg());
  if (!declared.has_value() || !total.has_value() || *total == 0) {
    return;
  }
  const absl::int128 difference = Share(*total, *declared) - RecycledMass(claim);
  const absl::int128 size = difference < 0 ? -difference : difference;
  if (size * 1000 > *total * kFractionTolerancePerMille) {
    AddClaim(
        path.At("recycled_fraction"), "V8_FRACTION", claim.recycled_fraction().value(),
        absl::StrCat(FixedDecimalText(RecycledMass(claim)), " kg of ", FixedDecimalText(*total), " kg, within 0.005"),
        "correct the fraction or the masses", "再生材割合が質量から計算した値と一致しません。", findings);
  }
}

bool IsAttributed(v1::ChainOfCustodyModel model) {
  return model == v1::CHAIN_OF_CUSTODY_MODEL_MASS_BALANCE || model == v1::CHAIN_OF_CUSTODY_MODEL_BOOK_AND_CLAIM;
}

void CheckCustody(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings) {
  if (!IsAttributed(claim.chain_of_custody_model())) {
    return;
  }
  if (claim.ledger_reference().empty()) {
    AddClaim(path.At("ledger_reference"), "V8_LEDGER", "no ledger", "the ledger that the credit is booked in",
             "give its URI", "マスバランス／ブック＆クレームには台帳の参照が必要です。", findings);
  }
  const v1::DatePeriod& period = claim.mass_balance_period();
  const absl::optional<absl::CivilDay> start = ParseDate(period.start());
  const absl::optional<absl::CivilDay> end = ParseDate(period.end());
  const bool fits = start.has_value() && end.has_value() &&
                    *end < absl::CivilDay(start->year(), start->month() + kMassBalanceMonthsMax, start->day());
  if (!fits) {
    AddClaim(path.At("mass_balance_period"), "V8_PERIOD",
             claim.has_mass_balance_period() ? absl::StrCat(Quoted(period.start()), " to ", Quoted(period.end()))
                                             : "no period",
             absl::StrCat("a period of at most ", kMassBalanceMonthsMax, " months"), "give the accounting period",
             "12か月以内の期間の記載が必要です。", findings);
  }
}

void CheckPhysicalShare(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings) {
  const Amount physical = FractionOf(claim.has_physical_fraction(), claim.physical_fraction());
  if (claim.chain_of_custody_model() == v1::CHAIN_OF_CUSTODY_MODEL_BOOK_AND_CLAIM && physical.value_or(0) != 0) {
    AddClaim(path.At("physical_fraction"), "V8_PHYSICAL_SHARE", claim.physical_fraction().value(),
             "0 for book and claim", "claim physical content under another model",
             "ブック＆クレームでは物理的な再生材割合は0です。", findings);
  }
  if (IsAttributed(claim.chain_of_custody_model()) && !claim.has_statement()) {
    Report(findings, path.At("statement"), "V8_STATEMENT", "no statement",
           {"the words that stand beside an attributed claim (ISO 22095-2, -3)", "write what was attributed, and how",
            "割当による主張には、その旨の表示文の記載を推奨します。"},
           Severity::kWarning);
  }
}

void CheckRecomputed(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings) {
  const absl::optional<absl::int128> fraction = RecycledFractionOf(claim);
  if (claim.has_recomputed_recycled_fraction() && fraction.has_value()) {
    CheckDerived(claim.recomputed_recycled_fraction(), FixedDecimalText(*fraction), kRecycledFractionMethod,
                 path.Field("recomputed_recycled_fraction"), findings);
  }
}

// What a claim is about, its mass apart.
using About = std::tuple<v1::ClaimScope, std::string, std::string, uint32_t, std::string, std::string, std::string>;

About AboutOf(const v1::RecycledContentClaim& claim) {
  const bool is_product = claim.scope() == v1::CLAIM_SCOPE_PRODUCT;
  const std::string subject(absl::StripAsciiWhitespace(claim.subject()));
  return {claim.scope(),
          is_product ? "" : absl::AsciiStrToLower(subject),
          claim.reporting_basis().plant(),
          claim.reporting_basis().year(),
          claim.mass_balance_period().start(),
          claim.mass_balance_period().end(),
          claim.certificate().scheme()};
}

// What claims say together about the same kilograms.
struct Kilograms {
  size_t place = 0;             // in the order of the first claims
  absl::int128 first_mass = 0;  // as the first claim has it
  absl::int128 mass = 0;        // as the heaviest has it
  absl::int128 recycled = 0;
};

class ClaimedKilograms {
 public:
  // Those of a claim of `total` mass: of claims before if they are the same.
  Kilograms& Of(const v1::RecycledContentClaim& claim, absl::int128 total) {
    std::vector<Kilograms>& known = known_[AboutOf(claim)];
    const auto is_same = [&](const Kilograms& other) {
      return claim.scope() == v1::CLAIM_SCOPE_PRODUCT ||
             (IsWithin(total, other.first_mass) && IsWhole(total, other.first_mass));
    };
    auto same = std::find_if(known.begin(), known.end(), is_same);
    if (same == known.end()) {
      same = known.insert(known.end(), {.place = count_++, .first_mass = total, .mass = total, .recycled = 0});
    }
    same->mass = std::max(same->mass, total);
    return *same;
  }

 private:
  std::map<About, std::vector<Kilograms>> known_;
  size_t count_ = 0;
};

// Six digits.
absl::int128 RoundedShare(absl::int128 recycled, absl::int128 total) {
  constexpr int64_t kMillion = 1'000'000;
  const absl::int128 millionths = (recycled * kMillion + total / 2) / total;
  return millionths * (FixedDecimal::FromInteger(1).units() / kMillion);
}

}  // namespace

void CheckClaimSums(const v1::RecycledContent& content, const Path& path, Findings& findings) {
  ClaimedKilograms claimed;
  for (int i = 0; i < content.claims_size(); ++i) {
    const v1::RecycledContentClaim& claim = content.claims(i);
    const Amount total = MassOf(claim.has_total_mass_kg(), claim.total_mass_kg());
    const absl::int128 recycled = RecycledMass(claim);
    if (!total.has_value() || recycled > *total) {
      continue;  // said of the claim itself
    }
    Kilograms& same = claimed.Of(claim, *total);
    const bool was_within = IsWithin(same.recycled, same.mass);
    same.recycled += recycled;
    if (was_within && !IsWithin(same.recycled, same.mass)) {
      AddClaim(path.Element("claims", i).At("total_mass_kg"), "V8_CLAIM_SUM",
               absl::StrCat("with the claims before about the same subject, ", FixedDecimalText(same.recycled),
                            " kg of recycled mass"),
               absl::StrCat("at most the total of ", FixedDecimalText(same.mass), " kg within 0.5 %"),
               "count each kilogram in one claim, or say what the claims are about apart",
               "同じ対象に対する再生材質量の合計が総質量を超えています。", findings);
    }
  }
}

absl::optional<absl::int128> RecycledFractionOf(const v1::RecycledContentClaim& claim) {
  const Amount total = MassOf(claim.has_total_mass_kg(), claim.total_mass_kg());
  const absl::int128 recycled = RecycledMass(claim);
  if (!total.has_value() || *total == 0 || recycled > *total) {
    return absl::nullopt;
  }
  return RoundedShare(recycled, *total);
}

std::vector<RecycledShare> RecycledSharesOf(const v1::RecycledContent& content) {
  std::vector<RecycledShare> shares;
  ClaimedKilograms claimed;
  for (const v1::RecycledContentClaim& claim : content.claims()) {
    if (!RecycledFractionOf(claim).has_value()) {
      continue;
    }
    Kilograms& same = claimed.Of(claim, *MassOf(claim.has_total_mass_kg(), claim.total_mass_kg()));
    if (same.place == shares.size()) {
      shares.push_back({&claim, 0});
    }
    same.recycled += RecycledMass(claim);
    shares[same.place].fraction = RoundedShare(std::min(same.recycled, same.mass), same.mass);
  }
  return shares;
}

void CheckClaimCount(const v1::RecycledContent& content, const Path& path, Findings& findings) {
  if (content.claims_size() > kClaimsMax) {
    AddClaim(path.At("claims"), "V8_CLAIMS", absl::StrCat(content.claims_size(), " claims"),
             absl::StrCat("at most ", kClaimsMax), "merge claims of the same subject", "主張の件数が多すぎます。",
             findings);
  }
}

void CheckRecycledClaim(const v1::RecycledContentClaim& claim, const Path& path, Findings& findings) {
  CheckSubject(claim, path, findings);
  CheckMasses(claim, path, findings);
  CheckFraction(claim, path, findings);
  CheckCustody(claim, path, findings);
  CheckPhysicalShare(claim, path, findings);
  CheckRecomputed(claim, path, findings);
}

}  // namespace meguri::passport
