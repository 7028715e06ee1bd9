// SPDX-License-Identifier: Apache-2.0
#include "node/query/prove.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "certs/cosigned_note.h"
#include "certs/signature_time.h"
#include "certs/witnesses.h"
#include "node/query/dated_heads.h"
#include "node/query/dated_openings.h"
#include "node/query/seen_times.h"
#include "record/checkpoint.h"
#include "record/cosignature.h"
#include "record/hash.h"
#include "record/heads.h"
#include "record/merkle.h"
#include "record/receipt.h"
#include "storage/feeds.h"
#include "storage/first_seen.h"
#include "storage/membership.h"
#include "storage/records.h"
#include "storage/value.h"

namespace meguri::node {

// An entry that names the record, in a feed that the reader holds.
struct Prover::Candidate {
  storage::FeedId id = 0;
  storage::HeldFeed feed;
  uint64_t index = 0;
  std::string entry;
  uint64_t slots = 0;
  std::string checkpoint;  // that proves it; empty: the feed is our own, and its head is signed now
};

namespace {

absl::Status CopyBehind() {
  return Error(
      absl::StatusCode::kUnavailable, "COPY_BEHIND",
      "The copy of the feed that holds this record does not reach up to any head that its publisher signed, so "
      "there is no proof of it yet. Try again in a moment; `meguri feed list` shows how far the copy is.");
}

// How many entries of a feed can be proven, and the note that proves those of a replica.
struct Provable {
  uint64_t size = 0;
  std::string note;
};

absl::StatusOr<Provable> ProvableOf(const storage::HeldFeed& feed, storage::FeedHead head,
                                    absl::string_view federation) {
  if (feed.is_own()) {
    return Provable{head.size(), ""};
  }
  Provable provable{0, head.settled.empty() ? std::move(head.checkpoint) : std::move(head.settled)};
  if (!provable.note.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint,
                            record::ReadOpenedCheckpoint(provable.note, record::FeedOrigin(federation, feed.key)));
    provable.size = checkpoint.size <= head.size() ? checkpoint.size : 0;
  }
  return provable;
}

// The more members may read a feed, the less a proof by it tells of its reader and of what the record hides from
// others: 0 is the widest.
auto NarrownessOf(const record::FeedName& name) {
  constexpr absl::string_view kKinds[] = {"registry", "public", "members", "authorities", "recyclers", "offer", "to"};
  return std::find(std::begin(kKinds), std::end(kKinds), name.kind()) - std::begin(kKinds);  // the owner's comes last
}

}  // namespace

Prover::Prover(const storage::SnapshotReader& store, std::vector<record::ParticipantId> hosted,
               const certs::TrustBundle& bundle, RegistryNow registry, const Clock& clock, SignHead sign_head,
               size_t receipts_needed)
    : store_(store),
      hosted_(std::move(hosted)),
      bundle_(bundle),
      registry_(std::move(registry)),
      clock_(clock),
      sign_head_(std::move(sign_head)),
      receipts_needed_(receipts_needed) {}

absl::StatusOr<ProvenRecord> Prover::Prove(const QueryReader& reader, const record::RecordId& record_id,
                                           absl::string_view publisher, uint64_t version, uint64_t slots,
                                           ProofHead head, size_t receipts) const {
  ReaderView view(store_, hosted_, reader);
  const ReadMask header_alone{true, false, false, {}};
  MEGURI_ASSIGN_OR_RETURN(const RecordView record, view.Get(record_id, publisher, version, header_alone));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(record.envelope.header()));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Candidate> candidates, CandidatesFor(view, record.header_hash));
  uint64_t visible = 0;
  for (const Candidate& candidate : candidates) {
    visible |= candidate.slots;
  }
  uint64_t missing = slots == 0 ? visible : slots & visible;
  const auto opens_all = [&](const Candidate& candidate) { return (missing & ~candidate.slots) == 0; };
  const auto alone = std::find_if(candidates.begin(), candidates.end(), opens_all);
  ProvenRecord proven;
  for (auto candidate = candidates.begin(); candidate != candidates.end(); ++candidate) {
    if (alone != candidates.end() ? candidate == alone : (candidate->slots & missing) != 0) {
      missing &= ~candidate->slots;
      MEGURI_ASSIGN_OR_RETURN(proven.proofs.emplace_back(), MakeProof(*candidate, record.key_id, head));
      if (receipts > 0) {
        const bool is_dated = IsDated(*candidate, proven.proofs.back().checkpoint(), record.key_id);
        MEGURI_RETURN_IF_ERROR(AddReceipts(*candidate, is_dated ? 0 : receipts, proven));
      }
      AddDisclosed(reader, header, *candidate, proven);
    }
  }
  return proven;
}

