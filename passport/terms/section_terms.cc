// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/section_terms.h"

#include "meguri/record/v1/record.pb.h"

namespace meguri::passport {
namespace {

struct SectionTerms {
  uint32_t section_type;
  void (*add)(const google::protobuf::Message& payload, TermSink& terms);
};

constexpr SectionTerms kTable[] = {
    {record::v1::SECTION_TYPE_IDENTITY, &AddIdentityTerms},
    {record::v1::SECTION_TYPE_COMPOSITION, &AddCompositionTerms},
    {record::v1::SECTION_TYPE_BILL_OF_MATERIALS, &AddBillOfMaterialsTerms},
    {record::v1::SECTION_TYPE_COMPOSITION_SUMMARY, &AddCompositionSummaryTerms},
    {record::v1::SECTION_TYPE_MATERIAL_IDENTITY, &AddMaterialIdentityTerms},
    {record::v1::SECTION_TYPE_MATERIAL_PROPERTIES, &AddMaterialPropertiesTerms},
    {record::v1::SECTION_TYPE_RECYCLED_CONTENT, &AddRecycledContentTerms},
    {record::v1::SECTION_TYPE_HAZARD_SUMMARY, &AddHazardSummaryTerms},
    {record::v1::SECTION_TYPE_SUBSTANCE_DECLARATION, &AddSubstanceDeclarationTerms},
    {record::v1::SECTION_TYPE_CRITICAL_RAW_MATERIALS, &AddCriticalRawMaterialsTerms},
    {record::v1::SECTION_TYPE_GRANT, &AddGrantTerms},
    {record::v1::SECTION_TYPE_AGREEMENT, &AddAgreementTerms},
    {record::v1::SECTION_TYPE_ACCESS_REQUEST, &AddAccessRequestTerms},
    {record::v1::SECTION_TYPE_ENQUIRY, &AddEnquiryTerms},
    {record::v1::SECTION_TYPE_ENQUIRY_ANSWER, &AddEnquiryAnswerTerms},
};

}  // namespace

void AddSectionTerms(uint32_t section_type, const google::protobuf::Message& payload, TermSink& terms) {
  for (const SectionTerms& row : kTable) {
    if (row.section_type == section_type) {
      row.add(payload, terms);
    }
  }
}

}  // namespace meguri::passport
