// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "client/cli/program.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/status.h"
#include "tests/unit/client/fake_node.h"

// The program as a person runs it: arguments in, exit code and text out.
namespace meguri::client::testing {

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
  nlohmann::json Json() const { return nlohmann::json::parse(out); }
};

inline std::string DemoFile(const std::string& name) {
  return absl::StrCat(MEGURI_SOURCE_DIR, "/deploy/demo-data/", name);
}

inline constexpr char kProgramMember[] = "0199:member";

// The program with a home of its own and no node.
class ProgramTest : public ::testing::Test {
 protected:
  Outcome Run(const std::vector<std::string>& arguments, const std::string& input = "", bool at_terminal = false) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const Surroundings surroundings{in, out, err, at_terminal, false, false, environment_, clock_, random_};
    const ExitCode exit_code = RunProgram(arguments, surroundings);
    return {static_cast<int>(exit_code), out.str(), err.str()};
  }

  const certs::testing::TemporaryFolder folder_;
  meguri::testing::FakeClock clock_;
  meguri::testing::SeededRandom random_;
  std::map<std::string, std::string> environment_ = {{"HOME", folder_.Path("")}};
};

// The same, with a node that answers from memory.
class ProgramWithNodeTest : public ProgramTest {
 protected:
  ProgramWithNodeTest() {
    std::filesystem::create_directories(home_);
    Write("client.key", client_.key);
    ::chmod((home_ + "/client.key").c_str(), 0600);
    Write("client.crt", client_.certificate);
    Write("roots.crt", federation_.RootPem());
    Write("trust-bundle", operator_.Bundle().bytes());
    Use(kProgramMember, *member_.record_key);
    environment_["MEGURI_HOME"] = home_;
    const record::v1::Envelope entry = MemberRecord(member_.Entry(), *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(entry.header()));
    server_.registry.Set(kProgramMember, entry);
    server_.node.ProveWith(*member_.feed_key);
    server_.node.SetProof(header.record_id(), ProofIn("registry", header, AllSlots(header), *operator_.feed_key));
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(home_ + "/" + name) << text; }
  // Acts for `participant` and signs with `key` from now on.
  void Use(const std::string& participant, const certs::SigningKey& key) {
    std::filesystem::remove(home_ + "/record.key");
    MEGURI_ASSERT_OK(key.SaveTo(home_ + "/record.key"));
    Write("client.toml", absl::StrCat("federation = \"", certs::testing::kFederation, "\"\nmember = \"", participant,
                                      "\"\naddress = \"", server_.address(), "\"\nnode_identity = \"",
                                      node_identity_.ToUri(), "\"\nrecord_key = \"record.key\"\n"));
  }
  std::string Publish() {
    const Outcome outcome = Run({"record", "publish", DemoFile("recycled-pp-lot.json"), "-o", "json"});
    Invariant(outcome.exit_code == 0, outcome.err);
    return outcome.Json()["records"][0]["record_id"];
  }

  TlsAuthority federation_;
  TlsAuthority clients_;
  const TlsParty client_ = clients_.Issue(IdentityOf(kProgramMember, certs::Identity::Class::kClient, "admin"));
  const certs::Identity node_identity_ = IdentityOf(kProgramMember, certs::Identity::Class::kNode, "main");
  FakeServer server_{federation_.Issue(node_identity_), clients_.RootPem()};
  const Operator operator_;
  const Member member_{kProgramMember};
  const std::string home_ = folder_.Path("client");
};

}  // namespace meguri::client::testing
