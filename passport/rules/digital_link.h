// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

inline constexpr size_t kDigitalLinkBytesMax = 2048;

// What a GS1 Digital Link URI names. Values are percent-decoded.
struct DigitalLink {
  std::string host;                // "id.example.jp", lower case, with the port if there is one
  std::string primary_ai;          // "01"
  std::string primary_key;         // GTIN padded to 14 digits if primary_ai is 01
  std::string gtin;                // = primary_key if primary_ai is 01, else ""
  std::string variant;             // AI 22
  std::string lot;                 // AI 10
  std::string serial;              // AI 21; AI 8011 after 8010
  std::string third_party_serial;  // AI 235
  std::string extension;           // AI 254 or 7040 after 414, AI 7040 after 417

  friend bool operator==(const DigitalLink&, const DigitalLink&) = default;
};

// V4: INVALID_ARGUMENT with reason V4_DIGITAL_LINK if `uri` is none, V4_GS1_KEY if its key does not have the form of
// the key, V3_CHECK_DIGIT if the check digit is wrong. The query part and the fragment are ignored.
absl::StatusOr<DigitalLink> ParseDigitalLink(absl::string_view uri);

// V4: the digital link of an identity can be read and says the same as its gtin, lot and serial. A warning if it is not
// https, or has a shorter GTIN than 14 digits, as links of the first version of the standard may.
void CheckIdentityDigitalLink(const v1::Identity& identity, const Path& path, Findings& findings);

}  // namespace meguri::passport
