// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_take.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "passport/formats/unit.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {
namespace {

InputNode* LeafAt(InputNode* from, absl::string_view path) {
  InputNode* leaf = path.empty() ? from : DocumentDraft::At(from, path);
  return leaf == nullptr || !leaf->is_leaf() || leaf->text.empty() ? nullptr : leaf;
}

}  // namespace

InputNode& ListAt(InputNode* from, absl::string_view path) {
  static InputNode none;
  InputNode* list = DocumentDraft::At(from, path);
  return list == nullptr ? none : *list;
}

InputNode* FirstOf(InputNode* from, absl::string_view path) {
  InputNode& list = ListAt(from, path);
  return list.children.empty() ? nullptr : list.children.data();
}

std::vector<std::string> TakeTexts(InputNode* from, absl::string_view path) {
  std::vector<std::string> texts;
  for (InputNode& element : ListAt(from, path).children) {
    if (auto text = TakeText(&element, "")) {
      texts.push_back(*std::move(text));
    }
  }
  return texts;
}

absl::optional<std::string> TakeText(InputNode* from, absl::string_view path) {
  InputNode* leaf = LeafAt(from, path);
  if (leaf == nullptr) {
    return absl::nullopt;
  }
  leaf->fate = Fate::kMapped;
  return leaf->text;
}

absl::optional<std::string> TakeEnglish(InputNode* from, absl::string_view path) {
  absl::optional<std::string> english = TakeText(from, absl::StrCat(path, ".en"));
  return english.has_value() ? english : TakeText(from, absl::StrCat(path, ".ja"));
}

bool HasNumber(InputNode* from, absl::string_view path) {
  const InputNode* leaf = LeafAt(from, path);
  const absl::StatusOr<std::string> same = ScaledDecimal(leaf == nullptr ? "" : leaf->text, {});
  return same.ok() && *same == leaf->text;
}

absl::optional<std::string> TakeNumber(InputNode* from, absl::string_view path, int exponent) {
  if (!HasNumber(from, path)) {
    return absl::nullopt;
  }
  InputNode* leaf = LeafAt(from, path);
  absl::StatusOr<std::string> scaled = ScaledDecimal(leaf->text, {1, exponent});
  if (!scaled.ok()) {
    return absl::nullopt;
  }
  leaf->fate = Fate::kMapped;
  return *std::move(scaled);
}

absl::optional<std::string> TakeCode(InputNode* from, absl::string_view path, absl::Span<const CodeRow> codes) {
  InputNode* leaf = LeafAt(from, path);
  for (const CodeRow& row : codes) {
    if (leaf != nullptr && leaf->text == row.name) {
      leaf->fate = Fate::kMapped;
      return std::string(row.text);
    }
  }
  return absl::nullopt;
}

bool Implies(InputNode* from, absl::string_view path, absl::string_view text) {
  InputNode* leaf = LeafAt(from, path);
  if (leaf == nullptr || leaf->text != text) {
    return false;
  }
  leaf->fate = Fate::kImplied;
  return true;
}

std::string TakeProductUri(InputNode* identity, const record::RecordId& record_id) {
  const InputNode* link = LeafAt(identity, "digital_link");
  if (link != nullptr && IsUri(link->text)) {
    return *TakeText(identity, "digital_link");
  }
  const auto text = [identity](absl::string_view path) {
    const InputNode* leaf = LeafAt(identity, path);
    return leaf == nullptr ? std::string() : leaf->text;
  };
  const std::string gtin = text("gtin");
  return gtin.empty() ? RecordUri(record_id) : Gs1Uri({{"01", gtin}, {"10", text("lot")}, {"21", text("serial")}});
}

std::string RecordUri(const record::RecordId& record_id) {
  const std::string hex = record_id.ToHex();
  return absl::StrCat("urn:uuid:", hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20));
}

std::string ParticipantUri(absl::string_view participant_id) {
  return absl::StrCat("urn:oasis:names:tc:ebcore:partyid-type:iso6523:", participant_id);
}

std::string Gs1Uri(std::initializer_list<std::pair<absl::string_view, absl::string_view>> keys) {
  constexpr absl::string_view kUnreserved = "-._~";
  std::string uri = "https://id.gs1.org";
  for (const auto& [identifier, value] : keys) {
    if (value.empty()) {
      continue;
    }
    absl::StrAppend(&uri, "/", identifier, "/");
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      absl::StrAppend(&uri, absl::ascii_isalnum(byte) || absl::StrContains(kUnreserved, c)
                                ? std::string(1, c)
                                : absl::StrFormat("%%%02X", byte));
    }
  }
  return uri;
}

}  // namespace meguri::passport
