// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/harness/loopback_node.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "base/status_macros.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "node/policy/onward.h"
#include "passport/profile.h"
#include "record/audience.h"
#include "record/batch.h"
#include "record/section.h"
#include "storage/cosigned_order.h"

namespace meguri::scenarios {
namespace {

using certs::testing::kFederation;
using certs::testing::ValueOf;

constexpr char kProductGroup[] = "washing-machine";
constexpr size_t kWorkThreads = 3;
constexpr size_t kWorkQueueMax = 1024;
constexpr auto kRunMax = std::chrono::seconds(60);
constexpr absl::Duration kLookAgainAfter = absl::Milliseconds(5);

bool IsPassport(const Draft& draft) {
  return draft.record_type == record::v1::RECORD_TYPE_PRODUCT_PASSPORT ||
         draft.record_type == record::v1::RECORD_TYPE_MATERIAL_PASSPORT;
}

passport::v1::Identity IdentityOf(const Draft& draft) {
  if (draft.identity.has_value()) {
    return *draft.identity;
  }
  passport::v1::Identity identity;
  identity.mutable_name()->set_ja("電池パック");
  identity.mutable_name()->set_en(draft.name);
  identity.set_product_group(kProductGroup);
  identity.set_granularity(passport::v1::GRANULARITY_BATCH);
  identity.set_gtin("04912345100108");
  identity.set_lot("L1");
  identity.mutable_mass_kg()->set_value("430");
  return identity;
}

}  // namespace

std::vector<node::Publication> MakePublications(const std::vector<Draft>& drafts,
                                                const certs::testing::Member& publisher, absl::Time now,
                                                Random& random) {
  const record::ParticipantId id = certs::testing::Participant(publisher.id);
  std::vector<node::Publication> publications;
  std::vector<record::Hash> hashes;
  for (const Draft& draft : drafts) {
    const passport::v1::Identity identity = IdentityOf(draft);
    const size_t slots =
        passport::FindProfile(static_cast<uint32_t>(draft.record_type), identity.product_group())->slot_count;
    std::vector<record::SectionDraft> sections = draft.more;
    if (IsPassport(draft) && !draft.is_tombstone) {
      sections.push_back({record::v1::SECTION_TYPE_IDENTITY, record::AudienceSet::Of({draft.identity_audience}),
                          identity.SerializeAsString()});
    }
    const record::SealedSections sealed =
        ValueOf(record::SealSections(id, draft.record_id, draft.version, sections, slots, random));
    record::v1::Header header;
    header.set_format_version(record::kFormatVersion);
    header.set_record_id(draft.record_id.ToString());
    header.set_version(draft.version);
    if (draft.previous.has_value()) {
      header.set_previous_header_hash(draft.previous->ToString());
    }
    if (draft.is_tombstone) {
      header.mutable_tombstone()->set_reason(draft.tombstone_reason);
    }
    header.set_record_type(draft.record_type);
    header.set_publisher(publisher.id);
    header.set_issue_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(now)));
    for (const record::Hash& digest : sealed.digests) {
      header.add_section_digests(digest.ToString());
    }
    const record::Header made = ValueOf(record::Header::Make(header));
    node::Publication& publication = publications.emplace_back();
    publication.envelope.set_header(made.bytes());
    publication.addressees = draft.addressees;
    publication.envelope.mutable_sections()->Assign(sealed.sections.begin(), sealed.sections.end());
    hashes.push_back(made.hash());
  }
  const std::vector<record::v1::BatchSignature> signatures = ValueOf(record::SignBatch(
      hashes, certs::testing::KeyIdOf(publisher.id, *publisher.record_key), *publisher.record_key, random));
  for (size_t i = 0; i < publications.size(); ++i) {
    *publications[i].envelope.mutable_signature() = signatures[i];
  }
  return publications;
}

