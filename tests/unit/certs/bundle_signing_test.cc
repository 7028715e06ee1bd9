// SPDX-License-Identifier: Apache-2.0
#include "certs/bundle_signing.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::Now;
using testing::Operator;
using testing::ValueOf;

TEST(BundleSigning, GathersTheSignaturesOfHoldersOneByOne) {
  const Operator two(2);
  const std::string none = ValueOf(SignTrustBundle(two.BundleMessage(1, 2), {}));
  EXPECT_EQ(ValueOf(ReadBundleDraft(none)).version(), 1U);
  EXPECT_THAT(TrustBundle::Open(none, Now()), HasReason("BUNDLE_SIGNATURE"));
  const std::string one = ValueOf(AddBundleSignature(none, *two.bundle_keys[0]));
  EXPECT_THAT(TrustBundle::Open(one, Now()), HasReason("BUNDLE_SIGNATURE"));
  EXPECT_EQ(ValueOf(AddBundleSignature(one, *two.bundle_keys[0])), one) << "signing again changes nothing";
  MEGURI_EXPECT_OK(TrustBundle::Open(ValueOf(AddBundleSignature(one, *two.bundle_keys[1])), Now()));
}

TEST(BundleSigning, SignsNothingThatIsNoBundle) {
  const Operator one(1);
  EXPECT_THAT(AddBundleSignature("no bundle", *one.bundle_keys[0]), HasReason("BUNDLE_FORM"));
  registry::v1::TrustBundle message = one.BundleMessage();
  message.set_federation("Not A Domain");
  EXPECT_THAT(SignTrustBundle(message, {}), HasReason("BUNDLE_FORM"));
}

}  // namespace
}  // namespace meguri::certs
