// SPDX-License-Identifier: Apache-2.0
#include "certs/evidence_file.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/sealed_file.h"
#include "record/limits.h"
#include "record/merkle.h"
#include "record/section.h"

namespace meguri::certs {
namespace {

constexpr uint32_t kFormatVersion = 1;
constexpr char kFileReason[] = "EVIDENCE_FILE";
constexpr absl::string_view kDigestDomain("meguri/evidence-file/v1\0", 24);

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, kFileReason, message);
}

absl::Status NoContradiction(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "NO_CONTRADICTION", message);
}

absl::StatusOr<record::v1::EvidenceFile> ParseFile(absl::string_view bytes) {
  record::v1::EvidenceFile file;
  MEGURI_RETURN_IF_ERROR(OpenSealedFile(bytes, kEvidenceFileBytesMax, kDigestDomain, kFileReason, file));
  if (file.format_version() != kFormatVersion) {
    return Refuse(absl::StrCat("the file has format version ", file.format_version(), ", expected ", kFormatVersion,
                               "; it needs another version of this program"));
  }
  if (file.has_record_fork() == file.has_feed_fork()) {
    return Refuse("the file does not hold evidence of one kind");
  }
  return file;
}

absl::StatusOr<record::Header> OpenHeader(const record::v1::Envelope& envelope, const ProvenPublisher& publisher,
                                          KeysUsed& keys) {
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(envelope.header()));
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey key, publisher.VerifySignature(header, envelope.signature()));
  keys.Add(key, {});  // no feed that names it comes along
  return header;
}

absl::StatusOr<ProvenRecordFork> ProveRecordFork(const record::v1::RecordFork& fork, const ProvenPublisher& publisher,
                                                 KeysUsed& keys) {
  if (fork.headers_size() != 2 || fork.headers(0).sections_size() + fork.headers(1).sections_size() != 0) {
    return Refuse(absl::StrCat("the file holds ", fork.headers_size(),
                               " headers, expected two without sections, or one with two"));
  }
  MEGURI_ASSIGN_OR_RETURN(record::Header first, OpenHeader(fork.headers(0), publisher, keys));
  MEGURI_ASSIGN_OR_RETURN(record::Header second, OpenHeader(fork.headers(1), publisher, keys));
  if (first.record_id() != second.record_id() || first.version() != second.version()) {
    return NoContradiction("the two headers are of different versions or records");
  }
  if (first.hash() == second.hash()) {
    return NoContradiction("the two headers are the same");
  }
  return ProvenRecordFork{std::move(first), std::move(second)};
}

// Each section opens the header by itself; that the two cannot both do so is what is proven.
absl::StatusOr<ProvenSectionFork> ProveSectionFork(const record::v1::Envelope& envelope,
                                                   const ProvenPublisher& publisher, KeysUsed& keys) {
  if (envelope.sections_size() != 2) {
    return Refuse(absl::StrCat("the file holds a header with ", envelope.sections_size(), " sections, expected 2"));
  }
  MEGURI_ASSIGN_OR_RETURN(record::Header header, OpenHeader(envelope, publisher, keys));
  for (const record::v1::Section& section : envelope.sections()) {
    google::protobuf::RepeatedPtrField<record::v1::Section> one;
    *one.Add() = section;
    MEGURI_RETURN_IF_ERROR(record::VerifySections(header, one));
  }
  const record::v1::Section& first = envelope.sections(0);
  const record::v1::Section& second = envelope.sections(1);
  if (first.type() != second.type()) {
    return NoContradiction("the two sections are of different types");
  }
  if (first.slot() >= second.slot()) {
    return first.slot() == second.slot() ? NoContradiction("the two sections are the same")
                                         : Refuse("the section of the smaller slot comes first");
  }
  return ProvenSectionFork{std::move(header), first, second};
}

absl::StatusOr<std::vector<record::Hash>> ParsePath(const record::v1::FeedFork& fork) {
  if (static_cast<size_t>(fork.consistency_path_size()) > record::kProofHashesMax) {
    return Refuse(absl::StrCat("a path has at most ", record::kProofHashesMax, " hashes"));
  }
  std::vector<record::Hash> path;
  for (const std::string& bytes : fork.consistency_path()) {
    MEGURI_ASSIGN_OR_RETURN(path.emplace_back(), record::Hash::Parse(bytes));
  }
  return path;
}

absl::StatusOr<ForkHead> OpenForkHead(const std::string& head, const record::FeedKey& feed,
                                      const ProvenPublisher& publisher, KeysUsed& keys) {
  if (record::IsOpening(head)) {
    MEGURI_ASSIGN_OR_RETURN(ProvenCommitment proven, publisher.VerifyOpening(head, feed));
    keys.Add(proven);
    return ForkHead{std::move(proven.committed.head), proven.committed.index};
  }
  MEGURI_ASSIGN_OR_RETURN(ProvenHead proven, publisher.OpenHead(head, feed));
  keys.Add(proven);
  return ForkHead{std::move(proven.checkpoint), absl::nullopt};
}

