// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/numeric/int128.h"
#include "meguri/passport/v1/chain_of_custody.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr char kLedgerBalanceMethod[] = "LEDGER_BALANCE/1";
inline constexpr int kLedgerMonthsMax = 12;
inline constexpr uint32_t kCarryOverPeriodsMax = 1;  // unless the scheme allows more

// V12: what a ledger comes to, in units of 1e-18 kg. Entries that are no numbers count nothing.
struct LedgerBalance {
  absl::int128 closing = 0;  // opening + Σ κ·inputs + transfers in − claims − transfers out − expiry
  absl::int128 lowest = 0;   // after any entry, the opening included
};
LedgerBalance BalanceOf(const v1::CustodyLedger& ledger);

// V12 of one ledger: balance, declared closing, period, dates, carry-over, credits.
void CheckCustodyLedger(const v1::CustodyLedger& ledger, const Path& path, Findings& findings);

// The weakest of two models. ISO 22095: identity preserved > segregated > controlled blending > mass balance > book and
// claim. An unspecified one says nothing.
v1::ChainOfCustodyModel WeakerModel(v1::ChainOfCustodyModel a, v1::ChainOfCustodyModel b);

// The declared model is no stronger than the weakest of inputs and site; a blend says its share.
void CheckCustodyModel(const v1::ChainOfCustody& custody, const Path& path, Findings& findings);

}  // namespace meguri::passport
