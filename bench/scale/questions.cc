// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/scale/filling.h"
#include "bench/scale/scale.h"
#include "bench/scale/times.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "node/query/query.h"
#include "passport/rules/decimal.h"
#include "record/section.h"
#include "record/system_random.h"
#include "storage/records.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace meguri::bench {
namespace {

constexpr char kQuestion[] = "substance(\"117-81-7\") > 0.001";
constexpr char kCas[] = "117-81-7";
constexpr size_t kOneIn = 10;        // records that say how much is in them
constexpr uint64_t kSteps = 10'000;  // of a millionth each
constexpr uint64_t kAbove = 1'000;   // of them: what kQuestion asks for
constexpr int kRepeats = 200;        // of one page

// Records of which every tenth says how much of the substance is in it.
class Sections {
 public:
  std::vector<record::SectionDraft> Next() {
    ++count_;
    passport::v1::Identity identity;
    identity.mutable_name()->set_ja("洗濯機の部品");
    identity.set_product_group("washing-machine");
    identity.set_granularity(passport::v1::GRANULARITY_MODEL);
    identity.set_model_number(absl::StrCat("M-", count_));
    identity.mutable_mass_kg()->set_value("1.5");
    const record::AudienceSet open = record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC});
    std::vector<record::SectionDraft> drafts = {
        {record::v1::SECTION_TYPE_IDENTITY, open, identity.SerializeAsString()}};
    if (count_ % kOneIn == 0) {
      const uint64_t step = random_.Below(kSteps) + 1;
      matching_ += step > kAbove ? 1 : 0;
      passport::v1::HazardSummary summary;
      passport::v1::SvhcEntry& svhc = *summary.add_svhc();
      svhc.mutable_name()->set_en("DEHP");
      summary.set_contains_svhc(passport::v1::ANSWER_YES);
      passport::v1::SubstanceIdentifier& identifier = *svhc.add_identifiers();
      identifier.set_scheme(passport::v1::SUBSTANCE_IDENTIFIER_SCHEME_CAS);
      identifier.set_value(kCas);
      svhc.mutable_concentration_max()->set_value(passport::FixedDecimalText(
          passport::FixedDecimal::FromInteger(static_cast<int64_t>(step)).units() / 1'000'000));
      drafts.push_back({record::v1::SECTION_TYPE_HAZARD_SUMMARY, open, summary.SerializeAsString()});
    }
    return drafts;
  }
  size_t matching() const { return matching_; }

 private:
  record::SystemRandom random_;
  size_t count_ = 0;
  size_t matching_ = 0;
};

// Asks for pages.
class Asker {
 public:
  Asker(const storage::SnapshotReader& store, const storage::HeldFeed& feed)
      : query_(store, {feed.holder}, node::PageTokens(node::PageTokens::Key{}, clock_)) {
    reader_.reader.participant = feed.holder;
    reader_.reader.active = true;
    reader_.is_client = true;
    question_.filter = kQuestion;
  }

  absl::StatusOr<double> Ask(const std::string& token) {
    question_.page_token = token;
    return TimeOf([&] {
      MEGURI_ASSIGN_OR_RETURN(answer_, query_.List(reader_, question_));
      return absl::OkStatus();
    });
  }
  absl::StatusOr<nlohmann::ordered_json> AskOften(const std::string& token) {
    std::vector<double> times;
    for (int i = 0; i < kRepeats; ++i) {
      MEGURI_ASSIGN_OR_RETURN(const double time, Ask(token));
      times.push_back(time);
    }
    return Spread(std::move(times));
  }
  const node::ListPage& answer() const { return answer_; }

 private:
  const SystemClock clock_;
  const node::Query query_;
  node::QueryReader reader_;
  node::ListQuery question_;
  node::ListPage answer_;
};

absl::StatusOr<nlohmann::ordered_json> AskAll(const storage::SnapshotReader& store, const storage::HeldFeed& feed,
                                              absl::optional<size_t> matching) {
  Asker asker(store, feed);
  MEGURI_ASSIGN_OR_RETURN(const double first, asker.Ask(""));
  nlohmann::ordered_json figures = {{"first_page_after_opening_ms", first}};
  std::vector<double> times;
  std::string token;
  std::string last_token;
  size_t found = 0;
  do {
    MEGURI_ASSIGN_OR_RETURN(const double time, asker.Ask(token));
    times.push_back(time);
    found += asker.answer().records.size();
    last_token = token;
    token = asker.answer().next_page_token;
  } while (!token.empty());
  Invariant(found == matching.value_or(found), "the records that match are found");
  figures["matching"] = found;
  figures["pages"] = times.size();
  figures["every_page_ms"] = Spread(std::move(times));
  MEGURI_ASSIGN_OR_RETURN(figures["first_page_ms"], asker.AskOften(""));
  MEGURI_ASSIGN_OR_RETURN(figures["last_page_ms"], asker.AskOften(last_token));
  return figures;
}

}  // namespace

absl::StatusOr<nlohmann::ordered_json> MeasureQuestions(const std::string& folder, size_t records) {
  nlohmann::ordered_json figures = {{"question", kQuestion}, {"records", records}, {"page", node::kPageSizeDefault}};
  storage::HeldFeed feed{Member("9999:reader"), {Member("9999:maker"), record::FeedName::Public(), 1}};
  absl::optional<size_t> matching;  // nullopt: the store was filled by an earlier run
  {
    MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::OrderedStore> store, storage::OpenRocksdbStore(folder));
    MEGURI_ASSIGN_OR_RETURN(const uint64_t there, storage::Records(*store).Count());
    if (there == 0) {
      Sections sections;
      Filling filling(*store, feed.holder, {feed.key.publisher, "washing-machine", {}, {}, {}});
      MEGURI_ASSIGN_OR_RETURN(figures["filled_in_s"], filling.Add(records, [&] { return sections.Next(); }));
      matching = sections.matching();
    } else {
      figures["records"] = there;
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::OrderedStore> store, storage::OpenRocksdbStore(folder));
  MEGURI_ASSIGN_OR_RETURN(const nlohmann::ordered_json answers, AskAll(*store, feed, matching));
  figures.update(answers);
  return figures;
}

}  // namespace meguri::bench
