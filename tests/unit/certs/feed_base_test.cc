// SPDX-License-Identifier: Apache-2.0
#include "certs/feed_base.h"

#include <set>
#include <string>
#include <vector>

#include "certs/certificate.h"
#include "certs/change_request.h"
#include "certs/identity.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/key_history.h"
#include "certs/move_request.h"
#include "certs/publisher_proof.h"
#include "certs/registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using registry::v1::FeedBaseProof;
using registry::v1::MemberEntry;
using registry::v1::MemberKey;
using ::testing::IsEmpty;
using testing::kFederation;
using testing::Member;
using testing::NewKey;
using testing::NowMs;
using testing::Participant;
using ::testing::SizeIs;
using testing::ValueOf;

constexpr char kMember[] = "0199:mover";

BaseHead HeadOf(absl::string_view name, uint64_t size) {
  return {ValueOf(record::FeedName::Parse(name)), 1, size,
          size == 0 ? record::EmptyRoot() : record::LeafHash(std::string(name) + std::to_string(size))};
}

std::string OwnNode(const char* name) {
  return Identity{kFederation, Participant(kMember), Identity::Class::kNode, name}.ToUri();
}

record::FeedKey KeyOf(absl::string_view name) {
  return {Participant(kMember), ValueOf(record::FeedName::Parse(name)), 1};
}

class FeedBaseTest : public ::testing::Test {
 protected:
  const std::vector<BaseHead> heads_ = {HeadOf("public", 7), HeadOf("members", 0), HeadOf("owner", 9),
                                        HeadOf("to/0199:other", 2), HeadOf("recyclers/battery", 3)};
  meguri::testing::SeededRandom random_;
};

TEST_F(FeedBaseTest, ShowsToEverybodyWhatEveryMemberMayReadAndNoMore) {
  const MadeFeedBase made = ValueOf(MakeFeedBase(heads_, random_));
  EXPECT_EQ(ValueOf(BaseHeadOf(made.base, KeyOf("public"))), heads_[0]);
  EXPECT_EQ(ValueOf(BaseHeadOf(made.base, KeyOf("members"))), heads_[1]);
  EXPECT_THAT(made.base.heads(), SizeIs(2));
  EXPECT_EQ(made.base.SerializeAsString().find("battery"), std::string::npos);
  EXPECT_EQ(made.base.SerializeAsString().find("owner"), std::string::npos);
  // A member with more narrow feeds looks the same, but for the root over them.
  MadeFeedBase more = ValueOf(MakeFeedBase({heads_[0], heads_[1]}, random_));
  EXPECT_EQ(more.base.ByteSizeLong(), made.base.ByteSizeLong());
  EXPECT_THAT(more.proofs, IsEmpty());
  // A feed that everybody may read and that is not named stood at nothing.
  EXPECT_EQ(ValueOf(BaseHeadOf(ValueOf(MakeFeedBase({heads_[2]}, random_)).base, KeyOf("public"))).size, 0U);
}

TEST_F(FeedBaseTest, ShowsEachNarrowFeedToItsReadersAlone) {
  const MadeFeedBase made = ValueOf(MakeFeedBase(heads_, random_));
  ASSERT_THAT(made.proofs, SizeIs(3));
  for (const FeedBaseProof& proof : made.proofs) {
    const record::FeedKey feed = KeyOf(proof.head().feed());
    const BaseHead head = ValueOf(OpenBaseProof(made.base, feed, proof));
    EXPECT_EQ(head.size, proof.head().size());
    EXPECT_EQ(proof.SerializeAsString().find("public"), std::string::npos);
    EXPECT_THAT(OpenBaseProof(made.base, KeyOf("to/0199:nobody"), proof).status(), HasReason("FEED_BASE_PROOF"));
    FeedBaseProof other_epoch = proof;
    other_epoch.mutable_head()->set_epoch(2);
    EXPECT_THAT(OpenBaseProof(made.base, {feed.publisher, feed.name, 2}, other_epoch).status(),
                HasReason("FEED_BASE_PROOF"));
    FeedBaseProof smaller = proof;
    smaller.mutable_head()->set_size(1);
    EXPECT_THAT(OpenBaseProof(made.base, feed, smaller).status(), HasReason("FEED_BASE_PROOF"));
    FeedBaseProof salted = proof;
    salted.mutable_salt()->back() ^= 1;
    EXPECT_THAT(OpenBaseProof(made.base, feed, salted).status(), HasReason("FEED_BASE_PROOF"));
    FeedBaseProof longer = proof;
    longer.add_path(std::string(32, 'x'));
    EXPECT_THAT(OpenBaseProof(made.base, feed, longer).status(), HasReason("FEED_BASE_PROOF"));
  }
}

