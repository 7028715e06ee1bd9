// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "certs/files.h"
#include "client/cli/file_lock.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/status.h"
#include "tests/unit/client/program_fixture.h"

namespace meguri::client {
namespace {

using client::testing::DemoFile;
using client::testing::Outcome;
using client::testing::ValueOf;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class ImportTest : public client::testing::ProgramWithNodeTest {};

TEST_F(ImportTest, ShowsWarningsOfTheNodeAtTheEndOfAnImport) {
  google::rpc::BadRequest warnings;
  google::rpc::BadRequest::FieldViolation& found = *warnings.add_field_violations();
  found.set_field("publications[0].sections.identity.parent_record_id");
  found.set_reason("V4_PARENT_UNKNOWN");
  server_.node.WarnOf(warnings);
  const std::string copy = folder_.Path("lot.json");  // an import keeps its state beside its file
  std::filesystem::copy_file(DemoFile("recycled-pp-lot.json"), copy);
  const Outcome outcome = Run({"import", copy});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("lot.json: sections.identity.parent_record_id  [V4_PARENT_UNKNOWN]\n"));
}

TEST_F(ImportTest, ReadsARecordFromStandardInput) {
  std::ifstream file(DemoFile("recycled-pp-lot.json"));
  std::ostringstream text;
  text << file.rdbuf();
  const Outcome outcome = Run({"import", "-"}, text.str());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(server_.node.record_count(), 1U);
}

// A sheet whose headings say what they are, with a row for each mass.
std::string SheetOf(const std::vector<std::string>& masses) {
  std::string csv =
      "Name [identity.name.ja],Group [identity.product_group],Mass [identity.mass_kg],"
      "Granularity [identity.granularity],Model [identity.model_number],colour\n";
  for (size_t i = 0; i < masses.size(); ++i) {
    absl::StrAppend(&csv, "椅子,chair,", masses[i], ",model,M-", i, ",red\n");
  }
  return csv;
}

TEST_F(ImportTest, ImportsASheetAndSaysWhatHasNoPlace) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1", "2", "3"});
  const Outcome outcome = Run({"import", sheet, "-o", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(server_.node.record_count(), 3U);
  EXPECT_THAT(outcome.Json()["records"], SizeIs(3));
  EXPECT_EQ(outcome.Json()["files"][0]["no_place"], 3);
  EXPECT_EQ(outcome.Json()["files"][0]["leftovers"][0]["place"], "column F (colour)");
  EXPECT_THAT(outcome.err, HasSubstr("no place for column F (colour) (3 values)"));
  const Outcome again = Run({"import", sheet});
  EXPECT_EQ(again.exit_code, 65) << "it is imported already";
  EXPECT_THAT(again.err, HasSubstr("IMPORT_DONE"));
  EXPECT_EQ(server_.node.record_count(), 3U);
}

TEST_F(ImportTest, RefusesASheetByRowsAndWritesThemBesideIt) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1", "heavy", "-3"});
  const std::string errors = folder_.Path("errors.csv");
  const Outcome outcome = Run({"import", sheet, "--errors", errors});
  EXPECT_EQ(outcome.exit_code, 65);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("row 3, column C (Mass"), HasSubstr("row 4, column C (Mass")));
  EXPECT_EQ(server_.node.record_count(), 0U);
  const std::string written = ValueOf(certs::ReadFile(errors, 1 << 20));
  EXPECT_THAT(written, AllOf(HasSubstr("Error [ignore]"), HasSubstr("row 3, column C"), HasSubstr("heavy")));
  const Outcome skipped = Run({"import", sheet, "--skip-refused"});
  EXPECT_EQ(skipped.exit_code, 65) << "some were refused";
  EXPECT_EQ(server_.node.record_count(), 1U);
}

// A refused file is accounted for as an accepted one is.
TEST_F(ImportTest, AccountsForARefusedFileToo) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1", "heavy"});
  const Outcome outcome = Run({"import", sheet, "-o", "json"});
  EXPECT_EQ(outcome.exit_code, 65);
  EXPECT_EQ(outcome.Json()["published"], 0);
  EXPECT_EQ(outcome.Json()["files"][0]["refused"], 1);
  EXPECT_EQ(outcome.Json()["files"][0]["leftovers"][0]["count"], 2);
}

