// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/custody_ledger.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/derived_value.h"
#include "passport/rules/finding.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

absl::int128 AmountOf(const v1::LedgerEntry& entry) {
  const absl::int128 mass = MassOf(entry.has_mass_kg(), entry.mass_kg()).value_or(0);
  switch (entry.kind()) {
    case v1::LEDGER_ENTRY_KIND_INPUT: {
      const Amount factor = FractionOf(entry.has_conversion_factor(), entry.conversion_factor());
      return factor.has_value() ? Share(mass, *factor) : mass;
    }
    case v1::LEDGER_ENTRY_KIND_TRANSFER_IN:
      return mass;
    case v1::LEDGER_ENTRY_KIND_CLAIM:
    case v1::LEDGER_ENTRY_KIND_TRANSFER_OUT:
    case v1::LEDGER_ENTRY_KIND_EXPIRY:
      return -mass;
    default:
      return 0;
  }
}

void CheckBalance(const v1::CustodyLedger& ledger, const Path& path, Findings& findings) {
  const LedgerBalance balance = BalanceOf(ledger);
  const bool always = ledger.model() == v1::CHAIN_OF_CUSTODY_MODEL_BOOK_AND_CLAIM;
  const absl::int128 judged = always ? balance.lowest : balance.closing;
  if (judged < 0) {
    Report(findings, path.At("entries"), "V12_NEGATIVE_BALANCE", absl::StrCat(FixedDecimalText(judged), " kg"),
           {absl::StrCat("0 or more ", always ? "at any time" : "when the period closes"),
            "claim less, or book the input that is missing",
            absl::StrCat("台帳残高が ", FixedDecimalText(judged), " kg です。残高は0以上でなければなりません。")});
  }
  const auto declared = UnitsOf(ledger.has_closing_balance_kg(), ledger.closing_balance_kg());
  if (declared.has_value() && *declared != balance.closing) {
    Report(findings, path.At("closing_balance_kg"), "V12_CLOSING_BALANCE", ledger.closing_balance_kg().value(),
           {absl::StrCat(FixedDecimalText(balance.closing), " kg, as the entries come to"),
            "correct the closing balance or the entries",
            absl::StrCat("期末残高は仕訳から計算した ", FixedDecimalText(balance.closing), " kg と一致しません。")});
  }
  if (ledger.has_recomputed_closing_balance_kg()) {
    CheckDerived(ledger.recomputed_closing_balance_kg(), FixedDecimalText(balance.closing), kLedgerBalanceMethod,
                 path.Field("recomputed_closing_balance_kg"), findings);
  }
}

void CheckPeriodLength(const v1::CustodyLedger& ledger, const Path& path, Findings& findings) {
  const auto start = ParseDate(ledger.period().start());
  const auto end = ParseDate(ledger.period().end());
  if (start.has_value() && end.has_value() &&
      *end >= absl::CivilDay(start->year(), start->month() + kLedgerMonthsMax, start->day())) {
    Report(findings, path.At("period"), "V12_PERIOD",
           absl::StrCat(ledger.period().start(), " to ", ledger.period().end()),
           {absl::StrCat("at most ", kLedgerMonthsMax, " months"), "close the ledger earlier and open the next one",
            "台帳の期間は12か月以内でなければなりません。"});
  }
  const uint32_t allowed = std::max(kCarryOverPeriodsMax, ledger.scheme_carry_over_periods_max());
  if (ledger.carried_over_periods() > allowed) {
    Report(findings, path.At("carried_over_periods"), "V12_CARRY_OVER",
           absl::StrCat(ledger.carried_over_periods(), " periods"),
           {absl::StrCat("at most ", allowed), "let the balance expire", "繰越できる期間数を超えています。"});
  }
}

void CheckDates(const v1::CustodyLedger& ledger, const Path& path, Findings& findings) {
  const auto start = ParseDate(ledger.period().start());
  const auto end = ParseDate(ledger.period().end());
  absl::optional<absl::CivilDay> before;
  for (int i = 0; i < ledger.entries_size(); ++i) {
    const auto date = ParseDate(ledger.entries(i).date());
    if (!date.has_value()) {
      continue;
    }
    const bool outside = (start.has_value() && *date < *start) || (end.has_value() && *end < *date);
    if (outside || (before.has_value() && *date < *before)) {
      Report(findings, path.Element("entries", i).At("date"), "V12_ENTRY_DATE", ledger.entries(i).date(),
             {outside ? "a day of the period" : "entries in the order of their days", "correct the date or the order",
              "仕訳の日付が期間外か、日付順になっていません。"});
    }
    before = date;
  }
}