TEST_F(FeedBaseTest, HoldsForManyFeeds) {
  std::vector<BaseHead> heads;
  for (int i = 1; i <= 100; ++i) {
    heads.push_back(HeadOf("to/0199:m" + std::to_string(i), static_cast<uint64_t>(i)));
  }
  const MadeFeedBase made = ValueOf(MakeFeedBase(heads, random_));
  ASSERT_THAT(made.proofs, SizeIs(100));
  std::set<std::string> salts;
  for (const FeedBaseProof& proof : made.proofs) {
    MEGURI_EXPECT_OK(OpenBaseProof(made.base, KeyOf(proof.head().feed()), proof).status());
    EXPECT_EQ(proof.leaves(), 128U);
    salts.insert(proof.salt());
  }
  EXPECT_THAT(salts, SizeIs(100));
}

// A member that moves to another host.
class MoveTest : public FeedBaseTest {
 protected:
  // The feed key of the new host, as the host asks for it.
  MemberKey Asked() {
    MemberKey key = testing::KeyMessage(*new_feed_key_, registry::v1::KEY_PURPOSE_FEED);
    key.set_not_before_ms(NowMs());
    *key.mutable_base() = ValueOf(MakeFeedBase(heads_, random_)).base;
    key.mutable_base()->set_signature(ValueOf(SignBase(kFederation, Participant(kMember), *new_feed_key_, key)));
    return key;
  }
  registry::v1::MoveRequest RequestOf(const MemberKey& key) {
    registry::v1::MoveRequest request;
    request.set_federation(kFederation);
    *request.mutable_present() = testing::MemberRecord(First(), *operator_.record_key, random_);
    request.mutable_hosting()->set_node_identity(testing::NodeUri("0199:newhost"));
    request.mutable_hosting()->add_addresses("new.example:7443");
    *request.mutable_feed_key() = key;
    return request;
  }
  MemberEntry First() const {
    MemberEntry entry = member_.Entry();
    StateOrigins(kFederation, nullptr, testing::Now(), entry);
    return entry;
  }
  // The entry after the move, endorsed by `endorser`.
  MemberEntry Moved(const SigningKey& endorser) {
    MemberEntry entry = First();
    MemberKey key = Asked();
    key.set_origin(registry::v1::KEY_ORIGIN_ENDORSED);
    *key.mutable_endorsement() = ValueOf(EndorseKey(kFederation, Participant(kMember), endorser, key));
    *entry.add_keys() = key;
    return entry;
  }

  const testing::Operator operator_;
  const Member member_{kMember};
  const std::unique_ptr<SigningKey> new_feed_key_ = NewKey();
};

TEST_F(MoveTest, TheRecordKeyVouchesForTheKeyOfTheNewHost) {
  const MemberEntry moved = Moved(*member_.record_key);
  MEGURI_EXPECT_OK(CheckMemberEntry(kFederation, moved));
  KeyHistory history{std::string(kFederation)};
  history.Add(First());
  history.Add(moved);
  EXPECT_EQ(history.Judge(moved)[2].origin, registry::v1::KEY_ORIGIN_ENDORSED);
  EXPECT_EQ(JudgeAlone(kFederation, moved)[2].origin, registry::v1::KEY_ORIGIN_ENDORSED);
  // The former host's key, which is out of the member's hands, cannot.
  EXPECT_EQ(JudgeAlone(kFederation, Moved(*member_.feed_key))[2].origin, registry::v1::KEY_ORIGIN_REFUSED);
  // Nor does the signature hold for another base.
  MemberEntry other_base = moved;
  other_base.mutable_keys(2)->mutable_base()->mutable_heads(1)->set_size(8);
  EXPECT_EQ(JudgeAlone(kFederation, other_base)[2].origin, registry::v1::KEY_ORIGIN_REFUSED);
  MemberEntry no_base = moved;
  no_base.mutable_keys(2)->clear_base();
  EXPECT_EQ(JudgeAlone(kFederation, no_base)[2].origin, registry::v1::KEY_ORIGIN_REFUSED);
}

