// SPDX-License-Identifier: Apache-2.0
// Questions with numbers, against a second evaluator that looks at everything.
#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "passport/rules/decimal.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"

namespace meguri::scenarios {
namespace {

using certs::testing::ValueOf;
using record::AudienceSet;

constexpr char kDehp[] = "117-81-7";
constexpr char kLead[] = "7439-92-1";
constexpr int kRecords = 300;
constexpr uint64_t kSeed = 20'261;

// What a record holds, in millionths, and who may know it.
struct Sample {
  record::RecordId record_id;
  uint64_t dehp = 0;  // 0: none
  uint64_t lead = 0;
  uint64_t recycled = 0;             // of the whole
  bool composition_is_open = false;  // to recyclers of such products; otherwise its owner's alone
};

std::string Millionths(uint64_t number) { return passport::FixedDecimalText(absl::int128(number) * 1'000'000'000'000); }

std::string CompositionOf(const Sample& sample) {
  passport::v1::Composition composition;
  passport::v1::CompositionNode* material = composition.add_nodes();
  material->set_kind(passport::v1::COMPOSITION_NODE_KIND_MATERIAL);
  material->mutable_name()->set_ja("樹脂");
  material->mutable_mass_fraction()->set_value("1");
  for (const auto& [cas, millionths] : {std::pair(kDehp, sample.dehp), std::pair(kLead, sample.lead)}) {
    if (millionths == 0) {
      continue;
    }
    passport::v1::CompositionNode* substance = material->add_children();
    substance->set_kind(passport::v1::COMPOSITION_NODE_KIND_SUBSTANCE);
    substance->mutable_name()->set_ja(cas);
    substance->mutable_mass_fraction()->set_value(Millionths(millionths));
    passport::v1::SubstanceIdentifier* identifier = substance->add_identifiers();
    identifier->set_scheme(passport::v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
    identifier->set_value(cas);
  }
  return composition.SerializeAsString();
}

std::string RecycledContentOf(const Sample& sample) {
  passport::v1::RecycledContent content;
  passport::v1::RecycledContentClaim* claim = content.add_claims();
  claim->set_scope(passport::v1::CLAIM_SCOPE_PRODUCT);
  claim->mutable_total_mass_kg()->set_value("1");
  claim->mutable_post_consumer_mass_kg()->set_value(Millionths(sample.recycled));
  claim->mutable_reporting_basis()->set_plant("安城工場");
  claim->mutable_reporting_basis()->set_year(2026);
  claim->set_method(passport::v1::RECYCLING_METHOD_MECHANICAL);
  claim->set_chain_of_custody_model(passport::v1::CHAIN_OF_CUSTODY_MODEL_SEGREGATED);
  return content.SerializeAsString();
}

class QueryTest : public ::testing::Test {
 protected:
  QueryTest() {
    maker_.id = "9999:maker";
    recycler_.id = "9999:recycler";
    registry::v1::MemberEntry entry = recycler_.Entry();
    *entry.add_roles() = certs::testing::RoleMessage(registry::v1::ROLE_KIND_RECYCLER, {"washing-machine"});
    registry_ = std::make_unique<FixedRegistry>(
        operator_.Bundle(), ValueOf(certs::Registry::Make(operator_.Bundle(), {maker_.Entry(), entry})));
    maker_node_ = std::make_unique<LoopbackNode>(maker_, *registry_, LoopbackNode::Disk{*maker_store_, *maker_anchor_},
                                                 peers_, clock_, 1);
    recycler_node_ = std::make_unique<LoopbackNode>(
        recycler_, *registry_, LoopbackNode::Disk{*recycler_store_, *recycler_anchor_}, peers_, clock_, 2);
  }

  void Publish(int count) {
    std::vector<Draft> drafts;
    for (int i = 0; i < count; ++i) {
      Sample sample{record::RecordId::Make(random_)};
      sample.dehp = random_.Below(3) == 0 ? 1 + random_.Below(2000) : 0;
      sample.lead = random_.Below(2) == 0 ? 1 + random_.Below(3) * 1000 : 0;  // many of the same
      sample.recycled = 1 + random_.Below(999'999);
      sample.composition_is_open = random_.Below(2) == 0;
      const AudienceSet composition = sample.composition_is_open ? AudienceSet::Of({record::v1::AUDIENCE_RECYCLERS})
                                                                 : AudienceSet::Of({record::v1::AUDIENCE_OWNER});
      drafts.push_back({sample.record_id,
                        absl::StrCat("Pack ", i),
                        {{record::v1::SECTION_TYPE_COMPOSITION, composition, CompositionOf(sample)},
                         {record::v1::SECTION_TYPE_RECYCLED_CONTENT, AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                          RecycledContentOf(sample)}}});
      samples_.push_back(sample);
    }
    MEGURI_ASSERT_OK(maker_node_->Publish(MakePublications(drafts, maker_, clock_.Now(), random_)).status());
  }

  using Ids = std::set<std::string>;

  Ids Expected(bool owner, const std::function<bool(const Sample&)>& matches) const {
    Ids ids;
    for (Sample sample : samples_) {
      if (!owner && !sample.composition_is_open) {
        sample.dehp = sample.lead = 0;  // for this reader there are none
      }
      if (matches(sample)) {
        ids.insert(sample.record_id.ToHex());
      }
    }
    return ids;
  }

  // All pages; each record once.
  static Ids Find(const LoopbackNode& node, const std::string& filter, int page_size) {
    Ids ids;
    node::ListQuery query;
    query.filter = filter;
    query.page_size = page_size;
    do {
      const auto page = node.query().List(node.Client(), query);
      MEGURI_EXPECT_OK(page.status());
      if (!page.ok()) {
        return ids;
      }
      EXPECT_LE(page->records.size(), static_cast<size_t>(page_size));
      for (const node::RecordView& view : page->records) {
        const record::Header header = ValueOf(record::Header::Parse(view.envelope.header()));
        EXPECT_TRUE(ids.insert(header.record_id().ToHex()).second) << filter;
      }
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty());
    return ids;
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{kSeed};
  certs::testing::Operator operator_;
  certs::testing::Member maker_;
  certs::testing::Member recycler_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  std::unique_ptr<storage::OrderedStore> maker_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::OrderedStore> recycler_store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  std::unique_ptr<storage::Anchor> maker_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::Anchor> recycler_anchor_ = storage::MakeMemoryAnchor();
  std::unique_ptr<LoopbackNode> maker_node_;
  std::unique_ptr<LoopbackNode> recycler_node_;
  std::vector<Sample> samples_;
};

TEST_F(QueryTest, NumbersFindWhatASecondEvaluatorFinds) {
  ASSERT_NO_FATAL_FAILURE(Publish(kRecords / 2));
  ASSERT_NO_FATAL_FAILURE(Publish(kRecords / 2));
  MEGURI_ASSERT_OK(recycler_node_->Follow(*maker_node_, {"public", "recyclers/washing-machine"}));
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, "public", kRecords));
  const auto open = static_cast<uint64_t>(
      std::count_if(samples_.begin(), samples_.end(), [](const Sample& sample) { return sample.composition_is_open; }));
  ASSERT_TRUE(recycler_node_->CatchUp(*maker_node_, "recyclers/washing-machine", open));

  for (int round = 0; round < 40; ++round) {
    const uint64_t dehp = random_.Below(2100);
    const uint64_t low = random_.Below(1'000'000);
    const uint64_t high = low + random_.Below(500'000);
    const uint64_t lead = 1 + random_.Below(3) * 1000;
    const std::vector<std::pair<std::string, std::function<bool(const Sample&)>>> questions = {
        {absl::StrCat("substance(\"117-81-7\") > ", Millionths(dehp)), [=](const Sample& s) { return s.dehp > dehp; }},
        {absl::StrCat("substance(\"117-81-7\") AND recycled_fraction >= ", Millionths(low)),
         [=](const Sample& s) { return s.dehp > 0 && s.recycled >= low; }},
        {absl::StrCat("substance IN (\"117-81-7\", \"7439-92-1\") AND recycled_fraction >= ", Millionths(low)),
         [=](const Sample& s) { return (s.dehp > 0 || s.lead > 0) && s.recycled >= low; }},
        {"substance IN (\"117-81-7\", \"7439-92-1\", \"no such\") AND product_group IN (toy, \"washing-machine\")",
         [=](const Sample& s) { return s.dehp > 0 || s.lead > 0; }},
        {absl::StrCat("recycled_fraction >= ", Millionths(low), " AND recycled_fraction < ", Millionths(high)),
         [=](const Sample& s) { return s.recycled >= low && s.recycled < high; }},
        {absl::StrCat("substance(\"7439-92-1\") = ", Millionths(lead), " AND product_group = \"washing-machine\""),
         [=](const Sample& s) { return s.lead == lead; }},
        {absl::StrCat("substance(\"7439-92-1\") <= ", Millionths(lead), " AND substance(\"117-81-7\") >= ",
                      Millionths(dehp), " AND recycled_fraction <= ", Millionths(high)),
         [=](const Sample& s) {
           return s.lead > 0 && s.lead <= lead && s.dehp > 0 && s.dehp >= dehp && s.recycled <= high;
         }},
    };
    for (const auto& [filter, matches] : questions) {
      const int page_size = 1 + static_cast<int>(random_.Below(60));
      SCOPED_TRACE(absl::StrCat(filter, ", ", page_size, " a page, seed ", kSeed));
      EXPECT_EQ(Find(*maker_node_, filter, page_size), Expected(true, matches));
      EXPECT_EQ(Find(*recycler_node_, filter, page_size), Expected(false, matches));
    }
  }
}

TEST_F(QueryTest, ATokenOfAnotherQuestionIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Publish(20));
  node::ListQuery query;
  query.filter = "recycled_fraction > 0";
  query.page_size = 5;
  const auto page = maker_node_->query().List(maker_node_->Client(), query);
  MEGURI_ASSERT_OK(page.status());
  ASSERT_FALSE(page->next_page_token.empty());
  query.page_token = page->next_page_token;
  query.filter = "recycled_fraction > 0.1";
  EXPECT_THAT(maker_node_->query().List(maker_node_->Client(), query).status(), testing::HasReason("PAGE_TOKEN"));
}

}  // namespace
}  // namespace meguri::scenarios