TEST_F(ImportTest, ChecksASheetWithoutPublishing) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1", "2"});
  const Outcome outcome = Run({"import", sheet, "--dry-run", "-o", "json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.Json()["files"][0]["records"], 2);
  EXPECT_EQ(server_.node.record_count(), 0U);
  EXPECT_FALSE(std::filesystem::exists(sheet + ".import"));
}

TEST_F(ImportTest, GoesOnWithAnImportThatBrokeOffAndPublishesNothingTwice) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf(std::vector<std::string>(600, "1"));
  // The second request reaches the node twice (it is tried again), and no answer comes back.
  server_.node.LoseAnswers(2, 2);
  const Outcome broken = Run({"import", sheet});
  EXPECT_EQ(broken.exit_code, 69) << broken.err;
  EXPECT_THAT(broken.err, HasSubstr("256 of 600"));
  const std::string state = ValueOf(certs::ReadFile(sheet + ".import", 1 << 20));
  EXPECT_EQ(nlohmann::json::parse(state)["done"], 256);
  EXPECT_THAT(nlohmann::json::parse(state)["signed"], SizeIs(256)) << "what is signed is clear";
  EXPECT_THAT(Run({"import", sheet}).err, HasSubstr("IMPORT_BROKEN_OFF"));
  std::ofstream(folder_.Path("other.csv")) << SheetOf({"1"});
  EXPECT_THAT(Run({"import", folder_.Path("other.csv"), "--state", sheet + ".import", "--resume"}).err,
              HasSubstr("IMPORT_CHANGED"));
  const Outcome resumed = Run({"import", sheet, "--resume"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(server_.node.record_count(), 600U) << "nothing is lost and nothing is there twice";
  const std::vector<std::string> lines =
      absl::StrSplit(ValueOf(certs::ReadFile(sheet + ".import.records", 1 << 22)), '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, SizeIs(600));
}

TEST_F(ImportTest, ImportsTheTemplateThatItWrites) {
  const std::string sheet = folder_.Path("template.xlsx");
  const Outcome made = Run({"template", "washing-machine", "--out", sheet});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("identity.mass_kg"));
  EXPECT_EQ(Run({"template", "washing-machine", "--out", sheet}).exit_code, 73) << "it overwrites nothing";
  EXPECT_EQ(Run({"template", "washing-machine", "--out", folder_.Path("t.pdf")}).exit_code, 64);
  EXPECT_THAT(Run({"import", sheet}).err, HasSubstr("NO_ROWS"));
}

TEST_F(ImportTest, ImportsThePartsOfARecordAsOne) {
  // Each section of a record file in a file of its own.
  const nlohmann::json whole =
      nlohmann::json::parse(ValueOf(certs::ReadFile(DemoFile("recycled-pp-lot.json"), 1 << 20)));
  std::vector<std::string> arguments = {"import", "--as-one"};
  for (const auto& [name, section] : whole["sections"].items()) {
    nlohmann::json part = whole;
    part["sections"] = {{name, section}};
    arguments.push_back(folder_.Path(name + ".json"));
    std::ofstream(arguments.back()) << part.dump();
  }
  std::vector<std::string> with_errors = arguments;
  with_errors.insert(with_errors.end(), {"--errors", folder_.Path("errors.csv")});
  EXPECT_EQ(Run(with_errors).exit_code, 64);
  const Outcome outcome = Run(arguments);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(server_.node.TheRecord().envelope().sections_size(), static_cast<int>(whole["sections"].size()));
  EXPECT_THAT(Run(arguments).err, HasSubstr("IMPORT_DONE"));
}

TEST_F(ImportTest, SuppliesWhatAFileDoesNotSay) {
  const std::string file = folder_.Path("record.json");
  std::ofstream(file) << R"({"record_type": "product_passport", "sections": {"identity": {"name": {"ja": "品"},
      "granularity": "GRANULARITY_MODEL", "model_number": "M", "mass_kg": "1"}}})";
  EXPECT_EQ(Run({"import", file}).exit_code, 65);
  EXPECT_EQ(Run({"import", file, "--set", "identity.product_group"}).exit_code, 64);
  const Outcome outcome = Run({"import", file, "--set", "identity.product_group=chair"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

// A refusal of one record by the node, as it comes over the wire.
grpc::Status RefusalOf(const std::string& field) {
  google::rpc::BadRequest problems;
  google::rpc::BadRequest::FieldViolation& problem = *problems.add_field_violations();
  problem.set_field(field);
  problem.set_reason("GTIN_PREFIX");
  problem.set_description("a GTIN of another member, expected one of yours; use one of yours");
  google::rpc::Status status;
  status.set_code(static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  status.add_details()->PackFrom(problems);
  return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "refused", status.SerializeAsString());
}

TEST_F(ImportTest, GoesOnWithWhatWasMendedAfterTheNodeRefusedARow) {
  const std::string sheet = folder_.Path("sheet.csv");
  const std::string errors = folder_.Path("errors.csv");
  std::ofstream(sheet) << SheetOf(std::vector<std::string>(600, "1"));
  server_.node.RefuseAfter(1, RefusalOf("publications[10].sections.identity.gtin"));
  const Outcome refused = Run({"import", sheet, "--errors", errors});
  EXPECT_EQ(refused.exit_code, 65);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("256 of 600"), HasSubstr("row 268: sections.identity.gtin  [GTIN_PREFIX]")));
  EXPECT_THAT(ValueOf(certs::ReadFile(errors, 1 << 20)), HasSubstr("GTIN_PREFIX"));

  server_.node.Refuse(grpc::Status::OK);
  std::vector<std::string> masses(600, "1");
  masses[266] = "2";  // row 268
  std::ofstream(sheet) << SheetOf(masses);
  EXPECT_THAT(Run({"import", sheet}).err, HasSubstr("IMPORT_BROKEN_OFF"));
  const Outcome resumed = Run({"import", sheet, "--resume"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(server_.node.record_count(), 600U) << "nothing is lost and nothing is there twice";
}

TEST_F(ImportTest, ForgetsAnImportOfWhichNothingWasPublished) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1"});
  server_.node.Refuse(RefusalOf("publications[0].sections.identity.gtin"));
  EXPECT_EQ(Run({"import", sheet}).exit_code, 65);
  for (const char* suffix : {".import", ".import.request", ".import.records", ".import.lock"}) {
    EXPECT_FALSE(std::filesystem::exists(sheet + suffix)) << suffix;
  }
  server_.node.Refuse(grpc::Status::OK);
  std::ofstream(sheet) << SheetOf({"2"});
  EXPECT_EQ(Run({"import", sheet}).exit_code, 0);
}

TEST_F(ImportTest, ImportsWhatIsNewInAFileThatWasImported) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1", "heavy", "3"});
  EXPECT_EQ(Run({"import", sheet, "--skip-refused"}).exit_code, 65);
  EXPECT_EQ(server_.node.record_count(), 2U);
  std::ofstream(sheet) << SheetOf({"1", "2", "3", "4"});
  EXPECT_THAT(Run({"import", sheet}).err, HasSubstr("IMPORT_DONE"));
  const Outcome more = Run({"import", sheet, "--resume", "-o", "json"});
  ASSERT_EQ(more.exit_code, 0) << more.err;
  EXPECT_EQ(more.Json()["published"], 2) << "the mended row and the new one";
  EXPECT_EQ(server_.node.record_count(), 4U);
  EXPECT_EQ(Run({"import", sheet, "--resume", "-o", "json"}).Json()["published"], 0);
}