TEST_F(MoveTest, AHostThatTheMemberHasLeftEndorsesNoFurtherKey) {
  const auto next_after = [&](MemberEntry entry, const SigningKey& endorser) {
    const std::unique_ptr<SigningKey> fresh = NewKey();
    MemberKey key = testing::KeyMessage(*fresh, registry::v1::KEY_PURPOSE_FEED);
    key.set_not_before_ms(NowMs() + 1);
    key.set_origin(registry::v1::KEY_ORIGIN_ENDORSED);
    *key.mutable_endorsement() = ValueOf(EndorseKey(kFederation, Participant(kMember), endorser, key));
    *entry.add_keys() = key;
    return entry;
  };
  const MemberEntry moved = Moved(*member_.record_key);
  for (const bool alone : {true, false}) {
    const auto origin_of_last = [&](const MemberEntry& entry) {
      KeyHistory history{std::string(kFederation)};
      history.Add(First());
      history.Add(moved);
      history.Add(entry);
      return (alone ? JudgeAlone(kFederation, entry) : history.Judge(entry)).back().origin;
    };
    EXPECT_EQ(origin_of_last(next_after(moved, *member_.feed_key)), registry::v1::KEY_ORIGIN_REFUSED);
    EXPECT_EQ(origin_of_last(next_after(moved, *new_feed_key_)), registry::v1::KEY_ORIGIN_ENDORSED);
  }
  // In whatever order an entry has them.
  MemberEntry turned = next_after(moved, *member_.feed_key);
  turned.mutable_keys()->SwapElements(2, 3);
  EXPECT_EQ(JudgeAlone(kFederation, turned)[2].origin, registry::v1::KEY_ORIGIN_REFUSED);
  // A key that was registered in time, to begin after the move, is no better than a recovery, which everybody is told
  // of.
  const MemberEntry pending = next_after(First(), *member_.feed_key);
  MemberEntry late = pending;
  *late.add_keys() = moved.keys(2);
  KeyHistory history{std::string(kFederation)};
  history.Add(First());
  history.Add(pending);
  EXPECT_EQ(history.Judge(pending)[2].origin, registry::v1::KEY_ORIGIN_ENDORSED);
  history.Add(late);
  EXPECT_EQ(history.Judge(late)[2].origin, registry::v1::KEY_ORIGIN_RECOVERY);
  // What it endorsed while it was in office stays.
  EXPECT_EQ(JudgeAlone(kFederation, next_after(First(), *member_.feed_key)).back().origin,
            registry::v1::KEY_ORIGIN_ENDORSED);
}

TEST_F(MoveTest, AKeyOfTheFormerHostThatIsYetToBeginStopsTheMove) {
  MemberEntry pending = First();
  MemberKey late = testing::KeyMessage(*NewKey(), registry::v1::KEY_PURPOSE_FEED);
  late.set_not_before_ms(NowMs() + 1);
  late.set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
  *pending.add_keys() = late;
  MemberEntry moved = pending;
  *moved.add_keys() = Moved(*member_.record_key).keys(2);
  EXPECT_THAT(
      SignChangeRequest(moved, kFederation, {pending, record::Hash()}, {member_.record_key.get()}, testing::Now())
          .status(),
      HasReason("CHANGE_KEYS"));
}