// Booked once, then transferred or retired once; nothing after that.
bool MayFollow(v1::CreditState before, v1::CreditState next) {
  return before == v1::CREDIT_STATE_UNSPECIFIED || (before == v1::CREDIT_STATE_BOOKED && next > before);
}

void CheckCredits(const v1::CustodyLedger& ledger, const Path& path, Findings& findings) {
  std::map<std::string, v1::CreditState> states;
  for (int i = 0; i < ledger.entries_size(); ++i) {
    const v1::LedgerEntry& entry = ledger.entries(i);
    if (entry.credit_id().empty()) {
      continue;
    }
    v1::CreditState& state = states[entry.credit_id()];
    if (entry.credit_state() == v1::CREDIT_STATE_UNSPECIFIED || !MayFollow(state, entry.credit_state())) {
      Report(findings, path.Element("entries", i).At("credit_state"), "V12_CREDIT",
             absl::StrCat("credit ", Quoted(entry.credit_id()), " once more"),
             {"booked, then transferred or retired, each once", "use a credit once only",
              "同じクレジットを二重に計上・償却することはできません。"});
    }
    state = entry.credit_state();
  }
}

std::string ModelName(v1::ChainOfCustodyModel model) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::ChainOfCustodyModel_Name(model), "CHAIN_OF_CUSTODY_MODEL_"));
}

}  // namespace

LedgerBalance BalanceOf(const v1::CustodyLedger& ledger) {
  LedgerBalance balance;
  balance.closing = MassOf(ledger.has_opening_balance_kg(), ledger.opening_balance_kg()).value_or(0);
  balance.lowest = balance.closing;
  for (const v1::LedgerEntry& entry : ledger.entries()) {
    balance.closing += AmountOf(entry);
    balance.lowest = std::min(balance.lowest, balance.closing);
  }
  return balance;
}

void CheckCustodyLedger(const v1::CustodyLedger& ledger, const Path& path, Findings& findings) {
  if (ledger.model() != v1::CHAIN_OF_CUSTODY_MODEL_UNSPECIFIED &&
      ledger.model() < v1::CHAIN_OF_CUSTODY_MODEL_MASS_BALANCE) {
    Report(findings, path.At("model"), "V12_LEDGER_MODEL", ModelName(ledger.model()),
           {"mass balance or book and claim", "leave the ledger out: this model needs none",
            "台帳が必要なのはマスバランスとブック＆クレームのみです。"});
  }
  CheckBalance(ledger, path, findings);
  CheckPeriodLength(ledger, path, findings);
  CheckDates(ledger, path, findings);
  CheckCredits(ledger, path, findings);
}

v1::ChainOfCustodyModel WeakerModel(v1::ChainOfCustodyModel a, v1::ChainOfCustodyModel b) {
  return std::max(a, b);  // numbers rise as strength falls; 0 says nothing
}

void CheckCustodyModel(const v1::ChainOfCustody& custody, const Path& path, Findings& findings) {
  v1::ChainOfCustodyModel effective = custody.site_model();
  for (const v1::InputLot& lot : custody.input_lots()) {
    effective = WeakerModel(effective, lot.model());
  }
  if (custody.declared_model() != v1::CHAIN_OF_CUSTODY_MODEL_UNSPECIFIED && custody.declared_model() < effective) {
    Report(findings, path.At("declared_model"), "V12_MODEL", ModelName(custody.declared_model()),
           {absl::StrCat(ModelName(effective), " or weaker: the weakest of inputs and site"),
            "declare the weakest model of the chain",
            "宣言した加工・流通過程管理モデルが、投入または拠点のモデルより強くなっています。"});
  }
  const bool blends = custody.declared_model() == v1::CHAIN_OF_CUSTODY_MODEL_CONTROLLED_BLENDING;
  if (blends && !custody.has_blended_fraction()) {
    Report(findings, path.At("blended_fraction"), "V12_BLEND", "no share of the blend",
           {"the known share of this batch", "fill in blended_fraction",
            "コントロールドブレンディングでは配合割合の記載が必要です。"});
  }
  for (int i = 0; i < custody.input_lots_size(); ++i) {
    const v1::InputLot& lot = custody.input_lots(i);
    if (lot.record_id().empty() && (lot.lot_number().empty() || lot.supplier_id().empty())) {
      Report(findings, path.Element("input_lots", i).ToString(), "V12_INPUT_UNNAMED", "a lot without name",
             {"record_id, or lot_number and supplier_id", "say which lot it was",
              "投入ロットを特定する情報（record_id、またはロット番号と供給者）が必要です。"});
    }
  }
}

}  // namespace meguri::passport
