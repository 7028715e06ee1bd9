// SPDX-License-Identifier: Apache-2.0
#include "certs/sealed_file.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/strict_parse.h"
#include "record/hash.h"
#include "record/limits.h"

namespace meguri::certs {
namespace {

constexpr absl::string_view kDigestTag("\x42\x20", 2);  // field 8, 32 bytes
constexpr size_t kSealSize = 2 + record::kHashSize;

}  // namespace

std::string SealFile(absl::string_view domain, const google::protobuf::Message& message) {
  const std::string bytes = SerializeForSigning(message);
  return absl::StrCat(bytes, kDigestTag, record::Sha256({domain, bytes}).view());
}

absl::Status OpenSealedFile(absl::string_view bytes, size_t size_max, absl::string_view domain,
                            absl::string_view reason, google::protobuf::Message& message) {
  MEGURI_RETURN_IF_ERROR(ParseStrictly(bytes, size_max, reason, message));
  const absl::string_view body = bytes.substr(0, bytes.size() < kSealSize ? 0 : bytes.size() - kSealSize);
  const bool is_whole = bytes.substr(body.size()) == absl::StrCat(kDigestTag, record::Sha256({domain, body}).view());
  if (!is_whole || SerializeForSigning(message) != bytes) {
    return Error(absl::StatusCode::kInvalidArgument, reason,
                 "the file is not as it was saved: it was changed, or damaged on its way");
  }
  return absl::OkStatus();
}

}  // namespace meguri::certs
