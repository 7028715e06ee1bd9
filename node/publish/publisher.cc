// SPDX-License-Identifier: Apache-2.0
#include "node/publish/publisher.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "meguri/storage/v1/stored.pb.h"
#include "node/publish/check.h"
#include "node/publish/limits.h"
#include "node/publish/named_records.h"
#include "passport/index_terms.h"
#include "passport/record_links.h"
#include "passport/record_terms.h"
#include "passport/validate.h"
#include "storage/erasures.h"
#include "storage/index.h"
#include "storage/records.h"
#include "storage/requests.h"
#include "storage/settings.h"

namespace meguri::node {

// Everything that the commit needs, so that the committer's thread only writes.
struct Publisher::Prepared {
  record::Header header;
  storage::v1::StoredRecord stored;
  std::vector<record::v1::Section> sections;
  std::vector<SectionFacts> facts;
  std::vector<FeedSlots> feeds;
  absl::btree_map<record::FeedName, std::vector<record::IndexTerm>> terms;
  std::string enrolled;  // participant whose entry this is; "" for any other record
  std::vector<Violation> warnings;
  std::vector<passport::RecordLink> links;
};

namespace {

using storage::CommitScope;

constexpr size_t kAnswerRowSize = record::kRecordIdSize + 8 + record::kHashSize + 1;

std::string EncodeAnswer(const std::vector<PublishedRecord>& published) {
  std::string answer;
  for (const PublishedRecord& record : published) {
    answer += record.record_id;
    AppendU64(record.version, answer);
    answer += record.header_hash.ToString();
    answer.push_back(record.already_there ? 1 : 0);
  }
  return answer;
}

std::vector<PublishedRecord> DecodeAnswer(absl::string_view answer) {
  std::vector<PublishedRecord> published;
  for (; answer.size() >= kAnswerRowSize; answer.remove_prefix(kAnswerRowSize)) {
    PublishedRecord record;
    record.record_id = std::string(answer.substr(0, record::kRecordIdSize));
    record.version = ReadU64(answer.substr(record::kRecordIdSize));
    record.header_hash = *record::Hash::Parse(answer.substr(record::kRecordIdSize + 8, record::kHashSize));
    record.already_there = answer[kAnswerRowSize - 1] != 0;
    published.push_back(std::move(record));
  }
  return published;
}

storage::v1::StoredRecord MakeStored(const CheckedPublication& checked, const Publication& publication,
                                     absl::Time now) {
  storage::v1::StoredRecord stored;
  stored.set_header(checked.header.bytes());
  stored.set_signature(publication.envelope.signature().SerializeAsString());
  stored.set_first_seen_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
  stored.set_own(true);
  for (const SectionFacts& facts : checked.facts) {
    storage::v1::StoredSlot* slot = stored.add_slots();
    slot->set_slot(facts.slot);
    slot->set_type(facts.type);
    slot->set_audiences(facts.audiences.bits());
  }
  stored.set_product_group(checked.scope.product_group);
  stored.mutable_jurisdictions()->Assign(checked.scope.jurisdictions.begin(), checked.scope.jurisdictions.end());
  stored.mutable_addressees()->Assign(checked.scope.addressees.begin(), checked.scope.addressees.end());
  stored.mutable_subjects()->Assign(checked.scope.subjects.begin(), checked.scope.subjects.end());
  return stored;
}

std::string EnrolledBy(const Publication& publication) {
  for (const record::v1::Section& section : publication.envelope.sections()) {
    registry::v1::MemberEntry entry;
    if (section.type() == record::v1::SECTION_TYPE_MEMBER && entry.ParseFromString(section.payload())) {
      return entry.participant_id();
    }
  }
  return "";
}

// Member records make up the registry, whoever else reads them.
std::vector<FeedSlots> FeedsOf(const CheckedPublication& checked) {
  if (checked.header.message().record_type() != record::v1::RECORD_TYPE_MEMBER) {
    return FeedsFor(checked.scope, checked.facts);
  }
  uint64_t slots = 0;
  for (const SectionFacts& facts : checked.facts) {
    slots |= uint64_t{1} << facts.slot;
  }
  return {{record::FeedName::Registry(), slots}};
}

// An index entry belongs to the feed of the section that it was taken from; that the record exists, to every feed.
absl::btree_map<record::FeedName, std::vector<record::IndexTerm>> TermsByFeed(const CheckedPublication& checked,
                                                                              const std::vector<FeedSlots>& feeds,
                                                                              const Publication& publication) {
  absl::btree_map<record::FeedName, std::vector<record::IndexTerm>> terms;
  for (const FeedSlots& feed : feeds) {
    terms[feed.feed] = passport::RecordTerms(checked.header);
  }
  for (int i = 0; i < publication.envelope.sections_size(); ++i) {
    const record::v1::Section& section = publication.envelope.sections(i);
    const std::vector<record::IndexTerm> found = passport::TermsOf(section.type(), section.payload());
    for (const record::FeedName& feed : IndexFeedsFor(checked.scope, checked.facts[static_cast<size_t>(i)].audiences)) {
      const auto entry = terms.find(feed);
      if (entry != terms.end()) {
        entry->second.insert(entry->second.end(), found.begin(), found.end());
      }
    }
  }
  return terms;
}

absl::Status ChainError(absl::string_view reason, size_t index, absl::string_view found, absl::string_view expected,
                        absl::string_view cure, absl::string_view ja) {
  return InvalidInput({{absl::StrCat("publications[", index, "].envelope.header"), std::string(reason),
                        std::string(found), std::string(expected), std::string(cure), std::string(ja)}});
}

}  // namespace

Publisher::Publisher(const PublisherRegistry& registry, const storage::StoreReader& store,
                     storage::Committer& committer, const Clock& clock, PublishHooks hooks)
    : registry_(registry), store_(store), committer_(committer), clock_(clock), hooks_(std::move(hooks)) {}

Publisher::~Publisher() = default;

absl::StatusOr<std::vector<Publisher::Prepared>> Publisher::Prepare(const PublishCall& call) {
  std::vector<Violation> violations;
  if (call.publications.empty() || call.publications.size() > kPublicationsMax) {
    violations.push_back({"publications", "BATCH_COUNT", absl::StrCat(call.publications.size(), " records"),
                          absl::StrCat("1 to ", kPublicationsMax), "split the request",
                          "一度に公開できる記録は1〜256件です。"});
  }
  if (call.request_id.size() > kRequestIdMax) {
    violations.push_back({"request_id", "REQUEST_ID", absl::StrCat(call.request_id.size(), " bytes"),
                          absl::StrCat("at most ", kRequestIdMax), "use a UUID",
                          "request_id には UUID を使ってください。"});
  }
  if (!violations.empty()) {
    return InvalidInput(violations);
  }
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  const CheckContext context{*registry, registry_.bundle(), call.acting_member, clock_.Now(), verified_roots_};
  std::vector<Prepared> prepared;
  absl::flat_hash_set<std::string> seen;
  for (size_t i = 0; i < call.publications.size(); ++i) {
    const Publication& publication = call.publications[i];
    const std::string path = absl::StrCat("publications[", i, "]");
    absl::optional<CheckedPublication> checked = CheckPublication(context, publication, path, violations);
    if (!checked.has_value()) {
      continue;
    }
    if (!seen.insert(absl::StrCat(checked->header.record_id().ToHex(), "/", checked->header.version())).second) {
      violations.push_back({path + ".envelope.header", "DUPLICATE_RECORD", "a version that is in the request twice",
                            "each version once", "remove one of the two", "同じ版が二度含まれています。"});
      continue;
    }
    std::vector<FeedSlots> feeds = FeedsOf(*checked);
    absl::btree_map<record::FeedName, std::vector<record::IndexTerm>> terms = TermsByFeed(*checked, feeds, publication);
    storage::v1::StoredRecord stored = MakeStored(*checked, publication, context.now);
    std::vector<record::v1::Section> sections(publication.envelope.sections().begin(),
                                              publication.envelope.sections().end());
    std::vector<passport::RecordLink> links = passport::LinksOf(sections);
    prepared.push_back({std::move(checked->header), std::move(stored), std::move(sections), std::move(checked->facts),
                        std::move(feeds), std::move(terms), EnrolledBy(publication), std::move(checked->warnings),
                        std::move(links)});
  }
  if (!violations.empty()) {
    return InvalidInput(violations);
  }
  const bool only_ends = absl::c_all_of(prepared, [](const Prepared& item) { return item.header.is_tombstone(); });
  if (hooks_.admit != nullptr && !only_ends) {
    MEGURI_RETURN_IF_ERROR(hooks_.admit());
  }
  return prepared;
}

namespace {

// Moves the warnings to `warnings`; refuses if there is anything else.
absl::Status KeepWarnings(size_t position, std::vector<Violation> found, std::vector<Violation>& warnings) {
  for (Violation& violation : found) {
    violation.field = absl::StrCat("publications[", position, "].", violation.field);
  }
  for (Violation& warning : TakeWarnings(found)) {
    warnings.push_back(std::move(warning));
  }
  return found.empty() ? absl::OkStatus() : InvalidInput(found);
}

template <typename Prepared>
void AnnounceTo(NamedRecords& named, const std::vector<Prepared>& items) {
  if (absl::c_all_of(items, [](const Prepared& item) { return item.links.empty(); })) {
    return;
  }
  for (const Prepared& item : items) {
    named.Add({item.header, item.sections, item.links});
  }
}

template <typename Prepared>
absl::Status CheckNamed(NamedRecords& named, size_t position, const Prepared& item, std::vector<Violation>& warnings) {
  if (item.links.empty() && !item.header.is_tombstone()) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<Violation> found, named.Judge({item.header, item.sections, item.links}));
  return KeepWarnings(position, std::move(found), warnings);
}

// Writes one call's records through a transaction.
class Commit {
 public:
  Commit(const storage::StoreReader& store, CommitScope& scope, const record::ParticipantId& publisher)
      : records_(store),
        index_(store),
        erasures_(store),
        settings_(store),
        scope_(scope),
        publisher_(publisher),
        named_(store, scope.transaction, publisher) {}

