// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "certs/change_request.h"
#include "certs/files.h"
#include "certs/key_history.h"
#include "certs/record_file.h"
#include "gmock/gmock.h"
#include "record/feed.h"
#include "record/receipt.h"
#include "tests/unit/client/program_fixture.h"

namespace meguri::client {
namespace {

using ::testing::HasSubstr;
using testing::kProgramMember;
using testing::MemberRecord;
using ::testing::Not;
using testing::Outcome;
using testing::ValueOf;

class KeysTest : public testing::ProgramWithNodeTest {
 protected:
  // The member's entry, in which its record key is a recovery of a key that is lost.
  registry::v1::MemberEntry Recovered() const {
    const std::unique_ptr<certs::SigningKey> lost = certs::testing::NewKey();
    registry::v1::MemberEntry entry = member_.Entry();
    entry.mutable_keys(0)->set_public_key(lost->public_key().spki());
    registry::v1::MemberKey& mine = *entry.add_keys();
    mine = certs::testing::KeyMessage(*member_.record_key, registry::v1::KEY_PURPOSE_RECORD);
    mine.set_not_before_ms(certs::testing::NowMs() - 60'000);
    mine.set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
    return entry;
  }

  std::string FileOf(const registry::v1::MemberEntry& entry) {
    const record::v1::Envelope record = testing::SmallRecord(member_, random_);
    const record::v1::Envelope member_record = MemberRecord(entry, *operator_.record_key, random_);
    std::string path = folder_.Path("saved.meguri");
    MEGURI_EXPECT_OK(certs::WriteNewFile(
        path,
        certs::MakeRecordFile(certs::testing::PartsOf(record, member_, member_record, operator_), operator_.Bundle()),
        0600));
    return path;
  }
};

TEST_F(KeysTest, TheMembersClientMakesTheNextKeyAndSignsThatItFollows) {
  const std::string request = folder_.Path("request");
  const Outcome made = Run({"key", "rotate", request, "-o", "json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_TRUE(std::filesystem::exists(home_ + "/record-2.key"));
  const std::string bytes = ValueOf(certs::ReadFile(request, 1 << 20));
  EXPECT_EQ(ValueOf(certs::ApplicantOf(bytes)).text(), kProgramMember);
  EXPECT_EQ(Run({"key", "rotate", request, "--begins", "tomorrow"}).exit_code, 64);
  // What is not registered yet signs nothing.
  EXPECT_EQ(Run({"key", "show", "-o", "json"}).Json()["file"], home_ + "/record.key");
}

TEST_F(KeysTest, VerifyTellsOfARecovery) {
  const std::string file = FileOf(Recovered());
  const Outcome english = Run({"verify", file, "--trust-bundle", home_ + "/trust-bundle"});
  EXPECT_EQ(english.exit_code, 0) << english.err;
  EXPECT_THAT(english.out, HasSubstr("key of 0199:member replaced without the old key's signature on 2026"));
  EXPECT_THAT(english.out, HasSubstr("(recovery)"));
  const Outcome japanese = Run({"verify", file, "--trust-bundle", home_ + "/trust-bundle", "--lang", "ja"});
  EXPECT_THAT(japanese.out, HasSubstr("前の鍵の署名なしで置き換えられました(復旧)"));
  const Outcome json = Run({"verify", file, "--trust-bundle", home_ + "/trust-bundle", "-o", "json"});
  EXPECT_EQ(json.Json()["key_notices"][0]["origin"], "RECOVERY");
  EXPECT_EQ(json.Json()["verdict"], "VALID");
}

TEST_F(KeysTest, VerifySaysNothingOfKeysThatFollowAsTheyShould) {
  const Outcome outcome = Run({"verify", FileOf(member_.Entry()), "--trust-bundle", home_ + "/trust-bundle"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, Not(HasSubstr("recovery")));
}

// On whose word, and by how many: who wants two members is not told that one is enough.
TEST_F(KeysTest, ARevokedKeyIsValidAtTheTimeAtWhichAMemberSaysThatItSawIt) {
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(0)->set_revoked_ms(certs::testing::NowMs() - 1);
  const record::v1::Envelope record = testing::SmallRecord(member_, random_);
  const record::Header header = ValueOf(record::Header::Parse(record.header()));
  certs::RecordFileParts parts =
      certs::testing::PartsOf(record, member_, MemberRecord(entry, *operator_.record_key, random_), operator_);
  record::v1::FeedProof& proof = parts.record_proofs[0];
  proof = certs::testing::ProofIn("public", header, certs::testing::AllSlots(header), *member_.feed_key);
  const certs::testing::Member city{"9999:city"};
  const std::string origin = record::FeedOrigin(
      certs::testing::kFederation, {certs::testing::Participant(member_.id), record::FeedName::Public(), 1});
  record::v1::ReceiptProof& receipt = *parts.receipts.emplace_back().add_receipts();
  const record::Checkpoint head = ValueOf(record::ReadOpenedCheckpoint(proof.checkpoint(), origin));
  *receipt.mutable_receipt() = ValueOf(record::SignReceipt(certs::testing::KeyIdOf(city.id, *city.feed_key),
                                                           *city.feed_key, certs::testing::NowMs() - 3'600'000, head));
  receipt.set_root(head.root.ToString());
  *receipt.mutable_path() = proof.path();
  *receipt.mutable_giver_entry() = MemberRecord(city.Entry(), *operator_.record_key, random_);
  const record::Header giver = ValueOf(record::Header::Parse(receipt.giver_entry().header()));
  *receipt.mutable_giver_entry_proof() =
      certs::testing::ProofIn("registry", giver, certs::testing::AllSlots(giver), *operator_.feed_key);
  const std::string path = folder_.Path("seen.meguri");
  MEGURI_ASSERT_OK(certs::WriteNewFile(path, certs::MakeRecordFile(parts, operator_.Bundle()), 0600));
  const std::vector<std::string> verify = {"verify", path, "--trust-bundle", home_ + "/trust-bundle"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), verify.begin(), verify.end());
    return Run(more);
  };
  const Outcome english = with({});
  EXPECT_EQ(english.exit_code, 0) << english.err;
  EXPECT_THAT(english.out, HasSubstr("VALID_AT 2026-09-21T13:13:20Z, as 9999:city says that it had seen it by then"));
  EXPECT_THAT(english.out, HasSubstr("as 9999:city says, seen at 2026-09-21T13:13:20Z"));
  EXPECT_THAT(with({"--lang", "ja"}).out, HasSubstr("9999:city がその時点で見たと述べている"));
  const nlohmann::json json = with({"-o", "json"}).Json();
  EXPECT_EQ(json["valid_source"], "receipts");
  EXPECT_EQ(json["valid_by"][0], "9999:city");
  EXPECT_EQ(json["feeds"][0]["receipts"][0]["member"], "9999:city");
  for (const char* needed : {"0", "2"}) {
    const Outcome doubtful = with({"--receipts", needed});
    EXPECT_EQ(doubtful.exit_code, 1) << needed;
    EXPECT_THAT(doubtful.out, HasSubstr("INDETERMINATE")) << needed;
  }
  EXPECT_EQ(with({"--receipts", "9"}).exit_code, 64);
}

TEST_F(KeysTest, ARevokedKeyWithoutWitnessesIsIndeterminateWithItsReason) {
  registry::v1::MemberEntry entry = member_.Entry();
  entry.mutable_keys(0)->set_revoked_ms(certs::testing::NowMs() - 1);
  const Outcome outcome = Run({"verify", FileOf(entry), "--trust-bundle", home_ + "/trust-bundle", "-o", "json"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.Json()["verdict"], "INDETERMINATE");
  EXPECT_EQ(outcome.Json()["reason"], "KEY_REVOKED");
}

TEST_F(KeysTest, TheOperatorRegistersNoKeyThatTheOldOneDidNotSign) {
  const std::string request = folder_.Path("request");
  const std::unique_ptr<certs::SigningKey> next = certs::testing::NewKey();
  const record::v1::Envelope record = MemberRecord(member_.Entry(), *operator_.record_key, random_);
  server_.registry.Set(kProgramMember, record);
  registry::v1::MemberEntry asked = member_.Entry();
  registry::v1::MemberKey& added = *asked.add_keys();
  added = certs::testing::KeyMessage(*next, registry::v1::KEY_PURPOSE_FEED);
  added.set_not_before_ms(certs::testing::NowMs());
  added.set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
  const certs::CurrentEntry current{member_.Entry(), record::HeaderHash(record.header())};
  MEGURI_ASSERT_OK(certs::WriteNewFile(
      request,
      ValueOf(certs::SignChangeRequest(asked, certs::testing::kFederation, current,
                                       {member_.record_key.get(), next.get()}, certs::testing::Now())),
      0600));
  Use(certs::testing::kOperator, *operator_.record_key);
  const Outcome refused = Run({"member", "update", request, "--yes"});
  EXPECT_EQ(refused.exit_code, 65);
  EXPECT_THAT(refused.err, HasSubstr("KEY_RECOVERY"));
  const Outcome registered = Run({"member", "update", request, "--yes", "--recovery"});
  EXPECT_EQ(registered.exit_code, 0) << registered.err;
}

}  // namespace
}  // namespace meguri::client
