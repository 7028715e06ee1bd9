// SPDX-License-Identifier: Apache-2.0
#include "client/cli/program.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "certs/change_request.h"
#include "certs/enrolment.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/status.h"
#include "tests/unit/client/program_fixture.h"

namespace meguri::client {
namespace {

using certs::Identity;
using client::testing::DemoFile;
using client::testing::Member;
using client::testing::MemberRecord;
using client::testing::Operator;
using client::testing::Outcome;
using client::testing::ProgramTest;
using client::testing::ProgramWithNodeTest;
using client::testing::ValueOf;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kMember[] = "0199:member";

TEST_F(ProgramTest, ShowsHelpOfEveryCommandInBothLanguages) {
  EXPECT_THAT(Run({"--help"}).out, HasSubstr("publish, read and verify passports"));
  EXPECT_THAT(Run({"--lang", "ja", "--help"}).out, HasSubstr("資源循環"));
  const Outcome help = Run({"record", "get", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("--save"), HasSubstr("--version")));
}

TEST_F(ProgramTest, RefusesWrongUsageWith64AndNothingOnStandardOutput) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"record"},
           {"record", "gett"},
           {"record", "get"},
           {"record", "get", "xyz"},
           {"record", "list", "--page-size", "0"},
           {"record", "list", "--page-size", "1001"},
           {"record", "list", "-o", "xml"},
           {"key", "generate", "f", "--algorithm", "rsa"},
           {"--lang", "fr", "version"},
           {"feed", "checkpoint", kMember, "nonsense"},
           {"member", "show", "7123456789012"},
       }) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.exit_code, 64) << absl::StrJoin(arguments, " ") << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, Not(IsEmpty()));
  }
}

TEST_F(ProgramTest, SaysWhatToDoWithoutAClientFolder) {
  const Outcome outcome = Run({"record", "list"});
  EXPECT_EQ(outcome.exit_code, 78);
  EXPECT_THAT(outcome.err, HasSubstr("meguri init"));
  EXPECT_THAT(Run({"record", "list", "--lang", "ja"}).err, HasSubstr("クライアントフォルダー"));
}

TEST_F(ProgramTest, PrintsErrorsAsJsonForPrograms) {
  const Outcome outcome = Run({"record", "list", "-o", "json"});
  EXPECT_EQ(outcome.out, "");
  const nlohmann::json error = nlohmann::json::parse(outcome.err);
  EXPECT_EQ(error["error"]["reason"], "NO_CONTEXT");
  EXPECT_EQ(error["error"]["exit_code"], 78);
}

TEST_F(ProgramTest, PrintsItsVersion) {
  EXPECT_THAT(Run({"version"}).out, HasSubstr("meguri 0."));
  EXPECT_EQ(Run({"version", "-o", "json"}).Json()["format_version"], 1);
}

TEST_F(ProgramTest, GeneratesAKeyOnceAndForItsOwnerOnly) {
  const std::string path = folder_.Path("record.key");
  const Outcome outcome = Run({"key", "generate", path, "-o", "json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.Json()["algorithm"], "ed25519");
  struct stat status = {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(Run({"key", "generate", path}).exit_code, 73);
}

TEST_F(ProgramTest, PrintsACompletionScriptThatKnowsEveryCommand) {
  const Outcome outcome = Run({"completion", "bash"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\"meguri record get\") words=\""));
  EXPECT_THAT(outcome.out, HasSubstr("--superseded-by"));
  EXPECT_EQ(Run({"completion", "fish"}).exit_code, 64);
}

TEST_F(ProgramWithNodeTest, PublishesAndReadsARecord) {
  const std::string record_id = Publish();
  EXPECT_EQ(record_id.size(), 32U);
  const Outcome table = Run({"record", "get", record_id});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr(record_id), HasSubstr(kMember), HasSubstr("identity")));
  const nlohmann::json json = Run({"record", "get", record_id, "-o", "json"}).Json();
  EXPECT_EQ(json["latest_version"], 1);
  EXPECT_EQ(json["header_hash"].get<std::string>().size(), 64U);
  EXPECT_TRUE(json["envelope"].contains("sections"));
}

// In the words of `verify`, in both languages, and nothing at all of a key in force.
TEST_F(ProgramWithNodeTest, SaysWhatARecordIsWorthWhoseKeyHasEnded) {
  const std::string id = Publish();
  const auto expect = [&](const char* english, const char* japanese, const char* verdict, const char* time) {
    for (const char* command : {"get", "history"}) {
      EXPECT_THAT(Run({"record", command, id}).out, HasSubstr(english)) << command;
      EXPECT_THAT(Run({"--lang", "ja", "record", command, id}).out, HasSubstr(japanese)) << command;
    }
    const nlohmann::json json = Run({"record", "get", id, "-o", "json"}).Json();
    EXPECT_EQ(json.value("verdict", ""), verdict);
    EXPECT_EQ(json.value("valid_at", ""), time);
    EXPECT_EQ(Run({"record", "history", id, "-o", "json"}).Json()["versions"][0].value("verdict", ""), verdict);
  };
  EXPECT_FALSE(Run({"record", "get", id, "-o", "json"}).Json().contains("verdict"));
  server_.node.Doubt("KEY_REVOKED", 1'790'000'000'000);
  expect("VALID_AT 2026-09-21T14:13:20Z [KEY_REVOKED]: witnesses had seen it by then",
         "2026-09-21T14:13:20Z の時点で有効 [KEY_REVOKED]。立会人", "VALID_AT", "2026-09-21T14:13:20Z");
  server_.node.Doubt("KEY_REVOKED", 1'790'000'000'000, "own");
  expect("VALID_AT 2026-09-21T14:13:20Z [KEY_REVOKED]: this node itself had it by then",
         "2026-09-21T14:13:20Z の時点で有効 [KEY_REVOKED]。このノード自身", "VALID_AT", "2026-09-21T14:13:20Z");
  server_.node.Doubt("KEY_REVOKED", 1'790'000'000'000, "receipts", {"9999:a", "9999:b"});
  expect("VALID_AT 2026-09-21T14:13:20Z [KEY_REVOKED]: as 9999:a, 9999:b says that it had seen it by then",
         "2026-09-21T14:13:20Z の時点で有効 [KEY_REVOKED]。9999:a, 9999:b がその時点で見た", "VALID_AT",
         "2026-09-21T14:13:20Z");
  EXPECT_EQ(Run({"record", "get", id, "-o", "json"}).Json()["valid_by"][1], "9999:b");
  server_.node.Doubt("KEY_EXPIRED", 0);
  expect("INDETERMINATE [KEY_EXPIRED]: the signature holds", "判定不能 [KEY_EXPIRED]。署名は正しい", "INDETERMINATE",
         "");
  server_.node.Doubt("UNKNOWN_KEY", 0);
  expect("INDETERMINATE [UNKNOWN_KEY]", "判定不能 [UNKNOWN_KEY]", "INDETERMINATE", "");
}

TEST_F(ProgramWithNodeTest, ShowsEveryProblemOfARecordAndSendsNothing) {
  const Outcome outcome = Run({"record", "publish", DemoFile("recycled-pp-lot.json"), DemoFile("bad-battery.json")});
  EXPECT_EQ(outcome.exit_code, 65);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("bad-battery.json: sections."));
  EXPECT_EQ(server_.node.record_count(), 0U);
}