  // All of a call, before the first is added: each may name every other one.
  template <typename Prepared>
  void Announce(const std::vector<Prepared>& items) {
    AnnounceTo(named_, items);
  }

  template <typename Prepared>
  absl::StatusOr<PublishedRecord> Add(size_t position, Prepared& item) {
    const record::Header& header = item.header;
    PublishedRecord published{header.record_id().ToString(), header.version(), header.hash(), false};
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::VersionRef> existing, FindVersion(header, header.version()));
    if (existing.has_value() && existing->header_hash == header.hash()) {
      published.already_there = true;
      return published;
    }
    if (existing.has_value()) {
      return ChainError("VERSION_EXISTS", position, absl::StrCat("version ", header.version(), " with other bytes"),
                        "a version number that was not used yet", "read the newest version and publish the next one",
                        "この版は既に公開されています。最新版を読み、次の版を公開してください。");
    }
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedId> earlier, CheckChain(position, header));
    MEGURI_RETURN_IF_ERROR(CheckChange(position, item));
    MEGURI_RETURN_IF_ERROR(CheckNamed(named_, position, item, warnings_));
    MEGURI_RETURN_IF_ERROR(ClaimMember(position, header, item.enrolled));
    MEGURI_RETURN_IF_ERROR(Write(item, earlier));
    return published;
  }

  // Of what was added.
  std::vector<Violation> TakeWarnings() { return std::move(warnings_); }
  std::vector<OwnVersion> TakeForHooks() { return std::move(for_hooks_); }

 private:
  absl::StatusOr<absl::optional<storage::VersionRef>> FindVersion(const record::Header& header, uint64_t version) {
    return records_.FindVersion(scope_.transaction, publisher_, header.record_id(), version);
  }

  // A member has one entry, and that one record: two would make a registry that nobody can read.
  absl::Status ClaimMember(size_t position, const record::Header& header, const std::string& enrolled) {
    if (enrolled.empty()) {
      return absl::OkStatus();
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> known,
                            settings_.MemberRecord(scope_.transaction, enrolled));
    if (known.has_value() && *known != header.record_id().view()) {
      return ChainError("MEMBER_EXISTS", position, absl::StrCat("another record for the entry of ", enrolled),
                        absl::StrCat("record ", ToHex(*known)), "publish the next version of that record",
                        "この会員の登録は既にあります。その記録の次の版を公開してください。");
    }
    settings_.PutMemberRecord(scope_.transaction, enrolled, header.record_id().view());
    return absl::OkStatus();
  }

  // The feeds that earlier versions entered.
  absl::StatusOr<std::vector<storage::FeedId>> CheckChain(size_t position, const record::Header& header) {
    if (header.version() == 1) {
      return std::vector<storage::FeedId>();
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::VersionRef> previous,
                            FindVersion(header, header.version() - 1));
    if (!previous.has_value()) {
      return ChainError("VERSION_GAP", position,
                        absl::StrCat("version ", header.version(), " of a record whose version ", header.version() - 1,
                                     " is not here"),
                        "the version after the newest one", "publish the versions in order",
                        "前の版がありません。版は順番に公開してください。");
    }
    if (previous->header_hash.view() != header.message().previous_header_hash()) {
      return ChainError("PREVIOUS_HEADER", position, "previous_header_hash of another header",
                        previous->header_hash.ToHex(), "read the newest version and name its header hash",
                        "前の版のヘッダーハッシュが一致しません。");
    }
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored,
                            records_.Read(scope_.transaction, previous->arrival));
    MEGURI_ASSIGN_OR_RETURN(const record::Header previous_header, record::Header::Parse(stored.header()));
    if (previous_header.is_tombstone()) {
      return ChainError("RECORD_ENDED", position, "a version after a tombstone", "no further version",
                        "publish a new record", "この記録は終了しています。新しい記録を公開してください。");
    }
    if (previous_header.message().record_type() != header.message().record_type()) {
      return ChainError("RECORD_TYPE_CHANGED", position, "another record type than the version before",
                        "the same record type", "publish a new record", "記録の種類は変更できません。");
    }
    return std::vector<storage::FeedId>(stored.feeds().begin(), stored.feeds().end());
  }

  // The chain holds: the version before is there.
  template <typename Prepared>
  absl::Status CheckChange(size_t position, const Prepared& item) {
    if (item.header.version() == 1 || item.header.is_tombstone()) {
      return absl::OkStatus();
    }
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::VersionRef> previous,
                            FindVersion(item.header, item.header.version() - 1));
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored,
                            records_.Read(scope_.transaction, previous->arrival));
    uint64_t slots = 0;
    for (const storage::v1::StoredSlot& slot : stored.slots()) {
      slots |= passport::IsComparedWithBefore(slot.type()) ? uint64_t{1} << slot.slot() : 0;
    }
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Section> before,
                            records_.ReadSections(scope_.transaction, previous->arrival, slots));
    return KeepWarnings(position, passport::ValidateChange(before, item.sections), warnings_);
  }

  template <typename Prepared>
  absl::Status Write(Prepared& item, const std::vector<storage::FeedId>& earlier) {
    std::vector<std::pair<storage::FeedId, uint64_t>> entries;
    absl::flat_hash_set<storage::FeedId> all(earlier.begin(), earlier.end());
    for (const FeedSlots& feed : item.feeds) {
      MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, IdOf(feed.feed));
      entries.emplace_back(id, feed.slots);
      all.insert(id);
    }
    if (item.header.is_tombstone()) {
      for (const storage::FeedId id : earlier) {
        entries.emplace_back(id, 0);
      }
    }
    for (const storage::FeedId id : all) {
      item.stored.add_feeds(id);
    }
    MEGURI_ASSIGN_OR_RETURN(const storage::PutVersion version,
                            records_.PutNew(scope_.transaction, item.header, item.stored));
    if (ConcernsHooks(item)) {
      for_hooks_.push_back({item.header, version.arrival, item.facts, item.stored.product_group()});
    }
    for (const record::v1::Section& section : item.sections) {
      MEGURI_RETURN_IF_ERROR(records_.PutSection(scope_.transaction, version, section).status());
    }
    for (const auto& [id, slots] : entries) {
      MEGURI_RETURN_IF_ERROR(Enter(item.header, version, id, slots));
    }
    if (storage::IsErasure(item.header)) {
      MEGURI_RETURN_IF_ERROR(erasures_.EraseRecord(scope_.transaction, item.header, absl::nullopt).status());
    }
    return WriteTerms(item, version, earlier);
  }

  // Most records of a call enter the same few feeds.
  absl::StatusOr<storage::FeedId> IdOf(const record::FeedName& name) {
    const auto known = ids_.find(name);
    if (known != ids_.end()) {
      return known->second;
    }
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id,
                            scope_.feeds.FindOrCreate(scope_.transaction, {publisher_, {publisher_, name, 1}}));
    ids_.emplace(name, id);
    return id;
  }

  absl::Status Enter(const record::Header& header, const storage::PutVersion& version, storage::FeedId id,
                     uint64_t slots) {
    const record::FeedEntry entry{header.hash(), slots};
    MEGURI_ASSIGN_OR_RETURN(const uint64_t index, scope_.feeds.Append(scope_.transaction, id, entry.Encode()));
    return records_.PutMembership(scope_.transaction, version, {id, slots, index});
  }

  template <typename Prepared>
  absl::Status WriteTerms(const Prepared& item, const storage::PutVersion& version,
                          const std::vector<storage::FeedId>& earlier) {
    for (const auto& [feed, terms] : item.terms) {
      MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, IdOf(feed));
      if (version.is_first) {
        storage::Index::Add(scope_.transaction, id, item.header, version.arrival, terms);
      } else {
        MEGURI_RETURN_IF_ERROR(index_.Replace(scope_.transaction, id, item.header, version.arrival, terms).status());
      }
    }
    if (item.header.is_tombstone()) {
      for (const storage::FeedId id : earlier) {
        MEGURI_RETURN_IF_ERROR(index_.Replace(scope_.transaction, id, item.header, version.arrival, {}).status());
      }
    }
    return absl::OkStatus();
  }

  template <typename Prepared>
  static bool ConcernsHooks(const Prepared& item) {
    switch (item.header.message().record_type()) {
      case record::v1::RECORD_TYPE_OFFER:
      case record::v1::RECORD_TYPE_GRANT:
      case record::v1::RECORD_TYPE_AGREEMENT:
        return true;
      default:
        return absl::c_any_of(item.facts, [](const SectionFacts& section) {
          return section.audiences.Has(record::v1::AUDIENCE_PARTNERS);
        });
    }
  }

  storage::Records records_;
  storage::Index index_;
  storage::Erasures erasures_;
  storage::Settings settings_;
  CommitScope& scope_;
  const record::ParticipantId& publisher_;
  NamedRecords named_;
  std::vector<Violation> warnings_;
  std::vector<OwnVersion> for_hooks_;
  absl::btree_map<record::FeedName, storage::FeedId> ids_;
};

}  // namespace

