// SPDX-License-Identifier: Apache-2.0
#include "node/app/grpc_log.h"

#include <string>

#include <unistd.h>

#include "gmock/gmock.h"
#include "grpc/support/log.h"
#include "tests/testing/fakes.h"

namespace meguri::node {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class GrpcLogTest : public ::testing::Test {
 protected:
  GrpcLogTest() { EXPECT_EQ(::pipe(ends_), 0); }
  ~GrpcLogTest() override { ::close(ends_[0]); }
  std::string Written() {
    ::close(ends_[1]);
    std::string text(4096, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    return text.substr(0, static_cast<size_t>(size));
  }

  int ends_[2] = {};
  meguri::testing::FakeClock clock_;
};

TEST_F(GrpcLogTest, WritesWhatGrpcPrintsAsEventsAndCountsRepeats) {
  Log log(ends_[1], LogLevel::kInfo, clock_);
  {
    const GrpcLog grpc_log(log, clock_);
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
    for (int i = 0; i < 3; ++i) {
      gpr_log("src/core/tsi.cc", 7, GPR_LOG_SEVERITY_ERROR, "Handshake failed: \"%s\"", "a\nb");
    }
    gpr_log("src/core/tsi.cc", 7, GPR_LOG_SEVERITY_ERROR, "another reason, port %d", 1);
    gpr_log("src/core/tsi.cc", 7, GPR_LOG_SEVERITY_ERROR, "another reason, port %d", 2);
    gpr_log("src/core/tsi.cc", 8, GPR_LOG_SEVERITY_ERROR, "No match found for server name: 127.0.0.1");
    clock_.Advance(absl::Minutes(1));
    gpr_log("src/core/other.cc", 9, GPR_LOG_SEVERITY_ERROR, "later");
  }
  gpr_log("src/core/other.cc", 10, GPR_LOG_SEVERITY_ERROR, "when nobody listens");
  const std::string text = Written();
  EXPECT_THAT(text, HasSubstr(R"("event":"grpc","place":"tsi.cc:7","text":"Handshake failed: \"a\u000ab\"")"));
  EXPECT_THAT(text, HasSubstr(R"("event":"grpc-repeated","place":"tsi.cc:7","again":"2")"));
  EXPECT_THAT(text, HasSubstr("another reason, port 1"));
  EXPECT_THAT(text, Not(HasSubstr("another reason, port 2")));
  EXPECT_THAT(text, HasSubstr("other.cc:9"));
  EXPECT_THAT(text, Not(HasSubstr("server name")));
  EXPECT_THAT(text, Not(HasSubstr("nobody")));
}

}  // namespace
}  // namespace meguri::node
