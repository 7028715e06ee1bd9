// SPDX-License-Identifier: Apache-2.0
#include "record/erasure.h"

#include "gmock/gmock.h"
#include "record/dsse.h"
#include "tests/unit/client/program_fixture.h"

namespace meguri::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kProgramMember;
using ::testing::Not;
using testing::Outcome;
using testing::ValueOf;

class ErasureCommandsTest : public testing::ProgramWithNodeTest {
 protected:
  erasure::v1::ErasureHolder Holder(const std::string& id, erasure::v1::HolderState state) {
    erasure::v1::ErasureHolder holder;
    holder.set_participant_id(id);
    holder.set_state(state);
    holder.set_found_ms(1'790'000'000'000);
    return holder;
  }
  // A page with one holder in each state.
  erasure::v1::ErasureHolderPage Page() {
    erasure::v1::ErasureHolderPage page;
    page.mutable_erasure()->set_record_id("ABCDEFGHIJKLMNOP");
    page.mutable_erasure()->set_basis(erasure::v1::ERASURE_BASIS_CONTRACT_ENDED);
    page.mutable_erasure()->set_deadline_ms(1'792'592'000'000);
    page.mutable_erasure()->mutable_counts()->set_done(1);
    page.mutable_erasure()->mutable_counts()->set_overdue(7);
    erasure::v1::ErasureHolder done = Holder("9999:done", erasure::v1::HOLDER_STATE_DONE);
    done.set_versions(2);
    done.set_done_ms(1'790'000'060'000);
    done.mutable_acknowledgement()->add_signatures()->set_key_id(std::string(32, 'k'));
    *page.add_holders() = done;
    *page.add_holders() = Holder("9999:new", erasure::v1::HOLDER_STATE_PENDING);
    erasure::v1::ErasureHolder late = Holder("9999:late", erasure::v1::HOLDER_STATE_OVERDUE);
    late.set_tries(9);
    late.set_tried_ms(1'790'000'070'000);
    late.set_error_reason("NODE_UNREACHABLE");
    late.set_error("nothing answers");
    *page.add_holders() = late;
    *page.add_holders() = Holder("9999:gone", erasure::v1::HOLDER_STATE_GONE);
    return page;
  }
};

TEST_F(ErasureCommandsTest, WhoErasesSignsARequestToTheHolders) {
  const std::string record_id = Publish();
  const Outcome outcome =
      Run({"record", "withdraw", record_id, "--erase", "--yes", "--basis", "trade-secret", "--deadline", "10d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("meguri erasure show " + record_id));
  ASSERT_EQ(server_.erasures.requests.size(), 1U);
  const record::v1::SignedBody& body = server_.erasures.requests[0];
  const auto request = ValueOf(record::ParseErasureRequest(body.body()));
  EXPECT_EQ(request.basis(), erasure::v1::ERASURE_BASIS_TRADE_SECRET);
  EXPECT_EQ(request.publisher(), kProgramMember);
  EXPECT_EQ(request.deadline_ms() / 1000, static_cast<uint64_t>(absl::ToUnixSeconds(clock_.Now() + absl::Hours(240))));
  EXPECT_EQ(request.record_id(), ValueOf(record::RecordId::ParseHex(record_id)).view());
  MEGURI_EXPECT_OK(record::VerifySignedBody(body, record::kErasureRequestPayloadType,
                                            testing::KeyIdOf(kProgramMember, *member_.record_key),
                                            member_.record_key->public_key()));
}

TEST_F(ErasureCommandsTest, OnlyErasingAsksHolders) {
  const Outcome outcome = Run({"record", "withdraw", Publish()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(server_.erasures.requests, IsEmpty());
}

TEST_F(ErasureCommandsTest, ADeadlineThatIsOverErasesNothing) {
  const std::string record_id = Publish();
  const Outcome outcome = Run({"record", "withdraw", record_id, "--erase", "--yes", "--deadline", "2020-01-01"});
  EXPECT_EQ(outcome.exit_code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("2020-01-01 is over"));
  EXPECT_THAT(server_.erasures.requests, IsEmpty());
  EXPECT_EQ(Run({"record", "withdraw", record_id}).exit_code, 0) << "it has not ended";
}

TEST_F(ErasureCommandsTest, WhatCouldNotBeAskedForIsAskedForLater) {
  const std::string record_id = Publish();
  EXPECT_EQ(Run({"erasure", "request", record_id}).exit_code, 65) << "it is not erased";
  server_.erasures.status = grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "an old node");
  const Outcome outcome = Run({"record", "withdraw", record_id, "--erase", "--yes"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("meguri erasure request " + record_id));
  server_.erasures.status = grpc::Status::OK;
  const Outcome later = Run({"erasure", "request", record_id, "--basis", "legal-order"});
  EXPECT_EQ(later.exit_code, 0) << later.err;
  ASSERT_EQ(server_.erasures.requests.size(), 2U);
  EXPECT_EQ(ValueOf(record::ParseErasureRequest(server_.erasures.requests[1].body())).basis(),
            erasure::v1::ERASURE_BASIS_LEGAL_ORDER);
}

TEST_F(ErasureCommandsTest, ShowsEachHolderAndWhatItSaid) {
  server_.erasures.pages = {Page()};
  const Outcome english = Run({"erasure", "show", std::string(32, '4')});
  ASSERT_EQ(english.exit_code, 0) << english.err;
  for (const char* text : {"contract ended", "2 versions erased (key 6b6b", "to be asked since", "asked 9 times",
                           "nothing answers [NODE_UNREACHABLE]", "not a member any more"}) {
    EXPECT_THAT(english.out, HasSubstr(text));
  }
  EXPECT_THAT(english.err, HasSubstr("those are asked to whom the audit feed shows a delivery"));
  const Outcome japanese = Run({"erasure", "show", std::string(32, '4'), "--lang", "ja"});
  EXPECT_THAT(japanese.out, HasSubstr("契約の終了"));
  EXPECT_THAT(japanese.out, HasSubstr("期限超過"));
  const Outcome json = Run({"erasure", "show", std::string(32, '4'), "-o", "json"});
  EXPECT_EQ(json.Json()["holders"][2]["error_reason"], "NODE_UNREACHABLE");
}

TEST_F(ErasureCommandsTest, ListsAllPages) {
  EXPECT_THAT(Run({"erasure", "list"}).err, HasSubstr("nothing found"));
  server_.erasures.pages = {Page(), Page()};
  const Outcome outcome = Run({"erasure", "list", "-o", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  ASSERT_EQ(outcome.Json()["erasures"].size(), 2U);
  EXPECT_EQ(outcome.Json()["erasures"][1]["counts"]["overdue"], 7);
}

TEST_F(ErasureCommandsTest, ListsWhatOthersAskedFor) {
  erasure::v1::IncomingErasure& erasure = *server_.erasures.incoming.add_erasures();
  erasure.set_publisher("9999:maker");
  erasure.set_record_id("ABCDEFGHIJKLMNOP");
  erasure.set_basis(erasure::v1::ERASURE_BASIS_PERSONAL_DATA);
  const Outcome outcome = Run({"erasure", "list", "--incoming"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("9999:maker"));
  EXPECT_THAT(outcome.out, HasSubstr("personal data"));
  EXPECT_THAT(outcome.err, HasSubstr("meguri audit list --record"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("1970")));
}

}  // namespace
}  // namespace meguri::client
