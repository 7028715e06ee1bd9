// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/currency_code.h"

#include "passport/rules/code_list.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

// ISO 4217 list one without funds codes, metals and test codes, each followed by a space.
constexpr absl::string_view kCodes =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ";
constexpr size_t kCodeSize = 3;

}  // namespace

bool IsCurrencyCode(absl::string_view code) { return IsInCodeList(code, kCodes, kCodeSize); }

void CheckCurrency(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsCurrencyCode(value)) {
    Report(findings, path.ToString(), "CURRENCY_CODE", Quoted(value),
           {"three capital letters of ISO 4217", "write JPY for yen",
            "通貨コードは ISO 4217 の3文字で記載してください（例: JPY）。"});
  }
}

}  // namespace meguri::passport
