// SPDX-License-Identifier: Apache-2.0
#include "bench/scale/filling.h"

#include <algorithm>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/index_terms.h"
#include "passport/record_terms.h"
#include "record/feed.h"
#include "record/limits.h"

namespace meguri::bench {
namespace {

constexpr size_t kBatch = 1024;
constexpr size_t kSlots = 32;
constexpr uint64_t kIssuedMs = 1'790'000'000'000;

}  // namespace

record::ParticipantId Member(absl::string_view text) {
  absl::StatusOr<record::ParticipantId> id = record::ParticipantId::Parse(text);
  Invariant(id.ok(), text);
  return *std::move(id);
}

Filling::Filling(storage::OrderedStore& store, record::ParticipantId holder, node::RecordScope scope)
    : store_(store),
      records_(store),
      index_(store),
      feeds_(store),
      holder_(std::move(holder)),
      scope_(std::move(scope)) {}

absl::StatusOr<double> Filling::Add(size_t count, const std::function<std::vector<record::SectionDraft>()>& next) {
  const absl::Time start = absl::Now();
  for (size_t done = 0; done < count;) {
    storage::Transaction transaction(store_);
    for (const size_t end = std::min(count, done + kBatch); done < end; ++done) {
      MEGURI_RETURN_IF_ERROR(AddOne(transaction, next()));
    }
    storage::WriteBatch batch;
    transaction.MoveTo(batch);
    MEGURI_RETURN_IF_ERROR(store_.Apply(batch));
  }
  return absl::ToDoubleSeconds(absl::Now() - start);
}

absl::StatusOr<record::Header> Filling::MakeHeader(const record::SealedSections& sealed,
                                                   const record::RecordId& id) const {
  record::v1::Header message;
  message.set_format_version(record::kFormatVersion);
  message.set_record_id(id.ToString());
  message.set_version(1);
  message.set_record_type(record::v1::RECORD_TYPE_PRODUCT_PASSPORT);
  message.set_publisher(scope_.publisher.text());
  message.set_issue_time_ms(kIssuedMs);
  for (const record::Hash& digest : sealed.digests) {
    message.add_section_digests(digest.ToString());
  }
  return record::Header::Make(message);
}

absl::Status Filling::AddOne(storage::Transaction& transaction, const std::vector<record::SectionDraft>& drafts) {
  const record::RecordId id = record::RecordId::Make(random_);
  MEGURI_ASSIGN_OR_RETURN(const record::SealedSections sealed,
                          record::SealSections(scope_.publisher, id, 1, drafts, kSlots, random_));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, MakeHeader(sealed, id));
  const bool is_own = holder_ == scope_.publisher;
  storage::v1::StoredRecord stored;
  stored.set_header(header.bytes());
  stored.set_own(is_own);
  stored.set_product_group(is_own ? scope_.product_group : "");
  std::vector<node::SectionFacts> facts;
  for (const record::v1::Section& section : sealed.sections) {
    MEGURI_ASSIGN_OR_RETURN(const record::AudienceSet audiences, record::AudienceSet::Parse(section.audiences()));
    facts.push_back({section.slot(), section.type(), audiences});
    if (is_own) {
      storage::v1::StoredSlot& slot = *stored.add_slots();
      slot.set_slot(section.slot());
      slot.set_type(section.type());
      slot.set_audiences(section.audiences());
    }
  }
  const std::vector<node::FeedSlots> feeds = node::FeedsFor(scope_, facts);
  if (!is_own) {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedId first,
                            feeds_.FindOrCreate(transaction, {holder_, {scope_.publisher, feeds.front().feed, 1}}));
    stored.set_brought_by(first);
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::PutVersion version, records_.PutNew(transaction, header, stored));
  for (const record::v1::Section& section : sealed.sections) {
    MEGURI_RETURN_IF_ERROR(records_.PutSection(transaction, version, section).status());
  }
  for (const node::FeedSlots& feed : feeds) {
    std::vector<record::IndexTerm> terms = passport::RecordTerms(header);
    for (size_t i = 0; i < facts.size(); ++i) {
      if (absl::c_linear_search(node::IndexFeedsFor(scope_, facts[i].audiences), feed.feed)) {
        const record::v1::Section& section = sealed.sections[i];
        const std::vector<record::IndexTerm> more = passport::TermsOf(section.type(), section.payload());
        terms.insert(terms.end(), more.begin(), more.end());
      }
    }
    MEGURI_RETURN_IF_ERROR(Enter(transaction, header, version, feed, terms));
  }
  return absl::OkStatus();
}

absl::Status Filling::Enter(storage::Transaction& transaction, const record::Header& header,
                            const storage::PutVersion& version, const node::FeedSlots& feed,
                            const std::vector<record::IndexTerm>& terms) {
  MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id,
                          feeds_.FindOrCreate(transaction, {holder_, {scope_.publisher, feed.feed, 1}}));
  MEGURI_ASSIGN_OR_RETURN(const uint64_t index,
                          feeds_.Append(transaction, id, record::FeedEntry{header.hash(), feed.slots}.Encode()));
  MEGURI_RETURN_IF_ERROR(records_.PutMembership(transaction, version, {id, feed.slots, index}));
  storage::Index::Add(transaction, id, header, version.arrival, terms);
  return absl::OkStatus();
}

}  // namespace meguri::bench
