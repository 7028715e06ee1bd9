// SPDX-License-Identifier: Apache-2.0
#include "node/app/own_records.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/policy/decision.h"
#include "passport/index_terms.h"
#include "passport/product_group.h"
#include "passport/record_terms.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/record_id.h"
#include "storage/feeds.h"
#include "storage/index.h"
#include "storage/key_layout.h"
#include "storage/records.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

constexpr size_t kRecordsOfCommit = 256;

// A version of the member's, in the order in which it is made own: a version after those before it.
struct Version {
  record::RecordId record_id;
  uint64_t version = 0;
  storage::Arrival arrival = 0;

  friend bool operator<(const Version& a, const Version& b) {
    return std::tie(a.record_id, a.version) < std::tie(b.record_id, b.version);
  }
};

absl::StatusOr<std::vector<Version>> VersionsOf(const storage::StoreReader& store,
                                                const record::ParticipantId& member) {
  std::vector<Version> versions;
  const std::unique_ptr<storage::Cursor> cursor = store.NewCursor(storage::Family::kArrival, "");
  for (; cursor->Valid(); cursor->Next()) {
    const absl::optional<storage::ArrivalKey> place = storage::ParseArrivalKey(cursor->key());
    if (!place.has_value() || place->slot.has_value()) {
      continue;
    }
    storage::v1::StoredRecord stored;
    MEGURI_RETURN_IF_ERROR(storage::UnwrapMessage(cursor->value(), "record", stored));
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
    if (header.publisher() == member) {
      versions.push_back({header.record_id(), header.version(), place->arrival});
    }
  }
  MEGURI_RETURN_IF_ERROR(cursor->status());
  std::sort(versions.begin(), versions.end());
  return versions;
}

bool HasSectionFor(const std::vector<SectionFacts>& facts, uint64_t slots, record::v1::Audience audience) {
  return std::any_of(facts.begin(), facts.end(), [&](const SectionFacts& section) {
    return (slots >> section.slot & 1) != 0 && section.audiences.Has(audience);
  });
}

// Works through the versions of the member, one after the other.
class Maker {
 public:
  Maker(const storage::StoreReader& store, const record::ParticipantId& member)
      : records_(store), feeds_(store), index_(store), member_(member) {}

