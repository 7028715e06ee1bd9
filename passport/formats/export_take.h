// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "passport/formats/document.h"
#include "passport/readers/input_tree.h"
#include "record/record_id.h"

// How exporters take values of an ExportSource. A path is one of names below `from` (name.ja), "" is `from` itself;
// null is fine as `from`.
// What is taken is marked; nullopt if there is nothing to take.
namespace meguri::passport {

// The elements of a list; an empty node if there is no such list.
InputNode& ListAt(InputNode* from, absl::string_view path);
// The first of them, or null.
InputNode* FirstOf(InputNode* from, absl::string_view path);

absl::optional<std::string> TakeText(InputNode* from, absl::string_view path);
// Every text of a list.
std::vector<std::string> TakeTexts(InputNode* from, absl::string_view path);
// The English text, else the Japanese one.
absl::optional<std::string> TakeEnglish(InputNode* from, absl::string_view path);
// A number in the spelling of decimal.proto, times 10 to the power of `exponent`; another text is not taken.
absl::optional<std::string> TakeNumber(InputNode* from, absl::string_view path, int exponent = 0);
// Whether TakeNumber finds one.
bool HasNumber(InputNode* from, absl::string_view path);
// The text that stands for the enumerator in `codes`; one that is not among them is not taken.
absl::optional<std::string> TakeCode(InputNode* from, absl::string_view path, absl::Span<const CodeRow> codes);
// Whether the leaf has that text, which is then implied.
bool Implies(InputNode* from, absl::string_view path, absl::string_view text);

// What the product is called: its digital link, which is taken; else one of id.gs1.org made of GTIN, lot and serial,
// which are not; else the URI of the record.
std::string TakeProductUri(InputNode* identity, const record::RecordId& record_id);
// What a record is called where a URI is needed: urn:uuid: and its record ID.
std::string RecordUri(const record::RecordId& record_id);
// A participant ID as a URI of OASIS ebCore: urn:oasis:names:tc:ebcore:partyid-type:iso6523:0188:7123456789012.
std::string ParticipantUri(absl::string_view participant_id);
// https://id.gs1.org/01/04912345100108/21/S1: pairs of an AI and a value, percent-encoded.
std::string Gs1Uri(std::initializer_list<std::pair<absl::string_view, absl::string_view>> keys);

}  // namespace meguri::passport
