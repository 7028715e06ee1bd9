// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/removal_item.h"

#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

void AddIncomplete(const Path& path, absl::string_view name, absl::string_view expected, absl::string_view name_ja,
                   Findings& findings) {
  findings.Add({.field = path.At(name),
                .reason = "REMOVAL_ITEM_INCOMPLETE",
                .found = absl::StrCat("no ", name),
                .expected = std::string(expected),
                .cure = absl::StrCat("fill in ", name, ", or declare the item absent"),
                .message_ja = absl::StrCat("存在する除去対象物には", name_ja, "の記載が必要です。")});
}

}  // namespace

void CheckRemovalItem(const v1::RemovalItem& item, const Path& path, Findings& findings) {
  if (item.present() && !item.has_location()) {
    AddIncomplete(path, "location", "where the item is", "位置", findings);
  }
  if (item.present() && !item.has_instruction()) {
    AddIncomplete(path, "instruction", "how the item is removed", "取り外し手順", findings);
  }
}

}  // namespace meguri::passport
