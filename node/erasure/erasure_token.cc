// SPDX-License-Identifier: Apache-2.0
#include "node/erasure/erasure_token.h"

#include "base/bytes.h"
#include "base/error.h"

namespace meguri::node {

std::string MakeErasureToken(absl::string_view last) { return ToHex(last); }

absl::StatusOr<std::string> ParseErasureToken(absl::string_view token) {
  std::string last;
  if (!FromHex(token, last)) {
    return InvalidInput({{"page_token", "PAGE_TOKEN", std::string(token.substr(0, 64)), "one that this list gave",
                          "start again without a page token", "ページトークンが正しくありません。"}});
  }
  return last;
}

}  // namespace meguri::node
