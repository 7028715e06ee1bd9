// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/readers/xlsx.h"
#include "passport/readers/xlsx_cells.h"
#include "passport/readers/zip_archive.h"

namespace meguri::passport {
namespace {

constexpr char kXml[] = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr char kMain[] = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
constexpr char kOffice[] = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
constexpr char kPackage[] = "http://schemas.openxmlformats.org/package/2006";
constexpr char kSheetType[] = "application/vnd.openxmlformats-officedocument.spreadsheetml";
constexpr size_t kColumnWidth = 22;

// Of what XML cannot hold, EncodeXlsxText has left U+0000 alone; names of sheets have more of it. It becomes a space.
void AppendEscaped(absl::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out.push_back(byte < 0x20 && c != '\n' && c != '\t' ? ' ' : c);
    }
  }
}

std::string Escaped(absl::string_view text) {
  std::string out;
  AppendEscaped(text, out);
  return out;
}

std::string SheetXml(const XlsxSheet& sheet) {
  std::string xml = absl::StrCat(kXml, "<worksheet xmlns=\"", kMain, "\"><sheetViews><sheetView workbookViewId=\"0\">",
                                 "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>",
                                 "</sheetView></sheetViews><sheetFormatPr defaultColWidth=\"", kColumnWidth,
                                 "\" defaultRowHeight=\"15\"/><sheetData>");
  for (size_t r = 0; r < sheet.rows.size(); ++r) {
    absl::StrAppend(&xml, "<row r=\"", r + 1, "\">");
    for (size_t c = 0; c < sheet.rows[r].size(); ++c) {
      if (!sheet.rows[r][c].empty()) {
        absl::StrAppend(&xml, "<c r=\"", ColumnName(c), r + 1, "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
        AppendEscaped(EncodeXlsxText(sheet.rows[r][c]), xml);
        xml += "</t></is></c>";
      }
    }
    xml += "</row>";
  }
  return xml + "</sheetData></worksheet>";
}

std::string ContentTypes(size_t sheets) {
  std::string xml = absl::StrCat(kXml, "<Types xmlns=\"", kPackage, "/content-types\">",
                                 "<Default Extension=\"rels\" ContentType=\"application/"
                                 "vnd.openxmlformats-package.relationships+xml\"/>"
                                 "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
                                 "<Override PartName=\"/xl/workbook.xml\" ContentType=\"",
                                 kSheetType, ".sheet.main+xml\"/>");
  for (size_t i = 1; i <= sheets; ++i) {
    absl::StrAppend(&xml, "<Override PartName=\"/xl/worksheets/sheet", i, ".xml\" ContentType=\"", kSheetType,
                    ".worksheet+xml\"/>");
  }
  return xml + "</Types>";
}

}  // namespace

absl::StatusOr<std::string> WriteXlsx(const std::vector<XlsxSheet>& sheets) {
  std::string names;
  std::string relations;
  std::vector<ZipFile> files;
  for (size_t i = 1; i <= sheets.size(); ++i) {
    absl::StrAppend(&names, "<sheet name=\"", Escaped(sheets[i - 1].name), "\" sheetId=\"", i, "\" r:id=\"rId", i,
                    "\"/>");
    absl::StrAppend(&relations, "<Relationship Id=\"rId", i, "\" Type=\"", kOffice,
                    "/worksheet\" Target=\"worksheets/sheet", i, ".xml\"/>");
    files.push_back({absl::StrCat("xl/worksheets/sheet", i, ".xml"), SheetXml(sheets[i - 1])});
  }
  files.push_back({"[Content_Types].xml", ContentTypes(sheets.size())});
  files.push_back({"_rels/.rels", absl::StrCat(kXml, "<Relationships xmlns=\"", kPackage,
                                               "/relationships\"><Relationship Id=\"rId1\" Type=\"", kOffice,
                                               "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")});
  files.push_back({"xl/workbook.xml", absl::StrCat(kXml, "<workbook xmlns=\"", kMain, "\" xmlns:r=\"", kOffice,
                                                   "\"><sheets>", names, "</sheets></workbook>")});
  files.push_back({"xl/_rels/workbook.xml.rels", absl::StrCat(kXml, "<Relationships xmlns=\"", kPackage,
                                                              "/relationships\">", relations, "</Relationships>")});
  return WriteZip(files);
}

}  // namespace meguri::passport