TEST_F(ImportTest, RefusesAFileWhosePublishedRowsWereChanged) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1", "2"});
  ASSERT_EQ(Run({"import", sheet}).exit_code, 0);
  std::ofstream(sheet) << SheetOf({"1", "5", "6"});
  EXPECT_THAT(Run({"import", sheet, "--resume"}).err, HasSubstr("IMPORT_CHANGED"));
  EXPECT_EQ(server_.node.record_count(), 2U);
}

// Somebody edited it, or the disk lost some of it.
TEST_F(ImportTest, RefusesAStateThatIsDamaged) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf(std::vector<std::string>(600, "1"));
  server_.node.LoseAnswers(2, 2);
  ASSERT_EQ(Run({"import", sheet}).exit_code, 69);
  const std::string state = ValueOf(certs::ReadFile(sheet + ".import", 1 << 20));
  const std::string list = ValueOf(certs::ReadFile(sheet + ".import.records", 1 << 22));
  for (const char* damaged : {"", "{", "[]", "{\"import\": 2}"}) {
    std::ofstream(sheet + ".import") << damaged;
    EXPECT_THAT(Run({"import", sheet, "--resume"}).err, HasSubstr("IMPORT_STATE")) << damaged;
  }
  std::ofstream(sheet + ".import") << absl::StrReplaceAll(state, {{"\"name\": \"", "\"name\": 7, \"x\": \""}});
  EXPECT_THAT(Run({"import", sheet, "--resume"}).err, HasSubstr("IMPORT_STATE"));
  std::ofstream(sheet + ".import") << state;
  std::ofstream(sheet + ".import.records") << list.substr(0, list.size() / 2);
  EXPECT_THAT(Run({"import", sheet, "--resume"}).err, HasSubstr("IMPORT_STATE"));
  std::ofstream(sheet + ".import.records") << absl::StrReplaceAll(list, {{"\"content\"", "\"contend\""}});
  EXPECT_THAT(Run({"import", sheet, "--resume"}).err, HasSubstr("IMPORT_STATE"));
  EXPECT_EQ(server_.node.record_count(), 512U) << "nothing is published by a state that is not understood";
  std::ofstream(sheet + ".import.records") << list;
  EXPECT_EQ(Run({"import", sheet, "--resume"}).exit_code, 0);
  EXPECT_EQ(server_.node.record_count(), 600U);
}

