// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "record/audit_row.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using audit::v1::Row;
using record::AuditRow;
using record::Hash;

constexpr uint64_t kTimeMs = 1'790'000'000'000;

Row RowOf(uint64_t number, audit::v1::Decision decision, const char* rule) {
  Row row;
  row.set_format_version(record::kAuditRowFormatVersion);
  row.set_nonce("0123456789abcdef");
  row.set_number(number);
  row.set_time_ms(kTimeMs);
  row.set_reader("9999:recycler");
  row.set_identity("spiffe://ce.example/member/9999/recycler/node/main");
  row.set_decision(decision);
  row.set_rule(rule);
  return row;
}

Row DeliveryOf(uint64_t number) {
  Row row = RowOf(number, audit::v1::DECISION_DELIVERED, "allow-recycler-of-group");
  row.set_method("meguri.record.v1.RecordService.Get");
  row.set_publisher(kPublisher);
  audit::v1::RowRecord& record = *row.add_records();
  record.set_record_id("ABCDEFGHIJKLMNOP");
  record.set_version(2);
  record.set_slots(0b101);
  record.add_section_types(3);
  record.add_section_types(5);
  row.set_bytes(1234);
  row.set_registry_size(12);
  return row;
}

// One of each kind; the last is the example of docs/format/audit.md.
std::vector<std::pair<std::string, Row>> Rows() {
  Row batch = RowOf(1, audit::v1::DECISION_DELIVERED, "allow-member");
  batch.set_method("meguri.feed.v1.FeedService.Follow");
  batch.set_publisher(kPublisher);
  batch.mutable_feed()->set_name("members");
  batch.mutable_feed()->set_from(256);
  batch.mutable_feed()->set_to(300);
  batch.set_bytes(5000);
  Row header = RowOf(2, audit::v1::DECISION_DELIVERED, "allow-addressee");
  header.set_publisher(kPublisher);
  header.add_records()->set_record_id("ABCDEFGHIJKLMNOP");
  header.mutable_records(0)->set_version(1);
  Row refusal = RowOf(3, audit::v1::DECISION_DENIED, "FEED_NOT_READABLE");
  refusal.set_method("meguri.feed.v1.FeedService.Follow");
  refusal.set_detail("The feed owner is not open to 9999:recycler.");
  Row count = RowOf(4, audit::v1::DECISION_DENIED, "FEED_NOT_READABLE");
  count.set_again(41);
  Row administrator = RowOf(5, audit::v1::DECISION_ADMINISTERED, "allow-admin");
  administrator.set_method("meguri.admin.v1.AdminService.AddFollow");
  administrator.set_detail("follow { publisher: \"9999:other\" feeds: \"public\" }");
  Row granted = DeliveryOf(6);
  granted.set_purpose(2);
  granted.set_grant_id("PONMLKJIHGFEDCBA");
  granted.set_request_id("6f1c0d6e-5a3b-4b57-9a53-0d6f1f6f3f11");
  return {{"batch of a stream", batch},     {"header alone", header}, {"refusal", refusal},       {"count", count},
          {"administrator", administrator}, {"by a grant", granted},  {"delivery", DeliveryOf(7)}};
}

Json RefusedRows() {
  const std::string sound = AuditRow::Make(DeliveryOf(7)).value().bytes();
  Row no_rule = DeliveryOf(7);
  no_rule.clear_rule();
  Row type_too_many = DeliveryOf(7);
  type_too_many.mutable_records(0)->add_section_types(9);
  Row backwards = DeliveryOf(7);
  backwards.mutable_feed()->set_name("members");
  backwards.mutable_feed()->set_from(5);
  backwards.mutable_feed()->set_to(5);
  Row nobody = DeliveryOf(7);
  nobody.set_reader("nobody");
  const std::vector<std::pair<const char*, std::pair<const char*, std::string>>> rows = {
      {"a byte behind", {"WIRE_GRAMMAR", sound + std::string(1, '\0')}},
      {"an unknown field", {"WIRE_GRAMMAR", sound + "\xa8\x01\x01"}},
      {"a field twice", {"WIRE_GRAMMAR", sound + "\x98\x01\x0d"}},
      {"a default value", {"WIRE_GRAMMAR", sound.substr(0, sound.size() - 1) + std::string(1, '\0')}},
      {"nothing", {"WIRE_GRAMMAR", ""}},
      {"a newer format", {"NEWER_FORMAT", absl::StrCat("\x08\x02", sound.substr(2))}},
      {"no rule", {"AUDIT_ROW", no_rule.SerializeAsString()}},
      {"a type too many", {"AUDIT_ROW", type_too_many.SerializeAsString()}},
      {"entries that end before they begin", {"AUDIT_ROW", backwards.SerializeAsString()}},
      {"a reader that is none", {"AUDIT_ROW", nobody.SerializeAsString()}}};
  std::vector<Json> refused;
  refused.reserve(rows.size());
  for (const auto& [name, row] : rows) {
    refused.push_back(Json::Object({{"name", name}, {"reason", row.first}, {"row_hex", Json::Hex(row.second)}}));
  }
  return Json(std::move(refused));
}

}  // namespace

Json AuditVectors(const Golden& golden) {
  const std::string origin = record::FeedOrigin(kFederation, {golden.publisher, record::FeedName::Audit(), 1});
  std::vector<std::pair<std::string, AuditRow>> rows;
  std::vector<Hash> leaves;
  for (const auto& [name, message] : Rows()) {
    rows.emplace_back(name, AuditRow::Make(message).value());
    leaves.push_back(record::LeafHash(rows.back().second.entry().Encode()));
  }
  const auto read = [&](uint32_t level, uint64_t index) -> absl::StatusOr<Hash> {
    return record::RootOf(absl::MakeConstSpan(leaves).subspan(index << level, size_t{1} << level));
  };
  std::vector<Json> shown;
  for (size_t i = 0; i < rows.size(); ++i) {
    const AuditRow& row = rows[i].second;
    shown.push_back(
        Json::Object({{"name", rows[i].first},
                      {"row_hex", Json::Hex(row.bytes())},
                      {"row_hash_hex", Json::Hex(row.entry().header_hash.view())},
                      {"entry_hex", Json::Hex(row.entry().Encode())},
                      {"inclusion_path_hex", Json::HexList(record::InclusionProof(i, leaves.size(), read).value())}}));
  }
  const Hash root = record::RootOf(leaves);
  return Json::Object({{"about", "Golden bytes of docs/format/audit.md: a feed of rows, and rows that are none."},
                       {"origin", origin},
                       {"feed_key_spki_hex", Json::Hex(golden.feed_signer->public_key().spki())},
                       {"rows", std::move(shown)},
                       {"note", record::SignCheckpoint({origin, leaves.size(), root}, *golden.feed_signer).value()},
                       {"refused", RefusedRows()}});
}

}  // namespace meguri::vectors