TEST_F(MoveTest, ABaseHasItsForm) {
  const MemberEntry moved = Moved(*member_.record_key);
  const auto refuses = [&](const std::function<void(MemberKey&)>& change) {
    MemberEntry entry = moved;
    change(*entry.mutable_keys(2));
    return CheckMemberEntry(kFederation, entry).code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refuses([](MemberKey& key) { key.mutable_base()->set_others("short"); }));
  EXPECT_TRUE(refuses([](MemberKey& key) { key.mutable_base()->set_signature("short"); }));
  EXPECT_TRUE(refuses([](MemberKey& key) { key.mutable_base()->mutable_heads(0)->set_feed("owner"); }));
  EXPECT_TRUE(refuses([](MemberKey& key) { key.mutable_base()->mutable_heads(0)->set_root("short"); }));
  EXPECT_TRUE(refuses([](MemberKey& key) { key.mutable_base()->mutable_heads(0)->set_size(0); }) ==
              (moved.keys(2).base().heads(0).size() != 0));
  EXPECT_TRUE(refuses(
      [](MemberKey& key) { key.mutable_base()->mutable_heads(0)->Swap(key.mutable_base()->mutable_heads(1)); }));
  EXPECT_TRUE(refuses([](MemberKey& key) {
    key.set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
    key.clear_endorsement();
  }));
  MemberEntry of_record_key = moved;
  *of_record_key.mutable_keys(0)->mutable_base() = moved.keys(2).base();
  EXPECT_EQ(CheckMemberEntry(kFederation, of_record_key).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(MoveTest, TheMemberSignsWhatItsNewHostAsksAndTheOperatorTakesIt) {
  const std::string bytes = ValueOf(MakeMoveRequest(RequestOf(Asked())));
  EXPECT_TRUE(IsMoveRequest(bytes));
  const MoveRequest request = ValueOf(ReadMoveRequest(bytes));
  const std::string change = ValueOf(SignMoveRequest(request, *member_.record_key, testing::Now()));
  const MemberEntry next = ValueOf(OpenChangeRequest(change, kFederation, request.present, testing::Now()));
  EXPECT_EQ(next.hosting().node_identity(), testing::NodeUri("0199:newhost"));
  EXPECT_EQ(next.keys_size(), 3);
  // Nothing else of the entry can change on this way.
  MemberEntry expected = First();
  *expected.mutable_hosting() = next.hosting();
  *expected.add_keys() = next.keys(2);
  EXPECT_EQ(next.SerializeAsString(), expected.SerializeAsString());
  EXPECT_THAT(SignMoveRequest(request, *member_.feed_key, testing::Now()).status(), HasReason("KEY_NOT_NAMED"));
  EXPECT_THAT(SignMoveRequest(request, *NewKey(), testing::Now()).status(), HasReason("KEY_NOT_NAMED"));
}

TEST_F(MoveTest, AMoveRequestThatIsNotWhatItSaysIsRefused) {
  const std::string bytes = ValueOf(MakeMoveRequest(RequestOf(Asked())));
  for (size_t i = 0; i < bytes.size(); i += 7) {
    std::string changed = bytes;
    changed[i] ^= 1;
    EXPECT_FALSE(ReadMoveRequest(changed).ok()) << i;
  }
  MemberKey unsigned_key = Asked();
  unsigned_key.mutable_base()->mutable_signature()->back() ^= 1;
  EXPECT_THAT(MakeMoveRequest(RequestOf(unsigned_key)).status(), HasReason("FEED_BASE"));
  MemberKey no_base = Asked();
  no_base.clear_base();
  EXPECT_THAT(MakeMoveRequest(RequestOf(no_base)).status(), HasReason("MOVE_REQUEST"));
  registry::v1::MoveRequest stays = RequestOf(Asked());
  stays.mutable_hosting()->set_node_identity(testing::NodeUri(kMember));
  EXPECT_THAT(MakeMoveRequest(stays).status(), HasReason("MOVE_REQUEST"));
  registry::v1::MoveRequest closed = RequestOf(Asked());
  closed.mutable_present()->clear_sections();
  EXPECT_THAT(MakeMoveRequest(closed).status(), HasReason("MOVE_REQUEST"));
}

// Of a node of the member's own the TLS key is certified in the same step: the member signs for it, and nobody else
// can.
TEST_F(MoveTest, AMemberThatMovesToANodeOfItsOwnAsksForItsCertificateToo) {
  const std::string own = OwnNode("own");
  const std::unique_ptr<SigningKey> tls = ValueOf(SigningKey::Generate(record::KeyAlgorithm::kEcdsaP256));
  const std::string asked = ValueOf(MakeCertificateRequest(*tls, own));
  registry::v1::MoveRequest to_own = RequestOf(Asked());
  to_own.mutable_hosting()->set_node_identity(own);
  to_own.set_certificate_request(asked);
  const MoveRequest request = ValueOf(ReadMoveRequest(ValueOf(MakeMoveRequest(to_own))));
  EXPECT_TRUE(request.is_to_own_node());
  const std::string change = ValueOf(SignMoveRequest(request, *member_.record_key, testing::Now()));
  EXPECT_EQ(ValueOf(OpenChangeRequest(change, kFederation, request.present, testing::Now())).hosting().node_identity(),
            own);
  EXPECT_EQ(ValueOf(CertificateRequestIn(change)), asked);
  const MoveRequest to_host = ValueOf(ReadMoveRequest(ValueOf(MakeMoveRequest(RequestOf(Asked())))));
  EXPECT_FALSE(to_host.is_to_own_node());
  EXPECT_EQ(ValueOf(CertificateRequestIn(ValueOf(SignMoveRequest(to_host, *member_.record_key, testing::Now())))), "");
  // For another node than the one of the entry, without a request, and for the node of somebody else.
  to_own.set_certificate_request(ValueOf(MakeCertificateRequest(*tls, OwnNode("another"))));
  EXPECT_THAT(MakeMoveRequest(to_own).status(), HasReason("CERTIFICATE_REQUEST"));
  to_own.clear_certificate_request();
  EXPECT_THAT(MakeMoveRequest(to_own).status(), HasReason("CERTIFICATE_REQUEST"));
  registry::v1::MoveRequest of_host = RequestOf(Asked());
  of_host.set_certificate_request(ValueOf(MakeCertificateRequest(*tls, of_host.hosting().node_identity())));
  EXPECT_THAT(MakeMoveRequest(of_host).status(), HasReason("MOVE_REQUEST"));
  EXPECT_THAT(SignChangeRequest(request.present.entry, kFederation, request.present, {member_.record_key.get()},
                                testing::Now(), asked)
                  .status(),
              HasReason("CERTIFICATE_REQUEST"));
}

TEST_F(MoveTest, ABaseStaysAsItWasPublished) {
  const MoveRequest request = ValueOf(ReadMoveRequest(ValueOf(MakeMoveRequest(RequestOf(Asked())))));
  const MemberEntry moved =
      ValueOf(OpenChangeRequest(ValueOf(SignMoveRequest(request, *member_.record_key, testing::Now())), kFederation,
                                request.present, testing::Now()));
  MemberEntry later = moved;
  later.mutable_keys(2)->mutable_base()->mutable_signature()->back() ^= 1;
  EXPECT_THAT(SignChangeRequest(later, kFederation, {moved, record::Hash()}, {member_.record_key.get()}, testing::Now())
                  .status(),
              HasReason("CHANGE_KEYS"));
  // A key that did not sign its own base is not registered, whoever else has.
  MemberEntry not_held = Moved(*member_.record_key);
  not_held.mutable_keys(2)->mutable_base()->mutable_signature()->back() ^= 1;
  EXPECT_THAT(
      SignChangeRequest(not_held, kFederation, {First(), record::Hash()}, {member_.record_key.get()}, testing::Now())
          .status(),
      HasReason("FEED_BASE"));
}

// What stands in a file is judged by the entry in the file.
class MovedFileTest : public MoveTest {
 protected:
  ProvenPublisher PublisherOf(const MemberEntry& entry) {
    const record::v1::Envelope record = testing::MemberRecord(entry, *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(record.header()));
    return ValueOf(ProvenPublisher::Verify(
        record, testing::ProofIn("registry", header, testing::AllSlots(header), *operator_.feed_key), bundle_,
        bundle_.message().version(), testing::Now()));
  }
  absl::StatusOr<ProvenHead> Open(const MemberEntry& entry, absl::string_view feed, uint64_t size,
                                  const SigningKey& key) {
    const record::FeedKey name = KeyOf(feed);
    const std::string note =
        ValueOf(record::SignCheckpoint({record::FeedOrigin(kFederation, name), size, record::LeafHash("root")}, key));
    return PublisherOf(entry).OpenHead(note, name);
  }

  const TrustBundle bundle_ = operator_.Bundle();
};

TEST_F(MovedFileTest, TheFormerHostSignsUpToTheMoveAndNotBeyond) {
  const MemberEntry moved = Moved(*member_.record_key);
  EXPECT_EQ(ValueOf(Open(moved, "public", 7, *member_.feed_key)).of_former_host.verdict, Verdict::kValid);
  EXPECT_THAT(Open(moved, "public", 8, *member_.feed_key).status(), HasReason("HEAD_BEYOND_MOVE"));
  EXPECT_THAT(Open(moved, "members", 1, *member_.feed_key).status(), HasReason("HEAD_BEYOND_MOVE"));
  EXPECT_EQ(ValueOf(Open(moved, "public", 8, *new_feed_key_)).of_former_host.verdict, Verdict::kValid);
  // Before the move nothing of it was known, and a file from then stays what it was.
  EXPECT_EQ(ValueOf(Open(First(), "public", 8, *member_.feed_key)).of_former_host.verdict, Verdict::kValid);
  // Where a narrower feed stood, the file does not show.
  const ProvenHead narrow = ValueOf(Open(moved, "owner", 9, *member_.feed_key));
  EXPECT_EQ(narrow.of_former_host.verdict, Verdict::kIndeterminate);
  EXPECT_THAT(narrow.of_former_host.why, HasReason("HEAD_OF_FORMER_HOST"));
  KeysUsed keys(testing::Now());
  keys.Add(narrow);
  EXPECT_EQ(keys.judgement().verdict, Verdict::kIndeterminate);
  EXPECT_EQ(ValueOf(Open(moved, "owner", 10, *new_feed_key_)).of_former_host.verdict, Verdict::kValid);
}

}  // namespace
}  // namespace meguri::certs
