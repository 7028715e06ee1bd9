// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "storage/feeds.h"
#include "storage/memory/memory_store.h"
#include "tests/scenarios/harness/loopback_node.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::scenarios {

using certs::testing::ValueOf;
namespace v1 = passport::v1;

inline constexpr char kWordsForPartners[] = "melt_flow_rate >= 1";

// A version that was published, so that another one may name or follow it.
struct Signed {
  record::RecordId id;
  record::Hash hash;
  uint64_t version = 1;
};

inline Signed NothingYet() { return {ValueOf(record::RecordId::Parse("nothing-as-yet--")), {}}; }

// A member and its node on a disk of its own.
class Party {
 public:
  Party(const std::string& id, uint64_t seed) : seed_(seed) { member.id = id; }
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;
  ~Party() { node.reset(); }
  void Start(FixedRegistry& registry, LoopbackPeers& peers, testing::FakeClock& clock) {
    node.reset();
    node = std::make_unique<LoopbackNode>(member, registry, LoopbackNode::Disk{*store_, *anchor_}, peers, clock, seed_);
  }

 private:
  const uint64_t seed_;
  const std::unique_ptr<storage::OrderedStore> store_ = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> anchor_ = storage::MakeMemoryAnchor();

 public:
  certs::testing::Member member;
  std::unique_ptr<LoopbackNode> node;
};

// An owner of lots of resin whose properties are for partners, and two members that follow its open feeds.
class AccessScene : public ::testing::Test {
 protected:
  AccessScene() {
    registry_ = std::make_unique<FixedRegistry>(operator_.Bundle(), MakeRegistry());
    for (Party* party : {&owner_, &reader_, &third_}) {
      party->Start(*registry_, peers_, clock_);
    }
    for (Party* party : {&reader_, &third_}) {
      MEGURI_EXPECT_OK(party->node->Follow(*owner_.node, {"public", "members"}));
    }
  }
  ~AccessScene() override {
    for (Party* party : {&owner_, &reader_, &third_}) {
      party->node.reset();
    }
  }

  // The registry with the members as they are, but for one with another status.
  std::shared_ptr<const certs::Registry> MakeRegistry(
      const Party* changed = nullptr, registry::v1::MemberStatus status = registry::v1::MEMBER_STATUS_ACTIVE) const {
    std::vector<registry::v1::MemberEntry> entries;
    for (const Party* party : {&owner_, &reader_, &third_}) {
      entries.push_back(party->member.Entry());
      if (party == changed) {
        entries.back().set_status(status);
      }
    }
    entries[1].add_roles()->set_kind(registry::v1::ROLE_KIND_CONVERTER);
    return ValueOf(certs::Registry::Make(operator_.Bundle(), entries));
  }

  std::string At(absl::Duration from_now) const {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", clock_.Now() + from_now, absl::UTCTimeZone());
  }

  absl::StatusOr<Signed> TryPublish(Party& party, const Draft& draft) {
    std::vector<node::Publication> publications = MakePublications({draft}, party.member, clock_.Now(), random_);
    const record::Hash hash = record::HeaderHash(publications[0].envelope.header());
    const absl::StatusOr<node::Published> published = party.node->Publish(std::move(publications));
    return published.ok() ? absl::StatusOr<Signed>(Signed{draft.record_id, hash, draft.version}) : published.status();
  }

  Draft Letter(record::v1::RecordType type, record::v1::Audience audience, const google::protobuf::Message& payload,
               const std::string& to) {
    return {record::RecordId::Make(random_),
            "",
            {{static_cast<uint32_t>(type), record::AudienceSet::Of({audience}), payload.SerializeAsString()}},
            absl::nullopt,
            type,
            to.empty() ? std::vector<std::string>() : std::vector<std::string>{to}};
  }