TEST_F(ProgramWithNodeTest, ReportsAViolationOfTheNodeUnderTheNameOfTheFile) {
  google::rpc::BadRequest bad_request;
  google::rpc::BadRequest::FieldViolation& violation = *bad_request.add_field_violations();
  violation.set_field("publications[0].sections.identity");
  violation.set_reason("SOME_RULE");
  violation.set_description("it is wrong, expected right; mend it");
  google::rpc::Status told;
  told.add_details()->PackFrom(bad_request);
  server_.node.Refuse(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no", told.SerializeAsString()));
  const Outcome outcome = Run({"record", "publish", DemoFile("recycled-pp-lot.json")});
  EXPECT_EQ(outcome.exit_code, 65);
  EXPECT_THAT(outcome.err, HasSubstr("recycled-pp-lot.json: sections.identity  [SOME_RULE]\n    found: it is wrong\n"));
}

TEST_F(ProgramWithNodeTest, ShowsWarningsAndPublishes) {
  const Outcome outcome = Run({"record", "publish", DemoFile("washing-machine.json")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("they do not stop publishing"),
                                 HasSubstr("washing-machine.json: sections.hazard_summary  [SECTION_RECOMMENDED]\n")));
  EXPECT_THAT(outcome.out, HasSubstr("published"));
  EXPECT_EQ(Run({"record", "publish", "--quiet", DemoFile("washing-machine.json")}).err, "");
}

TEST_F(ProgramWithNodeTest, ShowsWarningsThatOnlyTheNodeCanFind) {
  google::rpc::BadRequest warnings;
  google::rpc::BadRequest::FieldViolation& found = *warnings.add_field_violations();
  found.set_field("publications[0].sections.identity.parent_record_id");
  found.set_reason("V4_PARENT_UNKNOWN");
  found.set_description("it is not here, expected a record; publish it");
  // This one the program finds by itself, and has shown.
  google::rpc::BadRequest::FieldViolation& known = *warnings.add_field_violations();
  known.set_field("publications[0].sections.hazard_summary");
  known.set_reason("SECTION_RECOMMENDED");
  warnings.add_field_violations()->set_reason("MORE_WARNINGS");
  server_.node.WarnOf(warnings);
  const Outcome outcome = Run({"record", "publish", DemoFile("washing-machine.json")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(
      outcome.err,
      HasSubstr(
          "washing-machine.json: sections.identity.parent_record_id  [V4_PARENT_UNKNOWN]\n    found: it is not here"));
  const size_t shown = outcome.err.find("sections.hazard_summary  [");
  ASSERT_NE(shown, std::string::npos);
  EXPECT_EQ(outcome.err.find("sections.hazard_summary  [", shown + 1), std::string::npos) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("MORE_WARNINGS")));
}

TEST_F(ProgramWithNodeTest, KeepsWhatFollowsBesideWhatIsDeclared) {
  const nlohmann::json json = Run({"record", "get", Publish(), "-o", "json"}).Json();
  const nlohmann::json claim = json["envelope"]["sections"]["recycled_content"]["claims"][0];
  EXPECT_EQ(claim["recycled_fraction"], "0.78");
  EXPECT_EQ(claim["recomputed_recycled_fraction"],
            nlohmann::json({{"value", "0.78"}, {"method", "RECYCLED_FRACTION/1"}}));
}

TEST_F(ProgramWithNodeTest, PublishesNothingInADryRun) {
  const Outcome outcome = Run({"record", "publish", "--dry-run", DemoFile("recycled-pp-lot.json")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("may be published"));
  EXPECT_EQ(server_.node.record_count(), 0U);
}

TEST_F(ProgramWithNodeTest, StreamsManyRecordsWithProgressAndSurvivesABrokenConnection) {
  server_.node.LoseRequest(2);
  std::vector<std::string> arguments = {"record", "publish", "-o", "jsonl", "--progress", "json"};
  arguments.insert(arguments.end(), 600, DemoFile("recycled-pp-lot.json"));
  const Outcome outcome = Run(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(server_.node.record_count(), 600U) << "nothing is lost and nothing is there twice";
  const std::vector<std::string> lines = absl::StrSplit(outcome.out, '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, SizeIs(600));
  const std::vector<std::string> progress = absl::StrSplit(outcome.err, '\n', absl::SkipEmpty());
  ASSERT_THAT(progress, Not(IsEmpty()));
  const nlohmann::json last = nlohmann::json::parse(progress.back());
  EXPECT_EQ(last["items"], 600);
  EXPECT_EQ(last["finished"], true);
}

TEST_F(ProgramWithNodeTest, ListsPageAfterPage) {
  for (int i = 0; i < 3; ++i) {
    Publish();
  }
  const Outcome first = Run({"record", "list", "--page-size", "2", "-o", "jsonl"});
  EXPECT_THAT((std::vector<std::string>(absl::StrSplit(first.out, '\n', absl::SkipEmpty()))), SizeIs(2));
  EXPECT_THAT(first.err, HasSubstr("--page-token 2"));
  EXPECT_THAT(Run({"record", "list", "--all", "-o", "json"}).Json()["records"], SizeIs(3));
}

// A request is all or nothing; a list of files that takes several is judged as a whole before any of it is published.
TEST_F(ProgramWithNodeTest, PublishesNothingOfManyFilesIfTheNodeWouldRefuseOne) {
  server_.node.RefuseAfter(1, grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no"));
  std::vector<std::string> arguments = {"record", "publish"};
  arguments.insert(arguments.end(), 300, DemoFile("recycled-pp-lot.json"));
  EXPECT_EQ(Run(arguments).exit_code, 65);
  EXPECT_EQ(server_.node.record_count(), 0U);
}

TEST_F(ProgramWithNodeTest, SaysHowManyRecordsHoldWhenALaterOneIsRefused) {
  google::rpc::BadRequest bad_request;
  google::rpc::BadRequest::FieldViolation& violation = *bad_request.add_field_violations();
  violation.set_field("publications[0].sections.identity");
  violation.set_reason("SOME_RULE");
  google::rpc::Status told;
  told.add_details()->PackFrom(bad_request);
  // All were judged before, and none refused: what the node then finds is what has changed meanwhile.
  server_.node.RefuseAfter(3, grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no", told.SerializeAsString()));
  std::vector<std::string> arguments = {"record", "publish"};
  arguments.insert(arguments.end(), 256, DemoFile("recycled-pp-lot.json"));
  arguments.push_back(DemoFile("cathode-nmc811-lot.json"));
  const Outcome outcome = Run(arguments);
  EXPECT_EQ(outcome.exit_code, 65) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("of 257 records the 256 above are published"),
                                 HasSubstr("cathode-nmc811-lot.json: sections.identity")));
  EXPECT_EQ(server_.node.record_count(), 256U);
}

TEST_F(ProgramWithNodeTest, ShowsAHistoryPageAfterPage) {
  const std::string record_id = Publish();
  Run({"record", "update", record_id, DemoFile("recycled-pp-lot.json")});
  Run({"record", "update", record_id, DemoFile("recycled-pp-lot.json")});
  const Outcome first = Run({"record", "history", record_id, "--page-size", "2", "-o", "jsonl"});
  EXPECT_THAT((std::vector<std::string>(absl::StrSplit(first.out, '\n', absl::SkipEmpty()))), SizeIs(2));
  EXPECT_THAT(first.err, HasSubstr("--page-token 2"));
  const nlohmann::json rest = Run({"record", "history", record_id, "--page-token", "2", "-o", "json"}).Json();
  EXPECT_THAT(rest["versions"], SizeIs(1));
  EXPECT_THAT(Run({"record", "history", record_id, "--all", "-o", "json"}).Json()["versions"], SizeIs(3));
}

TEST_F(ProgramWithNodeTest, SaysInWordsThatAnIdentifierLeadsNowhere) {
  const Outcome unknown = Run({"record", "resolve", "04912345100108"});
  EXPECT_EQ(unknown.exit_code, 66);
  EXPECT_THAT(unknown.err, HasSubstr("neither a record nor an issuer"));
  EXPECT_TRUE(server_.node.asked().ask_publisher());
  EXPECT_THAT(Run({"--lang", "ja", "record", "resolve", "04912345100108"}).err, HasSubstr("見つかりません"));

  record::v1::ResolveResponse response;
  response.mutable_publisher()->set_participant_id("0199:maker");
  response.mutable_publisher()->add_addresses("maker.example:7443");
  server_.node.Resolved(response);
  const Outcome local = Run({"record", "resolve", "--local", "04912345100108", "-o", "json"});
  EXPECT_EQ(local.exit_code, 66);
  EXPECT_EQ(local.Json()["publisher"]["participant_id"], "0199:maker");
  EXPECT_FALSE(server_.node.asked().ask_publisher());

  response.mutable_publisher_answer();
  server_.node.Resolved(response);
  const Outcome asked = Run({"record", "resolve", "04912345100108"});
  EXPECT_EQ(asked.exit_code, 66);
  EXPECT_THAT(asked.err, AllOf(HasSubstr("neither here nor at its publisher's node"), HasSubstr("0199:maker"),
                               HasSubstr("maker.example:7443")));

  response.mutable_publisher_answer()->set_reason("NODE_UNREACHABLE");
  server_.node.Resolved(response);
  const Outcome off = Run({"record", "resolve", "04912345100108"});
  EXPECT_EQ(off.exit_code, 69);
  EXPECT_THAT(off.err, AllOf(HasSubstr("[NODE_UNREACHABLE]"), HasSubstr("maker.example:7443")));
}

TEST_F(ProgramWithNodeTest, SendsAnEnquiryForTheSellerAlone) {
  const std::vector<std::string> enquiry = {
      "enquiry", "send",   "--seller", "0199:seller", "--need",     "material = \"PP\"", "--mass",
      "5000",    "--lang", "ja",       "--email",     "k@buyer.jp", "--message",         "黒以外も可",
  };
  std::vector<std::string> with_contact = enquiry;
  with_contact.insert(with_contact.end(), {"--contact", "購買部", "-o", "json"});
  const Outcome refused = Run(enquiry);
  EXPECT_EQ(refused.exit_code, 65);
  EXPECT_THAT(refused.err, HasSubstr("enquiry: sections.enquiry.contact.name"));
  const Outcome sent = Run(with_contact);
  ASSERT_EQ(sent.exit_code, 0) << sent.err;
  const record::v1::Publication publication = server_.node.TheRecord();
  EXPECT_THAT(publication.addressees(), ::testing::ElementsAre("0199:seller"));
  ASSERT_THAT(publication.envelope().sections(), SizeIs(1));
  EXPECT_EQ(publication.envelope().sections(0).audiences(), 1U << record::v1::AUDIENCE_ADDRESSEES);

  const std::string record_id = sent.Json()["records"][0]["record_id"];
  const Outcome shown = Run({"enquiry", "show", record_id});
  EXPECT_THAT(shown.out, AllOf(HasSubstr("5000 kg"), HasSubstr("0199:seller"), HasSubstr("黒以外も可"),
                               HasSubstr("2026-10-05"), HasSubstr("購買部, k@buyer.jp")));
  EXPECT_THAT(Run({"enquiry", "list", "--sent", "-o", "json"}).Json()["enquiries"], SizeIs(1));
  EXPECT_THAT(Run({"enquiry", "list", "--received", "-o", "json"}).Json()["enquiries"], IsEmpty());
  EXPECT_THAT(Run({"enquiry", "answer", record_id, "decline"}).err, HasSubstr("0199:seller"));
  EXPECT_EQ(Run({"enquiry", "send", "--mass", "5000"}).exit_code, 64);
  EXPECT_EQ(Run({"enquiry", "answer", record_id, "perhaps"}).exit_code, 64);
}

TEST_F(ProgramWithNodeTest, UpdatesAndWithdrawsARecord) {
  const std::string record_id = Publish();
  const Outcome update = Run({"record", "update", record_id, DemoFile("recycled-pp-lot.json"), "-o", "json"});
  EXPECT_EQ(update.exit_code, 0) << update.err;
  EXPECT_EQ(update.Json()["records"][0]["version"], 2);
  const Outcome end = Run({"record", "withdraw", record_id, "-o", "json"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(end.Json()["records"][0]["version"], 3);
  EXPECT_EQ(Run({"record", "withdraw", record_id}).exit_code, 65) << "it has ended";
}

TEST_F(ProgramWithNodeTest, SavesARecordThatVerifiesOffline) {
  const std::string record_id = Publish();
  const std::string file = folder_.Path("saved.meguri");
  const Outcome saved = Run({"record", "get", record_id, "--save", file});
  ASSERT_EQ(saved.exit_code, 0) << saved.err;
  const std::string bundle = home_ + "/trust-bundle";
  const Outcome verified = Run({"verify", file, "--trust-bundle", bundle, "-o", "json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_EQ(verified.Json()["verdict"], "VALID");
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(100);
  const char byte = static_cast<char>(stream.get() ^ 1);
  stream.seekp(100);
  stream.put(byte);
  stream.close();
  const Outcome refused = Run({"verify", file, "--trust-bundle", bundle});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.out, "");
}

TEST_F(ProgramWithNodeTest, ExportsARecordThatImportsAgain) {
  const std::string record_id = Publish();
  for (const char* format : {"meguri", "csv", "xlsx"}) {
    const std::string file = folder_.Path(absl::StrCat("exported.", format));
    const Outcome exported = Run({"record", "export", record_id, "--format", format, "--out", file, "-o", "json"});
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    EXPECT_EQ(exported.Json()["records"][0]["record_id"], record_id);
    EXPECT_THAT(exported.Json()["records"][0]["left"], IsEmpty());
    EXPECT_GT(exported.Json()["records"][0]["carried"], 50);
    EXPECT_THAT(exported.err, HasSubstr("composition ("));
    EXPECT_EQ(std::filesystem::status(file).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const Outcome again = Run({"import", file, "--dry-run", "-o", "json"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(again.Json()["files"][0]["no_place"], 0);
  }
}

TEST_F(ProgramWithNodeTest, ExportsARecordWithItsProofs) {
  const std::string record_id = Publish();
  const std::string file = folder_.Path("bundle.meguri");
  const Outcome exported = Run({"record", "export", record_id, "--bundle", "--out", file, "-o", "json"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_EQ(exported.Json()["record_id"], record_id);
  EXPECT_THAT(exported.err, HasSubstr("not public")) << "it holds what its owner alone may see";
  const Outcome verified = Run({"verify", file, "--trust-bundle", home_ + "/trust-bundle", "-o", "json"});
  ASSERT_EQ(verified.exit_code, 0) << verified.err;
  const auto answer = verified.Json();
  EXPECT_EQ(answer["feeds"][0]["feed"], "owner");
  EXPECT_EQ(answer["feeds"][0]["index"], 2);
  EXPECT_EQ(answer["feeds"][0]["size"], 5);
  EXPECT_EQ(answer["registry"]["feed"], "registry");
  EXPECT_EQ(answer["trust_bundle_version"], 1);
  EXPECT_THAT(Run({"verify", file, "--trust-bundle", home_ + "/trust-bundle"}).out, HasSubstr("owner, entry 3 of 5"));
  EXPECT_NE(Run({"record", "export", record_id, "--bundle", "--out", file}).exit_code, 0) << "it is there";
}

TEST_F(ProgramWithNodeTest, SaysWhatABundleTakes) {
  const std::string record_id = Publish();
  const std::string file = folder_.Path("bundle.meguri");
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{},
                                             {"--bundle", "--format", "csv"},
                                             {"--format", "csv", "--section", "identity"},
                                             {"--bundle", record_id},
                                             {"--bundle", "--filter", "gtin = \"4912345678904\""}}) {
    std::vector<std::string> words = {"record", "export", record_id, "--out", file};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(Run(words).exit_code, 64) << absl::StrJoin(more, " ");
  }
  const Outcome none = Run({"record", "export", record_id, "--bundle", "--section", "dismantling", "--out", file});
  EXPECT_NE(none.exit_code, 0);
  EXPECT_THAT(none.err, AllOf(HasSubstr("SECTION_NOT_FOUND"), HasSubstr("dismantling")));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(ProgramWithNodeTest, ExportsWhatAFilterFindsAndSavedRecordsOffline) {
  const std::string record_id = Publish();
  Publish();
  const std::string listed = folder_.Path("listed.csv");
  const Outcome two =
      Run({"record", "export", "--filter", "record_type = \"material_passport\"", "--format", "csv", "--out", listed});
  ASSERT_EQ(two.exit_code, 0) << two.err;
  EXPECT_THAT(two.out, HasSubstr(record_id));
  const std::string saved = folder_.Path("saved.meguri");
  ASSERT_EQ(Run({"record", "get", record_id, "--save", saved}).exit_code, 0);
  const std::string offline = folder_.Path("offline.json");
  const Outcome one = Run({"record", "export", "--saved", saved, "--format", "meguri", "--out", offline});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  std::ofstream(saved) << "not a record";
  const std::string nothing = folder_.Path("nothing.json");
  EXPECT_EQ(Run({"record", "export", "--saved", saved, "--format", "meguri", "--out", nothing}).exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(nothing));
}

TEST_F(ProgramWithNodeTest, ExportsNothingOverAFileUnlessForced) {
  const std::string record_id = Publish();
  const std::string file = folder_.Path("there.csv");
  const std::string report = folder_.Path("report.json");
  std::ofstream(file) << "mine";
  const std::vector<std::string> arguments = {"record", "export", record_id,  "--format", "csv",
                                              "--out",  file,     "--report", report};
  EXPECT_EQ(Run(arguments).exit_code, 73);
  EXPECT_EQ(ValueOf(certs::ReadFile(file, 100)), "mine");
  EXPECT_FALSE(std::filesystem::exists(report));
  std::vector<std::string> forced = arguments;
  forced.emplace_back("--force");
  EXPECT_EQ(Run(forced).exit_code, 0);
  EXPECT_THAT(ValueOf(certs::ReadFile(file, 1 << 20)), HasSubstr("[record]"));
  EXPECT_EQ(nlohmann::json::parse(ValueOf(certs::ReadFile(report, 1 << 20)))["records"][0]["record_id"], record_id);
}

TEST_F(ProgramWithNodeTest, SaysWhatAFormatCannotHoldByPlace) {
  const std::string record_id = Publish();
  const Outcome outcome = Run({"record", "export", record_id, "--format", "aas", "--out", folder_.Path("aas.json")});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("no place for composition.nodes[].children[].kind ("));
}

TEST_F(ProgramWithNodeTest, SaysWhyThereIsNothingToExport) {
  const std::string record_id = Publish();
  const std::string out = folder_.Path("out");
  EXPECT_EQ(Run({"record", "export", record_id, "--format", "pdf", "--out", out}).exit_code, 65);
  EXPECT_EQ(Run({"record", "export", "--format", "csv", "--out", out}).exit_code, 64);
  EXPECT_EQ(
      Run({"record", "export", record_id, record_id, "--version", "1", "--format", "csv", "--out", out}).exit_code, 64);
  EXPECT_EQ(Run({"record", "export", record_id, "--saved", out, "--format", "csv", "--out", out}).exit_code, 64);
  EXPECT_EQ(Run({"record", "export", record_id, "--format", "csv", "--out", out, "--report", out}).exit_code, 64);
  EXPECT_EQ(Run({"record", "export", std::string(32, '0'), "--format", "csv", "--out", out}).exit_code, 66);
  ASSERT_EQ(Run({"record", "withdraw", record_id}).exit_code, 0);
  const Outcome ended = Run({"record", "export", record_id, "--format", "csv", "--out", out});
  EXPECT_EQ(ended.exit_code, 65);
  EXPECT_THAT(ended.err, HasSubstr("NOTHING_TO_EXPORT"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(ProgramWithNodeTest, SaysThatThereIsNoSuchRecord) {
  EXPECT_EQ(Run({"record", "get", std::string(32, '0')}).exit_code, 66);
  EXPECT_EQ(Run({"verify", folder_.Path("nothing")}).exit_code, 66);
}

TEST_F(ProgramWithNodeTest, BelievesNoMemberEntryThatTheOperatorDidNotSign) {
  EXPECT_EQ(Run({"member", "show", kMember}).exit_code, 0);
  server_.registry.Set(kMember, MemberRecord(member_.Entry(), *member_.record_key, random_));
  const Outcome outcome = Run({"member", "show", kMember});
  EXPECT_EQ(outcome.exit_code, 65);
  EXPECT_THAT(outcome.err, HasSubstr("RECORD_KEY"));
}

TEST_F(ProgramWithNodeTest, RemembersTheFolderThatInitChose) {
  environment_.erase("MEGURI_HOME");
  EXPECT_EQ(Run({"key", "show"}).exit_code, 78);
  const Outcome init = Run({"init", home_});
  EXPECT_EQ(init.exit_code, 0) << init.err;
  const Outcome shown = Run({"key", "show", "-o", "json"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_EQ(shown.Json()["key_id"], client::testing::KeyIdOf(kMember, *member_.record_key).ToHex());
}

TEST_F(ProgramWithNodeTest, ShowsWhoTheClientIs) {
  const Outcome shown = Run({"client", "show", "-o", "json"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_EQ(shown.Json()["name"], "admin");
  EXPECT_EQ(shown.Json()["member"], kMember);
  EXPECT_EQ(shown.Json()["address"], server_.address());
  EXPECT_EQ(shown.Json()["expired"], false);
  clock_.Advance(absl::Hours(24 * 3660));
  EXPECT_THAT(Run({"client", "show"}).out, HasSubstr("make a new one at the node"));
  EXPECT_THAT(Run({"client", "show", "--lang", "ja"}).out, HasSubstr("期限切れ"));
}

TEST_F(ProgramWithNodeTest, AlignsTheListOfFollowedFeeds) {
  EXPECT_EQ(
      Run({"feed", "list"}).out,
      "PUBLISHER    FEED     STATE        SIZE  TARGET  AS OF                 LAST ERROR\n"
      "0199:member  public   catching-up     7    1024  2026-09-21T14:13:20Z  the publisher has not said for long that "
      "this is all\n"
      "0199:mill    members  over-quota      3       5                        no room for more of this publisher; what "
      "is here stays readable. Raise follow_quota_entries or follow_quota_mib in node.toml and restart the node "
      "[QUOTA_EXCEEDED]\n"
      "\n"
      "PUBLISHER  KEPT ENTRIES   AT MOST  KEPT BYTES  AT MOST\n"
      "0199:mill             3  10000000     5.0 MiB   16 GiB\n");
}

TEST_F(ProgramWithNodeTest, TellsWhatIsKeptOfEachPublisher) {
  const Outcome outcome = Run({"feed", "list", "-o", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.Json()["follows"][1]["state"], "FOLLOW_STATE_OVER_QUOTA");
  EXPECT_EQ(outcome.Json()["replicas"][0]["publisher"], "0199:mill");
  EXPECT_EQ(outcome.Json()["replicas"][0]["bytes_max"], 17179869184);
  EXPECT_EQ(outcome.Json()["follows"][1]["last_error"], "No room.");
  EXPECT_THAT(Run({"feed", "list", "--lang", "ja"}).out, AllOf(HasSubstr("保管量"), HasSubstr("保管上限に達しました")));
}

// The operator's client.
class OperatorTest : public ProgramWithNodeTest {
 protected:
  OperatorTest() { Use(certs::testing::kOperator, *operator_.record_key); }
  std::string WriteRequest(const Member& member) {
    registry::v1::EnrolmentRequest request;
    *request.mutable_entry() = member.Entry();
    certificate_request_ =
        ValueOf(certs::MakeCertificateRequest(*node_key_, request.entry().hosting().node_identity()));
    request.set_certificate_request(certificate_request_);
    const std::string bytes = ValueOf(certs::SignEnrolmentRequest(request, certs::testing::kFederation,
                                                                  {member.record_key.get(), member.feed_key.get()}));
    std::string path = folder_.Path("enrolment-request");
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  registry::v1::MemberEntry ThePublishedEntry() {
    const record::v1::Publication publication = server_.node.TheRecord();
    return ValueOf(certs::VerifyMemberRecord(publication.envelope(), operator_.Bundle(), certs::testing::Now())).entry;
  }

  const Member applicant_{"0199:applicant"};
  const std::unique_ptr<certs::SigningKey> node_key_ = certs::testing::NewKey(record::KeyAlgorithm::kEcdsaP256);
  std::string certificate_request_;
};

TEST_F(OperatorTest, EnrolsAMemberAndWritesItsEnrolment) {
  const std::string request = WriteRequest(applicant_);
  const Outcome outcome = Run({"member", "enrol", request, "--out", folder_.Path("out")}, "y\n", /*at_terminal=*/true);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("0199:applicant"), HasSubstr("Meguri Ltd."), HasSubstr("[y/N]")));
  EXPECT_EQ(ThePublishedEntry().status(), registry::v1::MEMBER_STATUS_ACTIVE);
  registry::v1::Enrolment enrolment;
  ASSERT_TRUE(enrolment.ParseFromString(ValueOf(certs::ReadFile(folder_.Path("out"), 1 << 20))));
  EXPECT_EQ(enrolment.participant_id(), "0199:applicant");
  EXPECT_EQ(enrolment.certificate_chain(0), "certificate for " + certificate_request_);
  EXPECT_EQ(enrolment.trust_bundle(), operator_.Bundle().bytes());
  EXPECT_EQ(server_.admin.node_identity, applicant_.Entry().hosting().node_identity());
}

TEST_F(OperatorTest, EnrolsNobodyWithoutAYes) {
  const std::string request = WriteRequest(applicant_);
  EXPECT_EQ(Run({"member", "enrol", request}, "n\n", /*at_terminal=*/true).exit_code, 77);
  EXPECT_EQ(Run({"member", "enrol", request}, "y\n", /*at_terminal=*/false).exit_code, 64) << "nobody was asked";
  EXPECT_EQ(server_.node.record_count(), 0U);
}

TEST_F(OperatorTest, PublishesItsOwnEntryWithoutACertificate) {
  Member self{certs::testing::kOperator};
  const Outcome outcome = Run({"member", "enrol", WriteRequest(self), "--yes"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(ThePublishedEntry().participant_id(), certs::testing::kOperator);
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("enrolment")));
}

TEST_F(OperatorTest, EnrolsAGuestWhichSignedWhatItsHostBegan) {
  registry::v1::EnrolmentRequest request;
  *request.mutable_entry() = applicant_.Entry();
  request.mutable_entry()->mutable_hosting()->set_node_identity(certs::testing::NodeUri("0199:host"));
  const std::string begun = folder_.Path("enrolment-request");
  std::ofstream(begun, std::ios::binary) << ValueOf(
      certs::BeginEnrolmentRequest(request, certs::testing::kFederation, *applicant_.feed_key));
  EXPECT_EQ(Run({"member", "enrol", begun, "--yes"}).exit_code, 65) << "the member has not signed it";
  MEGURI_ASSERT_OK(applicant_.record_key->SaveTo(folder_.Path("its.key")));
  MEGURI_ASSERT_OK(operator_.record_key->SaveTo(folder_.Path("other.key")));
  const std::string whole = folder_.Path("signed");
  EXPECT_THAT(Run({"member", "sign", begun, "--record-key", folder_.Path("other.key"), "--out", whole, "--yes"}).err,
              HasSubstr("KEY_NOT_NAMED"));
  const std::vector<std::string> sign = {"member", "sign", begun, "--record-key", folder_.Path("its.key"),
                                         "--out",  whole};
  EXPECT_EQ(Run(sign, "n\n", /*at_terminal=*/true).exit_code, 77);
  EXPECT_FALSE(std::filesystem::exists(whole));
  const Outcome signing = Run(sign, "y\n", /*at_terminal=*/true);
  ASSERT_EQ(signing.exit_code, 0) << signing.err;
  EXPECT_THAT(signing.err, AllOf(HasSubstr("0199:host"), HasSubstr("Meguri Ltd."), HasSubstr("[y/N]")));
  const Outcome outcome = Run({"member", "enrol", whole, "--yes"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("hosted on the node of 0199:host"));
  EXPECT_EQ(ThePublishedEntry().hosting().node_identity(), certs::testing::NodeUri("0199:host"));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("enrolment"))) << "a guest has no certificate";
}

TEST_F(OperatorTest, RefusesARequestThatTheApplicantDidNotSign) {
  const std::string path = WriteRequest(applicant_);
  std::string bytes = ValueOf(certs::ReadFile(path, 1 << 20));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  EXPECT_EQ(Run({"member", "enrol", path, "--yes"}).exit_code, 65);
  EXPECT_EQ(server_.node.record_count(), 0U);
}

TEST_F(OperatorTest, SuspendsAMemberByTheNextVersionOfItsRecord) {
  const record::v1::Envelope first = MemberRecord(member_.Entry(), *operator_.record_key, random_);
  server_.registry.Set(kMember, first);
  const Outcome outcome = Run({"member", "suspend", kMember, "-o", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.Json()["records"][0]["version"], 2);
  EXPECT_EQ(ThePublishedEntry().status(), registry::v1::MEMBER_STATUS_SUSPENDED);
  const record::Header header = ValueOf(record::Header::Parse(server_.node.TheRecord().envelope().header()));
  EXPECT_EQ(header.message().previous_header_hash(), record::HeaderHash(first.header()).ToString());
}

TEST_F(OperatorTest, EnrolsNobodyTwiceByAccident) {
  Member known{std::string(kMember)};
  registry::v1::MemberEntry entry = known.Entry();
  server_.registry.Set(kMember, MemberRecord(entry, *operator_.record_key, random_));
  const Outcome again = Run({"member", "enrol", WriteRequest(known), "--yes"});
  EXPECT_EQ(again.exit_code, 65);
  EXPECT_THAT(again.err, AllOf(HasSubstr("ALREADY_ENROLLED"), HasSubstr("--again")));
  entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
  server_.registry.Set(kMember, MemberRecord(entry, *operator_.record_key, random_));
  const Outcome suspended = Run({"member", "enrol", WriteRequest(known), "--yes"});
  EXPECT_EQ(suspended.exit_code, 65);
  EXPECT_THAT(suspended.err, AllOf(HasSubstr("MEMBER_SUSPENDED"), HasSubstr("member activate")));
  EXPECT_EQ(server_.node.record_count(), 0U);
}

TEST_F(OperatorTest, EnrolsAgainWhenToldToAndKeepsTheStatus) {
  Member known{std::string(kMember)};
  registry::v1::MemberEntry entry = known.Entry();
  entry.set_status(registry::v1::MEMBER_STATUS_SUSPENDED);
  entry.mutable_name()->set_en("Former Name");
  server_.registry.Set(kMember, MemberRecord(entry, *operator_.record_key, random_));
  const Outcome outcome =
      Run({"member", "enrol", WriteRequest(known), "--again", "--out", folder_.Path("again")}, "y\n", true);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("- NAME"), HasSubstr("Former Name"), HasSubstr("+ NAME")));
  EXPECT_THAT(outcome.err, Not(HasSubstr("recovery")));
  EXPECT_EQ(ThePublishedEntry().status(), registry::v1::MEMBER_STATUS_SUSPENDED);
  EXPECT_EQ(ThePublishedEntry().name().en(), "Meguri Ltd.");
}

TEST_F(OperatorTest, GivesACertificateAloneWhereNothingChanges) {
  Member known{std::string(kMember)};
  server_.registry.Set(kMember, MemberRecord(known.Entry(), *operator_.record_key, random_));
  const Outcome outcome = Run({"member", "enrol", WriteRequest(known), "--again", "--yes"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(server_.node.record_count(), 0U);
  EXPECT_TRUE(std::filesystem::exists(folder_.Path("enrolment")));
}

TEST_F(OperatorTest, SaysThatARequestWithNewKeysOnlyIsARecovery) {
  Member anew{std::string(kMember)};
  server_.registry.Set(kMember, MemberRecord(member_.Entry(), *operator_.record_key, random_));
  const Outcome outcome = Run({"member", "enrol", WriteRequest(anew), "--again", "--yes"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("recovery"));
  const registry::v1::MemberEntry entry = ThePublishedEntry();
  ASSERT_EQ(entry.keys_size(), 4);
  EXPECT_EQ(entry.keys(0).not_after_ms(), certs::testing::NowMs());
}

TEST_F(OperatorTest, UpdatesAnEntryByFlagsAndShowsWhatChanges) {
  server_.registry.Set(kMember, MemberRecord(member_.Entry(), *operator_.record_key, random_));
  const std::vector<std::string> update = {"member",   "update", kMember,       "--role", "recycler:battery",
                                           "--permit", "a|1|13", "--name-kana", "メグリ"};
  EXPECT_EQ(Run(update, "n\n", true).exit_code, 77);
  EXPECT_EQ(server_.node.record_count(), 0U);
  const Outcome outcome = Run(update, "y\n", true);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("+ ROLES"), HasSubstr("+ PERMIT"), HasSubstr("メグリ"), Not(HasSubstr("ADDRESSES"))));
  EXPECT_EQ(ThePublishedEntry().roles(0).permit().number(), "1");
}

TEST_F(OperatorTest, AppliesTheChangeRequestOfAMemberOnce) {
  const record::v1::Envelope first = MemberRecord(member_.Entry(), *operator_.record_key, random_);
  server_.registry.Set(kMember, first);
  registry::v1::MemberEntry asked = member_.Entry();
  asked.mutable_hosting()->set_addresses(0, "moved.example:7443");
  const std::string path = folder_.Path("change-request");
  std::ofstream(path, std::ios::binary) << ValueOf(certs::SignChangeRequest(
      asked, certs::testing::kFederation, {member_.Entry(), record::HeaderHash(first.header())},
      {member_.record_key.get()}, clock_.Now()));
  const Outcome outcome = Run({"member", "update", path, "--yes"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("+ ADDRESSES"));
  EXPECT_EQ(ThePublishedEntry().hosting().addresses(0), "moved.example:7443");
  server_.registry.Set(kMember, MemberRecord(member_.Entry(), *operator_.record_key, random_));
  EXPECT_THAT(Run({"member", "update", path, "--yes"}).err, HasSubstr("CHANGE_STALE"));
}

TEST_F(OperatorTest, RevokesOneKeyAndRefusesAmbiguity) {
  server_.registry.Set(kMember, MemberRecord(member_.Entry(), *operator_.record_key, random_));
  const std::string id = client::testing::KeyIdOf(kMember, *member_.record_key).ToHex();
  EXPECT_EQ(Run({"member", "revoke-key", kMember, id.substr(0, 7), "--yes"}).exit_code, 64);
  EXPECT_EQ(Run({"member", "revoke-key", kMember, id, "--at", "2999-01-01T00:00:00Z", "--yes"}).exit_code, 64);
  EXPECT_EQ(Run({"member", "revoke-key", kMember, id, "--at", "yesterday", "--yes"}).exit_code, 64);
  EXPECT_EQ(server_.node.record_count(), 0U);
  const Outcome outcome =
      Run({"member", "revoke-key", kMember, id.substr(0, 8), "--at", "2020-01-02T03:04:05Z", "--yes"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("without a key"));
  EXPECT_EQ(ThePublishedEntry().keys(0).revoked_ms(), 1'577'934'245'000U);
  EXPECT_EQ(ThePublishedEntry().keys(1).revoked_ms(), 0U);
}

}  // namespace
}  // namespace meguri::client
