// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/json_tree.h"

#include "base/error.h"
#include "passport/formats/json.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const absl::string_view bytes = meguri::fuzz::BytesOf(data, size);
  auto tree = passport::ReadJsonTree(bytes);
  if (!tree.ok()) {
    Invariant(!meguri::ReasonOf(tree.status()).empty(), "a refusal has a reason");
    Invariant(!passport::ParseJson(bytes).ok(), "the strict parser takes nothing that the tree refuses");
    return 0;
  }
  const passport::Account account = passport::AccountOf(*tree);
  Invariant(account.leaves == account.untouched.size(), "nobody has asked for anything yet");
  return 0;
}