certs::SeenTimes Prover::SeenAt(const QueryReader& reader, const record::Hash& header_hash) const {
  ReaderView view(store_, hosted_, reader);
  const absl::StatusOr<std::vector<Candidate>> candidates = CandidatesFor(view, header_hash);
  certs::SeenTimes seen;
  seen.receipts_needed = receipts_needed_;
  if (!candidates.ok()) {
    return seen;  // it was fetched and is not kept here, or no head of its publisher covers it yet
  }
  const std::shared_ptr<const certs::Registry> registry = registry_();
  for (const Candidate& candidate : *candidates) {
    const absl::StatusOr<DatedHeads> heads = FindDatedHeads(view.snapshot(), candidate.id, candidate.index, bundle_);
    const absl::StatusOr<DatedOpenings> opened =
        FindDatedOpenings(view.snapshot(), candidate.feed, candidate.id, candidate.index, bundle_);
    Join(seen, certs::SeenTimes{heads.ok() ? heads->time : absl::nullopt});
    Join(seen, certs::SeenTimes{opened.ok() ? opened->time : absl::nullopt});
    certs::SeenTimes told;
    const auto here = storage::FirstSeen(view.snapshot()).Covering(candidate.id, candidate.index);
    if (reader.is_client && !candidate.feed.is_own() && here.has_value()) {
      told.own = here->time;
    }
    const absl::StatusOr<std::vector<CountedReceipt>> receipts =
        FindReceipts(view.snapshot(), candidate.feed, candidate.id, candidate.index, *registry, clock_.Now());
    for (const CountedReceipt& receipt : receipts.ok() ? *receipts : std::vector<CountedReceipt>()) {
      told.receipts.push_back(receipt.seen);
    }
    Join(seen, told);
  }
  return seen;
}

void Prover::AddDisclosed(const QueryReader& reader, const record::Header& header, const Candidate& candidate,
                          ProvenRecord& proven) {
  const record::FeedName& feed = candidate.feed.key.name;
  const absl::string_view rule = RuleToFollow(feed);
  const GrantVerdict granted = GrantToFollow(reader.reader, header.publisher(), feed);
  if (!rule.empty() && reader.reader.participant != header.publisher()) {
    proven.disclosed.push_back({header.publisher(),
                                header.record_id(),
                                header.version(),
                                candidate.slots,
                                {},
                                0,
                                candidate.feed.is_own() ? std::string(rule) : kRuleOfCopies,
                                feed.text(),
                                granted.grant != nullptr ? granted.grant->id : "",
                                granted.grant != nullptr ? static_cast<uint32_t>(granted.grant->purpose) : 0});
  }
}

