// SPDX-License-Identifier: Apache-2.0
#include "passport/record_links.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/payload.h"
#include "passport/rules/finding.h"
#include "passport/rules/path.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

constexpr uint32_t kLinking[] = {record::v1::SECTION_TYPE_IDENTITY, record::v1::SECTION_TYPE_COMPOSITION,
                                 record::v1::SECTION_TYPE_BILL_OF_MATERIALS};
constexpr char kComponentField[] = "component_record_id";

void Add(LinkKind kind, const std::string& record_id, const Path& path, absl::string_view field,
         std::vector<RecordLink>& links) {
  if (!record_id.empty()) {
    links.push_back({kind, record_id, path.At(field)});
  }
}

void AddNodes(const google::protobuf::RepeatedPtrField<v1::CompositionNode>& nodes, const Path& path,
              absl::string_view field, std::vector<RecordLink>& links) {
  for (int i = 0; i < nodes.size(); ++i) {
    const Path node = path.Element(field, i);
    Add(LinkKind::kComponent, nodes[i].component_record_id(), node, kComponentField, links);
    AddNodes(nodes[i].children(), node, "children", links);
  }
}

void AddLinks(uint32_t type, const google::protobuf::Message& message, std::vector<RecordLink>& links) {
  if (type == record::v1::SECTION_TYPE_IDENTITY) {
    const auto& identity = static_cast<const v1::Identity&>(message);
    const Path path("sections.identity");
    Add(LinkKind::kParent, identity.parent_record_id(), path, "parent_record_id", links);
    Add(LinkKind::kPredecessor, identity.predecessor_record_id(), path, "predecessor_record_id", links);
  } else if (type == record::v1::SECTION_TYPE_COMPOSITION) {
    AddNodes(static_cast<const v1::Composition&>(message).nodes(), Path("sections.composition"), "nodes", links);
  } else {
    const auto& bill = static_cast<const v1::BillOfMaterials&>(message);
    const Path path("sections.bill_of_materials");
    for (int i = 0; i < bill.items_size(); ++i) {
      Add(LinkKind::kComponent, bill.items(i).component_record_id(), path.Element("items", i), kComponentField, links);
    }
  }
}

// Where the record names `target`; where it names its parent or its first part if it does not.
std::string FieldOf(absl::Span<const RecordLink> links, const std::string& target) {
  const auto link = std::find_if(links.begin(), links.end(),
                                 [&target](const RecordLink& candidate) { return candidate.record_id == target; });
  if (link != links.end()) {
    return link->field;
  }
  return links.empty() ? "" : links.front().field;
}

}  // namespace

std::vector<RecordLink> LinksOf(absl::Span<const record::v1::Section> sections) {
  std::vector<RecordLink> links;
  for (const uint32_t type : kLinking) {
    for (const record::v1::Section& section : sections) {
      if (section.type() != type) {
        continue;
      }
      const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message =
          DecodePayload(*FindSectionKind(type), section.payload());
      if (message.ok()) {
        AddLinks(type, **message, links);
      }
    }
  }
  return links;
}

absl::optional<Counterparty> CounterpartyOf(absl::Span<const record::v1::Section> sections) {
  for (const record::v1::Section& section : sections) {
    v1::Enquiry enquiry;
    if (section.type() == record::v1::SECTION_TYPE_ENQUIRY && enquiry.ParseFromString(section.payload())) {
      return Counterparty{enquiry.seller_id(), "sections.enquiry.seller_id"};
    }
    v1::Grant grant;
    if (section.type() == record::v1::SECTION_TYPE_GRANT && grant.ParseFromString(section.payload()) &&
        !grant.grantee_id().empty()) {
      return Counterparty{grant.grantee_id(), "sections.grant.grantee_id"};
    }
    v1::AccessRequest request;
    if (section.type() == record::v1::SECTION_TYPE_ACCESS_REQUEST && request.ParseFromString(section.payload())) {
      return Counterparty{request.owner_id(), "sections.access_request.owner_id"};
    }
    v1::Agreement agreement;
    if (section.type() == record::v1::SECTION_TYPE_AGREEMENT && agreement.ParseFromString(section.payload())) {
      return Counterparty{agreement.owner_id(), "sections.agreement.owner_id"};
    }
    v1::EnquiryAnswer answer;
    if (section.type() == record::v1::SECTION_TYPE_ENQUIRY_ANSWER && answer.ParseFromString(section.payload())) {
      return Counterparty{answer.enquiry().publisher_id(), "sections.enquiry_answer.enquiry.publisher_id"};
    }
  }
  return absl::nullopt;
}

bool IsPieceInUse(absl::Span<const record::v1::Section> sections) {
  return std::any_of(sections.begin(), sections.end(), [](const record::v1::Section& section) {
    v1::Identity identity;
    return section.type() == record::v1::SECTION_TYPE_IDENTITY && identity.ParseFromString(section.payload()) &&
           identity.granularity() == v1::GRANULARITY_ITEM && identity.product_status() != v1::PRODUCT_STATUS_WASTE;
  });
}

Violation PartElsewhere(const RecordLink& link, const std::string& other) {
  Findings findings(1);
  Report(findings, link.field, "V7_PART_ELSEWHERE",
         absl::StrCat("the piece ", link.record_id, ", which record ", other, " lists too"),
         {"a piece that is in one product at a time", "publish a version of the other record without it",
          "この個体は別の製品レコードの部品でもあります。"},
         Severity::kWarning);
  return std::move(findings).Take().front();
}

std::vector<Violation> ValidateRecordGraph(const std::string& own_id, absl::Span<const RecordLink> links,
                                           const RecordGraph& graph, bool is_whole) {
  Findings findings(1);
  const std::vector<std::string> circle = CircleThrough(own_id, graph);
  if (!circle.empty()) {
    Report(findings, FieldOf(links, circle[1]), "V7_RECORD_CYCLE", absl::StrJoin(circle, " → "),
           {"records that do not lead back to this one", "leave the record out that closes the circle",
            "親・部品・前身をたどると、このレコード自身に戻ります。"});
  } else if (!FindCircle(graph).empty()) {
    Report(findings, FieldOf(links, ""), "V7_NOT_FOLLOWED", "records that lead to one another in a circle",
           {"records without a circle among them", "ask their publisher to mend them",
            "参照先のレコードどうしが循環しているため、最後までたどれません。"},
           Severity::kWarning);
  } else if (GraphDepth(graph) > kGraphDepthMax) {
    Report(findings, FieldOf(links, ""), "V7_RECORD_DEPTH", "a longer chain of records",
           {absl::StrCat("a chain of at most ", kGraphDepthMax, " records"), "name records that are closer to the end",
            absl::StrCat("レコードの連鎖は", kGraphDepthMax, "件以下にしてください。")});
  } else if (!is_whole) {
    Report(findings, FieldOf(links, ""), "V7_NOT_FOLLOWED", absl::StrCat(graph.size(), " records, and more"),
           {"as many as a node looks up for one record", "none is needed; circles behind them are not found",
            "参照先のレコードが多いため、最後までたどれません。"},
           Severity::kWarning);
  }
  return std::move(findings).Take();
}

}  // namespace meguri::passport
