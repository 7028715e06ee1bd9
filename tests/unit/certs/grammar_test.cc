// SPDX-License-Identifier: Apache-2.0
#include "certs/grammar.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace meguri::certs {
namespace {

using Grammar = bool (*)(absl::string_view);

void Expect(Grammar accepts, const std::vector<std::string>& good, const std::vector<std::string>& bad) {
  for (const std::string& text : good) {
    EXPECT_TRUE(accepts(text)) << text;
  }
  for (const std::string& text : bad) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

std::string LongDomain(size_t size) {
  std::string domain(size, 'a');
  for (size_t i = 50; i < size; i += 50) {
    domain[i] = '.';
  }
  return domain;
}

TEST(Grammar, KnowsDomainNames) {
  Expect(IsDomainName, {"a", "meguri.example", "a-b.c1", "1a.2b", std::string(63, 'a'), LongDomain(253)},
         {"", ".", "a.", ".a", "a..b", "A", "-a", "a-", "a_b", "a b", "192.0.2.1", "a.1", "日本.example",
          std::string(64, 'a'), LongDomain(254), std::string("a\0b", 3)});
}

TEST(Grammar, KnowsAddresses) {
  Expect(IsAddress,
         {"node.example:7443", "Node.Example:1", "localhost:65535", "192.0.2.1:80", "[2001:db8::1]:443", "[::1]:1"},
         {"",
          "node.example",
          "node.example:",
          ":80",
          "node.example:0",
          "node.example:65536",
          "node.example:080",
          "node.example:+80",
          "node.example:8x",
          "node.example:99999999999",
          "192.0.2:80",
          "192.0.2.256:80",
          "2001:db8::1:80",
          "[2001:db8::1]",
          "[node.example]:80",
          "[]:80",
          "http://node.example:80",
          "a b:80",
          "node.example :80",
          std::string("a\0:80", 5)});
}

TEST(Grammar, KnowsScopes) {
  Expect(IsProductGroup, {"battery", "plastic-packaging", "a", "1", std::string(64, 'a')},
         {"", "Battery", "a_b", "a/b", std::string(65, 'a')});
  Expect(IsJurisdiction, {"JP", "01", "13", "47"}, {"", "jp", "00", "48", "1", "013", "US", "JP "});
}

TEST(Grammar, KnowsCompanyPrefixes) {
  Expect(IsCompanyPrefix, {"4912", "490000000001"}, {"", "491", "4900000000012", "49a2", " 4912"});
}

TEST(Grammar, KnowsNameSpaces) {
  Expect(IsNameSpace,
         {"https://id.example/", "https://id.example:8443/a/", "http://id.example/x?id=", "https://id.example#",
          "urn:epc:id:sgtin:", "urn:example:", "did:web:", "https://id.example/" + std::string(492, 'a') + "/"},
         {"",
          "a",
          "/",
          "urn:",
          "https:",
          "https:/",
          "https://",
          "https:///",
          "https://id.example",
          "https://id.example:",
          "https://id.example/a",
          "https://ID.example/",
          "HTTPS://id.example/",
          "1urn:x:",
          "u rn:x:",
          "urn:a b:",
          "://id.example/",
          "https://?",
          "urn:日本:",
          "https://id.example/" + std::string(493, 'a') + "/"});
}

TEST(Grammar, KnowsPlainText) {
  Expect(IsPlainText, {"", "株式会社めぐり", "Meguri Ltd. (循環)", "é"},
         {"a\nb", "a\tb", "\x1b[31m", "\x7f", std::string("a\0", 2), "\xC2\x85", "\xE2\x80\xA8", "x\xE2\x80\xA9",
          "a\u00ADb", "a\u200Bb", "\u200F", "\u202Eb", "\u2060", "a\u206F", "\uFEFFa"});
}

TEST(Grammar, KnowsWhatShowsNothing) {
  Expect(ShowsSomething, {"a", " a ", "株", "\u3000株"}, {"", " ", "\u00A0", "\u3000 ", "\u2003\u200A"});
}

TEST(Grammar, LowersOnlySchemeAndAuthorityOfAUri) {
  EXPECT_EQ(NormalUri("HTTPS://ID.Example:8443/Path?Query"), "https://id.example:8443/Path?Query");
  EXPECT_EQ(NormalUri("HTTPS://ID.Example?Query"), "https://id.example?Query");
  EXPECT_EQ(NormalUri("HTTPS://ID.Example"), "https://id.example");
  EXPECT_EQ(NormalUri("URN:Example:A"), "urn:Example:A");
  EXPECT_EQ(NormalUri("NoScheme"), "noscheme");
  EXPECT_EQ(NormalUri(""), "");
}

TEST(Grammar, QuotesWhateverItIsGiven) {
  EXPECT_EQ(Quoted("a"), "\"a\"");
  EXPECT_EQ(Quoted("a\n\"\xff"), "\"a\\n\\\"\\xff\"");
  EXPECT_EQ(Quoted(std::string(64, 'a')), "\"" + std::string(64, 'a') + "\"");
  EXPECT_EQ(Quoted(std::string(65, 'a')), "\"" + std::string(64, 'a') + "…\"");
}

}  // namespace
}  // namespace meguri::certs
