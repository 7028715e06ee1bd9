// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "google/protobuf/message.h"
#include "passport/terms/term_sink.h"

namespace meguri::passport {

// Adds the terms of a decoded payload of this section type; none if the type has none.
void AddSectionTerms(uint32_t section_type, const google::protobuf::Message& payload, TermSink& terms);

// One a family of sections, each in the file of its name. The payload's depth has been bounded when it was decoded.
void AddIdentityTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddCompositionTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddBillOfMaterialsTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddCompositionSummaryTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddMaterialIdentityTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddMaterialPropertiesTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddRecycledContentTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddHazardSummaryTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddSubstanceDeclarationTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddCriticalRawMaterialsTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddGrantTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddAgreementTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddAccessRequestTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddEnquiryTerms(const google::protobuf::Message& payload, TermSink& terms);
void AddEnquiryAnswerTerms(const google::protobuf::Message& payload, TermSink& terms);

}  // namespace meguri::passport
