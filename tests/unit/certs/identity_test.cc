// SPDX-License-Identifier: Apache-2.0
#include "certs/identity.h"

#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::ValueOf;

TEST(Identity, ReadsBackAsItWasWritten) {
  for (const char* uri : {"spiffe://meguri.example/member/0188/7000012050002/node/main",
                          "spiffe://f/member/0199/A.b_c-d/client/x", "spiffe://a-b.c1.jp/member/0199/x/node/node-2"}) {
    const Identity identity = ValueOf(Identity::Parse(uri));
    EXPECT_EQ(identity.ToUri(), uri);
    EXPECT_EQ(ValueOf(Identity::Parse(identity.ToUri())), identity);
  }
  const Identity identity = ValueOf(Identity::Parse("spiffe://meguri.example/member/0199/acme/client/importer"));
  EXPECT_EQ(identity.federation, "meguri.example");
  EXPECT_EQ(identity.participant.text(), "0199:acme");
  EXPECT_EQ(identity.certificate_class, Identity::Class::kClient);
  EXPECT_EQ(identity.name, "importer");
}

TEST(Identity, RefusesEverythingElse) {
  const std::vector<std::string> uris = {
      "",
      "spiffe://",
      "https://meguri.example/member/0199/acme/node/main",
      "SPIFFE://meguri.example/member/0199/acme/node/main",
      "spiffe://Meguri.example/member/0199/acme/node/main",
      "spiffe://meguri.example:443/member/0199/acme/node/main",
      "spiffe://user@meguri.example/member/0199/acme/node/main",
      "spiffe://meguri..example/member/0199/acme/node/main",
      "spiffe://-meguri.example/member/0199/acme/node/main",
      "spiffe://127.0.0.1/member/0199/acme/node/main",
      "spiffe://meguri.example./member/0199/acme/node/main",
      "spiffe:///member/0199/acme/node/main",
      "spiffe://meguri.example/members/0199/acme/node/main",
      "spiffe://meguri.example/member/199/acme/node/main",
      "spiffe://meguri.example/member/01990/acme/node/main",
      "spiffe://meguri.example/member/0199//node/main",
      "spiffe://meguri.example/member/0199/./node/main",
      "spiffe://meguri.example/member/0199/../node/main",
      "spiffe://meguri.example/member/0199/a%20b/node/main",
      "spiffe://meguri.example/member/0199/acme:x/node/main",
      "spiffe://meguri.example/member/0188/8123456789012/node/main",  // wrong check digit
      "spiffe://meguri.example/member/0199/acme/Node/main",
      "spiffe://meguri.example/member/0199/acme/server/main",
      "spiffe://meguri.example/member/0199/acme/node/",
      "spiffe://meguri.example/member/0199/acme/node/Main",
      "spiffe://meguri.example/member/0199/acme/node/a_b",
      "spiffe://meguri.example/member/0199/acme/node/main/",
      "spiffe://meguri.example/member/0199/acme/node/main?x",
      "spiffe://meguri.example/member/0199/acme/node/main#x",
      std::string("spiffe://meguri.example/member/0199/acme/node/main\0", 51),
  };
  for (const std::string& uri : uris) {
    EXPECT_THAT(Identity::Parse(uri), HasReason("CERTIFICATE_IDENTITY")) << uri;
  }
}

TEST(Identity, HasANameOfAtMost63Characters) {
  const std::string stem = "spiffe://meguri.example/member/0199/acme/node/";
  MEGURI_EXPECT_OK(Identity::Parse(stem + std::string(63, 'a')));
  EXPECT_THAT(Identity::Parse(stem + std::string(64, 'a')), HasReason("CERTIFICATE_IDENTITY"));
}

}  // namespace
}  // namespace meguri::certs