// A call that was checked. Shared by the work and its answer, which run one after the other on the committer's thread.
struct Publisher::Pending {
  PublishCall call;                             // without its publications
  absl::StatusOr<std::vector<Prepared>> items;  // or why it is refused
  Published published;
  std::vector<OwnVersion> for_hooks;
  Done done;

  // Those that every check of these bytes finds come behind the ones that only this node could find.
  void AddWarnings() {
    if (items.ok()) {
      for (const Prepared& item : *items) {
        published.warnings.insert(published.warnings.end(), item.warnings.begin(), item.warnings.end());
      }
    }
    LimitWarnings(published.warnings, kWarningsMax);
  }
  bool is_too_late() const { return call.sequence != nullptr && call.sequence->IsOverBefore(call.position); }
  void Refuse() const {
    if (call.sequence != nullptr) {
      call.sequence->Refuse(call.position);
    }
  }
  void Answer(absl::Status status) {
    if (status.ok()) {
      AddWarnings();
      done(std::move(published));
    } else {
      Refuse();
      done(std::move(status));
    }
  }
};

namespace {

bool HasMemory(const PublishCall& call) {
  return !call.validate_only && !call.request_id.empty() && call.request_id.size() <= kRequestIdMax;
}

absl::Status EarlierRefused() {
  return Error(absl::StatusCode::kAborted, "EARLIER_REFUSED",
               "A request before this one was refused, so this one was not taken.");
}

}  // namespace

