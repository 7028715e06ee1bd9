// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/template.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/formats/import.h"
#include "passport/validate.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"

namespace meguri::passport {
namespace {

using meguri::testing::HasReason;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What the rules say of the records of a file.
std::vector<std::string> Judged(absl::string_view bytes) {
  std::vector<std::string> lines;
  const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(bytes, {});
  if (!import.ok()) {
    return {std::string(import.status().message())};
  }
  size_t count = 0;
  const absl::Status status = (*import)->Run([&](ImportedRecord& record) {
    ++count;
    const SealedRecord sealed = Seal(record.draft);
    std::vector<Violation> violations = record.problems;
    for (Violation& violation : Errors(ValidateRecord(sealed.header, sealed.sections))) {
      violations.push_back(violation);
    }
    for (Violation& violation : violations) {
      (*import)->Locate(record, violation);
      lines.push_back(absl::StrCat(violation.field, " ", violation.reason, " ", violation.found));
    }
    EXPECT_THAT(record.unmapped, IsEmpty());
    return absl::OkStatus();
  });
  if (!status.ok()) {
    lines.push_back(ReasonOf(status));
  }
  EXPECT_TRUE(count == 1 || !status.ok());
  return lines;
}

class TemplateTest : public ::testing::TestWithParam<const char*> {};

TEST_P(TemplateTest, ItsExampleIsARecordThatTheRulesAccept) {
  absl::StatusOr<SheetTemplate> sheet = TemplateFor(GetParam());
  MEGURI_ASSERT_OK(sheet);
  EXPECT_THAT(Judged(TemplateAsCsv(*sheet)), ::testing::ElementsAre("NO_ROWS"));  // as long as it is an example
  for (std::vector<std::string>& row : sheet->example_rows) {
    row[0] = "";
  }
  EXPECT_THAT(Judged(TemplateAsCsv(*sheet)), IsEmpty());
  const absl::StatusOr<std::string> xlsx = TemplateAsXlsx(*sheet);
  MEGURI_ASSERT_OK(xlsx);
  EXPECT_THAT(Judged(*xlsx), IsEmpty());
  EXPECT_THAT(sheet->notes, SizeIs(sheet->headings.size() + 1));
}

INSTANTIATE_TEST_SUITE_P(Groups, TemplateTest,
                         ::testing::Values("battery", "washing-machine", "vehicle-part", "plastic-packaging",
                                           "plastic-lot", "metal-lot"));

// Found: the example of a lot of ADC12 consisted of polypropylene.
TEST(Template, GivesMetalAnExampleOfMetal) {
  const auto csv = [](const char* group) { return TemplateAsCsv(*TemplateFor(group)); };
  EXPECT_THAT(csv("metal-lot"), ::testing::Not(::testing::HasSubstr("ポリプロピレン")));
  EXPECT_THAT(csv("metal-lot"), ::testing::HasSubstr("銅,7440-50-8"));
  EXPECT_THAT(csv("plastic-lot"), ::testing::HasSubstr("ポリプロピレン"));
}

TEST(Template, RefusesWhatIsNoGroup) {
  for (const absl::string_view bad : {"", "Battery", "電池", "a b"}) {
    EXPECT_THAT(TemplateFor(bad), HasReason("PRODUCT_GROUP")) << bad;
  }
}

}  // namespace
}  // namespace meguri::passport
