// SPDX-License-Identifier: Apache-2.0
#include "meguri/passport/v1/identity.pb.h"
#include "passport/terms/enum_word.h"
#include "passport/terms/section_terms.h"

namespace meguri::passport {

void AddIdentityTerms(const google::protobuf::Message& payload, TermSink& terms) {
  const auto& identity = static_cast<const v1::Identity&>(payload);
  terms.AddWord("product_group", identity.product_group());
  terms.AddWord("gtin", identity.gtin());
  terms.AddWord("lot", identity.lot());
  terms.AddWord("serial", identity.serial());
  terms.AddWord("model", identity.model_number());
  terms.AddWord("granularity", EnumWord(identity.granularity(), "GRANULARITY_"));
  terms.AddWord("product_status", EnumWord(identity.product_status(), "PRODUCT_STATUS_"));
  terms.AddWord("parent", identity.parent_record_id());
  terms.AddWord("manufacturer", identity.manufacturer_id());
  for (const int designation : identity.designations()) {
    terms.AddWord("designation", EnumWord(static_cast<v1::Designation>(designation), "DESIGNATION_"));
  }
  for (const v1::Identifier& identifier : identity.identifiers()) {
    terms.AddWord("identifier", identifier.value());
  }
}

}  // namespace meguri::passport