  Draft LotDraft() {
    v1::Identity identity;
    identity.mutable_name()->set_ja("再生樹脂");
    identity.set_product_group("plastic-lot");
    identity.set_granularity(v1::GRANULARITY_BATCH);
    identity.set_gtin("04598765301013");
    identity.set_lot(absl::StrCat("L", ++lots_));
    identity.mutable_mass_kg()->set_value("10000");
    v1::MaterialProperties properties;
    for (const record::SectionDraft& section : passport::DemoDraft("recycled-pp-lot.json").sections) {
      if (section.type == record::v1::SECTION_TYPE_MATERIAL_PROPERTIES) {
        Invariant(properties.ParseFromString(section.payload), "the demonstration's files are well-formed");
      }
    }
    return {record::RecordId::Make(random_),
            "",
            {{record::v1::SECTION_TYPE_MATERIAL_PROPERTIES, record::AudienceSet::Of({record::v1::AUDIENCE_PARTNERS}),
              properties.SerializeAsString()}},
            identity,
            record::v1::RECORD_TYPE_MATERIAL_PASSPORT};
  }
  Signed PublishLot() { return ValueOf(TryPublish(owner_, LotDraft())); }

  v1::Offer OfferOfLots() const {
    v1::Offer offer;
    offer.mutable_title()->set_ja("樹脂の物性");
    offer.mutable_selector()->add_product_groups("plastic-lot");
    offer.add_section_types(record::v1::SECTION_TYPE_MATERIAL_PROPERTIES);
    offer.add_purposes(v1::ACCESS_PURPOSE_RECYCLING);
    offer.set_expires(At(absl::Hours(24 * 365)));
    offer.set_onward(v1::ONWARD_RULE_NONE);
    offer.set_auto_approval(v1::AUTO_APPROVAL_OFF);
    return offer;
  }
  Signed Offer(const v1::Offer& offer) {
    return ValueOf(TryPublish(owner_, Letter(record::v1::RECORD_TYPE_OFFER, record::v1::AUDIENCE_MEMBERS, offer, "")));
  }
  Signed Offer() { return Offer(OfferOfLots()); }

  static void Name(const Signed& what, v1::SignedVersion& reference) {
    reference.set_record_id(what.id.ToHex());
    reference.set_header_hash(what.hash.ToHex());
  }
  v1::Grant GrantFor(const Signed& offer, const std::string& grantee) const {
    v1::Grant grant;
    Name(offer, *grant.mutable_offer());
    grant.set_grantee_id(grantee);
    grant.set_purpose(v1::ACCESS_PURPOSE_RECYCLING);
    grant.set_expires(At(absl::Hours(24 * 30)));
    grant.set_state(v1::GRANT_STATE_ACTIVE);
    return grant;
  }
  absl::StatusOr<Signed> TryGrant(Party& party, const v1::Grant& grant) {
    const record::v1::Audience audience =
        grant.has_grantee_role() ? record::v1::AUDIENCE_MEMBERS : record::v1::AUDIENCE_ADDRESSEES;
    return TryPublish(party, Letter(record::v1::RECORD_TYPE_GRANT, audience, grant, grant.grantee_id()));
  }
  Signed Grant(const Signed& offer) { return ValueOf(TryGrant(owner_, GrantFor(offer, reader_.member.id))); }
  // The next version of a grant, in another state.
  Signed Turn(const Signed& grant, v1::Grant message, v1::GrantState state) {
    message.set_state(state);
    Draft draft = Letter(record::v1::RECORD_TYPE_GRANT, record::v1::AUDIENCE_ADDRESSEES, message, message.grantee_id());
    draft.record_id = grant.id;
    draft.version = grant.version + 1;
    draft.previous = grant.hash;
    return ValueOf(TryPublish(owner_, draft));
  }
  Signed End(Party& party, const Signed& what, record::v1::RecordType type) {
    Draft draft{what.id, "", {}, absl::nullopt, type, {}, what.version + 1, what.hash, true};
    return ValueOf(TryPublish(party, draft));
  }
  v1::Agreement AgreementTo(const Signed& grant, const Signed& offer) const {
    v1::Agreement agreement;
    agreement.set_owner_id(owner_.member.id);
    Name(grant, *agreement.mutable_grant());
    Name(offer, *agreement.mutable_offer());
    return agreement;
  }
  Signed Agree(Party& party, const v1::Agreement& agreement) {
    return ValueOf(TryPublish(party, Letter(record::v1::RECORD_TYPE_AGREEMENT, record::v1::AUDIENCE_ADDRESSEES,
                                            agreement, agreement.owner_id())));
  }

