// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/xlsx.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/readers/xlsx_cells.h"
#include "passport/readers/xml.h"
#include "passport/readers/zip_archive.h"

namespace meguri::passport {
namespace {

constexpr char kWorkbook[] = "xl/workbook.xml";
constexpr char kRelations[] = "xl/_rels/workbook.xml.rels";
constexpr char kStyles[] = "xl/styles.xml";
constexpr char kSharedStrings[] = "xl/sharedStrings.xml";

absl::Status Refused(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

std::string AttributeOf(InputNode& element, absl::string_view name) {
  const InputNode* attribute = element.Find(absl::StrCat("@", name));
  return attribute == nullptr ? "" : attribute->text;
}

absl::StatusOr<InputNode> ReadPart(const ZipArchive& archive, const std::string& name) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, archive.ReadAll(name, kXlsxPartBytesMax));
  MEGURI_ASSIGN_OR_RETURN(XmlDocument document, ReadXmlTree(bytes));
  return std::move(document.root);
}

// Each text of a cell is escaped by itself.
void DecodeFrom(size_t begin, std::string& text) {
  if (text.find("_x", begin) != std::string::npos) {
    text.replace(begin, std::string::npos, DecodeXlsxText(absl::string_view(text).substr(begin)));
  }
}

// Texts of sharedStrings.xml. Furigana (rPh) is no part of the text.
class SharedStringsHandler final : public XmlHandler {
 public:
  explicit SharedStringsHandler(std::vector<std::string>& strings) : strings_(strings) {}

  absl::Status Start(absl::string_view name, absl::string_view, const XmlAttributes&) override {
    if (name == "si") {
      strings_.emplace_back();
      if (strings_.size() > kXlsxSharedStringsMax) {
        return Refused("XLSX_SHARED_STRINGS",
                       absl::StrCat("the workbook has more than ", kXlsxSharedStringsMax, " texts; split it"));
      }
    } else if (name == "rPh") {
      is_phonetic_ = true;
    }
    is_text_ = name == "t" && !is_phonetic_ && !strings_.empty();
    begin_ = is_text_ ? strings_.back().size() : 0;
    return absl::OkStatus();
  }
  absl::Status Text(absl::string_view text) override {
    if (!is_text_) {
      return absl::OkStatus();
    }
    bytes_ += text.size();
    strings_.back().append(text.data(), text.size());
    if (strings_.back().size() > kTableCellBytesMax) {
      return Refused("XLSX_CELL_SIZE", absl::StrCat("a text of more than ", kTableCellBytesMax, " bytes"));
    }
    return bytes_ <= kXlsxSharedBytesMax
               ? absl::OkStatus()
               : Refused("XLSX_SHARED_STRINGS", absl::StrCat("the texts of the workbook have more than ",
                                                             kXlsxSharedBytesMax, " bytes; split it"));
  }
  absl::Status End(absl::string_view name) override {
    if (is_text_) {
      DecodeFrom(begin_, strings_.back());
    }
    is_text_ = false;
    is_phonetic_ = is_phonetic_ && name != "rPh";
    return absl::OkStatus();
  }

 private:
  std::vector<std::string>& strings_;
  size_t begin_ = 0;  // of the text that is being read, in the last string
  size_t bytes_ = 0;
  bool is_text_ = false;
  bool is_phonetic_ = false;
};

// Rows of one worksheet.
class SheetHandler final : public XmlHandler {
 public:
  SheetHandler(const std::vector<std::string>& strings, const XlsxNumberForms& forms, TakeRow take)
      : strings_(strings), forms_(forms), take_(take) {}

  absl::Status Start(absl::string_view name, absl::string_view, const XmlAttributes& attributes) override {
    if (name == "row") {
      return StartRow(attributes);
    }
    if (name == "c") {
      return StartCell(attributes);
    }
    is_phonetic_ = is_phonetic_ || name == "rPh";
    is_text_ = is_cell_ && !is_phonetic_ && (name == "v" || name == "t");
    begin_ = text_.size();
    return absl::OkStatus();
  }