LoopbackNode::LoopbackNode(const certs::testing::Member& member, FixedRegistry& registry, Disk disk,
                           LoopbackPeers& peers, testing::FakeClock& clock, uint64_t seed,
                           const node::FollowQuota& quota)
    : id_(certs::testing::Participant(member.id)),
      registry_(registry),
      disk_(disk),
      peers_(peers),
      clock_(clock),
      random_(seed),
      signers_(member) {
  committer_ = ValueOf(storage::Committer::Start(disk_.store, disk_.anchor));
  const storage::SnapshotReader& durable = committer_->durable();
  executor_ = std::make_unique<Executor>(kWorkThreads, kWorkQueueMax);
  access_ = std::make_unique<node::AccessState>(id_, durable, clock);
  const absl::Status read = access_->Load();
  Invariant(read.ok(), read.ToString());
  publisher_ = std::make_unique<node::Publisher>(
      registry_, durable, *committer_, clock,
      node::PublishHooks{[this](const std::vector<node::OwnVersion>& versions, storage::CommitScope& scope) {
                           return access_->OnWritten(versions, scope);
                         },
                         [this](const std::vector<node::OwnVersion>& versions) { access_->OnDurable(versions); }});
  access_->AddListener([this] { peers_.Wake(id_); });
  query_ = std::make_unique<node::Query>(durable, std::vector<record::ParticipantId>{id_},
                                         node::PageTokens(random_.Bytes<32>(), clock));
  source_ = std::make_unique<node::FeedSource>(kFederation, durable, signers_, id_);
  heads_log_ = std::make_unique<node::HeadsLog>(kFederation, id_, durable, *committer_, random_);
  prover_ = std::make_unique<node::Prover>(
      durable, std::vector<record::ParticipantId>{id_}, registry_.bundle(), [this] { return registry_.Get(); }, clock_,
      [this](const record::FeedKey& feed) -> absl::StatusOr<std::string> {
        MEGURI_ASSIGN_OR_RETURN(node::FeedSource::Head head, source_->ReadHead(feed));
        return std::move(head.checkpoint);
      });
  follows_ = std::make_unique<node::FollowRunner>(registry_, peers_, durable, *committer_, *executor_, clock, random_,
                                                  reports_, quota);
  receipts_ = std::make_unique<node::ReceiptBook>(
      registry_, durable, *committer_, id_, clock, random_, [this](absl::Time) -> absl::optional<node::ReceiptKey> {
        const auto signer = signers_.Find({id_, record::FeedName::Public(), 1});
        return node::ReceiptKey{record::KeyId(kFederation, id_, signer->public_key().spki()), signer};
      });
  exchange_ = std::make_unique<node::CheckpointExchange>(
      registry_, [this](const record::ParticipantId& reader) { return ReaderFor(reader).reader; }, *follows_, reports_,
      durable, id_, clock, random_, *receipts_, /*hands_on=*/true);
  opening_watch_ = std::make_unique<node::OpeningWatch>(registry_, *follows_, reports_, peers_, durable, *committer_,
                                                        *executor_, id_, clock);
  correspondents_ = std::make_unique<node::Correspondents>(*follows_, id_, durable);
  committer_->AddObserver([this](const std::vector<storage::FeedId>& grown) {
    access_->OnGrown(grown);
    correspondents_->OnGrown(grown);
    peers_.Wake(id_);
    MutexLock lock(commit_mutex_);
    committed_.NotifyAll();
  });
  const absl::Status loaded = follows_->Load();
  Invariant(loaded.ok(), loaded.ToString());
  const absl::Status known = correspondents_->Load();
  Invariant(known.ok(), known.ToString());
  peers_.Add(
      id_, *source_,
      [this](const record::ParticipantId& reader, const record::FeedKey& feed) {
        correspondents_->OnAsked(reader, feed);
      },
      [this](const record::ParticipantId& reader, const record::FeedKey& feed, uint32_t purpose) {
        return LetsFollow(reader, feed, purpose);
      },
      [this](const node::OpeningCall& call) { return Open(call); });
}

std::vector<feed::v1::FeedOpenings> LoopbackNode::Open(const node::OpeningCall& call) const {
  std::vector<feed::v1::FeedOpenings> answer;
  for (const feed::v1::OpeningsFrom& from : call.feeds) {
    const record::FeedName name = ValueOf(record::FeedName::Parse(from.feed()));
    if (node::MayFollow(ReaderFor(call.acting_member).reader, id_, name)) {
      feed::v1::FeedOpenings& feed = answer.emplace_back();
      feed.set_feed(name.text());
      const auto opened = ValueOf(heads_log_->Open({{name, from.index()}}));
      for (const record::Opening& opening : opened.front()) {
        *feed.add_openings() = record::ToMessage(opening);
      }
    }
  }
  return answer;
}

void LoopbackNode::CommitHeads() {
  std::promise<absl::Status> promise;
  heads_log_->Append([&promise](const absl::Status& status) { promise.set_value(status); });
  const absl::Status appended = promise.get_future().get();
  Invariant(appended.ok(), appended.ToString());
}

node::OpenedStatus LoopbackNode::OpenedOf(const LoopbackNode& publisher, const std::string& feed) const {
  return opening_watch_->StatusOf({publisher.id(), ValueOf(record::FeedName::Parse(feed)), 1});
}

// In the order of a real node: streams, follows, what waits, what is to be written.
LoopbackNode::~LoopbackNode() {
  peers_.Remove(id_);
  follows_->Stop();
  executor_->Stop();
  committer_.reset();
}

absl::StatusOr<node::Published> LoopbackNode::Publish(std::vector<node::Publication> publications,
                                                      const std::string& request_id) {
  std::string body;
  for (const node::Publication& publication : publications) {
    body += publication.envelope.SerializeAsString();
  }
  node::PublishCall call{id_, "Publish", request_id, record::Sha256(body), false, std::move(publications)};
  std::promise<absl::StatusOr<node::Published>> promise;
  auto answer = promise.get_future();
  publisher_->Publish(std::move(call), [&promise](absl::StatusOr<node::Published> published) {
    promise.set_value(std::move(published));
  });
  return answer.get();
}

