// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/attachment.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "passport/rules/text.h"
#include "record/hash.h"

namespace meguri::passport {
namespace {

void CheckBytes(absl::string_view value, size_t bytes_max, const Path& path, Findings& findings) {
  if (value.size() > bytes_max) {
    findings.Add({.field = path.ToString(),
                  .reason = "ATTACHMENT_VALUE_SIZE",
                  .found = absl::StrCat(value.size(), " bytes"),
                  .expected = absl::StrCat("at most ", bytes_max),
                  .cure = "keep the whole file as content instead",
                  .message_ja = absl::StrCat(bytes_max, "バイト以下にしてください。")});
  }
}

}  // namespace

void CheckFileName(absl::string_view value, const Path& path, Findings& findings) {
  CheckWord(value, path, findings);
  if (absl::StrContains(value, '/') || absl::StrContains(value, '\\') || value == "." || value == "..") {
    findings.Add({.field = path.ToString(),
                  .reason = "FILE_NAME",
                  .found = Quoted(value),
                  .expected = "the name of a file without folders",
                  .cure = "leave the folders out",
                  .message_ja = "フォルダーを含まないファイル名を記載してください。"});
  }
}

void CheckKeptPath(absl::string_view value, const Path& path, Findings& findings) {
  CheckBytes(value, kKeptPathBytesMax, path, findings);
}

void CheckKeptValue(absl::string_view value, const Path& path, Findings& findings) {
  CheckBytes(value, kKeptValueBytesMax, path, findings);
}

void CheckAttachment(const v1::Attachment& attachment, const Path& path, Findings& findings) {
  if (attachment.content().empty() && attachment.kept_values().empty()) {
    findings.Add({.field = path.ToString(),
                  .reason = "ATTACHMENT_EMPTY",
                  .found = "neither content nor kept values",
                  .expected = "one of them",
                  .cure = "keep the file or the values, or leave the attachment out",
                  .message_ja = "ファイル本体または保持した値のどちらかが必要です。"});
  }
  const std::string digest = record::Sha256(attachment.content()).ToHex();
  if (!attachment.content().empty() && digest != attachment.sha256()) {
    findings.Add({.field = path.At("sha256"),
                  .reason = "ATTACHMENT_DIGEST",
                  .found = Quoted(attachment.sha256()),
                  .expected = digest,
                  .cure = "attach the file again",
                  .message_ja = "ファイル本体のハッシュ値が一致しません。"});
  }
}

}  // namespace meguri::passport
