// SPDX-License-Identifier: Apache-2.0
#include "passport/product_group.h"

#include <memory>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/payload.h"
#include "passport/rules/identity_keys.h"
#include "passport/section_table.h"

namespace meguri::passport {

std::string ProductGroupOf(absl::Span<const record::v1::Section> sections) {
  for (const record::v1::Section& section : sections) {
    if (section.type() == record::v1::SECTION_TYPE_IDENTITY) {
      const std::string group = ProductGroupOfIdentity(section.payload());
      if (!group.empty()) {
        return group;
      }
    }
  }
  return "";
}

std::string ProductGroupOfIdentity(absl::string_view identity_payload) {
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message =
      DecodePayload(*FindSectionKind(record::v1::SECTION_TYPE_IDENTITY), identity_payload);
  if (!message.ok()) {
    return "";
  }
  const std::string& group = static_cast<const v1::Identity&>(**message).product_group();
  return IsProductGroup(group) ? group : "";
}

}  // namespace meguri::passport