  absl::Status Text(absl::string_view text) override {
    if (is_text_) {
      text_.append(text.data(), text.size());
      if (text_.size() > kTableCellBytesMax) {
        return Refused("XLSX_CELL_SIZE",
                       absl::StrCat("row ", row_.number, ": a cell of more than ", kTableCellBytesMax, " bytes"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status End(absl::string_view name) override {
    if (is_text_ && type_ == XlsxCellType::kText) {
      DecodeFrom(begin_, text_);
    }
    is_text_ = false;
    is_phonetic_ = is_phonetic_ && name != "rPh";
    if (name == "c" && is_cell_) {
      is_cell_ = false;
      return EndCell();
    }
    if (name == "row") {
      row_.cells.resize(used_);
      const auto has_text = [](const std::string& cell) { return !cell.empty(); };
      return std::any_of(row_.cells.begin(), row_.cells.end(), has_text) ? take_(row_) : absl::OkStatus();
    }
    return absl::OkStatus();
  }

 private:
  absl::Status StartRow(const XmlAttributes& attributes) {
    uint32_t number = row_.number + 1;  // a row may leave its number out
    for (const auto& [name, value] : attributes) {
      if (name == "r" && (!absl::SimpleAtoi(value, &number) || number <= row_.number)) {
        return Refused("XLSX_SYNTAX", absl::StrCat("the row behind row ", row_.number, " has the number ", value));
      }
    }
    if (number > kTableRowsMax) {
      return Refused("XLSX_ROWS", absl::StrCat("more than ", kTableRowsMax, " rows"));
    }
    row_.number = number;
    used_ = 0;
    return absl::OkStatus();
  }

  absl::Status StartCell(const XmlAttributes& attributes) {
    column_ = used_;  // a cell may leave its place out
    type_ = XlsxCellType::kNumber;
    style_ = 0;
    for (const auto& [name, value] : attributes) {
      if (name == "r" && !ParseXlsxColumn(value, column_)) {
        return Refused("XLSX_SYNTAX", absl::StrCat("row ", row_.number, ": no cell lies at \"", value, "\""));
      }
      if (name == "t") {
        type_ = ParseXlsxCellType(value);
      } else if (name == "s" && !absl::SimpleAtoi(value, &style_)) {
        return Refused("XLSX_SYNTAX", absl::StrCat("row ", row_.number, ": \"", value, "\" is no style"));
      }
    }
    if (column_ >= kTableColumnsMax) {
      return Refused("XLSX_COLUMNS", absl::StrCat("row ", row_.number, ": more than ", kTableColumnsMax, " columns"));
    }
    is_cell_ = true;
    text_.clear();
    return absl::OkStatus();
  }

  absl::Status EndCell() {
    if (row_.cells.size() <= column_) {
      row_.cells.resize(column_ + 1);
    }
    for (; used_ <= column_; ++used_) {
      row_.cells[used_].clear();
    }
    std::string& cell = row_.cells[column_];
    if (type_ == XlsxCellType::kShared) {
      size_t index = 0;
      if (!absl::SimpleAtoi(text_, &index) || index >= strings_.size()) {
        return Refused("XLSX_SYNTAX", absl::StrCat("row ", row_.number, ", column ", ColumnName(column_),
                                                   ": a text that is not there"));
      }
      cell = strings_[index];
    } else if (type_ == XlsxCellType::kNumber) {
      cell = forms_.NumberText(text_, style_);
    } else if (type_ == XlsxCellType::kBoolean) {
      cell = text_ == "1" ? "TRUE" : "FALSE";
    } else {
      cell = text_;
    }
    return absl::OkStatus();
  }

  const std::vector<std::string>& strings_;
  const XlsxNumberForms& forms_;
  const TakeRow take_;
  TableRow row_;
  size_t used_ = 0;  // cells of the row that were set; behind them lie those of the row before
  size_t column_ = 0;
  XlsxCellType type_ = XlsxCellType::kNumber;
  size_t style_ = 0;
  std::string text_;
  size_t begin_ = 0;  // of the text that is being read, in text_
  bool is_cell_ = false;
  bool is_text_ = false;
  bool is_phonetic_ = false;
};

absl::Status ReadStreamed(const ZipArchive& archive, const std::string& part, XmlHandler& handler) {
  XmlStream stream(handler);
  MEGURI_RETURN_IF_ERROR(archive.Read(part, [&stream](absl::string_view piece) { return stream.Feed(piece); }));
  return stream.Finish();
}

// Where the part of a relation lies: targets are relative to xl/, or begin with a slash.
std::string PartOf(InputNode& relations, absl::string_view id) {
  for (InputNode& relation : relations.children) {
    if (AttributeOf(relation, "Id") == id) {
      const std::string target = AttributeOf(relation, "Target");
      return absl::StartsWith(target, "/") ? target.substr(1) : absl::StrCat("xl/", target);
    }
  }
  return "";
}

}  // namespace

struct XlsxWorkbook::Parts {
  std::unique_ptr<ZipArchive> archive;
  std::vector<std::string> sheet_names;
  std::vector<std::string> sheet_parts;
  std::vector<std::string> strings;
  XlsxNumberForms forms;
};

bool LooksLikeXlsx(absl::string_view bytes) {
  if (!LooksLikeZip(bytes)) {
    return false;
  }
  const absl::StatusOr<std::unique_ptr<ZipArchive>> archive = ZipArchive::Open(bytes);
  return archive.ok() && (*archive)->Has(kWorkbook);
}

XlsxWorkbook::XlsxWorkbook(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
XlsxWorkbook::~XlsxWorkbook() = default;

absl::StatusOr<std::unique_ptr<XlsxWorkbook>> XlsxWorkbook::Open(absl::string_view bytes) {
  auto parts = std::make_unique<Parts>();
  MEGURI_ASSIGN_OR_RETURN(parts->archive, ZipArchive::Open(bytes));
  MEGURI_ASSIGN_OR_RETURN(InputNode workbook, ReadPart(*parts->archive, kWorkbook));
  MEGURI_ASSIGN_OR_RETURN(InputNode relations, ReadPart(*parts->archive, kRelations));
  InputNode* sheets = workbook.Find("sheets");
  if (sheets == nullptr || sheets->children.empty() || sheets->children.size() > kXlsxSheetsMax) {
    return Refused("XLSX_SHEETS", absl::StrCat("a workbook has 1 to ", kXlsxSheetsMax, " sheets"));
  }
  for (InputNode& sheet : sheets->children) {
    parts->sheet_names.push_back(AttributeOf(sheet, "name"));
    parts->sheet_parts.push_back(PartOf(relations, AttributeOf(sheet, "id")));
  }
  InputNode* properties = workbook.Find("workbookPr");
  const std::string epoch = properties == nullptr ? "" : AttributeOf(*properties, "date1904");
  InputNode styles;
  if (parts->archive->Has(kStyles)) {
    MEGURI_ASSIGN_OR_RETURN(styles, ReadPart(*parts->archive, kStyles));
  }
  parts->forms = XlsxNumberForms(styles, /*is_1904=*/epoch == "1" || epoch == "true");
  if (parts->archive->Has(kSharedStrings)) {
    SharedStringsHandler handler(parts->strings);
    MEGURI_RETURN_IF_ERROR(ReadStreamed(*parts->archive, kSharedStrings, handler));
  }
  return std::unique_ptr<XlsxWorkbook>(new XlsxWorkbook(std::move(parts)));
}

const std::vector<std::string>& XlsxWorkbook::sheet_names() const { return parts_->sheet_names; }

absl::Status XlsxWorkbook::ReadSheet(absl::string_view sheet_name, TakeRow take) const {
  for (size_t i = 0; i < parts_->sheet_names.size(); ++i) {
    if (parts_->sheet_names[i] == sheet_name) {
      SheetHandler handler(parts_->strings, parts_->forms, take);
      return ReadStreamed(*parts_->archive, parts_->sheet_parts[i], handler);
    }
  }
  return Error(absl::StatusCode::kNotFound, "XLSX_SHEET_MISSING",
               absl::StrCat("the workbook has no sheet \"", sheet_name, "\"; it has \"",
                            absl::StrJoin(parts_->sheet_names, "\", \""), "\""));
}

}  // namespace meguri::passport
