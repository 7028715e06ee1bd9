// SPDX-License-Identifier: Apache-2.0
#include "client/sign.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "passport/product_group.h"
#include "passport/profile.h"
#include "record/batch.h"
#include "record/section.h"

namespace meguri::client {
namespace {

using record::v1::Publication;

absl::Status CheckAlive(const record::Header& newest) {
  if (newest.is_tombstone()) {
    return Error(absl::StatusCode::kFailedPrecondition, "RECORD_ENDED",
                 absl::StrCat("the record ", newest.record_id().ToHex(), " ended with version ", newest.version(),
                              "; publish a new record"));
  }
  return absl::OkStatus();
}

// What decides into which feeds a record goes. Two records with the same words go to the same feeds.
std::string Destination(const Publication& publication) {
  uint32_t audiences = 0;
  for (const record::v1::Section& section : publication.envelope().sections()) {
    audiences |= section.audiences();
  }
  const auto& sections = publication.envelope().sections();
  const std::vector<record::v1::Section> copies(sections.begin(), sections.end());
  return absl::StrCat(audiences, "|", passport::ProductGroupOf(copies), "|",
                      absl::StrJoin(publication.jurisdictions(), ","), "|",
                      absl::StrJoin(publication.addressees(), ","), "|", absl::StrJoin(publication.subjects(), ","));
}

absl::Status SignOneBatch(absl::Span<Publication* const> batch, const record::Hash& key_id,
                          const record::Signer& signer, Random& random) {
  std::vector<record::Hash> hashes;
  hashes.reserve(batch.size());
  for (const Publication* publication : batch) {
    hashes.push_back(record::HeaderHash(publication->envelope().header()));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::BatchSignature> signatures,
                          record::SignBatch(hashes, key_id, signer, random));
  for (size_t i = 0; i < batch.size(); ++i) {
    *batch[i]->mutable_envelope()->mutable_signature() = signatures[i];
  }
  return absl::OkStatus();
}

record::v1::Header HeaderOf(const VersionDraft& draft, const record::ParticipantId& publisher, absl::Time issue_time,
                            absl::Span<const record::Hash> digests) {
  record::v1::Header header;
  header.set_format_version(record::kFormatVersion);
  header.set_record_id(draft.record_id.ToString());
  header.set_version(draft.version);
  header.set_record_type(static_cast<record::v1::RecordType>(draft.content.record_type));
  header.set_publisher(publisher.text());
  header.set_issue_time_ms(static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMillis(issue_time))));
  if (draft.previous.has_value()) {
    header.set_previous_header_hash(draft.previous->ToString());
  }
  for (const record::Hash& digest : digests) {
    header.add_section_digests(digest.ToString());
  }
  if (draft.tombstone.has_value()) {
    *header.mutable_tombstone() = *draft.tombstone;
  }
  return header;
}

Publication AddressedAs(const passport::RecordDraft& content) {
  Publication publication;
  publication.mutable_jurisdictions()->Assign(content.jurisdictions.begin(), content.jurisdictions.end());
  publication.mutable_addressees()->Assign(content.addressees.begin(), content.addressees.end());
  publication.mutable_subjects()->Assign(content.subjects.begin(), content.subjects.end());
  return publication;
}

}  // namespace

absl::StatusOr<size_t> SlotCountOf(const passport::RecordDraft& content) {
  std::string group;
  for (const record::SectionDraft& section : content.sections) {
    if (section.type == record::v1::SECTION_TYPE_IDENTITY) {
      group = passport::ProductGroupOfIdentity(section.payload);
    }
  }
  const passport::Profile* profile = passport::FindProfile(content.record_type, group);
  if (profile == nullptr) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_TYPE",
                 absl::StrCat("this version cannot write records of type ", content.record_type));
  }
  return profile->slot_count;
}

