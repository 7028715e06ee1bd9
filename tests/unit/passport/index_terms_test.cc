// SPDX-License-Identifier: Apache-2.0
#include "passport/index_terms.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/product_group.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using record::IndexTerm;
using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_IDENTITY;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

std::string PayloadOf(absl::string_view file, uint32_t type) {
  for (const record::SectionDraft& section : DemoDraft(file).sections) {
    if (section.type == type) {
      return section.payload;
    }
  }
  return "";
}

TEST(IndexTerms, ComeFromAnIdentity) {
  EXPECT_THAT(
      TermsOf(SECTION_TYPE_IDENTITY, PayloadOf("ev-battery.json", SECTION_TYPE_IDENTITY)),
      ElementsAre(IndexTerm{"granularity", "item"}, IndexTerm{"gtin", "04912345100108"}, IndexTerm{"model", "mc-ev72"},
                  IndexTerm{"product_group", "battery"}, IndexTerm{"serial", "MC72-26A-000317"}));
}

TEST(IndexTerms, ComeFromAComposition) {
  EXPECT_THAT(TermsOf(SECTION_TYPE_COMPOSITION, PayloadOf("recycled-pp-lot.json", SECTION_TYPE_COMPOSITION)),
              IsSupersetOf({IndexTerm{"material", "pp"}, IndexTerm{"material", "recycled pp compound"},
                            IndexTerm{"material", "再生ppコンパウンド"}, IndexTerm{"substance", "14807-96-6"},
                            IndexTerm{"substance", "talc"}, IndexTerm{"substance", "タルク"}}));
  const std::vector<IndexTerm> terms =
      TermsOf(SECTION_TYPE_COMPOSITION, PayloadOf("cathode-nmc811-lot.json", SECTION_TYPE_COMPOSITION));
  EXPECT_THAT(terms, IsSupersetOf({IndexTerm{"material", "182442-95-1"}, IndexTerm{"substance", "7440-48-4"}}));
  for (const IndexTerm& term :
       TermsOf(SECTION_TYPE_COMPOSITION, PayloadOf("recycled-pp-lot.json", SECTION_TYPE_COMPOSITION))) {
    EXPECT_NE(term.value, "other additives") << "what a joker hides cannot be searched";
  }
}

TEST(IndexTerms, OtherSectionsHaveNone) {
  for (const record::SectionDraft& section : DemoDraft("ev-battery.json").sections) {
    if (section.type != SECTION_TYPE_IDENTITY && section.type != SECTION_TYPE_COMPOSITION) {
      EXPECT_THAT(TermsOf(section.type, section.payload), IsEmpty()) << section.type;
    }
  }
  EXPECT_THAT(TermsOf(77, "anything"), IsEmpty());
}

TEST(IndexTerms, AreBoundedInNumberAndSize) {
  v1::Composition composition;
  for (size_t i = 0; i < kTermsPerSectionMax + 50; ++i) {
    v1::CompositionNode* node = composition.add_nodes();
    node->set_kind(v1::COMPOSITION_NODE_KIND_SUBSTANCE);
    node->mutable_name()->set_en(absl::StrCat("substance ", i, std::string(200, 'x')));
  }
  const std::vector<IndexTerm> terms = TermsOf(SECTION_TYPE_COMPOSITION, composition.SerializeAsString());
  EXPECT_EQ(terms.size(), kTermsPerSectionMax);
  for (const IndexTerm& term : terms) {
    EXPECT_LE(term.value.size(), record::kIndexValueMax);
  }
  EXPECT_TRUE(std::is_sorted(terms.begin(), terms.end()));
}

TEST(IndexTerms, AreTotal) {
  testing::SeededRandom random(3);
  const std::string identity = PayloadOf("ev-battery.json", SECTION_TYPE_IDENTITY);
  const std::string composition = PayloadOf("ev-battery.json", SECTION_TYPE_COMPOSITION);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = i % 2 == 0 ? identity : composition;
    for (int change = 0; change < 4; ++change) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    for (const uint32_t type : {1U, 3U, 32U}) {
      EXPECT_LE(TermsOf(type, bytes).size(), kTermsPerSectionMax);
    }
  }
  EXPECT_THAT(TermsOf(SECTION_TYPE_IDENTITY, "\xFF\xFF\xFF"), IsEmpty());
}

TEST(NormalisedTerm, MakesQueriesMeetTheIndex) {
  EXPECT_EQ(NormalisedTerm("gtin", "4912345678904").value, "04912345678904");
  EXPECT_EQ(NormalisedTerm("gtin", "no gtin").value, "no gtin");
  EXPECT_EQ(NormalisedTerm("model", " MC-EV72 ").value, "mc-ev72");
  EXPECT_EQ(NormalisedTerm("serial", "a1").value, "a1");
  EXPECT_EQ(NormalisedTerm("serial", "A1").value, "A1");
  EXPECT_EQ(NormalisedTerm("product_group", "Battery").value, "battery");
  std::string long_name;
  for (int i = 0; i < 100; ++i) {
    long_name += "電";
  }
  EXPECT_EQ(NormalisedTerm("material", long_name).value.size(), 126U) << "whole characters of three bytes";
}

TEST(ProductGroup, ComesFromTheIdentity) {
  const SealedRecord record = Seal(DemoDraft("washing-machine.json"));
  EXPECT_EQ(ProductGroupOf(record.sections), "washing-machine");
  EXPECT_EQ(ProductGroupOf({}), "");
}

TEST(ProductGroup, IsEmptyIfItIsNotWellFormed) {
  v1::Identity identity;
  identity.set_product_group("../etc");
  record::v1::Section section;
  section.set_type(SECTION_TYPE_IDENTITY);
  section.set_payload(identity.SerializeAsString());
  EXPECT_EQ(ProductGroupOf({section}), "");
  section.set_payload("\xFF");
  EXPECT_EQ(ProductGroupOf({section}), "");
}

}  // namespace
}  // namespace meguri::passport