TEST_F(ImportTest, LetsOneImportOfAFileRunAtATime) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1", "2"});
  {
    const FileLock running = ValueOf(FileLock::Take(sheet + ".import.lock"));
    EXPECT_THAT(Run({"import", sheet}).err, HasSubstr("IMPORT_RUNNING"));
    EXPECT_THAT(Run({"import", sheet, "--resume"}).err, HasSubstr("IMPORT_RUNNING"));
    EXPECT_EQ(server_.node.record_count(), 0U);
  }
  EXPECT_EQ(Run({"import", sheet}).exit_code, 0) << "a lock file that a broken run left behind locks nothing";
}

TEST_F(ImportTest, WritesNoErrorSheetOverAnotherFile) {
  const std::string sheet = folder_.Path("sheet.csv");
  const std::string text = SheetOf({"heavy"});
  std::ofstream(sheet) << text;
  EXPECT_EQ(Run({"import", sheet, "--errors", sheet}).exit_code, 64);
  EXPECT_EQ(Run({"import", sheet, "--errors", sheet, "--force"}).exit_code, 64) << "never over the input";
  EXPECT_EQ(ValueOf(certs::ReadFile(sheet, 1 << 20)), text);
  const std::string errors = folder_.Path("errors.csv");
  std::ofstream(errors) << "mine";
  EXPECT_EQ(Run({"import", sheet, "--errors", errors}).exit_code, 73);
  EXPECT_EQ(ValueOf(certs::ReadFile(errors, 1 << 20)), "mine");
  EXPECT_EQ(Run({"import", sheet, "--errors", errors, "--force"}).exit_code, 65);
  EXPECT_THAT(ValueOf(certs::ReadFile(errors, 1 << 20)), HasSubstr("heavy"));
  const Outcome nowhere = Run({"import", sheet, "--errors", folder_.Path("none/errors.csv")});
  EXPECT_EQ(nowhere.exit_code, 65);
  EXPECT_THAT(nowhere.err, AllOf(HasSubstr("the error sheet was not written"), HasSubstr("row 2, column C")));
}