absl::StatusOr<VersionDraft> FirstVersion(passport::RecordDraft content, Random& random) {
  if (content.record_id.has_value()) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_EXISTS",
                 absl::StrCat("the file names the record ", content.record_id->ToHex(),
                              ", so it is an update of that record: use `meguri record update`, or remove record_id "
                              "and previous to publish a new record"));
  }
  return VersionDraft{std::move(content), record::RecordId::Make(random), 1, absl::nullopt, absl::nullopt, 0};
}

absl::StatusOr<VersionDraft> NextVersion(passport::RecordDraft content, const record::Header& newest) {
  MEGURI_RETURN_IF_ERROR(CheckAlive(newest));
  if (content.record_id.has_value() && *content.record_id != newest.record_id()) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_ID",
                 absl::StrCat("the file is about the record ", content.record_id->ToHex(), ", not ",
                              newest.record_id().ToHex()));
  }
  if (content.previous.has_value() && *content.previous != newest.hash()) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "NOT_NEWEST",
        absl::StrCat("the file follows another version than the newest one, which is version ", newest.version(),
                     " with header hash ", newest.hash().ToHex(), ": look at that version, then correct `previous`"));
  }
  if (content.record_type != static_cast<uint32_t>(newest.message().record_type())) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_TYPE_CHANGED",
                 "the file has another record type than the record: a record keeps its type");
  }
  return VersionDraft{std::move(content), newest.record_id(), newest.version() + 1, newest.hash(), absl::nullopt, 0};
}

absl::StatusOr<VersionDraft> LastVersion(record::v1::Tombstone tombstone, const record::Header& newest) {
  MEGURI_RETURN_IF_ERROR(CheckAlive(newest));
  passport::RecordDraft content;
  content.record_type = static_cast<uint32_t>(newest.message().record_type());
  return VersionDraft{std::move(content), newest.record_id(),   newest.version() + 1,
                      newest.hash(),      std::move(tombstone), newest.slot_count()};
}

absl::StatusOr<Publication> Seal(const VersionDraft& draft, const record::ParticipantId& publisher,
                                 absl::Time issue_time, Random& random) {
  size_t slot_count = draft.slot_count;
  if (slot_count == 0) {
    MEGURI_ASSIGN_OR_RETURN(slot_count, SlotCountOf(draft.content));
  }
  MEGURI_ASSIGN_OR_RETURN(
      const record::SealedSections sealed,
      record::SealSections(publisher, draft.record_id, draft.version, draft.content.sections, slot_count, random));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header,
                          record::Header::Make(HeaderOf(draft, publisher, issue_time, sealed.digests)));
  Publication publication = AddressedAs(draft.content);
  publication.mutable_envelope()->set_header(header.bytes());
  for (const record::v1::Section& section : sealed.sections) {
    *publication.mutable_envelope()->add_sections() = section;
  }
  return publication;
}

absl::StatusOr<record::Header> UnsealedHeader(uint32_t record_type, size_t slot_count,
                                              const record::ParticipantId& publisher, absl::Time issue_time,
                                              Random& random) {
  passport::RecordDraft content;
  content.record_type = record_type;
  MEGURI_ASSIGN_OR_RETURN(const VersionDraft draft, FirstVersion(std::move(content), random));
  const std::vector<record::Hash> digests(slot_count);
  return record::Header::Make(HeaderOf(draft, publisher, issue_time, digests));
}

absl::Status Sign(absl::Span<Publication* const> publications, const record::Hash& key_id, const record::Signer& signer,
                  Random& random) {
  std::map<std::string, std::vector<Publication*>> by_destination;
  for (Publication* publication : publications) {
    by_destination[Destination(*publication)].push_back(publication);
  }
  for (const auto& [destination, members] : by_destination) {
    for (size_t start = 0; start < members.size(); start += record::kBatchSizeDefault) {
      const auto batch = absl::MakeConstSpan(members).subspan(start, record::kBatchSizeDefault);
      MEGURI_RETURN_IF_ERROR(SignOneBatch(batch, key_id, signer, random));
    }
  }
  return absl::OkStatus();
}

}  // namespace meguri::client