// The widest first. COPY_BEHIND if there is none: what is visible, a feed has brought.
absl::StatusOr<std::vector<Prover::Candidate>> Prover::CandidatesFor(ReaderView& view,
                                                                     const record::Hash& header_hash) const {
  const storage::Records records(view.snapshot());
  const storage::Feeds feeds(view.snapshot());
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::Arrival> arrival, records.FindByHash(header_hash));
  if (!arrival.has_value()) {
    return storage::ValueDamaged("record");
  }
  std::vector<Candidate> candidates;
  uint64_t provable = 0;
  uint64_t behind = 0;
  MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> memberships, records.FeedsOf(*arrival));
  for (const storage::FeedMembership& membership : memberships) {
    MEGURI_ASSIGN_OR_RETURN(const bool holds, view.Holds(membership.feed));
    if (!holds || !membership.index.has_value()) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(storage::HeldFeed feed, feeds.Describe(membership.feed));
    MEGURI_ASSIGN_OR_RETURN(storage::FeedHead head, feeds.ReadHead(membership.feed));
    MEGURI_ASSIGN_OR_RETURN(Provable known, ProvableOf(feed, std::move(head), bundle_.federation()));
    if (*membership.index >= known.size) {
      behind |= membership.slots;
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(std::vector<std::string> entries, feeds.ReadEntries(membership.feed, *membership.index, 1));
    if (entries.size() != 1) {
      return storage::ValueDamaged("feed entry");
    }
    MEGURI_ASSIGN_OR_RETURN(const record::FeedEntry entry, record::FeedEntry::Parse(entries.front()));
    provable |= entry.slots;
    candidates.push_back({membership.feed, std::move(feed), *membership.index, std::move(entries.front()), entry.slots,
                          std::move(known.note)});
  }
  if (candidates.empty() || (behind & ~provable) != 0) {
    return CopyBehind();
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::make_pair(NarrownessOf(a.feed.key.name), a.feed.key) <
           std::make_pair(NarrownessOf(b.feed.key.name), b.feed.key);
  });
  return candidates;
}

absl::StatusOr<std::string> Prover::CurrentHead(const Candidate& candidate) const {
  return candidate.feed.is_own() ? sign_head_(candidate.feed.key) : candidate.checkpoint;
}

// By which head a proof is made: one that was signed, or one that was committed in `heads`.
struct Prover::Head {
  std::string note;      // of the feed, or of `heads`
  DatedOpening opening;  // empty note: it was signed
  uint64_t size = 0;
};

// Of heads that are worth as much the first counts: the newest cosigned one tells more than the earliest, and any of
// these more than one that nobody cosigned.
absl::StatusOr<Prover::Head> Prover::ChooseHead(const storage::StoreReader& store, const Candidate& candidate,
                                                const std::string& key_id, ProofHead which) const {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key, record::Hash::Parse(key_id));
  MEGURI_ASSIGN_OR_RETURN(const std::string current, CurrentHead(candidate));
  std::vector<Head> heads;
  if (which == ProofHead::kDated) {
    MEGURI_ASSIGN_OR_RETURN(DatedHeads dated, FindDatedHeads(store, candidate.id, candidate.index, bundle_));
    MEGURI_ASSIGN_OR_RETURN(DatedOpenings opened,
                            FindDatedOpenings(store, candidate.feed, candidate.id, candidate.index, bundle_));
    heads.push_back({std::move(dated.newest), {}});
    heads.push_back({std::move(dated.earliest), {}});
    heads.push_back({opened.newest.note, std::move(opened.newest)});
    heads.push_back({opened.earliest.note, std::move(opened.earliest)});
  }
  heads.push_back({current, {}});
  const std::shared_ptr<const certs::Registry> registry = registry_();
  const Head* best = nullptr;
  absl::optional<certs::Judgement> judged;
  for (const Head& head : heads) {
    if (head.note.empty()) {
      continue;
    }
    certs::Judgement judgement = JudgeProof(candidate.feed.key, head.note, key, *registry, bundle_, clock_.Now());
    if (!judged.has_value() || judgement.verdict < judged->verdict) {
      best = &head;
      judged = std::move(judgement);
    }
  }
  Invariant(best != nullptr, "a feed that is here has a signed head");
  return *best;
}

absl::Status Prover::AddHead(const storage::StoreReader& store, const Candidate& candidate, Head head, ProofHead which,
                             record::v1::FeedProof& proof, uint64_t& size) const {
  const std::string origin = record::FeedOrigin(bundle_.federation(), candidate.feed.key);
  if (!head.opening.note.empty()) {
    const record::FeedKey heads{candidate.feed.key.publisher, record::HeadsFeed(), 1};
    MEGURI_ASSIGN_OR_RETURN(const record::v1::ProvenOpening opening,
                            ProveOpening(store, head.opening, heads, bundle_.federation()));
    MEGURI_ASSIGN_OR_RETURN(*proof.mutable_checkpoint(), certs::KeepKnownLines(record::WriteOpening(opening), bundle_));
    size = head.opening.opening.size();
    return absl::OkStatus();
  }
  if (which == ProofHead::kDated) {
    MEGURI_ASSIGN_OR_RETURN(*proof.mutable_checkpoint(), certs::KeepKnownLines(head.note, bundle_));
  } else {
    MEGURI_ASSIGN_OR_RETURN(*proof.mutable_checkpoint(), record::KeepSignaturesOf(head.note, origin));
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint,
                          record::ReadOpenedCheckpoint(proof.checkpoint(), origin));
  size = checkpoint.size;
  return absl::OkStatus();
}

