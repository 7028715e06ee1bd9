// SPDX-License-Identifier: Apache-2.0
#include "client/cli/version_chain.h"

#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/hash.h"
#include "record/header.h"
#include "record/limits.h"

namespace meguri::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Views = google::protobuf::RepeatedPtrField<record::v1::RecordView>;

// The versions of a chain, each of which names the one before it.
class Chain {
 public:
  explicit Chain(std::string publisher) : publisher_(std::move(publisher)) {}

  // A view of version `version`; `fork` makes others of the same number.
  record::v1::RecordView View(uint64_t version, int fork = 0) const {
    record::v1::RecordView view;
    view.mutable_envelope()->set_header(HeaderOf(version, fork).bytes());
    return view;
  }

 private:
  const record::Header& HeaderOf(uint64_t version, int fork) const {
    std::vector<record::Header>& known = known_[fork];
    while (known.size() < version) {
      known.push_back(MakeHeader(known.size() + 1, fork, known.empty() ? "" : known.back().hash().ToString()));
    }
    return known[version - 1];
  }
  record::Header MakeHeader(uint64_t version, int fork, const std::string& previous) const {
    record::v1::Header message;
    message.set_format_version(record::kFormatVersion);
    message.set_record_id(std::string(record::kRecordIdSize, 'r'));
    message.set_version(version);
    message.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
    message.set_publisher(publisher_);
    message.set_issue_time_ms(1'790'000'000'000 + static_cast<uint64_t>(fork));
    message.set_previous_header_hash(previous);
    for (int slot = 0; slot < 8; ++slot) {
      message.add_section_digests(std::string(record::kHashSize, static_cast<char>('a' + slot)));
    }
    absl::StatusOr<record::Header> header = record::Header::Make(message);
    Invariant(header.ok(), header.status().ToString());
    return *std::move(header);
  }

  const std::string publisher_;
  mutable std::map<int, std::vector<record::Header>> known_;  // by fork, ascending
};

constexpr char kMaker[] = "0199:maker";

Views ViewsOf(std::initializer_list<record::v1::RecordView> views) { return {views.begin(), views.end()}; }

ChainGap Missing(uint64_t first, uint64_t last, const std::string& publisher = kMaker) {
  return {ChainGap::Kind::kMissing, publisher, first, last};
}

TEST(VersionChain, ThatIsWholeHasNoGap) {
  const Chain chain(kMaker);
  EXPECT_THAT(FindChainGaps(ViewsOf({chain.View(1), chain.View(2), chain.View(3)}), true), IsEmpty());
  EXPECT_THAT(FindChainGaps({}, true), IsEmpty());
}

TEST(VersionChain, TellsWhatIsMissingAtTheBeginningAndWithin) {
  const Chain chain(kMaker);
  EXPECT_THAT(FindChainGaps(ViewsOf({chain.View(3), chain.View(4), chain.View(7)}), true),
              ElementsAre(Missing(1, 2), Missing(5, 6)));
}

// A publisher that keeps a version from its feed breaks the chain, and whoever holds what came after it sees where.
TEST(VersionChain, TellsEachOfAHundredVersionsThatWereLeftOut) {
  constexpr uint64_t kVersions = 101;
  const Chain chain(kMaker);
  for (uint64_t left_out = 1; left_out < kVersions; ++left_out) {
    Views views;
    for (uint64_t version = 1; version <= kVersions; ++version) {
      if (version != left_out) {
        *views.Add() = chain.View(version);
      }
    }
    EXPECT_THAT(FindChainGaps(views, true), ElementsAre(Missing(left_out, left_out)));
  }
}

TEST(VersionChain, KnowsNothingOfEarlierPages) {
  const Chain chain(kMaker);
  EXPECT_THAT(FindChainGaps(ViewsOf({chain.View(3), chain.View(5)}), false), ElementsAre(Missing(4, 4)));
}

TEST(VersionChain, TellsAVersionThatFollowsAnother) {
  const Chain chain(kMaker);
  EXPECT_THAT(FindChainGaps(ViewsOf({chain.View(1), chain.View(2), chain.View(3, 1)}), true),
              ElementsAre(ChainGap{ChainGap::Kind::kBroken, kMaker, 3, 3}));
}

TEST(VersionChain, IsOfOnePublisherEach) {
  const Chain maker(kMaker);
  const Chain other("0199:other");
  EXPECT_THAT(FindChainGaps(ViewsOf({maker.View(1), maker.View(2), other.View(1)}), true), IsEmpty());
  EXPECT_THAT(FindChainGaps(ViewsOf({maker.View(1), other.View(2)}), true), ElementsAre(Missing(1, 1, "0199:other")));
  // Whoever comes later on a page began on it.
  EXPECT_THAT(FindChainGaps(ViewsOf({maker.View(4), other.View(2)}), false), ElementsAre(Missing(1, 1, "0199:other")));
}

TEST(VersionChain, PassesOverWhatCannotBeRead) {
  const Chain chain(kMaker);
  record::v1::RecordView garbage;
  garbage.mutable_envelope()->set_header("\xff\x00garbage");
  EXPECT_THAT(FindChainGaps(ViewsOf({chain.View(1), garbage, chain.View(2)}), true), IsEmpty());
}

}  // namespace
}  // namespace meguri::client
