// SPDX-License-Identifier: Apache-2.0
#include "meguri/passport/v1/enquiry.pb.h"
#include "passport/terms/enum_word.h"
#include "passport/terms/section_terms.h"

namespace meguri::passport {

void AddEnquiryTerms(const google::protobuf::Message& payload, TermSink& terms) {
  terms.AddWord("about", static_cast<const v1::Enquiry&>(payload).material().record_id());
}

void AddEnquiryAnswerTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& answer = static_cast<const v1::EnquiryAnswer&>(payload);
  terms.AddWord("about", answer.material().record_id());
  terms.AddWord("answer_to", answer.enquiry().record_id());
  terms.AddWord("verdict", EnumWord(answer.verdict(), "ENQUIRY_VERDICT_"));
}

}  // namespace meguri::passport
