// SPDX-License-Identifier: Apache-2.0
#include "node/app/config.h"

#include <fstream>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::node {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  absl::StatusOr<Config> Load(const std::string& toml, const std::map<std::string, std::string>& flags = {}) {
    std::ofstream(folder_.Path("node.toml")) << "participant = \"0188:7123456789012\"\n" << toml;
    return Config::Load(folder_.Path(""), flags, [this](const std::string& name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? absl::nullopt : absl::make_optional(found->second);
    });
  }

  certs::testing::TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ConfigTest, HoldsEveryPublisherToAQuotaThatCanBeSet) {
  auto config = Load("");
  MEGURI_ASSERT_OK(config);
  EXPECT_EQ(config->GetInt("follow_quota_mib"), 16384);
  EXPECT_EQ(config->GetInt("follow_quota_entries"), 10'000'000);
  environment_["MEGURI_FOLLOW_QUOTA_MIB"] = "7";
  config = Load("follow_quota_mib = 5\nfollow_quota_entries = 6\n", {{"follow_quota_entries", "8"}});
  MEGURI_ASSERT_OK(config);
  EXPECT_EQ(config->GetInt("follow_quota_mib"), 7);
  EXPECT_EQ(config->GetInt("follow_quota_entries"), 8);
}

TEST_F(ConfigTest, RefusesAQuotaThatIsNone) {
  for (const char* name : {"follow_quota_mib", "follow_quota_entries"}) {
    for (const char* value : {"0", "-1", "\"much\"", "1099511627777"}) {
      const absl::Status status = Load(absl::StrCat(name, " = ", value, "\n")).status();
      EXPECT_THAT(status, meguri::testing::HasReason("CONFIG"));
      ASSERT_EQ(ViolationsOf(status).size(), 1U);
      EXPECT_EQ(ViolationsOf(status)[0].field, name);
      EXPECT_EQ(ViolationsOf(status)[0].expected, "a number from 1 to 1099511627776");
    }
    MEGURI_EXPECT_OK(Load(absl::StrCat(name, " = 1099511627776\n")));
  }
}

TEST_F(ConfigTest, FollowsCorrespondentsUnlessItIsToldNotTo) {
  EXPECT_EQ(Load("")->Get("follow_correspondents"), "yes");
  EXPECT_EQ(Load("follow_correspondents = \"no\"\n")->Get("follow_correspondents"), "no");
  EXPECT_THAT(Load("follow_correspondents = \"maybe\"\n").status(), meguri::testing::HasReason("CONFIG"));
  EXPECT_EQ(Load("")->Get("hand_on"), "yes");
  EXPECT_THAT(Load("hand_on = \"maybe\"\n").status(), meguri::testing::HasReason("CONFIG"));
}

TEST_F(ConfigTest, TakesAProxyWithOrWithoutAUser) {
  EXPECT_EQ(Load("")->Get("http_proxy"), "");
  for (const std::string proxy :
       {"http://proxy.example:3128", "http://[::1]:8080", "http://me:p%40ss@proxy.example:3128"}) {
    const auto config = Load(absl::StrCat("http_proxy = \"", proxy, "\"\n"));
    MEGURI_ASSERT_OK(config);
    EXPECT_EQ(config->Get("http_proxy"), proxy);
  }
  for (const std::string proxy :
       {"proxy.example:3128", "https://proxy.example:3128", "http://proxy.example", "http://proxy.example:3128/",
        "http://@proxy.example:3128", "http://me:a/b@proxy.example:3128", "http://me:a%zz@proxy.example:3128",
        "http://me:a%0d%0ab@proxy.example:3128", "http://me:a%4@proxy.example:3128",
        "http://me:se cret@proxy.example:3128"}) {
    const absl::Status status = Load(absl::StrCat("http_proxy = \"", proxy, "\"\n")).status();
    EXPECT_THAT(status, meguri::testing::HasReason("CONFIG")) << proxy;
    EXPECT_THAT(status.ToString(), ::testing::Not(::testing::HasSubstr("se cret")));
  }
}

TEST_F(ConfigTest, ShowsNoPassword) {
  EXPECT_EQ(ShownValue("http_proxy", "http://me:secret@proxy.example:3128"), "http://***@proxy.example:3128");
  EXPECT_EQ(ShownValue("http_proxy", "http://proxy.example:3128"), "http://proxy.example:3128");
  EXPECT_EQ(ShownValue("listen", "127.0.0.1:7443"), "127.0.0.1:7443");
}

}  // namespace
}  // namespace meguri::node
