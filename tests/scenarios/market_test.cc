// SPDX-License-Identifier: Apache-2.0
// A buyer finds recycled material in the catalogue that it follows, asks for it, and is answered; nobody else hears of
// it.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using record::AudienceSet;
using record::RecordId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kWanted[] =
    "record_type = \"material_passport\" AND material = \"PP\" AND recycled_fraction >= 0.9 AND "
    "available_mass_kg >= 5000 AND region = \"kanto\" AND data_quality_level >= 2 AND melt_flow_rate >= 10 AND "
    "melt_flow_rate <= 20";
constexpr uint64_t kSeed = 20'265;

// What a lot is offered as.
struct Lot {
  std::string polymer = "PP";
  std::string available_kg = "6000";
  std::string recycled_kg = "9500";  // of 10,000
  std::vector<std::string> regions = {"13"};
  uint32_t data_quality_level = 2;
  std::string melt_flow_rate = "12";
};

class Party {
 public:
  Party(const std::string& id, uint64_t seed) : seed_(seed) { member.id = id; }
  void Start(FixedRegistry& registry, LoopbackPeers& peers, testing::FakeClock& clock) {
    node = std::make_unique<LoopbackNode>(member, registry, LoopbackNode::Disk{*store_, *anchor_}, peers, clock, seed_);
  }

  certs::testing::Member member;
  std::unique_ptr<LoopbackNode> node;

 private:
  const uint64_t seed_;
  const std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();

 public:
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;
  ~Party() { node.reset(); }
};

