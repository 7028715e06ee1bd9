// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/table_import.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/message.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/table_text.h"
#include "passport/rules/rule.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

using google::protobuf::Message;

constexpr int kNoParent = -1;

// A composition node that a row describes.
struct NodeRow {
  v1::CompositionNode node;
  std::string id;
  std::string parent_id;
  size_t level = 0;
  uint32_t row = 0;
  int parent = kNoParent;
  std::string path;
};

// Makes trees of rows.
class NodeTree {
 public:
  NodeTree(std::vector<NodeRow>& rows, std::vector<Violation>& problems) : rows_(rows), problems_(problems) {}

  // Returns whether every row has its place.
  bool FindParentsByLevel() {
    std::vector<int> open;  // the last node of each level
    for (size_t i = 0; i < rows_.size(); ++i) {
      NodeRow& row = rows_[i];
      if (row.level == 0 || row.level > open.size() + 1 || row.level > kTableLevelsMax) {
        Add(row, "ROW_LEVEL", absl::StrCat("level ", row.level),
            absl::StrCat("a level from 1 to ", std::min(open.size() + 1, kTableLevelsMax)),
            "階層は親の階層+1までです。");
        return false;
      }
      row.parent = row.level == 1 ? kNoParent : open[row.level - 2];
      open.resize(row.level - 1);
      open.push_back(static_cast<int>(i));
    }
    return true;
  }

  bool FindParentsById() {
    absl::flat_hash_map<std::string, int> by_id;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!by_id.emplace(rows_[i].id, static_cast<int>(i)).second) {
        Add(rows_[i], "NODE_TWICE", Quoted(rows_[i].id), "an ID of its own", "部品IDが重複しています。");
        return false;
      }
    }
    for (NodeRow& row : rows_) {
      const auto parent = by_id.find(row.parent_id);
      if (!row.parent_id.empty() && parent == by_id.end()) {
        Add(row, "NODE_PARENT", Quoted(row.parent_id), "the ID of a row of the same record", "親IDの行がありません。");
        return false;
      }
      row.parent = row.parent_id.empty() ? kNoParent : parent->second;
    }
    return std::all_of(rows_.begin(), rows_.end(), [this](const NodeRow& row) { return HasTop(row); });
  }

  // Moves the nodes into `composition`, in the order of the rows.
  void Assemble(v1::Composition& composition) {
    std::vector<std::vector<size_t>> children(rows_.size());
    std::vector<size_t> tops;
    for (size_t i = 0; i < rows_.size(); ++i) {
      (rows_[i].parent == kNoParent ? tops : children[static_cast<size_t>(rows_[i].parent)]).push_back(i);
    }
    for (const size_t top : tops) {
      const std::string path = absl::StrCat("sections.composition.nodes[", composition.nodes_size(), "]");
      Place(top, path, children, *composition.add_nodes());
    }
  }

 private:
  // Recursion is bounded by kTableLevelsMax.
  void Place(size_t index, const std::string& path, const std::vector<std::vector<size_t>>& children,
             v1::CompositionNode& place) {
    rows_[index].path = path;
    place.Swap(&rows_[index].node);
    for (const size_t child : children[index]) {
      const std::string child_path = absl::StrCat(path, ".children[", place.children_size(), "]");
      Place(child, child_path, children, *place.add_children());
    }
  }

  bool HasTop(const NodeRow& row) {
    int at = row.parent;
    for (size_t level = 1; at != kNoParent; ++level) {
      if (level == kTableLevelsMax) {
        Add(row, "NODE_PARENT", Quoted(row.parent_id),
            absl::StrCat("parents that end at the top within ", kTableLevelsMax, " levels"),
            "親子関係が循環しているか、階層が深すぎます。");
        return false;
      }
      at = rows_[static_cast<size_t>(at)].parent;
    }
    return true;
  }

  void Add(const NodeRow& row, absl::string_view reason, std::string found, std::string expected, std::string ja) {
    problems_.push_back({.field = absl::StrCat("row ", row.row),
                         .reason = std::string(reason),
                         .found = std::move(found),
                         .expected = std::move(expected),
                         .cure = "correct the sheet there",
                         .message_ja = std::move(ja)});
  }

  std::vector<NodeRow>& rows_;
  std::vector<Violation>& problems_;
};

}  // namespace