  absl::Status Make(const Version& version, storage::CommitScope& scope) {
    if (!last_.has_value() || *last_ != version.record_id) {
      last_ = version.record_id;
      entered_.clear();
    }
    MEGURI_ASSIGN_OR_RETURN(storage::v1::StoredRecord stored, records_.Read(scope.transaction, version.arrival));
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Section> sections,
                            records_.ReadSections(version.arrival, ~uint64_t{0}));
    std::vector<SectionFacts> facts;
    for (const record::v1::Section& section : sections) {
      MEGURI_ASSIGN_OR_RETURN(const record::AudienceSet audiences, record::AudienceSet::Parse(section.audiences()));
      facts.push_back({section.slot(), static_cast<uint32_t>(section.type()), audiences});
      storage::v1::StoredSlot& slot = *stored.add_slots();
      slot.set_slot(section.slot());
      slot.set_type(static_cast<uint32_t>(section.type()));
      slot.set_audiences(section.audiences());
    }
    MEGURI_ASSIGN_OR_RETURN(const RecordScope meant, ScopeOf(version.arrival, sections, facts));
    stored.set_own(true);
    stored.clear_brought_by();
    stored.set_product_group(meant.product_group);
    stored.mutable_jurisdictions()->Assign(meant.jurisdictions.begin(), meant.jurisdictions.end());
    stored.mutable_addressees()->Assign(meant.addressees.begin(), meant.addressees.end());
    stored.mutable_subjects()->Assign(meant.subjects.begin(), meant.subjects.end());
    MEGURI_RETURN_IF_ERROR(EnterOwner(header, version, meant, facts, sections, scope));
    stored.mutable_feeds()->Assign(entered_.begin(), entered_.end());
    scope.transaction.Put(storage::Family::kArrival, storage::RecordKey(version.arrival), storage::WrapMessage(stored));
    return absl::OkStatus();
  }

 private:
  // What the feeds that have the version tell of those for whom it was meant.
  absl::StatusOr<RecordScope> ScopeOf(storage::Arrival arrival, const std::vector<record::v1::Section>& sections,
                                      const std::vector<SectionFacts>& facts) {
    RecordScope meant{member_, passport::ProductGroupOf(sections), {}, {}, {}, {}};
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records_.FeedsOf(arrival));
    for (const storage::FeedMembership& membership : memberships) {
      entered_.insert(membership.feed);
      MEGURI_ASSIGN_OR_RETURN(const storage::HeldFeed feed, feeds_.Describe(membership.feed));
      const std::string scope(feed.key.name.scope());
      if (feed.key.name.kind() == "recyclers" && meant.product_group.empty()) {
        meant.product_group = scope;
      } else if (feed.key.name.kind() == "authorities") {
        meant.jurisdictions.push_back(scope);
      } else if (feed.key.name.kind() == "to") {
        if (HasSectionFor(facts, membership.slots, record::v1::AUDIENCE_ADDRESSEES)) {
          meant.addressees.push_back(scope);
        }
        if (HasSectionFor(facts, membership.slots, record::v1::AUDIENCE_SUBJECT)) {
          meant.subjects.push_back(scope);
        }
      }
    }
    return meant;
  }

  absl::Status EnterOwner(const record::Header& header, const Version& version, const RecordScope& meant,
                          const std::vector<SectionFacts>& facts, const std::vector<record::v1::Section>& sections,
                          storage::CommitScope& scope) {
    MEGURI_ASSIGN_OR_RETURN(
        const storage::FeedId owner,
        scope.feeds.FindOrCreate(scope.transaction, {member_, {member_, record::FeedName::Owner(), 1}}));
    uint64_t slots = 0;
    for (const FeedSlots& feed : FeedsFor(meant, facts)) {
      slots |= feed.feed == record::FeedName::Owner() ? feed.slots : 0;
    }
    const bool ends = header.is_tombstone() && entered_.count(owner) > 0;
    if (slots == 0 && !ends) {
      return absl::OkStatus();
    }
    entered_.insert(owner);
    const record::FeedEntry entry{header.hash(), slots};
    MEGURI_ASSIGN_OR_RETURN(const uint64_t at, scope.feeds.Append(scope.transaction, owner, entry.Encode()));
    MEGURI_RETURN_IF_ERROR(
        records_.PutMembership(scope.transaction, {version.arrival, false, false, 0}, {owner, slots, at}));
    const std::vector<record::IndexTerm> terms =
        ends ? std::vector<record::IndexTerm>() : TermsOfOwner(header, meant, facts, sections);
    return index_.Replace(scope.transaction, owner, header, version.arrival, terms).status();
  }

  static std::vector<record::IndexTerm> TermsOfOwner(const record::Header& header, const RecordScope& meant,
                                                     const std::vector<SectionFacts>& facts,
                                                     const std::vector<record::v1::Section>& sections) {
    std::vector<record::IndexTerm> terms = passport::RecordTerms(header);
    for (size_t i = 0; i < sections.size(); ++i) {
      const std::vector<record::FeedName> feeds = IndexFeedsFor(meant, facts[i].audiences);
      if (std::find(feeds.begin(), feeds.end(), record::FeedName::Owner()) != feeds.end()) {
        const std::vector<record::IndexTerm> found = passport::TermsOf(sections[i].type(), sections[i].payload());
        terms.insert(terms.end(), found.begin(), found.end());
      }
    }
    return terms;
  }

  const storage::Records records_;
  const storage::Feeds feeds_;
  const storage::Index index_;
  const record::ParticipantId member_;
  absl::optional<record::RecordId> last_;
  std::set<storage::FeedId> entered_;  // by this version of that record, and by those before it
};

}  // namespace

absl::Status MakeRecordsOwn(const storage::StoreReader& store, storage::Committer& committer,
                            const record::ParticipantId& member) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Version> versions, VersionsOf(store, member));
  Maker maker(store, member);
  for (size_t begin = 0; begin < versions.size(); begin += kRecordsOfCommit) {
    const size_t end = std::min(versions.size(), begin + kRecordsOfCommit);
    const auto make = [&](storage::CommitScope& scope) -> absl::Status {
      for (size_t i = begin; i < end; ++i) {
        MEGURI_RETURN_IF_ERROR(maker.Make(versions[i], scope));
      }
      return absl::OkStatus();
    };
    MEGURI_RETURN_IF_ERROR(committer.SubmitAndWait(make));
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
