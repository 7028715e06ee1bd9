// SPDX-License-Identifier: Apache-2.0
#include "certs/entry_text.h"

#include <vector>

#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using registry::v1::MemberEntry;

TEST(EntryText, ChangesWhatIsGivenAndNothingElse) {
  MemberEntry entry = testing::Member{.id = "0199:member"}.Entry();
  entry.add_gs1_company_prefixes("4912345");
  const MemberEntry before = entry;
  EntryText nothing;
  MEGURI_EXPECT_OK(ApplyTo(entry, nothing));
  EXPECT_EQ(entry.SerializeAsString(), before.SerializeAsString());
  EntryText text;
  text.name_en = "Another";
  text.addresses = {"a.example:1", "b.example:2"};
  text.prefixes = {""};
  MEGURI_EXPECT_OK(ApplyTo(entry, text));
  EXPECT_EQ(entry.name().en(), "Another");
  EXPECT_EQ(entry.name().ja(), before.name().ja());
  EXPECT_EQ(entry.hosting().addresses_size(), 2);
  EXPECT_EQ(entry.gs1_company_prefixes_size(), 0);
}

TEST(EntryText, KeepsThePermitOfARoleThatIsGivenAnew) {
  MemberEntry entry;
  EntryText text;
  text.roles = {"recycler:battery", "manufacturer"};
  text.permit = "産廃処分|01320000001|13";
  MEGURI_EXPECT_OK(ApplyTo(entry, text));
  text = {};
  text.roles = {"recycler:battery,plastic-lot"};
  MEGURI_EXPECT_OK(ApplyTo(entry, text));
  ASSERT_EQ(entry.roles_size(), 1);
  EXPECT_EQ(entry.roles(0).permit().number(), "01320000001");
  EXPECT_EQ(entry.roles(0).scopes_size(), 2);
}

TEST(EntryText, RefusesWhatItDoesNotUnderstandAndSaysWhatItWould) {
  std::vector<EntryText> wrong(4);
  wrong[0].kind = "company-huge";
  wrong[1].roles = {"recyler:battery"};
  wrong[2].permit = "number only";
  wrong[3].permit = "a|b|c";
  for (const EntryText& text : wrong) {
    MemberEntry entry;
    const absl::Status status = ApplyTo(entry, text);
    ASSERT_EQ(ViolationsOf(status).size(), 1U);
    EXPECT_EQ(ViolationsOf(status)[0].reason, "FLAG");
    EXPECT_NE(ViolationsOf(status)[0].expected, "");
  }
}

}  // namespace
}  // namespace meguri::certs
