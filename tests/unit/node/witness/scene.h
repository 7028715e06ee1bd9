// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "certs/registry.h"
#include "certs/witnesses.h"
#include "node/witness/witness.h"
#include "record/cosignature.h"
#include "record/merkle.h"
#include "storage/anchor.h"
#include "storage/committer.h"
#include "storage/memory/memory_store.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

// A maker, four witnesses, and a trust bundle that asks for three of them, for tests of this folder.
namespace meguri::node::testing {

using certs::testing::Member;
using certs::testing::NewKey;
using certs::testing::Operator;
using certs::testing::Participant;
using certs::testing::ValueOf;

inline constexpr char kMaker[] = "0199:maker";
inline constexpr char kReader[] = "0199:reader";
inline constexpr int kWitnesses = 4;

inline std::string WitnessId(int number) { return absl::StrCat("0199:w", number); }

inline record::FeedKey PublicFeed() { return {Participant(kMaker), record::FeedName::Public(), 1}; }

// The leaves of a feed, and heads and proofs of any beginning of them. Other faces of the publisher begin like the one
// without a name, up to entry `forks_at`.
class Tree {
 public:
  explicit Tree(std::string face = "", uint64_t forks_at = 0) : face_(std::move(face)), forks_at_(forks_at) {}
  // An entry, as this face of the publisher shows it.
  static std::string Entry(uint64_t index, const std::string& face) {
    return record::FeedEntry{record::Sha256(absl::StrCat(face, index)), 1}.Encode();
  }
  record::Hash RootAt(uint64_t size) const { return record::RootOf(Leaves(0, size)); }
  std::vector<record::Hash> Path(uint64_t from, uint64_t size) const {
    return ValueOf(record::ConsistencyProof(from, size, [&](uint32_t level, uint64_t index) {
      return absl::StatusOr<record::Hash>(record::RootOf(Leaves(index << level, (index + 1) << level)));
    }));
  }
  const std::string& face() const { return face_; }

 private:
  std::vector<record::Hash> Leaves(uint64_t begin, uint64_t end) const {
    std::vector<record::Hash> leaves;
    for (uint64_t i = begin; i < end; ++i) {
      leaves.push_back(record::LeafHash(Entry(i, i < forks_at_ ? "" : face_)));
    }
    return leaves;
  }
  std::string face_;
  uint64_t forks_at_;
};

class Scene final : public WitnessRegistry {
 public:
  Scene() {
    registry::v1::TrustBundle message = op.BundleMessage();
    std::vector<registry::v1::MemberEntry> entries = {maker.Entry(), reader.Entry()};
    for (int i = 0; i < kWitnesses; ++i) {
      witness_members.push_back(Member{WitnessId(i)});
      witness_keys.push_back(NewKey());
      entries.push_back(witness_members.back().Entry());
      message.add_witnesses(WitnessId(i));
      *message.add_witness_keys() = certs::testing::KeyMessage(*witness_keys.back(), registry::v1::KEY_PURPOSE_FEED);
    }
    message.set_witness_quorum(3);
    bundle_ = std::make_unique<certs::TrustBundle>(
        ValueOf(certs::TrustBundle::Open(ValueOf(certs::SignTrustBundle(message, op.Signers())), clock.Now())));
    Register(entries);
  }
  void Register(const std::vector<registry::v1::MemberEntry>& entries) {
    registry_ = ValueOf(certs::Registry::Make(*bundle_, entries));
  }

  std::shared_ptr<const certs::Registry> Get() const override { return registry_; }
  const certs::TrustBundle& bundle() const override { return *bundle_; }
  bool IsStale() const override { return is_stale; }

  std::string Note(const Tree& tree, uint64_t size, const record::FeedKey& feed = PublicFeed()) const {
    return ValueOf(record::SignCheckpoint(
        {record::FeedOrigin(bundle_->federation(), feed), size, size == 0 ? record::EmptyRoot() : tree.RootAt(size)},
        *maker.feed_key));
  }
  Submission Submit(const Tree& tree, uint64_t old_size, uint64_t size) const {
    return {PublicFeed(), old_size, old_size == 0 ? std::vector<record::Hash>() : tree.Path(old_size, size),
            Note(tree, size)};
  }

  meguri::testing::FakeClock clock;
  Operator op;
  Member maker{kMaker};
  Member reader{kReader};
  std::vector<Member> witness_members;
  std::vector<std::unique_ptr<certs::SigningKey>> witness_keys;
  bool is_stale = false;

 private:
  std::unique_ptr<certs::TrustBundle> bundle_;
  std::shared_ptr<const certs::Registry> registry_;
};

// A witness with its store in memory, which survives it.
struct WitnessNodeInMemory {
  WitnessNodeInMemory(Scene& scene, int number) : scene_(scene), number_(number) { Start(); }
  void Start() {
    witness.reset();
    committer.reset();
    store = storage::OpenMemoryStore(disk);
    committer = ValueOf(storage::Committer::Start(*store, *anchor));
    witness = std::make_unique<Witness>(
        Participant(WitnessId(number_)),
        std::shared_ptr<const record::Signer>(std::shared_ptr<void>(),
                                              scene_.witness_keys[static_cast<size_t>(number_)].get()),
        scene_, *committer, scene_.clock, [this](const WitnessReport& report) { reports.push_back(report); });
  }

  std::shared_ptr<storage::MemoryDisk> disk = storage::MakeMemoryDisk();
  std::unique_ptr<storage::Anchor> anchor = storage::MakeMemoryAnchor();
  std::unique_ptr<storage::OrderedStore> store;
  std::unique_ptr<storage::Committer> committer;
  std::unique_ptr<Witness> witness;
  std::vector<WitnessReport> reports;

 private:
  Scene& scene_;
  int number_;
};

}  // namespace meguri::node::testing