class TableImporter::Assembly {
 public:
  Assembly(absl::optional<TableMapping> mapping, TakeRecord take)
      : take_(take), has_mapping_(mapping.has_value()), mapping_(std::move(mapping).value_or(TableMapping())) {}

  absl::Status TakeRow(const TableRow& row) {
    if (columns_.empty()) {
      return row.number < mapping_.heading_row ? absl::OkStatus() : TakeHeadings(row);
    }
    if (!row.cells.empty() && absl::StartsWith(row.cells[0], "#") && !IsSpreadsheetError(row.cells[0])) {
      return absl::OkStatus();
    }
    ++row_count_;
    MEGURI_RETURN_IF_ERROR(BeginRecord(row));
    current_->rows.push_back({row.number, ""});
    ReadCells(row);
    return is_grouped_ ? absl::OkStatus() : EndRecord();
  }

  absl::Status Finish() {
    MEGURI_RETURN_IF_ERROR(EndRecord());
    return row_count_ > 0 ? absl::OkStatus()
                          : Error(absl::StatusCode::kInvalidArgument, "NO_ROWS",
                                  "the sheet has no row below its headings; is it the right sheet and heading_row?");
  }

  uint32_t Locate(const ImportedRecord& record, Violation& violation) const {
    const RowOrigin* origin = record.rows.empty() ? nullptr : record.rows.data();
    for (const RowOrigin& row : record.rows) {
      if (!row.node_path.empty() && absl::StartsWith(violation.field, row.node_path) &&
          (origin == record.rows.data() || row.node_path.size() > origin->node_path.size())) {
        origin = &row;
      }
    }
    uint32_t row = 0;
    absl::string_view place = violation.field;
    if (absl::ConsumePrefix(&place, "row ")) {  // says so already
      return absl::SimpleAtoi(place.substr(0, place.find_first_of(", ")), &row) ? row : 0;
    }
    if (origin == nullptr) {
      return 0;
    }
    absl::string_view field = violation.field;
    const bool is_node = !origin->node_path.empty() && absl::ConsumePrefix(&field, origin->node_path);
    absl::ConsumePrefix(&field, is_node ? "." : "sections.");
    const std::string column = ColumnOf(field, is_node);
    violation.field = absl::StrCat("row ", origin->row, column, " ", violation.field);
    return origin->row;
  }

 private:
  absl::Status TakeHeadings(const TableRow& row) {
    headings_.assign(row.cells.begin(), row.cells.end());
    for (std::string& heading : headings_) {
      heading = std::string(StripCell(heading));
    }
    if (!has_mapping_) {
      MEGURI_ASSIGN_OR_RETURN(mapping_, MappingOfHeadings(headings_));
    }
    columns_.assign(headings_.size(), nullptr);
    Findings findings(headings_.size() + mapping_.columns.size());
    for (const ColumnMapping& column : mapping_.columns) {
      const auto count = std::count(headings_.begin(), headings_.end(), column.heading);
      if (count == 1) {
        columns_[static_cast<size_t>(std::find(headings_.begin(), headings_.end(), column.heading) -
                                     headings_.begin())] = &column;
      } else if (count > 1 || !column.is_optional) {
        findings.Add({.field = absl::StrCat("row ", row.number),
                      .reason = count > 1 ? "COLUMN_TWICE" : "COLUMN_MISSING",
                      .found = absl::StrCat(count, " columns ", Quoted(column.heading), " among ", HeadingsShown()),
                      .expected = "one, as the mapping says",
                      .cure = "correct the heading, or the mapping: heading_row says in which row the headings are, "
                              "encoding how the text is written, optional = true that a column may be missing",
                      .message_ja = absl::StrCat("見出し「", column.heading, "」の列が", count, "個あります。")});
      }
    }
    // An error sheet comes back with the column that it was given.
    static const auto& ignored = *new ColumnMapping{
        .heading = "", .role = ColumnRole::kIgnored, .target = {}, .factor = {}, .unit = {}, .values = {}};
    for (size_t i = 0; i < headings_.size(); ++i) {
      if (columns_[i] == nullptr && absl::EndsWith(headings_[i], " [ignore]")) {
        columns_[i] = &ignored;
      }
    }
    std::vector<Violation> violations = std::move(findings).Take();
    if (!violations.empty()) {
      return InvalidInput(violations);
    }
    is_grouped_ =
        mapping_.Has(ColumnRole::kRecord) || mapping_.Has(ColumnRole::kLevel) || mapping_.Has(ColumnRole::kNode);
    return absl::OkStatus();
  }