// What only the node would say in the end is said before anything is published, also in a dry run.
TEST_F(ImportTest, JudgesItemsTogetherWithTheirModel) {
  const std::string model = folder_.Path("model.json");
  std::ofstream(model) << R"({"record_type": "product_passport", "sections": {
      "identity": {"name": {"ja": "椅子"}, "product_group": "chair", "granularity": "GRANULARITY_MODEL",
                   "model_number": "M", "mass_kg": "10"},
      "composition": {"mass_kg": "10", "nodes": [{"kind": "COMPOSITION_NODE_KIND_PART", "name": {"ja": "本体"},
                      "mass_kg": "10"}]}}})";
  const std::string id = Run({"record", "publish", model, "-o", "json"}).Json()["records"][0]["record_id"];
  const auto items = [&id](const std::string& mass) {
    return absl::StrCat(
        "Name [identity.name.ja],Group [identity.product_group],Mass [identity.mass_kg],"
        "Granularity [identity.granularity],Model [identity.model_number],Serial [identity.serial],"
        "Status [identity.product_status],Parent [identity.parent_record_id]\n椅子,chair,",
        mass, ",item,M,S1,original,", id, "\n");
  };
  const std::string sheet = folder_.Path("items.csv");
  std::ofstream(sheet) << items("20");
  const Outcome heavy = Run({"import", sheet, "--dry-run"});
  EXPECT_EQ(heavy.exit_code, 65);
  EXPECT_THAT(heavy.err, HasSubstr("V6_MASS_AGREEMENT"));
  std::ofstream(sheet) << items("10");
  EXPECT_EQ(Run({"import", sheet, "--dry-run"}).exit_code, 0);
  // Of a parent that is not there, nothing is inherited.
  std::ofstream(sheet) << absl::StrReplaceAll(items("10"), {{id, std::string(32, 'a')}});
  EXPECT_THAT(Run({"import", sheet, "--dry-run"}).err, HasSubstr("V4_PARENT_UNKNOWN"));
}

TEST_F(ImportTest, SaysThatParentsWereNotLookedUpWithoutANode) {
  const std::string sheet = folder_.Path("items.csv");
  std::ofstream(sheet) << "Name [identity.name.ja],Group [identity.product_group],Mass [identity.mass_kg],"
                          "Granularity [identity.granularity],Model [identity.model_number],Serial [identity.serial],"
                          "Status [identity.product_status],Parent [identity.parent_record_id]\n椅子,chair,1,item,M,S1,"
                       << "original," << std::string(32, 'a') << "\n";
  Write("client.toml", absl::StrReplaceAll(ValueOf(certs::ReadFile(home_ + "/client.toml", 1 << 16)),
                                           {{server_.address(), "127.0.0.1:1"}}));
  const Outcome outcome = Run({"import", sheet, "--dry-run"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("no node was asked for the parents"));
}

TEST_F(ImportTest, SaysEveryProblemOfARowAtOnceAndNoneTwice) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << "Name [identity.name.ja],Group [identity.product_group],Mass [identity.mass_kg],"
                          "Granularity [identity.granularity],GTIN [identity.gtin]\n"
                          "椅子,chair,heavy,model,04912345100109\n";
  const Outcome outcome = Run({"import", sheet, "-o", "json", "--quiet"});
  const nlohmann::json violations = nlohmann::json::parse(outcome.err)["error"]["violations"];
  std::vector<std::string> reasons;
  for (const nlohmann::json& violation : violations) {
    reasons.push_back(violation["reason"]);
  }
  EXPECT_THAT(reasons, ::testing::ElementsAre("NUMBER_SYNTAX", "V3_CHECK_DIGIT"));
}

TEST_F(ImportTest, SuppliesNothingOverWhatAFileSays) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << SheetOf({"1"});
  const Outcome outcome = Run({"import", sheet, "--set", "identity.name.ja=別名", "--dry-run"});
  EXPECT_EQ(outcome.exit_code, 65);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("row 2, column A (Name"), HasSubstr("VALUE_CONFLICT")));
  EXPECT_EQ(Run({"import", sheet, "--set", "identity.name.ja=椅子", "--dry-run"}).exit_code, 0) << "it says the same";
}

TEST_F(ImportTest, WarnsOnceOfWhatManyRowsHaveInCommon) {
  const std::string sheet = folder_.Path("sheet.csv");
  std::ofstream(sheet) << absl::StrReplaceAll(SheetOf({"1", "2", "3"}), {{"chair", "washing-machine"}});
  const Outcome outcome = Run({"import", sheet, "--dry-run"});
  const std::string found = "found: no section hazard_summary (and 2 more)";
  const size_t place = outcome.err.find(found);
  ASSERT_NE(place, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("no section hazard_summary", place + found.size()), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace meguri::client
