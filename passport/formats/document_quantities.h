// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "meguri/passport/v1/durability.pb.h"
#include "meguri/passport/v1/text.pb.h"
#include "passport/formats/document.h"

// What formats say in another way than passports do: periods, losses, points in time, parts of a name. Each leaves what
// it cannot say exactly, and returns whether it was written. Null is fine as a leaf.
namespace meguri::passport {

// Writes a period of whole months; the unit is years or months (ANN, MON, unit:year, unit:month), and implied.
bool SetMonths(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* value,
               InputNode* unit);

// Writes a lifetime in years, cycles, hours or kilometres (ANN, CYC, HUR, KMT, unit:year …); the unit is implied.
bool SetLifetime(DocumentDraft& draft, v1::Lifetime& lifetime, InputNode* value, InputNode* unit);

// Writes what is left after a loss in `unit` (percent): 1 − loss.
bool SetRemaining(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* loss,
                  absl::string_view unit);

// Writes a point in time of RFC 3339 with any offset in UTC. A day without time is left.
bool SetTime(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* leaf);

// The GLN of a leaf, which is one or ends in one (https://id.gs1.org/417/9521234000006), as a participant ID
// (0088:9521234000006).
bool SetParticipant(DocumentDraft& draft, google::protobuf::Message& message, const char* field, InputNode* leaf);

// `percent` hundredths of `amount`, exact. Why not is that of FactorOfNumber or ScaledDecimal.
absl::StatusOr<std::string> PercentOf(absl::string_view amount, absl::string_view percent);

// A part of a text, and the words in front of it.
struct TextPart {
  const char* before;  // "; anode: "; left out in front of the first part
  InputNode* leaf;
};
// Writes the parts that are there as one English text.
bool SetJoined(DocumentDraft& draft, v1::Text& text, const std::vector<TextPart>& parts);

}  // namespace meguri::passport
