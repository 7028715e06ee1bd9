// SPDX-License-Identifier: Apache-2.0
#include "client/context.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::client {
namespace {

using ::testing::Field;
using testing::HasReason;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kGood[] = R"(
federation = "ce.example"
member = "0188:7000012050002"
address = "127.0.0.1:7443"
node_identity = "spiffe://ce.example/member/0188/7000012050002/node/main"
record_key = "../../keys/record.key"
)";

auto OfField(const std::string& field) { return Field(&Violation::field, field); }

TEST(ContextSettings, ReadsEveryKey) {
  const absl::StatusOr<ContextSettings> settings = ContextSettings::Parse(kGood, "client.toml");
  MEGURI_ASSERT_OK(settings);
  EXPECT_EQ(settings->federation, "ce.example");
  EXPECT_EQ(settings->member.text(), "0188:7000012050002");
  EXPECT_EQ(settings->address, "127.0.0.1:7443");
  EXPECT_EQ(settings->node_identity, "spiffe://ce.example/member/0188/7000012050002/node/main");
  EXPECT_EQ(settings->record_key, "../../keys/record.key");
}

TEST(ContextSettings, NamesEveryMissingKeyAtOnce) {
  const absl::Status status = ContextSettings::Parse("federation = \"ce.example\"", "home/client.toml").status();
  EXPECT_THAT(status, HasReason("CONTEXT"));
  EXPECT_THAT(ViolationsOf(status),
              UnorderedElementsAre(OfField("home/client.toml: member"), OfField("home/client.toml: address"),
                                   OfField("home/client.toml: node_identity")));
}

TEST(ContextSettings, NamesEveryWrongValueAndItsCure) {
  const absl::Status status = ContextSettings::Parse(R"(
federation = "ce.example"
member = "7000012050002"
address = "127.0.0.1"
node_identity = "spiffe://other.example/member/0188/7000012050002/node/main"
)",
                                                     "client.toml")
                                  .status();
  const std::vector<Violation> violations = ViolationsOf(status);
  EXPECT_THAT(violations, UnorderedElementsAre(OfField("client.toml: member"), OfField("client.toml: address"),
                                               OfField("client.toml: node_identity")));
  for (const Violation& violation : violations) {
    EXPECT_FALSE(violation.cure.empty());
    EXPECT_FALSE(violation.message_ja.empty());
  }
}

TEST(ContextSettings, RefusesTheIdentityOfAClient) {
  std::string text = kGood;
  text.replace(text.find("/node/main"), 10, "/client/me");
  EXPECT_THAT(ViolationsOf(ContextSettings::Parse(text, "client.toml").status()),
              UnorderedElementsAre(OfField("client.toml: node_identity")));
}

TEST(ContextSettings, RefusesKeysThatItDoesNotKnowAndValuesThatAreNoText) {
  const absl::Status status =
      ContextSettings::Parse(absl::StrCat(kGood, "recordkey = \"x\"\n"), "client.toml").status();
  EXPECT_THAT(ViolationsOf(status), UnorderedElementsAre(OfField("client.toml: recordkey")));
  std::string number = kGood;
  number.replace(number.find("\"127.0.0.1:7443\""), 16, "7443");
  EXPECT_THAT(ViolationsOf(ContextSettings::Parse(number, "client.toml").status()),
              UnorderedElementsAre(OfField("client.toml: address")));
}

TEST(ContextSettings, NamesTheLineThatIsNotToml) {
  const absl::Status status =
      ContextSettings::Parse("federation = \"ce.example\"\nmember = \n", "client.toml").status();
  EXPECT_THAT(status, HasReason("CONTEXT"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2"));
}

class ContextFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        ::testing::TempDir() + "/meguri-context-" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    for (const char* name : {"client.crt", "roots.crt", "trust-bundle", "client.key"}) {
      Write(name, name);
    }
    Write("client.toml", kGood);
    ::chmod((folder_ + "/client.key").c_str(), 0600);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_ + "/" + name) << text; }

  std::string folder_;
};

TEST_F(ContextFolder, IsReadWhole) {
  const absl::StatusOr<Context> context = Context::Load(folder_);
  MEGURI_ASSERT_OK(context);
  EXPECT_EQ(context->tls.private_key, "client.key");
  EXPECT_EQ(context->tls.certificate_chain, "client.crt");
  EXPECT_EQ(context->tls.roots, "roots.crt");
  EXPECT_EQ(context->trust_bundle, "trust-bundle");
  EXPECT_EQ(context->record_key_path, folder_ + "/../../keys/record.key");
}

TEST_F(ContextFolder, NamesEveryFileThatIsMissingOrEmpty) {
  std::filesystem::remove(folder_ + "/roots.crt");
  Write("trust-bundle", "");
  const absl::Status status = Context::Load(folder_).status();
  EXPECT_THAT(status, HasReason("CONTEXT"));
  EXPECT_THAT(ViolationsOf(status),
              UnorderedElementsAre(OfField(folder_ + "/roots.crt"), OfField(folder_ + "/trust-bundle")));
}

TEST_F(ContextFolder, RefusesAKeyThatOthersMayRead) {
  ::chmod((folder_ + "/client.key").c_str(), 0644);
  const absl::Status status = Context::Load(folder_).status();
  ASSERT_THAT(ViolationsOf(status), SizeIs(1));
  EXPECT_THAT(ViolationsOf(status)[0].cure, HasSubstr("chmod 600"));
}

TEST(Context, SaysWhichFolderIsNone) {
  const absl::Status status = Context::Load("/nowhere/at/all").status();
  EXPECT_THAT(status, HasReason("CONTEXT"));
  EXPECT_THAT(ViolationsOf(status), UnorderedElementsAre(OfField("/nowhere/at/all/client.toml")));
}

}  // namespace
}  // namespace meguri::client
