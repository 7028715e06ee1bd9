// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/product_list.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const auto products = passport::ReadProductList(meguri::fuzz::BytesOf(data, size));
  if (!products.ok()) {
    Invariant(!meguri::ReasonOf(products.status()).empty(), "a refusal has a reason");
    return 0;
  }
  uint64_t listed = 0;
  for (const passport::ListedProduct& product : *products) {
    listed += product.count;
    passport::ToText(product);
  }
  uint64_t once = 0;
  const auto each = passport::EachOnce(*products);
  for (const passport::ListedProduct& product : each) {
    once += product.count;
  }
  Invariant(once == listed, "no line is lost");
  Invariant(passport::EachOnce(each) == each, "what is there once stays so");
  return 0;
}
