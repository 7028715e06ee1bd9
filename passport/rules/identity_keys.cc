// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/identity_keys.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "passport/rules/gs1_key.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {
namespace {

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

void AddGranularity(absl::string_view field, absl::string_view found, absl::string_view expected,
                    absl::string_view message_ja, Findings& findings) {
  findings.Add({.field = std::string(field),
                .reason = "V4_GRANULARITY",
                .found = std::string(found),
                .expected = std::string(expected),
                .cure = "make granularity, lot and serial fit each other",
                .message_ja = std::string(message_ja)});
}

// Nothing if `key` must be there and is, or must not and is not.
void CheckPresence(bool wanted, absl::string_view name, absl::string_view key, absl::string_view granularity,
                   const Path& path, Findings& findings) {
  if (wanted && key.empty()) {
    AddGranularity(path.At(name), absl::StrCat("no ", name), absl::StrCat("the ", name, " of this ", granularity),
                   absl::StrCat("この粒度では ", name, " の記載が必要です。"), findings);
  }
  if (!wanted && !key.empty()) {
    AddGranularity(path.At(name), Quoted(key), absl::StrCat("no ", name, " in the passport of a ", granularity),
                   absl::StrCat("この粒度では ", name, " を記載できません。"), findings);
  }
}

bool IsCatenaXId(absl::string_view value) {
  constexpr absl::string_view kUuidForm = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
  if (!absl::ConsumePrefix(&value, "urn:uuid:") || value.size() != kUuidForm.size()) {
    return false;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    const bool fits =
        kUuidForm[i] == 'h' ? absl::ascii_isxdigit(static_cast<unsigned char>(value[i])) : value[i] == kUuidForm[i];
    if (!fits) {
      return false;
    }
  }
  return true;
}

bool HasIdentifierForm(const v1::Identifier& identifier) {
  switch (identifier.scheme()) {
    case v1::IDENTIFIER_SCHEME_GIAI:
      return CheckGs1Key("8004", identifier.value()).ok();
    case v1::IDENTIFIER_SCHEME_GRAI:
      return CheckGs1Key("8003", identifier.value()).ok();
    case v1::IDENTIFIER_SCHEME_CPID:
      return CheckGs1Key("8010", identifier.value()).ok();
    case v1::IDENTIFIER_SCHEME_SSCC:
      return CheckGs1Key("00", identifier.value()).ok();
    case v1::IDENTIFIER_SCHEME_URI:
      return IsUri(identifier.value());
    case v1::IDENTIFIER_SCHEME_CATENA_X_ID:
      return IsCatenaXId(identifier.value());
    default:
      return !identifier.value().empty();
  }
}

bool HasCategoryForm(const v1::Category& category) {
  const std::string& value = category.value();
  switch (category.scheme()) {
    case v1::CATEGORY_SCHEME_HS:
      return value.size() >= 4 && value.size() <= 10 && AreDigits(value);
    case v1::CATEGORY_SCHEME_GPC:
      return value.size() == 8 && AreDigits(value);
    case v1::CATEGORY_SCHEME_CPC:
      return !value.empty() && value.size() <= 5 && AreDigits(value);
    default:
      return !value.empty();
  }
}

}  // namespace

bool IsProductGroup(absl::string_view group) {
  return !group.empty() && group.size() <= kProductGroupBytesMax &&
         std::all_of(group.begin(), group.end(),
                     [](unsigned char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; });
}

void CheckProductGroup(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsProductGroup(value)) {
    findings.Add({.field = path.ToString(),
                  .reason = "PRODUCT_GROUP",
                  .found = Quoted(value),
                  .expected = absl::StrCat("1-", kProductGroupBytesMax, " of a-z, 0-9 and -"),
                  .cure = "write for example battery or washing-machine",
                  .message_ja = "製品群は小文字英数字とハイフンで記載してください（例: washing-machine）。"});
  }
}

void CheckLotOrSerial(absl::string_view value, const Path& path, Findings& findings) {
  if (!IsGs1Text(value, kGs1SerialBytesMax)) {
    findings.Add({.field = path.ToString(),
                  .reason = "V4_GS1_TEXT",
                  .found = Quoted(value),
                  .expected = absl::StrCat("1-", kGs1SerialBytesMax, " characters of GS1 character set 82"),
                  .cure = "use letters, digits and plain punctuation, no spaces",
                  .message_ja = "GS1 キャラクタセット82の20文字以内で記載してください（空白不可）。"});
  }
}

void CheckGranularity(const v1::Identity& identity, const Path& path, Findings& findings) {
  switch (identity.granularity()) {
    case v1::GRANULARITY_MODEL:
      CheckPresence(false, "lot", identity.lot(), "model", path, findings);
      CheckPresence(false, "serial", identity.serial(), "model", path, findings);
      break;
    case v1::GRANULARITY_BATCH:
      CheckPresence(true, "lot", identity.lot(), "batch", path, findings);
      CheckPresence(false, "serial", identity.serial(), "batch", path, findings);
      break;
    case v1::GRANULARITY_ITEM:
      CheckPresence(true, "serial", identity.serial(), "item", path, findings);
      if (identity.product_status() == v1::PRODUCT_STATUS_UNSPECIFIED) {
        AddGranularity(path.At("product_status"), "no product status", "the status of this item",
                       "個品では product_status の記載が必要です。", findings);
      }
      break;
    default:
      break;
  }
  if (identity.gtin().empty() && identity.model_number().empty() && identity.identifiers().empty() &&
      identity.lot().empty()) {
    findings.Add({.field = path.At("gtin"),
                  .reason = "IDENTITY_KEY_MISSING",
                  .found = "nothing that names the thing",
                  .expected = "a GTIN, a model number, a lot or another identifier",
                  .cure = "fill in at least one of them",
                  .message_ja = "GTIN、型番、ロット、その他の識別子のいずれかが必要です。"});
  }
}

void CheckIdentifier(const v1::Identifier& identifier, const Path& path, Findings& findings) {
  if (!HasIdentifierForm(identifier)) {
    findings.Add({.field = path.At("value"),
                  .reason = "IDENTIFIER_FORM",
                  .found = Quoted(identifier.value()),
                  .expected = absl::StrCat("a value of ", v1::IdentifierScheme_Name(identifier.scheme())),
                  .cure = "correct the value or the scheme",
                  .message_ja = "識別子の値が scheme の形式に合っていません。"});
  }
}

void CheckCategory(const v1::Category& category, const Path& path, Findings& findings) {
  if (!HasCategoryForm(category)) {
    findings.Add({.field = path.At("value"),
                  .reason = "CATEGORY_FORM",
                  .found = Quoted(category.value()),
                  .expected = absl::StrCat("a code of ", v1::CategoryScheme_Name(category.scheme())),
                  .cure = "write the digits of the code without dots",
                  .message_ja = "分類コードの形式が正しくありません（数字のみ、点なし）。"});
  }
}

}  // namespace meguri::passport
