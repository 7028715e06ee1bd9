// SPDX-License-Identifier: Apache-2.0
#include "certs/record_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/sealed_file.h"
#include "record/heads.h"
#include "record/section.h"

namespace meguri::certs {
namespace {

constexpr uint32_t kRecordFileFormatVersion = 2;
constexpr uint32_t kFormatVersionWithOpenings = 3;  // and nothing else is new in it
constexpr char kFileReason[] = "RECORD_FILE";
constexpr absl::string_view kDigestDomain("meguri/record-file/v2\0", 22);

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, kFileReason, message);
}

uint32_t FormatVersionOf(const record::v1::RecordFile& file) {
  const bool has_openings = std::any_of(file.record_proofs().begin(), file.record_proofs().end(),
                                        [](const auto& proof) { return record::IsOpening(proof.checkpoint()); });
  return has_openings ? kFormatVersionWithOpenings : kRecordFileFormatVersion;
}

absl::StatusOr<record::v1::RecordFile> ParseFile(absl::string_view bytes) {
  record::v1::RecordFile file;
  const absl::Status whole = OpenSealedFile(bytes, kRecordFileBytesMax, kDigestDomain, kFileReason, file);
  // What another version wrote cannot be judged at all, so this comes first.
  if (file.format_version() != kRecordFileFormatVersion && file.format_version() != kFormatVersionWithOpenings &&
      file.format_version() != 0) {
    return Refuse(absl::StrCat("the file has format version ", file.format_version(), ", expected ",
                               kRecordFileFormatVersion, " or ", kFormatVersionWithOpenings,
                               "; it needs another version of this program"));
  }
  MEGURI_RETURN_IF_ERROR(whole);
  if (file.format_version() != FormatVersionOf(file)) {
    return Refuse(absl::StrCat("the file has format version ", file.format_version(), " and what is in it is of ",
                               FormatVersionOf(file)));
  }
  if (file.record_proofs_size() == 0 || file.record_proofs_size() > kRecordProofsMax) {
    return Refuse(absl::StrCat("the file has ", file.record_proofs_size(),
                               " proofs that a feed names the record, expected 1 to ", kRecordProofsMax));
  }
  return file;
}

absl::StatusOr<std::vector<ProvenByFeed>> ProveRecord(const record::v1::RecordFile& file, const record::Header& header,
                                                      const ProvenPublisher& publisher) {
  std::vector<ProvenByFeed> proven;
  uint64_t slots = 0;
  for (const record::v1::FeedProof& proof : file.record_proofs()) {
    MEGURI_ASSIGN_OR_RETURN(ProvenByFeed next, publisher.VerifyProof(proof, header));
    const auto is_there = [&](const ProvenByFeed& other) { return other.entry.feed == next.entry.feed; };
    if (std::any_of(proven.begin(), proven.end(), is_there)) {
      return Refuse(absl::StrCat("the feed ", next.entry.feed.name.text(), " is there twice"));
    }
    slots |= next.entry.slots;
    proven.push_back(std::move(next));
  }
  MEGURI_RETURN_IF_ERROR(CheckOpened(slots, file.record()));
  return proven;
}

}  // namespace

absl::StatusOr<VerificationReport> VerifyRecordFile(absl::string_view bytes, const TrustBundle& bundle,
                                                    absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(record::v1::RecordFile file, ParseFile(bytes));
  MEGURI_RETURN_IF_ERROR(
      CheckBundleReference(file.trust_bundle_version(), file.trust_bundle_hash(), bundle, kFileReason));
  MEGURI_ASSIGN_OR_RETURN(const ProvenPublisher publisher,
                          ProvenPublisher::Verify(file.publisher_entry(), file.publisher_entry_proof(), bundle,
                                                  file.trust_bundle_version(), now));
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(file.record().header()));
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey key, publisher.VerifySignature(header, file.record().signature()));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, file.record().sections()));
  MEGURI_ASSIGN_OR_RETURN(std::vector<ProvenByFeed> feeds, ProveRecord(file, header, publisher));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(file.record().signature().key_id()));
  KeysUsed keys(now);
  std::vector<Cosigners> heads;
  for (const ProvenByFeed& feed : feeds) {
    keys.Add(feed);
    heads.push_back(feed.cosigners);
  }
  keys.Add(key, heads);
  keys.Add(publisher.judgement());
  if (keys.judgement().verdict == Verdict::kInvalid) {
    return keys.judgement().why;
  }
  return VerificationReport{keys.judgement(),
                            std::move(header),
                            key_id,
                            std::move(*file.mutable_record()),
                            std::move(feeds),
                            publisher.member(),
                            publisher.registry_entry(),
                            file.trust_bundle_version(),
                            publisher.key_notices()};
}

std::string SealRecordFile(record::v1::RecordFile file) {
  file.clear_digest();
  return SealFile(kDigestDomain, file);
}

std::string MakeRecordFile(RecordFileParts parts, const TrustBundle& bundle) {
  record::v1::RecordFile file;
  *file.mutable_record() = std::move(parts.record);
  *file.mutable_publisher_entry() = std::move(parts.publisher_entry);
  for (record::v1::FeedProof& proof : parts.record_proofs) {
    *file.add_record_proofs() = std::move(proof);
  }
  file.set_format_version(FormatVersionOf(file));
  *file.mutable_publisher_entry_proof() = std::move(parts.publisher_entry_proof);
  file.set_trust_bundle_version(bundle.message().version());
  file.set_trust_bundle_hash(bundle.body_hash().ToString());
  return SealRecordFile(std::move(file));
}

}  // namespace meguri::certs
