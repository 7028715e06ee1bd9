// SPDX-License-Identifier: Apache-2.0
// Every file that other projects published, through the importers: every value is accounted for, and what becomes of
// each file is the table in docs/interop.md.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/formats/import.h"
#include "passport/readers/json_tree.h"
#include "passport/validate.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/demo_records.h"
#include "tests/unit/passport/formats/exported.h"

namespace meguri::passport {
namespace {

constexpr size_t kReasonsShown = 8;
constexpr char kBegin[] = "<!-- outcomes -->\n";
constexpr char kEnd[] = "<!-- /outcomes -->";

std::filesystem::path SharedFolder() {
  return std::filesystem::path(MEGURI_SOURCE_DIR).parent_path() / "shared" / "data";
}

std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::vector<std::filesystem::path> SharedFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SharedFolder())) {
    const std::string extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".json" || extension == ".jsonld")) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What became of a file.
struct Outcome {
  std::string format;
  std::string refusal;  // of the whole file
  size_t records = 0;
  size_t refused = 0;
  size_t mapped = 0;
  size_t implied = 0;
  size_t unmapped = 0;
  size_t offered = 0;  // of these, values of sections that begin once the user supplies the rest
  std::set<std::string> reasons;
  std::set<std::string> missing;  // fields that a user can supply for every record
};

// Fields that a file may lack because only the one who imports it knows them.
struct Supply {
  const char* path;
  const char* field;
  const char* value;
};
constexpr Supply kSupplies[] = {
    {"sections.identity.name", "identity.name.ja", "製品"},
    {"sections.identity.name.ja", "identity.name.ja", "製品"},
    {"sections.identity.product_group", "identity.product_group", "imported"},
    {"sections.identity.granularity", "identity.granularity", "model"},
    {"sections.identity.product_status", "identity.product_status", "original"},
    {"sections.identity.mass_kg", "identity.mass_kg", "1"},
};

// The fields that would keep the violation away.
void AddMissing(const Violation& violation, std::set<std::string>& missing) {
  const bool is_missing = violation.reason == "FIELD_MISSING" || violation.reason == "TEXT_JA_MISSING" ||
                          violation.reason == "TEXT_MISSING" || violation.field == "sections.identity.product_status";
  for (const Supply& supply : kSupplies) {
    if (is_missing && violation.field == supply.path) {
      missing.insert(supply.field);
    }
  }
  if (violation.field == "sections.identity") {
    missing.insert({"identity.name.ja", "identity.product_group", "identity.granularity", "identity.mass_kg"});
  }
}

Outcome ImportBytes(absl::string_view bytes, const ImportOptions& options) {
  Outcome outcome;
  const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(bytes, options);
  if (!import.ok()) {
    outcome.refusal = ReasonOf(import.status());
    return outcome;
  }
  outcome.format = std::string((*import)->format());
  const absl::Status status = (*import)->Run([&outcome](ImportedRecord& record) {
    ++outcome.records;
    outcome.mapped += record.mapped;
    outcome.implied += record.implied;
    outcome.unmapped += record.unmapped.size();
    std::set<std::string> offered;
    for (const OfferedSection& section : record.offered) {
      for (const auto& [value, fate] : section.values) {
        offered.insert(value);
      }
    }
    outcome.offered += offered.size();
    std::vector<Violation> violations = record.problems;
    if (violations.empty()) {
      const SealedRecord sealed = Seal(record.draft);
      violations = Errors(ValidateRecord(sealed.header, sealed.sections));
    }
    outcome.refused += violations.empty() ? 0 : 1;
    for (const Violation& violation : violations) {
      outcome.reasons.insert(violation.reason);
      AddMissing(violation, outcome.missing);
    }
    return absl::OkStatus();
  });
  outcome.refusal = ReasonOf(status);
  return outcome;
}

Outcome ImportSupplied(absl::string_view bytes, const std::set<std::string>& fields) {
  ImportOptions options;
  for (const std::string& field : fields) {
    for (const Supply& supply : kSupplies) {
      if (field == supply.field && (options.fields.empty() || options.fields.back().first != field)) {
        options.fields.emplace_back(supply.field, supply.value);
      }
    }
  }
  return ImportBytes(bytes, options);
}

std::string Verdict(const Outcome& outcome) {
  if (!outcome.refusal.empty()) {
    return absl::StrCat("refused: ", outcome.refusal);
  }
  if (outcome.refused == 0) {
    return "imported";
  }
  std::vector<std::string> shown(outcome.reasons.begin(), outcome.reasons.end());
  const size_t count = shown.size();
  shown.resize(std::min(count, kReasonsShown));
  return absl::StrCat(
      outcome.refused == outcome.records ? "" : absl::StrCat(outcome.refused, " of ", outcome.records, " "),
      "refused: ", absl::StrJoin(shown, ", "), count > kReasonsShown ? " …" : "");
}