  // The first headings of the sheet, for a person.
  std::string HeadingsShown() const {
    constexpr size_t kShown = 8;
    std::string shown;
    for (size_t i = 0; i < std::min(headings_.size(), kShown); ++i) {
      absl::StrAppend(&shown, i == 0 ? "" : ", ", Quoted(headings_[i]));
    }
    return headings_.size() > kShown ? absl::StrCat(shown, ", …") : shown;
  }

  absl::string_view CellOf(const TableRow& row, ColumnRole role) const {
    for (size_t i = 0; i < std::min(row.cells.size(), columns_.size()); ++i) {
      if (columns_[i] != nullptr && columns_[i]->role == role) {
        return StripCell(row.cells[i]);
      }
    }
    return "";
  }

  // Ends the record before if this row begins another one.
  absl::Status BeginRecord(const TableRow& row) {
    const std::string key(CellOf(row, ColumnRole::kRecord));
    const absl::string_view level = CellOf(row, ColumnRole::kLevel);
    const bool has_key = mapping_.Has(ColumnRole::kRecord);
    const bool begins = current_ == nullptr || !is_grouped_ || (has_key && !key.empty() && key != key_) ||
                        (!has_key && mapping_.Has(ColumnRole::kLevel) && (level == "0" || level.empty()));
    if (!begins) {
      return absl::OkStatus();
    }
    MEGURI_RETURN_IF_ERROR(EndRecord());
    current_ = std::make_unique<ImportedRecord>();
    current_->name = absl::StrCat("row ", row.number);
    current_->draft.record_type = mapping_.record_type;
    current_->draft.jurisdictions = mapping_.jurisdictions;
    key_ = key;
    seen_.assign(columns_.size(), "");
    if (has_key && !keys_.insert(key).second) {
      AddProblem(absl::StrCat("row ", row.number), "ROWS_SCATTERED", Quoted(key),
                 "the rows of one record one below the other", "同じレコードの行が離れています。並べ替えてください。");
    }
    return absl::OkStatus();
  }