  bool RunUntil(const std::function<bool()>& is_over) {
    return owner_.node->RunFollowsUntil([&] {
      reader_.node->Tick();
      third_.node->Tick();
      return is_over();
    });
  }
  // What the owner would be told of a section for partners.
  node::Decision Explain(const Signed& lot, const Party& reader) const {
    const node::Query::OwnRecord own = ValueOf(owner_.node->query().FindOwn(owner_.node->id(), lot.id, 0));
    node::Reader asking = owner_.node->ReaderFor(reader.node->id()).reader;
    const std::vector<node::Decision> decisions = node::Decide(asking, own.scope, own.facts);
    for (size_t i = 0; i < decisions.size(); ++i) {
      if (own.facts[i].type == record::v1::SECTION_TYPE_MATERIAL_PROPERTIES) {
        return decisions[i];
      }
    }
    return {};
  }
  std::string RuleFor(const Signed& lot, const Party& reader) const { return std::string(Explain(lot, reader).rule); }
  // What the owner's node delivers of a lot to another one's.
  static std::vector<uint32_t> TypesIn(const node::RecordView& view) {
    std::vector<uint32_t> types;
    for (const std::string& bytes : view.envelope.sections()) {
      record::v1::Section section;
      Invariant(section.ParseFromString(bytes), "a section");
      types.push_back(section.type());
    }
    std::sort(types.begin(), types.end());
    return types;
  }
  std::vector<uint32_t> Delivered(const Signed& lot, const Party& reader) const {
    return TypesIn(ValueOf(owner_.node->query().Get(owner_.node->ReaderFor(reader.node->id()), lot.id, "", 0, {})));
  }
  bool IsOpen(const Signed& lot, const Party& reader) const { return Delivered(lot, reader).size() == 2; }
  // How many records a reader finds by what is for partners.
  static size_t CountFound(const LoopbackNode& node, const node::QueryReader& reader) {
    node::ListQuery query;
    query.filter = kWordsForPartners;
    query.page_size = 1000;
    return ValueOf(node.query().List(reader, query)).records.size();
  }
  size_t CountFoundAtOwner(const Party& reader) const {
    return CountFound(*owner_.node, owner_.node->ReaderFor(reader.node->id()));
  }
  size_t CountFoundAtHome(const Party& reader) const { return CountFound(*reader.node, reader.node->Client()); }
  static std::string FeedOf(const Signed& offer) { return "offer/" + offer.id.ToHex(); }
  uint64_t SizeOf(const std::string& feed) const {
    const auto& store = owner_.node->store();
    const record::ParticipantId& id = owner_.node->id();
    const auto found = ValueOf(storage::Feeds(store).Find({id, {id, ValueOf(record::FeedName::Parse(feed)), 1}}));
    return found.has_value() ? ValueOf(storage::Feeds(store).ReadHead(*found)).size() : 0;
  }
  // An offer with a grant to the reader, who has agreed, and the owner's node knows.
  std::pair<Signed, Signed> Open(const Signed& lot) {
    const Signed offer = Offer();
    const Signed grant = Grant(offer);
    Agree(reader_, AgreementTo(grant, offer));
    EXPECT_TRUE(RunUntil([&] { return IsOpen(lot, reader_); }));
    return {offer, grant};
  }

  testing::FakeClock clock_;
  testing::SeededRandom random_{20'270};
  certs::testing::Operator operator_;
  std::unique_ptr<FixedRegistry> registry_;
  LoopbackPeers peers_;
  Party owner_{"9999:owner", 1};
  Party reader_{"9999:reader", 2};
  Party third_{"9999:third", 3};
  int lots_ = 0;
};

}  // namespace meguri::scenarios
