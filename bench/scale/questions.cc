// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/scale/scale.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "node/query/query.h"
#include "passport/index_terms.h"
#include "passport/record_terms.h"
#include "passport/rules/decimal.h"
#include "record/header.h"
#include "record/limits.h"
#include "record/section.h"
#include "record/system_random.h"
#include "storage/index.h"
#include "storage/records.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/transaction.h"

namespace meguri::bench {
namespace {

constexpr char kQuestion[] = "substance(\"117-81-7\") > 0.001";
constexpr char kCas[] = "117-81-7";
constexpr size_t kBatch = 1024;
constexpr size_t kSlots = 32;
constexpr size_t kOneIn = 10;        // records that say how much is in them
constexpr uint64_t kSteps = 10'000;  // of a millionth each
constexpr uint64_t kAbove = 1'000;   // of them: what kQuestion asks for
constexpr int kRepeats = 200;        // of one page

record::ParticipantId Member(const char* text) {
  absl::StatusOr<record::ParticipantId> id = record::ParticipantId::Parse(text);
  Invariant(id.ok(), text);
  return *std::move(id);
}

// A replica of one member's public feed, record by record. Signatures are not read by what is measured.
class Filler {
 public:
  explicit Filler(storage::OrderedStore& store) : store_(store), records_(store), index_(store), feeds_(store) {}

  absl::Status Add(size_t count) {
    storage::Transaction transaction(store_);
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedId feed, feeds_.FindOrCreate(transaction, feed_));
    std::vector<std::string> entries;
    for (size_t i = 0; i < count; ++i) {
      MEGURI_RETURN_IF_ERROR(AddOne(transaction, feed, entries));
    }
    MEGURI_RETURN_IF_ERROR(feeds_.AppendMany(transaction, feed, entries).status());
    storage::WriteBatch batch;
    transaction.MoveTo(batch);
    return store_.Apply(batch);
  }

  const storage::HeldFeed& feed() const { return feed_; }
  size_t matching() const { return matching_; }

 private:
  std::vector<record::SectionDraft> NextSections() {
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

  absl::Status AddOne(storage::Transaction& transaction, storage::FeedId feed, std::vector<std::string>& entries) {
    const record::RecordId id = record::RecordId::Make(random_);
    MEGURI_ASSIGN_OR_RETURN(const record::SealedSections sealed,
                            record::SealSections(feed_.key.publisher, id, 1, NextSections(), kSlots, random_));
    record::v1::Header message;
    message.set_format_version(record::kFormatVersion);
    message.set_record_id(id.ToString());
    message.set_version(1);
    message.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    message.set_publisher(feed_.key.publisher.text());
    message.set_issue_time_ms(1'790'000'000'000);
    for (const record::Hash& digest : sealed.digests) {
      message.add_section_digests(digest.ToString());
    }
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Make(message));
    storage::v1::StoredRecord stored;
    stored.set_header(header.bytes());
    stored.set_brought_by(feed);
    MEGURI_ASSIGN_OR_RETURN(const storage::PutVersion version, records_.PutNew(transaction, header, stored));
    uint64_t slots = 0;
    std::vector<record::IndexTerm> terms = passport::RecordTerms(header);
    for (const record::v1::Section& section : sealed.sections) {
      MEGURI_RETURN_IF_ERROR(records_.PutSection(transaction, version, section).status());
      slots |= uint64_t{1} << section.slot();
      const std::vector<record::IndexTerm> more = passport::TermsOf(section.type(), section.payload());
      terms.insert(terms.end(), more.begin(), more.end());
    }
    MEGURI_RETURN_IF_ERROR(records_.PutMembership(transaction, version, {feed, slots, count_ - 1}));
    entries.push_back(record::FeedEntry{header.hash(), slots}.Encode());
    return index_.Replace(transaction, feed, header, version.arrival, terms).status();
  }

  storage::OrderedStore& store_;
  const storage::Records records_;
  const storage::Index index_;
  storage::Feeds feeds_;
  const storage::HeldFeed feed_{Member("9999:reader"), {Member("9999:maker"), record::FeedName::Public(), 1}};
  record::SystemRandom random_;
  size_t count_ = 0;
  size_t matching_ = 0;
};

// Milliseconds that `work` takes.
template <typename Work>
absl::StatusOr<double> TimeOf(Work work) {
  const absl::Time start = absl::Now();
  MEGURI_RETURN_IF_ERROR(work());
  return absl::ToDoubleMilliseconds(absl::Now() - start);
}

nlohmann::ordered_json Spread(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {{"median", times[times.size() / 2]}, {"p99", times[times.size() * 99 / 100]}, {"max", times.back()}};
}

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

absl::StatusOr<double> Fill(storage::OrderedStore& store, size_t records, absl::optional<size_t>& matching) {
  Filler filler(store);
  const absl::Time start = absl::Now();
  for (size_t done = 0; done < records; done += kBatch) {
    MEGURI_RETURN_IF_ERROR(filler.Add(std::min(kBatch, records - done)));
  }
  matching = filler.matching();
  return absl::ToDoubleSeconds(absl::Now() - start);
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
      MEGURI_ASSIGN_OR_RETURN(figures["filled_in_s"], Fill(*store, records, matching));
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
