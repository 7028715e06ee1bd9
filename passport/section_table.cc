// SPDX-License-Identifier: Apache-2.0
#include "passport/section_table.h"

#include <algorithm>
#include <array>

#include "meguri/passport/v1/access.pb.h"
#include "meguri/passport/v1/attachment.pb.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/certification.pb.h"
#include "meguri/passport/v1/chain_of_custody.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/composition_summary.pb.h"
#include "meguri/passport/v1/consumer_return.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/facility.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/passport/v1/material_identity.pb.h"
#include "meguri/passport/v1/material_properties.pb.h"
#include "meguri/passport/v1/owner_note.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/passport/v1/substance_declaration.pb.h"
#include "meguri/passport/v1/test_reports.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "record/limits.h"

namespace meguri::passport {
namespace {

using record::AudienceSet;

constexpr size_t kSlotsDefault = 8;
constexpr size_t kLotSlots = 16;
constexpr size_t kProductSlots = 32;
constexpr size_t kSmallPayloadBytesMax = size_t{256} << 10;
constexpr size_t kLargePayloadBytesMax = size_t{4} << 20;

// A section that this version knows by name only.
SectionKind Named(uint32_t type, absl::string_view name) {
  return {type, name, nullptr, AudienceSet(), record::kSectionBytesMax};
}

template <typename Payload>
SectionKind Understood(uint32_t type, absl::string_view name, std::initializer_list<record::v1::Audience> audiences,
                       size_t payload_bytes_max) {
  return {type, name, &Payload::default_instance(), AudienceSet::Of(audiences), payload_bytes_max};
}

const auto& SectionTable() {
  using namespace record::v1;  // the enumerators
  static const std::array table = {
      Understood<v1::Identity>(SECTION_TYPE_IDENTITY, "identity", {AUDIENCE_PUBLIC}, kSmallPayloadBytesMax),
      Understood<v1::MaterialIdentity>(SECTION_TYPE_MATERIAL_IDENTITY, "material_identity", {AUDIENCE_PUBLIC},
                                       kSmallPayloadBytesMax),
      Understood<v1::Composition>(SECTION_TYPE_COMPOSITION, "composition",
                                  {AUDIENCE_PARTNERS, AUDIENCE_RECYCLERS, AUDIENCE_AUTHORITIES}, kLargePayloadBytesMax),
      Understood<v1::CompositionSummary>(SECTION_TYPE_COMPOSITION_SUMMARY, "composition_summary", {AUDIENCE_PUBLIC},
                                         kSmallPayloadBytesMax),
      Understood<v1::BillOfMaterials>(SECTION_TYPE_BILL_OF_MATERIALS, "bill_of_materials",
                                      {AUDIENCE_PARTNERS, AUDIENCE_RECYCLERS, AUDIENCE_AUTHORITIES},
                                      kLargePayloadBytesMax),
      Understood<v1::Dismantling>(SECTION_TYPE_DISMANTLING, "dismantling", {AUDIENCE_RECYCLERS, AUDIENCE_AUTHORITIES},
                                  kLargePayloadBytesMax),
      Understood<v1::ConsumerReturn>(SECTION_TYPE_CONSUMER_RETURN, "consumer_return", {AUDIENCE_PUBLIC},
                                     kLargePayloadBytesMax),
      Understood<v1::RecycledContent>(SECTION_TYPE_RECYCLED_CONTENT, "recycled_content", {AUDIENCE_PUBLIC},
                                      kLargePayloadBytesMax),
      Understood<v1::ChainOfCustody>(SECTION_TYPE_CHAIN_OF_CUSTODY, "chain_of_custody",
                                     {AUDIENCE_PARTNERS, AUDIENCE_AUTHORITIES}, kLargePayloadBytesMax),
      Understood<v1::CarbonFootprint>(SECTION_TYPE_CARBON_FOOTPRINT, "carbon_footprint", {AUDIENCE_PUBLIC},
                                      kSmallPayloadBytesMax),
      Understood<v1::Durability>(SECTION_TYPE_DURABILITY, "durability", {AUDIENCE_PUBLIC}, kLargePayloadBytesMax),
      Understood<v1::ItemState>(SECTION_TYPE_ITEM_STATE, "item_state", {AUDIENCE_RECYCLERS}, kLargePayloadBytesMax),
      Understood<v1::HazardSummary>(SECTION_TYPE_HAZARD_SUMMARY, "hazard_summary", {AUDIENCE_PUBLIC},
                                    kLargePayloadBytesMax),
      Understood<v1::SubstanceDeclaration>(SECTION_TYPE_SUBSTANCE_DECLARATION, "substance_declaration",
                                           {AUDIENCE_PARTNERS, AUDIENCE_AUTHORITIES}, kLargePayloadBytesMax),
      Understood<v1::CriticalRawMaterials>(SECTION_TYPE_CRITICAL_RAW_MATERIALS, "critical_raw_materials",
                                           {AUDIENCE_RECYCLERS, AUDIENCE_AUTHORITIES}, kLargePayloadBytesMax),
      Understood<v1::MaterialProperties>(SECTION_TYPE_MATERIAL_PROPERTIES, "material_properties", {AUDIENCE_PARTNERS},
                                         kLargePayloadBytesMax),
      Understood<v1::FacilityList>(SECTION_TYPE_FACILITY, "facility", {AUDIENCE_PARTNERS, AUDIENCE_AUTHORITIES},
                                   kSmallPayloadBytesMax),
      Understood<v1::CertificationList>(SECTION_TYPE_CERTIFICATION, "certification", {AUDIENCE_PUBLIC},
                                        kLargePayloadBytesMax),
      Understood<v1::TestReportList>(SECTION_TYPE_TEST_REPORTS, "test_reports", {AUDIENCE_AUTHORITIES},
                                     kLargePayloadBytesMax),
      Understood<v1::OwnerNote>(SECTION_TYPE_OWNER_NOTE, "owner_note", {AUDIENCE_OWNER}, kSmallPayloadBytesMax),
      Understood<v1::AttachmentList>(SECTION_TYPE_ATTACHMENT, "attachment", {AUDIENCE_OWNER}, record::kSectionBytesMax),
      Understood<registry::v1::MemberEntry>(SECTION_TYPE_MEMBER, "member", {AUDIENCE_PUBLIC}, kSmallPayloadBytesMax),
      Named(SECTION_TYPE_CIRCULATION_EVENT, "circulation_event"),
      Understood<v1::Offer>(SECTION_TYPE_OFFER, "offer", {AUDIENCE_MEMBERS, AUDIENCE_ADDRESSEES},
                            kSmallPayloadBytesMax),
      Understood<v1::Grant>(SECTION_TYPE_GRANT, "grant", {AUDIENCE_MEMBERS, AUDIENCE_ADDRESSEES},
                            kSmallPayloadBytesMax),
      Understood<v1::Agreement>(SECTION_TYPE_AGREEMENT, "agreement", {AUDIENCE_ADDRESSEES}, kSmallPayloadBytesMax),
      Named(SECTION_TYPE_ERASURE_REQUEST, "erasure_request"),
      Named(SECTION_TYPE_ERASURE_ACKNOWLEDGEMENT, "erasure_acknowledgement"),
      Understood<v1::AccessRequest>(SECTION_TYPE_ACCESS_REQUEST, "access_request", {AUDIENCE_ADDRESSEES},
                                    kSmallPayloadBytesMax),
      Understood<v1::Enquiry>(SECTION_TYPE_ENQUIRY, "enquiry", {AUDIENCE_ADDRESSEES}, kSmallPayloadBytesMax),
      Understood<v1::EnquiryAnswer>(SECTION_TYPE_ENQUIRY_ANSWER, "enquiry_answer", {AUDIENCE_ADDRESSEES},
                                    kSmallPayloadBytesMax),
      Named(SECTION_TYPE_PLAN, "plan"),
      Named(SECTION_TYPE_PERIODIC_REPORT, "periodic_report"),
      Named(SECTION_TYPE_COLLECTION_REPORT, "collection_report"),
      Named(SECTION_TYPE_CE_COMMERCE_DECLARATION, "ce_commerce_declaration"),
      Named(SECTION_TYPE_REGIONAL_FLOW, "regional_flow"),
      Named(SECTION_TYPE_TARGET, "target"),
  };
  return table;
}

constexpr uint32_t kIdentityOnly[] = {record::v1::SECTION_TYPE_IDENTITY};
constexpr uint32_t kProductSections[] = {record::v1::SECTION_TYPE_IDENTITY,
                                         record::v1::SECTION_TYPE_COMPOSITION,
                                         record::v1::SECTION_TYPE_COMPOSITION_SUMMARY,
                                         record::v1::SECTION_TYPE_BILL_OF_MATERIALS,
                                         record::v1::SECTION_TYPE_DISMANTLING,
                                         record::v1::SECTION_TYPE_CONSUMER_RETURN,
                                         record::v1::SECTION_TYPE_RECYCLED_CONTENT,
                                         record::v1::SECTION_TYPE_CHAIN_OF_CUSTODY,
                                         record::v1::SECTION_TYPE_CARBON_FOOTPRINT,
                                         record::v1::SECTION_TYPE_DURABILITY,
                                         record::v1::SECTION_TYPE_ITEM_STATE,
                                         record::v1::SECTION_TYPE_HAZARD_SUMMARY,
                                         record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION,
                                         record::v1::SECTION_TYPE_CRITICAL_RAW_MATERIALS,
                                         record::v1::SECTION_TYPE_FACILITY,
                                         record::v1::SECTION_TYPE_CERTIFICATION,
                                         record::v1::SECTION_TYPE_TEST_REPORTS,
                                         record::v1::SECTION_TYPE_OWNER_NOTE,
                                         record::v1::SECTION_TYPE_ATTACHMENT};
constexpr uint32_t kLotSections[] = {record::v1::SECTION_TYPE_IDENTITY,
                                     record::v1::SECTION_TYPE_MATERIAL_IDENTITY,
                                     record::v1::SECTION_TYPE_COMPOSITION,
                                     record::v1::SECTION_TYPE_COMPOSITION_SUMMARY,
                                     record::v1::SECTION_TYPE_RECYCLED_CONTENT,
                                     record::v1::SECTION_TYPE_CHAIN_OF_CUSTODY,
                                     record::v1::SECTION_TYPE_CARBON_FOOTPRINT,
                                     record::v1::SECTION_TYPE_HAZARD_SUMMARY,
                                     record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION,
                                     record::v1::SECTION_TYPE_CRITICAL_RAW_MATERIALS,
                                     record::v1::SECTION_TYPE_MATERIAL_PROPERTIES,
                                     record::v1::SECTION_TYPE_FACILITY,
                                     record::v1::SECTION_TYPE_CERTIFICATION,
                                     record::v1::SECTION_TYPE_TEST_REPORTS,
                                     record::v1::SECTION_TYPE_OWNER_NOTE,
                                     record::v1::SECTION_TYPE_ATTACHMENT};
constexpr uint32_t kFacilityOnly[] = {record::v1::SECTION_TYPE_FACILITY};
constexpr uint32_t kFacilitySections[] = {record::v1::SECTION_TYPE_FACILITY, record::v1::SECTION_TYPE_CERTIFICATION,
                                          record::v1::SECTION_TYPE_OWNER_NOTE, record::v1::SECTION_TYPE_ATTACHMENT};
constexpr uint32_t kCertificationOnly[] = {record::v1::SECTION_TYPE_CERTIFICATION};
constexpr uint32_t kCertificationSections[] = {
    record::v1::SECTION_TYPE_CERTIFICATION, record::v1::SECTION_TYPE_TEST_REPORTS, record::v1::SECTION_TYPE_OWNER_NOTE,
    record::v1::SECTION_TYPE_ATTACHMENT};
constexpr uint32_t kEnquiryOnly[] = {record::v1::SECTION_TYPE_ENQUIRY};
constexpr uint32_t kEnquirySections[] = {record::v1::SECTION_TYPE_OWNER_NOTE, record::v1::SECTION_TYPE_ENQUIRY};
constexpr uint32_t kAnswerOnly[] = {record::v1::SECTION_TYPE_ENQUIRY_ANSWER};
constexpr uint32_t kAnswerSections[] = {record::v1::SECTION_TYPE_OWNER_NOTE, record::v1::SECTION_TYPE_ENQUIRY_ANSWER};
constexpr uint32_t kOfferOnly[] = {record::v1::SECTION_TYPE_OFFER};
constexpr uint32_t kOfferSections[] = {record::v1::SECTION_TYPE_OWNER_NOTE, record::v1::SECTION_TYPE_OFFER};
constexpr uint32_t kGrantOnly[] = {record::v1::SECTION_TYPE_GRANT};
constexpr uint32_t kGrantSections[] = {record::v1::SECTION_TYPE_OWNER_NOTE, record::v1::SECTION_TYPE_GRANT};
constexpr uint32_t kAgreementOnly[] = {record::v1::SECTION_TYPE_AGREEMENT};
constexpr uint32_t kAgreementSections[] = {record::v1::SECTION_TYPE_OWNER_NOTE, record::v1::SECTION_TYPE_AGREEMENT};
constexpr uint32_t kRequestOnly[] = {record::v1::SECTION_TYPE_ACCESS_REQUEST};
constexpr uint32_t kRequestSections[] = {record::v1::SECTION_TYPE_OWNER_NOTE, record::v1::SECTION_TYPE_ACCESS_REQUEST};
constexpr uint32_t kMemberOnly[] = {record::v1::SECTION_TYPE_MEMBER};

const auto& RecordTable() {
  using namespace record::v1;  // the enumerators
  static const std::array table = {
      RecordKind{RECORD_TYPE_PRODUCT_PASSPORT, "product_passport", kProductSlots, kIdentityOnly, kProductSections},
      RecordKind{RECORD_TYPE_MATERIAL_PASSPORT, "material_passport", kLotSlots, kIdentityOnly, kLotSections},
      RecordKind{RECORD_TYPE_FACILITY, "facility", kSlotsDefault, kFacilityOnly, kFacilitySections},
      RecordKind{RECORD_TYPE_CERTIFICATION, "certification", kSlotsDefault, kCertificationOnly, kCertificationSections},
      RecordKind{RECORD_TYPE_MEMBER, "member", kSlotsDefault, kMemberOnly, kMemberOnly},
      RecordKind{RECORD_TYPE_CIRCULATION_EVENT, "circulation_event", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_OFFER, "offer", kSlotsDefault, kOfferOnly, kOfferSections},
      RecordKind{RECORD_TYPE_GRANT, "grant", kSlotsDefault, kGrantOnly, kGrantSections},
      RecordKind{RECORD_TYPE_AGREEMENT, "agreement", kSlotsDefault, kAgreementOnly, kAgreementSections},
      RecordKind{RECORD_TYPE_ERASURE_REQUEST, "erasure_request", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_ERASURE_ACKNOWLEDGEMENT, "erasure_acknowledgement", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_ACCESS_REQUEST, "access_request", kSlotsDefault, kRequestOnly, kRequestSections},
      RecordKind{RECORD_TYPE_ENQUIRY, "enquiry", kSlotsDefault, kEnquiryOnly, kEnquirySections},
      RecordKind{RECORD_TYPE_ENQUIRY_ANSWER, "enquiry_answer", kSlotsDefault, kAnswerOnly, kAnswerSections},
      RecordKind{RECORD_TYPE_PLAN, "plan", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_PERIODIC_REPORT, "periodic_report", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_COLLECTION_REPORT, "collection_report", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_CE_COMMERCE_DECLARATION, "ce_commerce_declaration", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_REGIONAL_FLOW, "regional_flow", kSlotsDefault, {}, {}},
      RecordKind{RECORD_TYPE_TARGET, "target", kSlotsDefault, {}, {}},
  };
  return table;
}

template <typename Kind, typename Matches>
const Kind* FindIf(absl::Span<const Kind> kinds, Matches matches) {
  const auto found = std::find_if(kinds.begin(), kinds.end(), matches);
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace

absl::Span<const SectionKind> SectionKinds() { return SectionTable(); }

const SectionKind* FindSectionKind(uint32_t type) {
  return FindIf(SectionKinds(), [type](const SectionKind& kind) { return kind.type == type; });
}

const SectionKind* FindSectionKind(absl::string_view name) {
  return FindIf(SectionKinds(), [name](const SectionKind& kind) { return kind.name == name; });
}

absl::Span<const RecordKind> RecordKinds() { return RecordTable(); }

const RecordKind* FindRecordKind(uint32_t type) {
  return FindIf(RecordKinds(), [type](const RecordKind& kind) { return kind.type == type; });
}

const RecordKind* FindRecordKind(absl::string_view name) {
  return FindIf(RecordKinds(), [name](const RecordKind& kind) { return kind.name == name; });
}

}  // namespace meguri::passport