absl::StatusOr<record::v1::FeedProof> Prover::MakeProof(const Candidate& candidate, const std::string& key_id,
                                                        ProofHead which) const {
  record::v1::FeedProof proof;
  proof.set_feed(candidate.feed.key.name.text());
  proof.set_epoch(candidate.feed.key.epoch);
  proof.set_index(candidate.index);
  proof.set_entry(candidate.entry);
  const std::unique_ptr<storage::StoreReader> looked_at = store_.Snapshot();
  MEGURI_ASSIGN_OR_RETURN(Head head, ChooseHead(*looked_at, candidate, key_id, which));
  // The head may be newer than what was looked at so far, and all that it stands for is stored.
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  uint64_t size = 0;
  MEGURI_RETURN_IF_ERROR(AddHead(*snapshot, candidate, std::move(head), which, proof, size));
  const storage::Feeds feeds(*snapshot);
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                          record::InclusionProof(candidate.index, size, [&](uint32_t level, uint64_t index) {
                            return feeds.ReadNode(candidate.id, level, index);
                          }));
  for (const record::Hash& hash : path) {
    proof.add_path(hash.ToString());
  }
  return proof;
}

// Whether witnesses have seen the head that was chosen, and in time.
bool Prover::IsDated(const Candidate& candidate, const std::string& head, const std::string& key_id) const {
  if (record::IsOpening(head)) {
    return true;
  }
  const absl::StatusOr<certs::Cosigners> cosigners = certs::CosignersOf(head, bundle_);
  const absl::StatusOr<record::Hash> key = record::Hash::Parse(key_id);
  return cosigners.ok() && cosigners->HasQuorum() && key.ok() &&
         JudgeProof(candidate.feed.key, head, *key, *registry_(), bundle_, clock_.Now()).verdict <=
             certs::Verdict::kValidAt;
}

// The earliest, so many as are wished.
absl::Status Prover::AddReceipts(const Candidate& candidate, size_t wished, ProvenRecord& proven) const {
  record::v1::ProofReceipts& receipts = proven.receipts.emplace_back();
  const std::unique_ptr<storage::StoreReader> snapshot = store_.Snapshot();
  MEGURI_ASSIGN_OR_RETURN(
      const std::vector<CountedReceipt> found,
      FindReceipts(*snapshot, candidate.feed, candidate.id, candidate.index, *registry_(), clock_.Now()));
  std::vector<certs::SeenBy> seen;
  for (const CountedReceipt& receipt : found) {
    seen.push_back(receipt.seen);
  }
  size_t wanted = std::min<size_t>(wished, record::kReceiptsPerProofMax);
  while (wanted > 0 && certs::EarliestReceipts(seen, wanted).empty()) {
    --wanted;
  }
  const storage::Feeds feeds(*snapshot);
  for (const certs::SeenBy& earliest : certs::EarliestReceipts(seen, wanted)) {
    const auto receipt = std::find_if(found.begin(), found.end(),
                                      [&](const CountedReceipt& one) { return one.seen.member == earliest.member; });
    record::v1::ReceiptProof& added = *receipts.add_receipts();
    *added.mutable_receipt() = receipt->given.receipt;
    const auto read = [&](uint32_t level, uint64_t index) { return feeds.ReadNode(candidate.id, level, index); };
    MEGURI_ASSIGN_OR_RETURN(const record::Frontier frontier, record::ReadFrontier(added.receipt().size(), read));
    added.set_root(frontier.Root().ToString());
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path,
                            record::InclusionProof(candidate.index, added.receipt().size(), read));
    for (const record::Hash& hash : path) {
      added.add_path(hash.ToString());
    }
    proven.givers.push_back(earliest.member);
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
