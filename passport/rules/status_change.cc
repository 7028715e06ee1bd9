// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/status_change.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

std::string StatusName(v1::ProductStatus status) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::ProductStatus_Name(status), "PRODUCT_STATUS_"));
}

// A key that a version before had stays: another thing needs another record.
void CheckKept(absl::string_view name, const std::string& before, const std::string& next, const Path& path,
               Findings& findings) {
  if (!before.empty() && before != next) {
    Report(findings, path.At(name), "V13_KEY_CHANGED", next.empty() ? "no value" : Quoted(next),
           {absl::StrCat(Quoted(before), " as in the version before"), "publish another thing as a record of its own",
            "前の版と同じ値でなければなりません。別の製品は別のレコードとして公開してください。"});
  }
}

}  // namespace

bool MayBecome(v1::ProductStatus before, v1::ProductStatus next) {
  if (before == v1::PRODUCT_STATUS_UNSPECIFIED || next == v1::PRODUCT_STATUS_UNSPECIFIED || before == next) {
    return true;
  }
  return before != v1::PRODUCT_STATUS_WASTE && next != v1::PRODUCT_STATUS_ORIGINAL;
}

void CheckStatusChange(const v1::Identity& before, const v1::Identity& next, const Path& path, Findings& findings) {
  if (!MayBecome(before.product_status(), next.product_status())) {
    const bool was_waste = before.product_status() == v1::PRODUCT_STATUS_WASTE;
    Report(findings, path.At("product_status"), "V13_STATUS",
           absl::StrCat(StatusName(next.product_status()), " after ", StatusName(before.product_status())),
           {was_waste ? "waste, for good" : "a status that can follow",
            was_waste ? "publish a new passport with this one as predecessor_record_id" : "correct the status",
            "この状態への変更はできません。廃棄物からの再使用は、前身を示した新しいパスポートで公開してください。"});
  }
  CheckKept("gtin", before.gtin(), next.gtin(), path, findings);
  CheckKept("lot", before.lot(), next.lot(), path, findings);
  CheckKept("serial", before.serial(), next.serial(), path, findings);
}

}  // namespace meguri::passport
