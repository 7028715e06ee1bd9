// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/readers/input_tree.h"
#include "passport/section_table.h"

namespace meguri::passport {

using TableRows = std::vector<std::vector<std::string>>;

inline constexpr size_t kExportCellBytesMax = 32'767;  // no more characters than a spreadsheet keeps in a cell

// Lays sections out in rows and columns that TableImporter reads back: see export_table.h. Not thread-safe.
class TableBuilder {
 public:
  // `envelopes` are all that will be added: what is common to them decides how substances are identified.
  explicit TableBuilder(absl::Span<const record::v1::Envelope> envelopes);

  // Adds the rows of one record and marks what they hold.
  void Add(const std::string& name, InputNode& sections);
  // The headings and all rows, for records of that kind.
  TableRows Build(const RecordKind& kind) &&;

 private:
  using Order = std::vector<int>;  // section type, then field numbers and places in lists: columns stand in this order
  // Where a value goes.
  struct Place {
    Order order;
    std::string path;        // claims[1].subject
    std::string first_path;  // claims[0].subject: by which a template knows it
    size_t ordinal = 0;      // of several columns that are alike, from 0
  };
  struct Row {
    std::string record;
    std::string level;
    std::vector<std::pair<size_t, std::string>> cells;  // by number of the column
  };

  void Scan(absl::string_view composition_payload);
  static Place Below(const Place& place, const google::protobuf::FieldDescriptor& field);
  static Place Element(const Place& place, size_t index, bool is_leaf);
  void AddMessage(const google::protobuf::Descriptor& message, InputNode& object, const Place& place, Row& row);
  void AddField(const google::protobuf::FieldDescriptor& field, InputNode& value, const Place& place, Row& row);
  void AddLeaf(const google::protobuf::FieldDescriptor& field, InputNode& leaf, const Place& place, Row& row);
  void AddNodes(InputNode& nodes, size_t level, const std::string& name);
  void AddIdentifiers(InputNode& identifiers, const Place& place, Row& row);
  absl::optional<size_t> ColumnAt(const Place& place);

  bool short_identifiers_ = true;  // node.cas instead of node.identifiers[0].scheme
  bool has_nodes_ = false;
  size_t node_count_ = 0;  // of the record
  std::map<Order, size_t> columns_;
  std::vector<std::string> headings_;  // by number of the column
  std::vector<Row> rows_;
};

}  // namespace meguri::passport
