// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/rule.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace meguri::passport {
namespace {

constexpr size_t kQuotedBytesMax = 80;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

void Findings::Add(Violation violation) {
  if (full()) {
    return;
  }
  if (violations_.size() == count_max_) {
    violations_.push_back(
        {.field = "",
         .reason = "TOO_MANY_VIOLATIONS",
         .found = absl::StrCat("more than ", count_max_, " problems"),
         .expected = "none",
         .cure = "mend these and check again",
         .message_ja = absl::StrCat("問題が", count_max_, "件を超えています。修正後に再確認してください。")});
    return;
  }
  violations_.push_back(std::move(violation));
}

std::string Quoted(absl::string_view text) {
  size_t size = text.size();
  if (size > kQuotedBytesMax) {
    size = kQuotedBytesMax;
    while (size > 0 && IsContinuation(text[size])) {
      --size;
    }
  }
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, size)), size < text.size() ? "…" : "", "\"");
}

}  // namespace meguri::passport