absl::Status Publisher::CommitPending(Pending& pending, CommitScope& scope) {
  const PublishCall& call = pending.call;
  const storage::Requests requests;
  const storage::RequestKey key{call.acting_member, call.method, call.request_id};
  if (HasMemory(call)) {
    // Found before the refusal counts: what was answered once holds, whatever the registry or the clock says now.
    MEGURI_ASSIGN_OR_RETURN(const absl::optional<std::string> answer,
                            requests.Find(scope.transaction, key, call.body_hash, clock_.Now()));
    if (answer.has_value()) {
      pending.published.records = DecodeAnswer(*answer);
      return absl::OkStatus();
    }
  }
  MEGURI_RETURN_IF_ERROR(pending.items.status());
  Commit commit(store_, scope, call.acting_member);
  commit.Announce(*pending.items);
  for (size_t i = 0; i < pending.items->size(); ++i) {
    MEGURI_ASSIGN_OR_RETURN(PublishedRecord published, commit.Add(i, (*pending.items)[i]));
    pending.published.records.push_back(std::move(published));
  }
  pending.published.warnings = commit.TakeWarnings();
  pending.for_hooks = commit.TakeForHooks();
  if (hooks_.written != nullptr && !pending.for_hooks.empty()) {
    MEGURI_RETURN_IF_ERROR(hooks_.written(pending.for_hooks, scope));
  }
  return HasMemory(call) ? requests.Put(scope.transaction, key, call.body_hash, EncodeAnswer(pending.published.records),
                                        clock_.Now())
                         : absl::OkStatus();
}