absl::StatusOr<ProvenFeedFork> ProveFeedFork(const record::v1::FeedFork& fork, const ProvenPublisher& publisher,
                                             KeysUsed& keys) {
  MEGURI_ASSIGN_OR_RETURN(record::FeedName name, record::FeedName::Parse(fork.feed()));
  if (fork.epoch() == 0 || fork.checkpoints_size() != 2) {
    return Refuse("the file does not hold two heads of one epoch of a feed");
  }
  record::FeedKey feed{publisher.id(), std::move(name), fork.epoch()};
  MEGURI_ASSIGN_OR_RETURN(const ForkHead first, OpenForkHead(fork.checkpoints(0), feed, publisher, keys));
  MEGURI_ASSIGN_OR_RETURN(const ForkHead second, OpenForkHead(fork.checkpoints(1), feed, publisher, keys));
  MEGURI_ASSIGN_OR_RETURN(auto two, CheckForkHeads(fork, first, second));
  return ProvenFeedFork{std::move(feed), std::move(two.first), std::move(two.second)};
}

}  // namespace

absl::Status CheckFeedFork(const record::v1::FeedFork& fork, const record::Checkpoint& smaller,
                           const record::Checkpoint& larger) {
  if (smaller.size == larger.size) {
    if (!fork.other_root().empty() || fork.consistency_path_size() != 0) {
      return Refuse("two heads of one size need no path");
    }
    return smaller.root != larger.root ? absl::OkStatus() : NoContradiction("the two heads are of the same feed");
  }
  if (smaller.size > larger.size) {
    return Refuse("the head of the smaller size comes first");
  }
  if (fork.other_root().empty()) {
    return NoContradiction(
        "the two heads are of different sizes, and nothing in the file shows that the larger one begins otherwise");
  }
  MEGURI_ASSIGN_OR_RETURN(const record::Hash other, record::Hash::Parse(fork.other_root()));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path, ParsePath(fork));
  MEGURI_RETURN_IF_ERROR(record::VerifyConsistency(smaller.size, other, larger.size, larger.root, path));
  return other != smaller.root && smaller.size > 0 ? absl::OkStatus()
                                                   : NoContradiction("the larger feed begins as the smaller one");
}

absl::StatusOr<std::pair<record::Checkpoint, record::Checkpoint>> CheckForkHeads(const record::v1::FeedFork& fork,
                                                                                 const ForkHead& first,
                                                                                 const ForkHead& second) {
  if (first.entry.has_value() && second.entry.has_value()) {
    if (*first.entry >= *second.entry) {
      return Refuse("the head that was committed first comes first");
    }
    if (first.head.size > second.head.size) {  // a feed only grows
      return fork.other_root().empty() && fork.consistency_path_size() == 0
                 ? absl::StatusOr<std::pair<record::Checkpoint, record::Checkpoint>>({second.head, first.head})
                 : Refuse("of a feed that was larger before no path is needed");
    }
  }
  MEGURI_RETURN_IF_ERROR(CheckFeedFork(fork, first.head, second.head));
  return std::make_pair(first.head, second.head);
}

absl::StatusOr<EvidenceReport> VerifyEvidenceFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const record::v1::EvidenceFile file, ParseFile(bytes));
  MEGURI_RETURN_IF_ERROR(
      CheckBundleReference(file.trust_bundle_version(), file.trust_bundle_hash(), bundle, kFileReason));
  MEGURI_ASSIGN_OR_RETURN(const ProvenPublisher publisher,
                          ProvenPublisher::Verify(file.publisher_entry(), file.publisher_entry_proof(), bundle,
                                                  file.trust_bundle_version(), now));
  KeysUsed keys(now);
  keys.Add(publisher.judgement());
  EvidenceReport report{{}, publisher.member(), absl::nullopt, absl::nullopt, absl::nullopt, publisher.key_notices()};
  if (file.has_record_fork() && file.record_fork().headers_size() == 1) {
    MEGURI_ASSIGN_OR_RETURN(report.section_fork, ProveSectionFork(file.record_fork().headers(0), publisher, keys));
  } else if (file.has_record_fork()) {
    MEGURI_ASSIGN_OR_RETURN(report.record_fork, ProveRecordFork(file.record_fork(), publisher, keys));
  } else {
    MEGURI_ASSIGN_OR_RETURN(report.feed_fork, ProveFeedFork(file.feed_fork(), publisher, keys));
  }
  if (keys.judgement().verdict == Verdict::kInvalid) {
    return keys.judgement().why;
  }
  report.judgement = keys.judgement();
  return report;
}

std::string MakeEvidenceFile(record::v1::EvidenceFile evidence, const TrustBundle& bundle) {
  evidence.set_format_version(kFormatVersion);
  evidence.set_trust_bundle_version(bundle.message().version());
  evidence.set_trust_bundle_hash(bundle.body_hash().ToString());
  evidence.clear_digest();
  return SealFile(kDigestDomain, evidence);
}

}  // namespace meguri::certs