absl::Status LoopbackNode::Follow(const LoopbackNode& publisher, const std::vector<std::string>& feeds,
                                  const absl::optional<record::ParticipantId>& relay, uint32_t purpose) {
  std::vector<record::FeedName> names;
  names.reserve(feeds.size());
  for (const std::string& feed : feeds) {
    names.push_back(ValueOf(record::FeedName::Parse(feed)));
  }
  return follows_->Add(id_, publisher.id(), names, relay, purpose);
}

absl::Status LoopbackNode::Unfollow(const LoopbackNode& publisher, const std::string& feed) {
  return follows_->Remove(id_, publisher.id(), {ValueOf(record::FeedName::Parse(feed))}).status();
}

node::FollowStatus LoopbackNode::StatusOf(const LoopbackNode& publisher, const std::string& feed) const {
  const std::vector<node::FollowStatus> all = follows_->Status(id_);
  const auto found = std::find_if(all.begin(), all.end(), [&](const node::FollowStatus& status) {
    return status.feed.key.publisher == publisher.id() && status.feed.key.name.text() == feed;
  });
  Invariant(found != all.end(), "a scenario asks only for feeds that it follows");
  return *found;
}

bool LoopbackNode::RunFollowsUntil(const std::function<bool()>& is_over) {
  const auto deadline = std::chrono::steady_clock::now() + kRunMax;
  while (!is_over()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    Tick();
    clock_.Advance(kLookAgainAfter);  // so that pauses between two attempts end
    MutexLock lock(commit_mutex_);
    committed_.WaitFor(commit_mutex_, absl::ToChronoMilliseconds(kLookAgainAfter));
  }
  return true;
}

void LoopbackNode::Tick() {
  const absl::Status followed = correspondents_->FollowNoted();
  Invariant(followed.ok(), followed.ToString());
  TickAccess();
  for (const node::GrantedFeed& granted : ValueOf(access_->TakeGrantedFeeds())) {
    const record::FeedKey& feed = granted.feed;
    const bool is_followed = follows_->Follows(id_, feed.publisher, feed.name);
    if (granted.is_open != is_followed) {
      const absl::Status changed = granted.is_open ? follows_->Add(id_, feed.publisher, {feed.name}, absl::nullopt,
                                                                   static_cast<uint32_t>(granted.purpose))
                                                   : follows_->Remove(id_, feed.publisher, {feed.name}).status();
      Invariant(changed.ok(), changed.ToString());
    }
  }
  follows_->Tick();
  opening_watch_->Step();
}

void LoopbackNode::TickAccess() {
  access_->Tick();
  while (access_->HasBackfill()) {
    FillOnce();
  }
}

void LoopbackNode::TakeCosigned(const LoopbackNode& publisher, const std::string& feed, const std::string& note) {
  const record::FeedKey key{publisher.id(), ValueOf(record::FeedName::Parse(feed)), 1};
  const absl::Status taken = committer_->SubmitAndWait([&](storage::CommitScope& scope) -> absl::Status {
    MEGURI_ASSIGN_OR_RETURN(const storage::FeedId id, scope.feeds.FindOrCreate(scope.transaction, {id_, key}));
    return storage::KeepCosigned(id, note, record::FeedOrigin(kFederation, key), registry_.bundle(),
                                 committer_->durable(), scope);
  });
  Invariant(taken.ok(), taken.ToString());
}

void LoopbackNode::FillOnce() {
  const absl::Status filled =
      committer_->SubmitAndWait([this](storage::CommitScope& scope) { return access_->NextBackfill(scope); });
  Invariant(filled.ok(), filled.ToString());
}

bool LoopbackNode::CatchUp(const LoopbackNode& publisher, const std::string& feed, uint64_t size) {
  return RunFollowsUntil([&] { return StatusOf(publisher, feed).size >= size; });
}

node::QueryReader LoopbackNode::Client() const { return {node::ReaderOf(*registry_.Get(), id_, false), true}; }

bool LoopbackNode::LetsFollow(const record::ParticipantId& other, const record::FeedKey& feed, uint32_t purpose) const {
  const node::Reader reader = ReaderFor(other, purpose).reader;
  if (feed.publisher == id_ || !node::IsHandedOnByOffer(feed.name)) {
    return source_->CheckServed(feed).ok() && node::MayFollow(reader, feed.publisher, feed.name);
  }
  const std::shared_ptr<const node::OnwardCopy> copy = access_->OnwardCopyOf(feed.publisher, feed.name.scope());
  const node::OnwardHolder holder = node::OnwardHolderOf(*registry_.Get(), id_, feed.publisher, clock_.Now());
  return copy != nullptr && node::JudgeOnward(copy->terms, holder, reader).allowed && source_->CheckServed(feed).ok();
}

node::QueryReader LoopbackNode::ReaderFor(const record::ParticipantId& other, uint32_t purpose) const {
  const std::shared_ptr<const certs::Registry> registry = registry_.Get();
  node::Reader reader = node::ReaderOf(*registry, other, false);
  node::AddGrants(access_->GrantsOf(other), *registry, clock_.Now(), static_cast<passport::v1::AccessPurpose>(purpose),
                  reader);
  return {std::move(reader), false};
}

}  // namespace meguri::scenarios
