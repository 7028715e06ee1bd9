// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/types/optional.h"
#include "client/cli/messages.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/text.pb.h"
#include "meguri/record/v1/record_service.pb.h"

// What commands read out of the passports that a node answered with.
namespace meguri::client {

// The payload of the section of this type; nullopt if the reader does not see one.
template <typename Payload>
absl::optional<Payload> SectionOf(const record::v1::RecordView& view, uint32_t type) {
  for (const record::v1::Section& section : view.envelope().sections()) {
    Payload payload;
    if (section.type() == type && payload.ParseFromString(section.payload())) {
      return payload;
    }
  }
  return absl::nullopt;
}

// In the language if there is one, else in the other.
std::string TextIn(Language language, const passport::v1::Text& text);

// What the product or material is called; "" if its identity cannot be read.
std::string ProductName(const record::v1::RecordView& view, Language language);

}  // namespace meguri::client
