// SPDX-License-Identifier: Apache-2.0
#include "client/verify.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "record/audience.h"
#include "record/batch.h"
#include "record/section.h"

namespace meguri::client {
namespace {

constexpr uint32_t kRecordFileFormatVersion = 1;
constexpr char kFileReason[] = "RECORD_FILE";
constexpr char kMemberReason[] = "MEMBER_RECORD";

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

// The key that signed `header`, which must be a record key of the publisher in `registry`.
absl::StatusOr<certs::RegisteredKey> VerifySignature(const record::Header& header,
                                                     const record::v1::BatchSignature& signature,
                                                     const certs::Registry& registry) {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signature.key_id()));
  const certs::RegisteredKey* key = registry.FindKey(key_id);
  if (key == nullptr || key->owner != header.publisher() || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
    return Refuse("RECORD_KEY", absl::StrCat("the key ", key_id.ToHex(), " that signed is not a record key of ",
                                             header.publisher().text()));
  }
  MEGURI_RETURN_IF_ERROR(record::VerifyBatchSignature(header.hash(), signature, key->key, nullptr));
  return *key;
}

absl::StatusOr<registry::v1::MemberEntry> OpenEntry(const record::v1::Envelope& envelope) {
  if (envelope.sections_size() != 1 || envelope.sections(0).type() != record::v1::SECTION_TYPE_MEMBER) {
    return Refuse(kMemberReason, "the publisher's entry does not hold one open member section and nothing else");
  }
  registry::v1::MemberEntry entry;
  MEGURI_RETURN_IF_ERROR(
      certs::ParseStrictly(envelope.sections(0).payload(), certs::kMemberEntryBytesMax, kMemberReason, entry));
  return entry;
}

absl::StatusOr<record::v1::RecordFile> ParseFile(absl::string_view bytes) {
  record::v1::RecordFile file;
  MEGURI_RETURN_IF_ERROR(certs::ParseStrictly(bytes, kRecordFileBytesMax, kFileReason, file));
  if (file.format_version() != kRecordFileFormatVersion) {
    return Refuse(kFileReason, absl::StrCat("the file has format version ", file.format_version(), ", expected ",
                                            kRecordFileFormatVersion, "; it may need a newer version of this program"));
  }
  if (certs::SerializeForSigning(file) != bytes) {
    return Refuse(kFileReason, "the file is not in its canonical form: it was changed after it was saved");
  }
  return file;
}

}  // namespace

absl::StatusOr<VerifiedMember> VerifyMemberRecord(const record::v1::Envelope& envelope,
                                                  const certs::TrustBundle& bundle, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const certs::Registry> anchors, certs::Registry::Make(bundle, {}));
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  if (header.message().record_type() != record::v1::RECORD_TYPE_MEMBER || header.publisher() != bundle.operator_id()) {
    return Refuse(kMemberReason, "the publisher's entry is not a member record of the operator");
  }
  if (header.is_tombstone()) {
    return Refuse(kMemberReason, "the publisher's entry is a tombstone: it says that the member's record ended");
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey key, VerifySignature(header, envelope.signature(), *anchors));
  MEGURI_RETURN_IF_ERROR(key.CheckUsable(now));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, envelope.sections()));
  MEGURI_ASSIGN_OR_RETURN(registry::v1::MemberEntry entry, OpenEntry(envelope));
  MEGURI_RETURN_IF_ERROR(certs::CheckMemberEntry(bundle.federation(), entry));
  return VerifiedMember{std::move(header), std::move(entry)};
}

absl::StatusOr<VerificationReport> VerifyRecordFile(absl::string_view bytes, const certs::TrustBundle& bundle,
                                                    absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(record::v1::RecordFile file, ParseFile(bytes));
  MEGURI_ASSIGN_OR_RETURN(VerifiedMember publisher, VerifyMemberRecord(file.publisher_entry(), bundle, now));
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(file.record().header()));
  if (header.publisher().text() != publisher.entry.participant_id()) {
    return Refuse(kMemberReason, absl::StrCat("the entry in the file is that of ", publisher.entry.participant_id(),
                                              ", the record is published by ", header.publisher().text()));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const certs::Registry> registry,
                          certs::Registry::Make(bundle, {publisher.entry}));
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey key,
                          VerifySignature(header, file.record().signature(), *registry));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, file.record().sections()));
  const absl::Status usable = key.CheckUsable(now);
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(file.record().signature().key_id()));
  return VerificationReport{usable.ok() ? Verdict::kValid : Verdict::kIndeterminate,
                            std::string(usable.message().data(), usable.message().size()),
                            std::move(header),
                            key_id,
                            std::move(*file.mutable_record()),
                            std::move(publisher)};
}

std::string MakeRecordFile(const record::v1::Envelope& record, const record::v1::Envelope& publisher_entry) {
  record::v1::RecordFile file;
  file.set_format_version(kRecordFileFormatVersion);
  *file.mutable_record() = record;
  *file.mutable_publisher_entry() = publisher_entry;
  return certs::SerializeForSigning(file);
}

}  // namespace meguri::client