// By what is durable now: what waits to be written is not looked at.
absl::Status Publisher::Rehearse(Pending& pending) const {
  const storage::Transaction nothing_written(store_);
  NamedRecords named(store_, nothing_written, pending.call.acting_member);
  AnnounceTo(named, *pending.items);
  for (size_t i = 0; i < pending.items->size(); ++i) {
    const Prepared& item = (*pending.items)[i];
    MEGURI_RETURN_IF_ERROR(CheckNamed(named, i, item, pending.published.warnings));
    pending.published.records.push_back(
        {item.header.record_id().ToString(), item.header.version(), item.header.hash(), false});
  }
  return absl::OkStatus();
}

void Publisher::Publish(PublishCall call, Done done) {
  auto pending = std::make_shared<Pending>(Pending{std::move(call), std::vector<Prepared>(), {}, {}, std::move(done)});
  if (pending->is_too_late()) {
    pending->Answer(EarlierRefused());
    return;
  }
  pending->items = Prepare(pending->call);
  pending->call.publications.clear();
  if (pending->call.validate_only || (!pending->items.ok() && !HasMemory(pending->call))) {
    pending->Answer(pending->items.ok() ? Rehearse(*pending) : pending->items.status());
    return;
  }
  // A refused call goes the same way, behind all that was submitted before it: perhaps it was done already.
  committer_.Submit(
      [this, pending](CommitScope& scope) -> absl::Status {
        const absl::Status status = pending->is_too_late() ? EarlierRefused() : CommitPending(*pending, scope);
        if (!status.ok()) {
          pending->Refuse();  // now, as the next of the sequence may be written in the same group
        }
        return status;
      },
      [this, pending](absl::Status status) {
        if (status.ok() && hooks_.durable != nullptr && !pending->for_hooks.empty()) {
          hooks_.durable(pending->for_hooks);
        }
        pending->Answer(std::move(status));
      });
}

}  // namespace meguri::node
