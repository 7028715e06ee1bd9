// SPDX-License-Identifier: Apache-2.0
// What holds for records as a whole, however they are written down, and whichever of their masses is wrong.
#include <algorithm>
#include <iterator>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/formats/canonical_json.h"
#include "passport/rules/decimal.h"
#include "passport/validate.h"
#include "tests/testing/fakes.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_BILL_OF_MATERIALS;
using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_IDENTITY;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kRounds = 100;

std::string Kilograms(int64_t grams) { return FixedDecimalText(FixedDecimal::FromInteger(grams).units() / 1000); }

// A model with a composition of a few materials and a bill of a few parts, all complete: masses in grams.
struct Product {
  int64_t whole = 0;
  int64_t composition = 0;
  int64_t bill = 0;
  std::vector<int64_t> nodes;
  std::vector<int64_t> items;
};

std::vector<int64_t> Split(int64_t grams, testing::SeededRandom& random) {
  std::vector<int64_t> parts;
  for (uint64_t left = 1 + random.Below(6); left > 1 && grams > 1; --left) {
    parts.push_back(1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(grams - 1))));
    grams -= parts.back();
  }
  parts.push_back(grams);
  return parts;
}

Product RandomProduct(testing::SeededRandom& random) {
  const int64_t grams = 1'000 + static_cast<int64_t>(random.Below(100'000'000));
  return {grams, grams, grams, Split(grams, random), Split(grams, random)};
}

record::SectionDraft Draft(uint32_t type, const google::protobuf::Message& payload) {
  const Profile* profile = FindProfile(record::v1::RECORD_TYPE_PRODUCT_PASSPORT, "washing-machine");
  return {type, profile->Find(type)->audiences, payload.SerializeAsString()};
}

RecordDraft DraftOf(const Product& product) {
  v1::Identity identity;
  identity.mutable_name()->set_ja("洗濯機");
  identity.set_product_group("washing-machine");
  identity.set_granularity(v1::GRANULARITY_MODEL);
  identity.set_gtin("04912345100108");
  identity.mutable_mass_kg()->set_value(Kilograms(product.whole));
  v1::Composition composition;
  composition.mutable_mass_kg()->set_value(Kilograms(product.composition));
  composition.set_nodes_complete(true);
  for (const int64_t grams : product.nodes) {
    v1::CompositionNode& node = *composition.add_nodes();
    node.set_kind(v1::COMPOSITION_NODE_KIND_PART);
    node.mutable_name()->set_ja("部品");
    node.mutable_mass_kg()->set_value(Kilograms(grams));
  }
  v1::BillOfMaterials bill;
  bill.mutable_mass_kg()->set_value(Kilograms(product.bill));
  bill.set_items_complete(true);
  for (const int64_t grams : product.items) {
    v1::BillItem& item = *bill.add_items();
    item.mutable_name()->set_en("Part");
    item.mutable_quantity()->set_value("1");
    item.set_unit(v1::QUANTITY_UNIT_PIECE);
    item.mutable_mass_kg()->set_value(Kilograms(grams));
  }
  RecordDraft draft;
  draft.record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
  draft.sections = {Draft(SECTION_TYPE_IDENTITY, identity), Draft(SECTION_TYPE_COMPOSITION, composition),
                    Draft(SECTION_TYPE_BILL_OF_MATERIALS, bill)};
  return draft;
}

std::vector<std::string> ErrorsOf(const RecordDraft& draft) {
  const SealedRecord record = Seal(draft);
  return Lines(Errors(ValidateRecord(record.header, record.sections)));
}

TEST(RecordProperty, AValidRecordStaysValidThroughEncodingAndDecoding) {
  testing::SeededRandom random(20'261'127);
  for (int round = 0; round < kRounds; ++round) {
    const RecordDraft draft = DraftOf(RandomProduct(random));
    ASSERT_THAT(ErrorsOf(draft), IsEmpty()) << "round " << round;
    const absl::StatusOr<std::string> printed = PrintRecordJson(draft);
    ASSERT_TRUE(printed.ok()) << printed.status();
    const absl::StatusOr<RecordDraft> again = ParseRecordJson(*printed);
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(again->sections.size(), draft.sections.size());
    for (size_t i = 0; i < draft.sections.size(); ++i) {
      EXPECT_EQ(again->sections[i].payload, draft.sections[i].payload) << "round " << round;
      EXPECT_EQ(again->sections[i].audiences, draft.sections[i].audiences);
    }
    EXPECT_THAT(ErrorsOf(*again), IsEmpty()) << "round " << round;
  }
}

TEST(RecordProperty, AnySingleMassBeyondToleranceIsCaught) {
  testing::SeededRandom random(20'261'128);
  for (int round = 0; round < kRounds; ++round) {
    Product product = RandomProduct(random);
    std::vector<int64_t*> masses = {&product.whole, &product.composition, &product.bill};
    std::transform(product.nodes.begin(), product.nodes.end(), std::back_inserter(masses),
                   [](int64_t& g) { return &g; });
    std::transform(product.items.begin(), product.items.end(), std::back_inserter(masses),
                   [](int64_t& g) { return &g; });
    // 0.6 % of the whole: what may be off by 0.5 % of itself is no larger.
    const int64_t step = product.whole * 6 / 1000 + 1;
    for (int64_t* mass : masses) {
      for (const int64_t change : {step, -step}) {
        if (*mass + change <= 0) {
          continue;
        }
        *mass += change;
        EXPECT_THAT(ErrorsOf(DraftOf(product)), Contains(HasSubstr(" V6_MASS_")))
            << "round " << round << ", by " << change << " g of " << product.whole;
        *mass -= change;
      }
    }
  }
}

}  // namespace
}  // namespace meguri::passport