std::string RowOf(const std::filesystem::path& path) {
  const std::string bytes = ReadBytes(path);
  const Outcome plain = ImportBytes(bytes, {});
  // What is missing may come to light in two steps.
  std::set<std::string> fields = plain.missing;
  Outcome supplied = ImportSupplied(bytes, fields);
  fields.insert(supplied.missing.begin(), supplied.missing.end());
  supplied = ImportSupplied(bytes, fields);
  const std::string name = std::filesystem::relative(path, SharedFolder()).string();
  return absl::StrCat("| ", name, " | ", plain.format.empty() ? "none" : plain.format, " | ", plain.records, " | ",
                      plain.mapped, " | ", plain.implied, " | ", plain.unmapped, " | ", plain.offered, " | ",
                      Verdict(plain), " | ", fields.empty() || !plain.refusal.empty() ? "as before" : Verdict(supplied),
                      " |\n");
}

class SharedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(SharedFolder())) {
      GTEST_SKIP() << "the sample files of other projects are not beside this checkout (../shared/data)";
    }
  }
};

TEST_F(SharedFileTest, AccountForEveryValue) {
  size_t imported = 0;
  for (const std::filesystem::path& path : SharedFiles()) {
    const std::string bytes = ReadBytes(path);
    absl::StatusOr<InputNode> tree = ReadJsonTree(bytes);
    MEGURI_ASSERT_OK(tree) << path;
    const Outcome outcome = ImportBytes(bytes, {});
    if (!outcome.refusal.empty()) {
      continue;
    }
    ++imported;
    EXPECT_EQ(outcome.mapped + outcome.implied + outcome.unmapped, AccountOf(*tree).leaves) << path;
    EXPECT_GT(outcome.mapped + outcome.unmapped, 0U) << path;
  }
  EXPECT_GT(imported, 20U);
}

TEST_F(SharedFileTest, KeepWhatHasNoPlaceForTheirOwner) {
  ImportOptions options;
  options.file_name = "file.json";
  options.imported_at = "2026-11-26T10:00:00Z";
  options.keep_unmapped = true;
  for (const std::filesystem::path& path : SharedFiles()) {
    const std::string bytes = ReadBytes(path);
    const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(bytes, options);
    if (!import.ok()) {
      continue;
    }
    MEGURI_EXPECT_OK((*import)->Run([&path](ImportedRecord& record) {
      const auto attachment = std::find_if(
          record.draft.sections.begin(), record.draft.sections.end(),
          [](const record::SectionDraft& section) { return section.type == record::v1::SECTION_TYPE_ATTACHMENT; });
      EXPECT_EQ(attachment != record.draft.sections.end(), !record.unmapped.empty()) << path;
      if (attachment != record.draft.sections.end()) {
        EXPECT_EQ(attachment->audiences.ToString(), "OWNER");
        const std::vector<Violation> violations = ValidateSection(attachment->type, attachment->payload, "attachment");
        EXPECT_TRUE(violations.empty()) << path << ": " << (violations.empty() ? "" : ToSentence(violations[0]));
      }
      return absl::OkStatus();
    })) << path;
  }
}

TEST_F(SharedFileTest, EndAsTheTableInTheDocumentsSays) {
  const std::string page = ReadBytes(std::filesystem::path(MEGURI_SOURCE_DIR) / "docs" / "interop.md");
  const size_t begin = page.find(kBegin);
  const size_t end = page.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos);
  std::string table =
      "| file | format | records | mapped | implied | no place | offered | outcome | with what is missing supplied |\n"
      "|---|---|---|---|---|---|---|---|---|\n";
  for (const std::filesystem::path& path : SharedFiles()) {
    table += RowOf(path);
  }
  const size_t from = begin + std::string(kBegin).size();
  EXPECT_EQ(page.substr(from, end - from), table) << "put this table into docs/interop.md:\n" << table;
}

// What their importers make of them, exporters write and importers read again.
TEST_F(SharedFileTest, ComeBackFromEveryFormatThatHoldsWholeRecords) {
  size_t compared = 0;
  for (const std::filesystem::path& path : SharedFiles()) {
    const std::string bytes = ReadBytes(path);
    const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(bytes, {});
    if (!import.ok()) {
      continue;
    }
    MEGURI_EXPECT_OK((*import)->Run([&](ImportedRecord& record) {
      for (const char* format : {"meguri", "csv", "xlsx"}) {
        if (record.draft.sections.empty()) {
          continue;
        }
        const Exported exported = MustExport(format, {record.draft});
        const std::vector<ImportedRecord> again = MustImport(exported.bytes);
        EXPECT_THAT(Lines(again[0].problems), ::testing::IsEmpty()) << path << format;
        if (!exported.records[0].left.empty()) {
          continue;
        }
        EXPECT_EQ(*PrintRecordJson(again[0].draft), *PrintRecordJson(record.draft)) << path << format;
        ++compared;
      }
      return absl::OkStatus();
    }));
  }
  EXPECT_GT(compared, 100U);
}

}  // namespace
}  // namespace meguri::passport
