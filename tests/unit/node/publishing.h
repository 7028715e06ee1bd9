// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "certs/registry.h"
#include "client/sign.h"
#include "meguri/passport/v1/identity.pb.h"
#include "node/publish/publisher.h"
#include "record/audience.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/memory/memory_store.h"
#include "storage/records.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

// A publisher over a store in memory, and signed records to give to it, for tests of this folder.
namespace meguri::node::testing {

using certs::testing::Member;
using certs::testing::Operator;
using certs::testing::Participant;
using certs::testing::ValueOf;

inline constexpr char kMaker[] = "0199:maker";
inline constexpr char kOther[] = "0199:other";
inline constexpr char kGtin[] = "04912345301017";

class PublishingNode final : public PublisherRegistry {
 public:
  PublishingNode() {
    Register({maker.Entry(), other.Entry()});
    committer = ValueOf(storage::Committer::Start(*store, *anchor));
    publisher = std::make_unique<Publisher>(*this, *store, *committer, clock);
  }

  std::shared_ptr<const certs::Registry> Get() const override { return registry_; }
  const certs::TrustBundle& bundle() const override { return bundle_; }
  void Register(const std::vector<registry::v1::MemberEntry>& entries) {
    registry_ = ValueOf(certs::Registry::Make(bundle_, entries));
  }

  // A lot of the maker, as the draft of its first version.
  client::VersionDraft Lot(const std::string& lot, const std::string& gtin = kGtin) {
    passport::v1::Identity identity;
    identity.mutable_name()->set_ja("再生ポリプロピレン ペレット");
    identity.mutable_name()->set_en("Recycled polypropylene pellets");
    identity.set_product_group("plastic-lot");
    identity.set_granularity(passport::v1::GRANULARITY_BATCH);
    identity.set_gtin(gtin);
    identity.set_lot(lot);
    identity.set_produced_on("2026-10-06");
    identity.set_country_of_production("JP");
    identity.mutable_mass_kg()->set_value("20000");
    passport::RecordDraft content;
    content.record_type = record::v1::RECORD_TYPE_MATERIAL_PASSPORT;
    content.sections.push_back({record::v1::SECTION_TYPE_IDENTITY,
                                record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}), identity.SerializeAsString()});
    return ValueOf(client::FirstVersion(std::move(content), random));
  }
  record::v1::Publication Sign(const client::VersionDraft& draft) {
    record::v1::Publication publication = ValueOf(client::Seal(draft, Participant(kMaker), clock.Now(), random));
    const record::Hash key_id = certs::testing::KeyIdOf(kMaker, *maker.record_key);
    const absl::Status status = client::Sign({&publication}, key_id, *maker.record_key, random);
    Invariant(status.ok(), status.ToString());
    return publication;
  }
  // A version that cannot be written: the one before it is not here. No check of the request alone can tell.
  record::v1::Publication SignedOrphan(const std::string& lot) {
    client::VersionDraft draft = Lot(lot);
    draft.version = 2;
    draft.previous = record::Sha256("nothing");
    return Sign(draft);
  }

  PublishCall Call(const record::v1::Publication& publication, const std::string& request_id = "") {
    PublishCall call{Participant(kMaker),
                     "Publish",
                     request_id,
                     record::Sha256(publication.SerializeAsString()),
                     false,
                     {},
                     nullptr,
                     0};
    call.publications.push_back({publication.envelope(), {}, {}, {}});
    return call;
  }
  absl::StatusOr<Published> Publish(PublishCall call) {
    std::promise<absl::StatusOr<Published>> answer;
    publisher->Publish(std::move(call), [&](auto published) { answer.set_value(std::move(published)); });
    return answer.get_future().get();
  }
  uint64_t RecordCount() const { return ValueOf(storage::Records(*store).Count()); }

  const Operator the_operator;
  const Member maker{kMaker};
  const Member other{kOther};
  meguri::testing::FakeClock clock{certs::testing::Now()};
  meguri::testing::SeededRandom random;
  const std::unique_ptr<storage::OrderedStore> store = storage::OpenMemoryStore(storage::MakeMemoryDisk());
  const std::unique_ptr<storage::Anchor> anchor = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::Committer> committer;
  std::unique_ptr<Publisher> publisher;

 private:
  const certs::TrustBundle bundle_ = the_operator.Bundle();
  std::shared_ptr<const certs::Registry> registry_;
};

// Holds the committer's thread, so that what is submitted meanwhile waits and is written as one group.
class Gate {
 public:
  explicit Gate(storage::Committer& committer) {
    committer.Submit(
        [this](storage::CommitScope&) {
          held_.set_value();
          opened_.get_future().wait();
          return absl::OkStatus();
        },
        [](const absl::Status&) {});
    held_.get_future().wait();
  }
  void Open() { opened_.set_value(); }

 private:
  std::promise<void> held_;
  std::promise<void> opened_;
};

}  // namespace meguri::node::testing
