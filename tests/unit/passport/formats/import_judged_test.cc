// SPDX-License-Identifier: Apache-2.0
// What an importer tells about a file that the rules dislike, in the words of the file; and what it refuses itself.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/import.h"
#include "passport/validate.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"
#include "tests/unit/passport/formats/imported.h"

namespace meguri::passport {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kHeadings[] =
    "品番 [record],品名 [identity.name.ja],品目 [identity.product_group],粒度 [identity.granularity],"
    "GTIN [identity.gtin],質量 [identity.mass_kg | g],階層 [level],区分 [node.kind],構成名 [node.name.ja],"
    "CAS [node.cas],構成質量 [node.mass_kg | g],含有率 [node.mass_fraction | %]\n";

// What a person reads of the one record of a file.
std::vector<std::string> Sentences(const std::string& bytes) {
  std::vector<std::string> sentences;
  const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(bytes, {});
  EXPECT_TRUE(import.ok()) << import.status();
  const absl::Status status = (*import)->Run([&](ImportedRecord& record) {
    EXPECT_THAT(record.problems, IsEmpty());
    const SealedRecord sealed = Seal(record.draft);
    for (Violation& violation : Errors(ValidateRecord(sealed.header, sealed.sections))) {
      (*import)->Locate(record, violation);
      sentences.push_back(absl::StrCat(violation.reason, " ", ToSentence(violation), " ", violation.message_ja));
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return sentences;
}

std::string Sheet(const std::string& product_mass, const std::string& mass, const std::string& share) {
  return absl::StrCat(kHeadings, "A1,洗濯機,washing-machine,model,04912345678904,", product_mass, ",0,,,,,\n",
                      "A1,,,,,,1,material,鉄,7439-89-6,", mass, ",", share, "\n");
}

// Found: for a cell of 300 in a column of per cent, the message said "found 3" and to divide a percentage by 100.
TEST(ImportJudged, ShowsConvertedNumbersAsTheSheetHasThem) {
  EXPECT_THAT(Sentences(Sheet("71500", "", "300")),
              Contains(AllOf(HasSubstr("V6_FRACTION_RANGE row 3, column L"), HasSubstr("300 %, which is 3,"),
                             HasSubstr("correct the value in the file, or its unit"), HasSubstr("「300 %」"),
                             Not(HasSubstr("divide")), Not(HasSubstr("100で割る")))));
  EXPECT_THAT(Sentences(Sheet("-71500", "", "30")),
              Contains(AllOf(HasSubstr("V6_MASS_RANGE row 2, column F"), HasSubstr("-71500 g, which is -71.5,"))));
}

TEST(ImportJudged, TellsToDivideAPercentageThatNobodyConverted) {
  const std::string sheet = absl::StrReplaceAll(Sheet("71500", "", "30"), {{"mass_fraction | %]", "mass_fraction]"}});
  EXPECT_THAT(Sentences(sheet), Contains(AllOf(HasSubstr("V6_FRACTION_RANGE"), HasSubstr("divide a percentage"))));
}

// Found: the bracket behind Japanese characters was taken for the first one of a JSON array.
TEST(ImportJudged, TakesASheetWithJapaneseHeadingsForASheet) {
  const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(Sheet("71500", "70000", ""), {});
  MEGURI_ASSERT_OK(import);
  EXPECT_EQ((*import)->format(), "csv");
}

constexpr char kProduct[] = R"xml(<Main xmlns="http://std.iec.ch/iec62474"><Product>
  <ProductID identifier="RL-100" name="リレー"><Mass mass="12.5" unitOfMeasure="g"/></ProductID>
  <Composition><ProductPart name="ケース" numberOfUnits="2"><Mass mass="5" unitOfMeasure="g"/>
    <Material name="PBT"><Mass mass="5" unitOfMeasure="g"/><Substance name="DEHP">
      <UniqueID authority="CAS" identity="117-81-7"/><MassPercent massPercent="0.25"/></Substance></Material>
  </ProductPart></Composition></Product></Main>)xml";

TEST(ImportJudged, ShowsConvertedNumbersAsADocumentHasThem) {
  const std::string document = absl::StrReplaceAll(kProduct, {{"\"0.25\"", "\"250\""}});
  EXPECT_THAT(Sentences(document),
              Contains(AllOf(HasSubstr("V6_FRACTION_RANGE"), HasSubstr("250 percent, which is 2.5,"))));
}

// Found: parts of 20.5 g in a relay of 12.5 g were published, as IEC 62474 and the sheet say a mass of the product
// only.
TEST(ImportJudged, WeighsPartsAgainstTheProduct) {
  EXPECT_THAT(Sentences(kProduct), Not(Contains(HasSubstr("V6_MASS"))));
  const std::string heavy = absl::StrReplaceAll(kProduct, {{"name=\"ケース\" numberOfUnits=\"2\"><Mass mass=\"5\"",
                                                            "name=\"ケース\" numberOfUnits=\"2\"><Mass mass=\"9\""}});
  EXPECT_THAT(Sentences(heavy), Contains(HasSubstr("V6_MASS_SUM")));
  EXPECT_THAT(Sentences(Sheet("71500", "80000", "")), Contains(HasSubstr("V6_MASS_SUM")));
  EXPECT_THAT(Sentences(Sheet("71500", "70000", "")), Not(Contains(HasSubstr("V6_MASS"))));
}

TEST(ImportJudged, SaysInTheCompositionWhatTheWholeWeighs) {
  const auto composition =
      SectionOf<v1::Composition>(ImportOne(kProduct, "iec62474"), record::v1::SECTION_TYPE_COMPOSITION);
  EXPECT_EQ(composition.mass_kg().value(), "0.0125");
}

}  // namespace
}  // namespace meguri::passport