class MarketTest : public ::testing::Test {
 protected:
  MarketTest() {
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(),
        ValueOf(certs::Registry::Make(operator_.Bundle(),
                                      {seller_.member.Entry(), buyer_.member.Entry(), third_.member.Entry()})));
    for (Party* party : {&seller_, &buyer_, &third_}) {
      party->Start(*registry_, peers_, clock_);
    }
    for (Party* party : {&buyer_, &third_}) {
      MEGURI_EXPECT_OK(party->node->Follow(*seller_.node, {"public"}));
    }
  }
  ~MarketTest() override {
    // The nodes go before what they share.
    for (Party* party : {&seller_, &buyer_, &third_}) {
      party->node.reset();
    }
  }

  static record::SectionDraft Section(uint32_t type, record::v1::Audience audience,
                                      const google::protobuf::Message& payload) {
    return {type, AudienceSet::Of({audience}), payload.SerializeAsString()};
  }

  // A section of the lot in the demonstration.
  template <typename Payload>
  static Payload FromDemo(uint32_t type) {
    Payload payload;
    for (const record::SectionDraft& section : passport::DemoDraft("recycled-pp-lot.json").sections) {
      if (section.type == type) {
        Invariant(payload.ParseFromString(section.payload), "the demonstration's files are well-formed");
      }
    }
    return payload;
  }

  RecordId Publish(Party& party, const Draft& draft) {
    MEGURI_EXPECT_OK(party.node->Publish(MakePublications({draft}, party.member, clock_.Now(), random_)).status());
    return draft.record_id;
  }

  RecordId PublishLot(const Lot& lot) {
    passport::v1::Identity identity;
    identity.mutable_name()->set_ja("再生樹脂");
    identity.set_product_group("plastic-lot");
    identity.set_granularity(passport::v1::GRANULARITY_BATCH);
    identity.set_gtin("04598765301013");
    identity.set_lot(absl::StrCat("L", ++lots_));
    identity.mutable_mass_kg()->set_value("10000");
    // Described well enough for the level that it declares.
    auto material = FromDemo<passport::v1::MaterialIdentity>(record::v1::SECTION_TYPE_MATERIAL_IDENTITY);
    material.clear_net_mass_kg();
    material.set_polymer_symbol(lot.polymer);
    material.set_data_quality_level(lot.data_quality_level);
    material.mutable_nominal_melt_flow_rate()->set_value(lot.melt_flow_rate);
    material.mutable_offer()->Clear();
    material.mutable_offer()->mutable_available_mass_kg()->set_value(lot.available_kg);
    material.mutable_offer()->mutable_regions()->Add(lot.regions.begin(), lot.regions.end());
    passport::v1::RecycledContent content;
    passport::v1::RecycledContentClaim* claim = content.add_claims();
    claim->set_scope(passport::v1::CLAIM_SCOPE_MATERIAL);
    claim->set_subject(lot.polymer);
    claim->mutable_total_mass_kg()->set_value("10000");
    claim->mutable_post_consumer_mass_kg()->set_value(lot.recycled_kg);
    claim->mutable_reporting_basis()->set_plant("市原工場");
    claim->mutable_reporting_basis()->set_year(2026);
    claim->set_method(passport::v1::RECYCLING_METHOD_MECHANICAL);
    claim->set_chain_of_custody_model(passport::v1::CHAIN_OF_CUSTODY_MODEL_SEGREGATED);
    return Publish(seller_,
                   {RecordId::Make(random_),
                    "",
                    {Section(record::v1::SECTION_TYPE_MATERIAL_IDENTITY, record::v1::AUDIENCE_PUBLIC, material),
                     Section(record::v1::SECTION_TYPE_MATERIAL_PROPERTIES, record::v1::AUDIENCE_PARTNERS,
                             FromDemo<passport::v1::MaterialProperties>(record::v1::SECTION_TYPE_MATERIAL_PROPERTIES)),
                     Section(record::v1::SECTION_TYPE_RECYCLED_CONTENT, record::v1::AUDIENCE_PUBLIC, content)},
                    identity,
                    record::v1::RECORD_TYPE_MATERIAL_PASSPORT});
  }

  RecordId Ask(Party& from, const Party& to, const RecordId& material) {
    passport::v1::Enquiry enquiry;
    enquiry.set_seller_id(to.member.id);
    enquiry.mutable_material()->set_publisher_id(to.member.id);
    enquiry.mutable_material()->set_record_id(material.ToHex());
    enquiry.mutable_material()->set_version(1);
    enquiry.mutable_wanted_mass_kg()->set_value("5000");
    enquiry.set_delivery_region("11");
    enquiry.mutable_contact()->mutable_name()->set_ja("購買部");
    enquiry.mutable_contact()->set_email("kobai@buyer.example");
    enquiry.set_valid_until("2026-12-31");
    return Publish(from, {RecordId::Make(random_),
                          "",
                          {Section(record::v1::SECTION_TYPE_ENQUIRY, record::v1::AUDIENCE_ADDRESSEES, enquiry)},
                          absl::nullopt,
                          record::v1::RECORD_TYPE_ENQUIRY,
                          {to.member.id}});
  }

  RecordId Answer(Party& from, const Party& to, const RecordId& enquiry) {
    passport::v1::EnquiryAnswer answer;
    answer.mutable_enquiry()->set_publisher_id(to.member.id);
    answer.mutable_enquiry()->set_record_id(enquiry.ToHex());
    answer.mutable_enquiry()->set_version(1);
    answer.set_verdict(passport::v1::ENQUIRY_VERDICT_OFFER);
    answer.mutable_available_mass_kg()->set_value("5000");
    answer.mutable_price()->mutable_amount()->set_value("118.5");
    answer.mutable_price()->set_currency("JPY");
    answer.mutable_price()->set_basis(passport::v1::PRICE_BASIS_KILOGRAM);
    answer.set_valid_until("2026-12-31");
    return Publish(from, {RecordId::Make(random_),
                          "",
                          {Section(record::v1::SECTION_TYPE_ENQUIRY_ANSWER, record::v1::AUDIENCE_ADDRESSEES, answer)},
                          absl::nullopt,
                          record::v1::RECORD_TYPE_ENQUIRY_ANSWER,
                          {to.member.id}});
  }

  // All pages of two records.
  static std::vector<std::string> Find(const Party& party, const std::string& filter) {
    std::vector<std::string> ids;
    node::ListQuery query;
    query.filter = filter;
    query.page_size = 2;
    do {
      const node::ListPage page = ValueOf(party.node->query().List(party.node->Client(), query));
      for (const node::RecordView& view : page.records) {
        ids.push_back(ValueOf(record::Header::Parse(view.envelope.header())).record_id().ToHex());
      }
      query.page_token = page.next_page_token;
    } while (!query.page_token.empty());
    return ids;
  }

  // Lets every node run until `party` finds so many.
  bool RunUntilFound(const Party& party, const std::string& filter, size_t count) {
    return party.node->RunFollowsUntil([&] {
      for (Party* other : {&seller_, &buyer_, &third_}) {
        if (other != &party && other->node != nullptr) {
          other->node->Tick();
        }
      }
      return Find(party, filter).size() >= count;
    });
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{kSeed};
  certs::testing::Operator operator_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  Party seller_{"9999:seller", 1};
  Party buyer_{"9999:buyer", 2};
  Party third_{"9999:third", 3};
  int lots_ = 0;
};

TEST_F(MarketTest, ABuyerFindsTheRightLotsAndNoOthers) {
  const RecordId tokyo = PublishLot({});
  const RecordId around = PublishLot({.regions = {"23", "14", "08"}, .data_quality_level = 3, .melt_flow_rate = "20"});
  const RecordId exact = PublishLot({.available_kg = "5000", .recycled_kg = "9000", .melt_flow_rate = "10"});
  PublishLot({.polymer = "PE"});
  PublishLot({.available_kg = "4999.999"});
  PublishLot({.recycled_kg = "8999"});
  PublishLot({.regions = {"23", "KR"}});
  PublishLot({.data_quality_level = 1});
  PublishLot({.melt_flow_rate = "20.1"});
  const std::string all = "record_type = \"material_passport\"";
  ASSERT_TRUE(RunUntilFound(buyer_, all, 9));
  EXPECT_THAT(Find(buyer_, kWanted), UnorderedElementsAre(tokyo.ToHex(), around.ToHex(), exact.ToHex()));
  EXPECT_THAT(Find(buyer_, "region IN (\"KR\", \"08\")"), ::testing::SizeIs(2));
}

