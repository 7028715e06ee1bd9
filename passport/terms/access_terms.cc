// SPDX-License-Identifier: Apache-2.0
#include "meguri/passport/v1/access.pb.h"
#include "passport/terms/section_terms.h"

namespace meguri::passport {

void AddAccessRequestTerms(const google::protobuf::Message& payload, TermSink& terms) {
  terms.AddWord("about", static_cast<const v1::AccessRequest&>(payload).offer().record_id());
}

void AddGrantTerms(const google::protobuf::Message& payload, TermSink& terms) {
  terms.AddWord("about", static_cast<const v1::Grant&>(payload).offer().record_id());
}

void AddAgreementTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& agreement = static_cast<const v1::Agreement&>(payload);
  terms.AddWord("about", agreement.offer().record_id());
  terms.AddWord("answer_to", agreement.grant().record_id());
}

}  // namespace meguri::passport
