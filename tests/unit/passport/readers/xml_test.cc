// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/xml.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;

std::string Nested(size_t depth) {
  std::string open;
  std::string close;
  for (size_t i = 0; i < depth; ++i) {
    open += "<a>";
    close += "</a>";
  }
  return open + close;
}

TEST(XmlTree, ReadsElementsAttributesAndTextByLocalName) {
  absl::StatusOr<XmlDocument> document = ReadXmlTree(
      R"(<?xml version="1.0"?><m:Main xmlns:m="http://std.iec.ch/iec62474" v="X8"><!-- c --><m:A n="1"/>
         <m:A n="2"> x &amp; <![CDATA[<y>]]> </m:A></m:Main>)");
  MEGURI_ASSERT_OK(document);
  EXPECT_EQ(document->name_space, "http://std.iec.ch/iec62474");
  EXPECT_EQ(document->root.name, "Main");
  std::vector<std::string> leaves;
  ForEachLeaf(document->root, [&leaves](const std::string& path, InputNode& leaf) {
    leaves.push_back(absl::StrCat(path, "=", leaf.text));
  });
  EXPECT_THAT(leaves, ElementsAre("@v=X8", "A[0].@n=1", "A[1].@n=2", "A[1].#text=x & <y>"));
}

TEST(XmlTree, ReadsUtf16) {
  std::string bytes = "\xFE\xFF";
  for (const char c : std::string("<?xml version='1.0' encoding='UTF-16'?><a b='1'/>")) {
    bytes += std::string({'\0', c});
  }
  MEGURI_EXPECT_OK(ReadXmlTree(bytes));
}

TEST(XmlTree, RefusesEveryDoctype) {
  EXPECT_THAT(
      ReadXmlTree(R"(<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
      <!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]><lolz>&lol3;</lolz>)"),
      HasReason("XML_DOCTYPE"));
  EXPECT_THAT(ReadXmlTree(R"(<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>)"),
              HasReason("XML_DOCTYPE"));
  EXPECT_THAT(ReadXmlTree(R"(<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>)"), HasReason("XML_DOCTYPE"));
  EXPECT_THAT(ReadXmlTree("<a>&x;</a>"), HasReason("XML_SYNTAX"));
}

TEST(XmlTree, RefusesBrokenDocuments) {
  for (const absl::string_view bad : {"", "<a>", "<a></b>", "<a/><b/>", "<a b='1' b='2'/>", "\xFF<a/>", "<p:a/>"}) {
    EXPECT_THAT(ReadXmlTree(bad), HasReason("XML_SYNTAX")) << bad;
  }
}

TEST(XmlTree, RefusesWhatIsTooMuch) {
  MEGURI_EXPECT_OK(ReadXmlTree(Nested(kXmlDepthMax)));
  EXPECT_THAT(ReadXmlTree(Nested(kXmlDepthMax + 1)), HasReason("XML_DEPTH"));
  EXPECT_THAT(ReadXmlTree(absl::StrCat("<a>", std::string(kXmlTextBytesMax + 1, 'x'), "</a>")),
              HasReason("XML_TEXT_SIZE"));
  EXPECT_THAT(ReadXmlTree(std::string(kXmlBytesMax + 1, ' ')), HasReason("XML_SIZE"));
  std::string many = "<a>";
  for (size_t i = 0; i < kInputNodesMax; ++i) {
    many += "<b/>";
  }
  EXPECT_THAT(ReadXmlTree(many + "</a>"), HasReason("XML_NODES"));
}

}  // namespace
}  // namespace meguri::passport
