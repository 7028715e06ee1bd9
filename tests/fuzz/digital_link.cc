// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/digital_link.h"

#include "base/error.h"
#include "passport/rules/gs1_key.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  namespace passport = meguri::passport;
  const absl::StatusOr<passport::DigitalLink> link = passport::ParseDigitalLink(meguri::fuzz::BytesOf(data, size));
  if (!link.ok()) {
    Invariant(!meguri::ReasonOf(link.status()).empty(), "a refusal has a reason");
    return 0;
  }
  Invariant(size <= passport::kDigitalLinkBytesMax && !link->host.empty(), "a link has a host and a limit");
  Invariant(passport::IsGs1PrimaryKey(link->primary_ai), "a link starts with a primary key");
  Invariant(passport::CheckGs1Key(link->primary_ai, link->primary_key).ok(), "whose value has its form");
  Invariant(link->gtin == (link->primary_ai == "01" ? link->primary_key : ""), "a GTIN is the key of 01");
  return 0;
}