  void ReadCells(const TableRow& row) {
    NodeRow* node = NodeOf(row);
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const absl::string_view cell = StripCell(row.cells[i]);
      if (cell.empty()) {
        continue;
      }
      const ColumnMapping* column = i < columns_.size() ? columns_[i] : nullptr;
      if (column == nullptr) {
        current_->unmapped.push_back({PlaceOf(row.number, i), std::string(cell)});
      } else if (column->role != ColumnRole::kField) {
        ++current_->implied;
      } else {
        ReadCell(row.number, i, *column, cell, node);
      }
    }
  }

  // The node that this row describes, or null.
  NodeRow* NodeOf(const TableRow& row) {
    const absl::string_view level = CellOf(row, ColumnRole::kLevel);
    const absl::string_view id = CellOf(row, ColumnRole::kNode);
    if ((level.empty() || level == "0") && id.empty()) {
      return nullptr;
    }
    if (nodes_.size() == kTableNodesMax) {
      AddProblem(absl::StrCat("row ", row.number), "NODE_COUNT", absl::StrCat("more than ", kTableNodesMax, " rows"),
                 "a smaller composition", "構成表の行数が多すぎます。");
      return nullptr;
    }
    NodeRow& node = nodes_.emplace_back();
    node.row = row.number;
    node.id = std::string(id);
    node.parent_id = std::string(CellOf(row, ColumnRole::kParent));
    uint32_t number = 0;
    if (!level.empty() && !absl::SimpleAtoi(level, &number)) {
      AddProblem(absl::StrCat("row ", row.number), "ROW_LEVEL", Quoted(level), "a level 0, 1, 2 …",
                 "階層は0以上の整数で記載してください。");
      number = 1;
    }
    node.level = number;
    if (number > 0 && number <= mapping_.level_kinds.size()) {
      node.node.set_kind(mapping_.level_kinds[number - 1]);
    }
    return &node;
  }

  void ReadCell(uint32_t row, size_t index, const ColumnMapping& column, absl::string_view cell, NodeRow* node) {
    if (IsSpreadsheetError(cell)) {
      AddProblem(PlaceOf(row, index), "SPREADSHEET_ERROR", Quoted(cell), "a value",
                 "数式エラーになっています。値を確認してください。");
      return;
    }
    if (column.target.is_node && node == nullptr) {
      AddProblem(PlaceOf(row, index), "ROW_LEVEL", Quoted(cell), "a level or node ID beside it",
                 "構成の値には階層または部品IDが必要です。");
      return;
    }
    if (!column.target.is_node && is_grouped_ && IsKnown(row, index, column, cell)) {
      return;
    }
    const auto value = column.values.find(std::string(cell));
    const absl::string_view text = value == column.values.end() ? cell : absl::string_view(value->second);
    absl::optional<Violation> problem = Set(column.target, column.factor, text, node);
    if (problem.has_value()) {
      problem->field = PlaceOf(row, index);
      current_->problems.push_back(*std::move(problem));
      return;
    }
    ++current_->mapped;
    NoteConverted(column, cell, text);
  }

  // Remembers what a converted number was. A cell that ends in % is a percentage whatever the column says.
  void NoteConverted(const ColumnMapping& column, absl::string_view cell, absl::string_view text) {
    const bool is_percent = absl::ConsumeSuffix(&text, "%");
    const Factor factor = is_percent ? Factor{1, -2} : column.factor;
    const bool is_number = !column.target.path.empty() && column.target.path[0].field().cpp_type() ==
                                                              google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
    if (factor == Factor() || !is_number) {
      return;
    }
    const absl::StatusOr<std::string> number = ScaledDecimal(text, factor);
    if (number.ok()) {
      current_->converted.push_back({column.target.path[0].field().name(), *number,
                                     is_percent ? std::string(cell) : absl::StrCat(cell, " ", column.unit)});
    }
  }

  // Whether an earlier row of the record said this already, or something else, which is a problem.
  bool IsKnown(uint32_t row, size_t index, const ColumnMapping& column, absl::string_view cell) {
    const bool is_list = !column.target.path.empty() && column.target.path[0].field().is_repeated();
    if (seen_[index].empty() || is_list) {
      seen_[index] = std::string(cell);
      return false;
    }
    if (seen_[index] == cell) {
      ++current_->implied;
    } else {
      AddProblem(PlaceOf(row, index), "ROW_CONFLICT", Quoted(cell),
                 absl::StrCat(Quoted(seen_[index]), " as in a row above of the same record"),
                 "同じレコードの上の行と値が異なります。");
    }
    return true;
  }

  absl::optional<Violation> Set(const FieldTarget& target, Factor factor, absl::string_view text, NodeRow* node) {
    if (target.scheme != v1::SUBSTANCE_IDENTIFIER_SCHEME_UNSPECIFIED) {
      v1::SubstanceIdentifier& identifier = *node->node.add_identifiers();
      identifier.set_scheme(target.scheme);
      identifier.set_value(std::string(text));
      return absl::nullopt;
    }
    return target.path[0].Set(target.is_node ? node->node : SectionOf(target.section_type), text, factor);
  }

  Message& SectionOf(uint32_t type) {
    std::unique_ptr<Message>& section = sections_[type];
    if (section == nullptr) {
      section.reset(FindSectionKind(type)->prototype->New());
    }
    return *section;
  }

  // Hands the record over, if there is one.
  absl::Status EndRecord() {
    if (current_ == nullptr) {
      return absl::OkStatus();
    }
    SetConstants();
    AddNodes();
    for (const auto& [type, message] : sections_) {
      const auto audiences = mapping_.audiences.find(type);
      if (audiences != mapping_.audiences.end()) {
        current_->draft.chosen_audiences.push_back(type);
      }
      current_->draft.sections.push_back(
          {.type = type,
           .audiences = audiences == mapping_.audiences.end() ? FindSectionKind(type)->audiences : audiences->second,
           .payload = message->SerializeAsString()});
    }
    sections_.clear();
    nodes_.clear();
    const std::unique_ptr<ImportedRecord> record = std::move(current_);
    return take_(*record);
  }

  // A constant says what the sheet does not.
  absl::optional<Violation> Supply(const ConstantMapping& constant, NodeRow* node) {
    const FieldTarget& target = constant.target;
    return target.path.empty()
               ? Set(target, {}, constant.value, node)
               : target.path[0].Supply(target.is_node ? node->node : SectionOf(target.section_type), constant.value);
  }

  void SetConstants() {
    for (const ConstantMapping& constant : mapping_.constants) {
      const size_t count = constant.target.is_node ? nodes_.size() : 1;
      for (size_t i = 0; i < count; ++i) {
        absl::optional<Violation> problem = Supply(constant, constant.target.is_node ? &nodes_[i] : nullptr);
        if (problem.has_value()) {
          problem->field = absl::StrCat("mapping: ", constant.target.text);
          current_->problems.push_back(*std::move(problem));
        }
      }
    }
  }

  void AddNodes() {
    if (nodes_.empty()) {
      return;
    }
    NodeTree tree(nodes_, current_->problems);
    if (!(mapping_.Has(ColumnRole::kNode) ? tree.FindParentsById() : tree.FindParentsByLevel())) {
      return;
    }
    tree.Assemble(static_cast<v1::Composition&>(SectionOf(record::v1::SECTION_TYPE_COMPOSITION)));
    for (const NodeRow& node : nodes_) {
      for (RowOrigin& origin : current_->rows) {
        if (origin.row == node.row) {
          origin.node_path = node.path;
        }
      }
    }
  }

  // ", column C (Mass)" of the column whose value went to `field`, or "".
  std::string ColumnOf(absl::string_view field, bool is_node) const {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] == nullptr || columns_[i]->role != ColumnRole::kField || columns_[i]->target.is_node != is_node) {
        continue;
      }
      absl::string_view target = columns_[i]->target.text;
      absl::ConsumePrefix(&target, "node.");
      // A rule may speak of the message that holds the field, or of what lies in it.
      if (target == field || absl::StartsWith(target, absl::StrCat(field, ".")) ||
          absl::StartsWith(field, absl::StrCat(target, "["))) {
        return absl::StrCat(", column ", ColumnName(i), " (", headings_[i], ")");
      }
    }
    return "";
  }

  std::string PlaceOf(uint32_t row, size_t index) const {
    const std::string heading = index < headings_.size() ? headings_[index] : "";
    return absl::StrCat("row ", row, ", column ", ColumnName(index),
                        heading.empty() ? "" : absl::StrCat(" (", heading, ")"));
  }

  void AddProblem(std::string field, absl::string_view reason, std::string found, std::string expected,
                  std::string ja) {
    current_->problems.push_back({.field = std::move(field),
                                  .reason = std::string(reason),
                                  .found = std::move(found),
                                  .expected = std::move(expected),
                                  .cure = "correct the sheet there",
                                  .message_ja = std::move(ja)});
  }

  const TakeRecord take_;
  const bool has_mapping_;
  TableMapping mapping_;
  std::vector<std::string> headings_;
  std::vector<const ColumnMapping*> columns_;  // by place in the sheet; null: no place for it
  bool is_grouped_ = false;
  size_t row_count_ = 0;
  absl::flat_hash_set<std::string> keys_;  // of the records so far
  // The record that is being read.
  std::unique_ptr<ImportedRecord> current_;
  std::string key_;
  std::vector<std::string> seen_;  // by column
  std::map<uint32_t, std::unique_ptr<Message>> sections_;
  std::vector<NodeRow> nodes_;
};

TableImporter::TableImporter(absl::optional<TableMapping> mapping, TakeRecord take)
    : assembly_(std::make_unique<Assembly>(std::move(mapping), take)) {}
TableImporter::~TableImporter() = default;

absl::Status TableImporter::TakeRow(const TableRow& row) { return assembly_->TakeRow(row); }
absl::Status TableImporter::Finish() { return assembly_->Finish(); }
uint32_t TableImporter::Locate(const ImportedRecord& record, Violation& violation) const {
  return assembly_->Locate(record, violation);
}

}  // namespace meguri::passport