TEST_F(MarketTest, AnEnquiryReachesTheSellerItsAnswerTheBuyerAndNeitherAThird) {
  const RecordId lot = PublishLot({});
  for (const Party* party : {&buyer_, &third_}) {
    ASSERT_TRUE(RunUntilFound(*party, kWanted, 1));
  }
  // The seller follows nobody.
  const RecordId enquiry = Ask(buyer_, seller_, lot);
  ASSERT_TRUE(RunUntilFound(seller_, "record_type = \"enquiry\"", 1));
  EXPECT_THAT(Find(seller_, absl::StrCat("about = \"", lot.ToHex(), "\"")), ElementsAre(enquiry.ToHex()));

  const RecordId answer = Answer(seller_, buyer_, enquiry);
  ASSERT_TRUE(RunUntilFound(buyer_, "record_type = \"enquiry_answer\"", 1));
  EXPECT_THAT(Find(buyer_, absl::StrCat("answer_to = \"", enquiry.ToHex(), "\" AND verdict = offer")),
              ElementsAre(answer.ToHex()));

  // A lot that is published last: when the third one has it, it would have had the rest.
  PublishLot({});
  ASSERT_TRUE(RunUntilFound(third_, kWanted, 2));
  EXPECT_THAT(Find(third_, "record_type IN (enquiry, enquiry_answer)"), IsEmpty());
  for (const RecordId& hidden : {enquiry, answer}) {
    EXPECT_THAT(third_.node->query().Get(third_.node->Client(), hidden, "", 0, {}).status(),
                testing::HasReason("RECORD_NOT_FOUND"));
  }
  EXPECT_FALSE(node::MayFollow(third_.node->Client().reader, buyer_.node->id(),
                               ValueOf(record::FeedName::Parse("to/9999:seller"))));
}

TEST_F(MarketTest, NobodyIsFollowedWithWhomThereWasNoLetter) {
  const RecordId lot = PublishLot({});
  ASSERT_TRUE(RunUntilFound(buyer_, kWanted, 1));
  const record::FeedName to_buyer = ValueOf(record::FeedName::Parse("to/9999:buyer"));
  EXPECT_FALSE(buyer_.node->Follows(*seller_.node, to_buyer.text()));
  Ask(buyer_, seller_, lot);
  ASSERT_TRUE(RunUntilFound(seller_, "record_type = \"enquiry\"", 1));
  EXPECT_TRUE(buyer_.node->Follows(*seller_.node, to_buyer.text()));
  EXPECT_TRUE(seller_.node->Follows(*buyer_.node, "to/9999:seller"));
  EXPECT_FALSE(seller_.node->Follows(*third_.node, "to/9999:seller"));
  EXPECT_FALSE(third_.node->Follows(*seller_.node, "to/9999:third"));
}

TEST_F(MarketTest, AnEnquiryWaitsForASellerWhoseNodeIsOff) {
  const RecordId lot = PublishLot({});
  ASSERT_TRUE(RunUntilFound(buyer_, kWanted, 1));
  seller_.node.reset();
  const RecordId enquiry = Ask(buyer_, seller_, lot);
  // The buyer's node is switched off and on meanwhile: it knows whom it has written to.
  buyer_.node.reset();
  buyer_.Start(*registry_, peers_, clock_);
  seller_.Start(*registry_, peers_, clock_);
  ASSERT_TRUE(RunUntilFound(seller_, "record_type = \"enquiry\"", 1));
  EXPECT_THAT(Find(seller_, "record_type = \"enquiry\""), ElementsAre(enquiry.ToHex()));
}

TEST_F(MarketTest, WrongEnquiriesAreRefused) {
  const RecordId lot = PublishLot({});
  passport::v1::Enquiry enquiry;
  enquiry.set_seller_id("9999:buyer");
  const std::vector<node::Publication> wrong =
      MakePublications({{lot,
                         "",
                         {Section(record::v1::SECTION_TYPE_ENQUIRY, record::v1::AUDIENCE_PUBLIC, enquiry)},
                         absl::nullopt,
                         record::v1::RECORD_TYPE_ENQUIRY,
                         {"9999:seller"}}},
                       buyer_.member, clock_.Now(), random_);
  const auto refused = buyer_.node->Publish(wrong);
  std::set<std::string> reasons;
  for (const Violation& violation : ViolationsOf(refused.status())) {
    reasons.insert(violation.reason);
  }
  EXPECT_THAT(reasons,
              ::testing::IsSupersetOf({"AUDIENCE_LOOSENED", "ENQUIRY_SUBJECT", "ENQUIRY_TO_ONESELF", "FIELD_MISSING"}));
}

}  // namespace
}  // namespace meguri::scenarios
