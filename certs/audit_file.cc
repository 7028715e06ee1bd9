// SPDX-License-Identifier: Apache-2.0
#include "certs/audit_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/sealed_file.h"
#include "record/merkle.h"

namespace meguri::certs {
namespace {

constexpr uint32_t kFormatVersion = 1;
constexpr char kFileReason[] = "AUDIT_FILE";
constexpr absl::string_view kDigestDomain("meguri/audit-file/v1\0", 21);

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, kFileReason, message);
}

absl::Status Broken(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::StatusOr<audit::v1::AuditFile> ParseFile(absl::string_view bytes) {
  audit::v1::AuditFile file;
  const absl::Status whole = OpenSealedFile(bytes, kAuditFileBytesMax, kDigestDomain, kFileReason, file);
  // What another version wrote cannot be judged at all, so this comes first.
  if (file.format_version() != kFormatVersion && file.format_version() != 0) {
    return Refuse(absl::StrCat("the file has format version ", file.format_version(), ", expected ", kFormatVersion,
                               "; it needs another version of this program"));
  }
  MEGURI_RETURN_IF_ERROR(whole);
  return file;
}

absl::Status ReadRows(const audit::v1::AuditFile& file, AuditReport& report) {
  for (const audit::v1::ProvenRow& proven : file.rows()) {
    MEGURI_ASSIGN_OR_RETURN(record::AuditRow row, record::AuditRow::Parse(proven.row()));
    if (!report.rows.empty() && row.index() <= report.rows.back().index()) {
      return Refuse(
          absl::StrCat("row ", row.message().number(), " stands behind row ", report.rows.back().message().number()));
    }
    const std::vector<std::string> path(proven.path().begin(), proven.path().end());
    MEGURI_RETURN_IF_ERROR(record::VerifyAuditRow(row, path, report.head));
    report.rows.push_back(std::move(row));
  }
  return absl::OkStatus();
}

absl::Status ReadEarlier(const audit::v1::ProvenHead& head, AuditReport& report) {
  report.earlier_size = head.earlier_size();
  const std::vector<std::string> path(head.consistency_path().begin(), head.consistency_path().end());
  MEGURI_ASSIGN_OR_RETURN(report.path, record::ParseAuditPath(path));
  if (report.earlier_size > report.head.size || (report.earlier_size == 0 && !report.path.empty())) {
    return Refuse("the file holds a path from a head that cannot be before its own");
  }
  return absl::OkStatus();
}

absl::Status Changed(const record::Checkpoint& earlier) {
  return Broken("AUDIT_CHANGED",
                absl::StrCat("the feed does not begin as the earlier head of ", earlier.size,
                             " rows says: rows were removed or changed. Keep both; each is signed, and "
                             "together they prove it"));
}

}  // namespace

absl::StatusOr<AuditReport> VerifyAuditFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const audit::v1::AuditFile file, ParseFile(bytes));
  MEGURI_RETURN_IF_ERROR(
      CheckBundleReference(file.trust_bundle_version(), file.trust_bundle_hash(), bundle, kFileReason));
  MEGURI_ASSIGN_OR_RETURN(const ProvenPublisher publisher,
                          ProvenPublisher::Verify(file.publisher_entry(), file.publisher_entry_proof(), bundle,
                                                  file.trust_bundle_version(), now));
  MEGURI_ASSIGN_OR_RETURN(auto head,
                          publisher.OpenHead(file.head().checkpoint(), {publisher.id(), record::FeedName::Audit(), 1}));
  KeysUsed keys(now);
  keys.Add(publisher.judgement());
  keys.Add(head);
  if (keys.judgement().verdict == Verdict::kInvalid) {
    return keys.judgement().why;
  }
  AuditReport report{keys.judgement(),       publisher.member(), publisher.id(), std::move(head.checkpoint), {}, 0, {},
                     publisher.key_notices()};
  MEGURI_RETURN_IF_ERROR(ReadRows(file, report));
  MEGURI_RETURN_IF_ERROR(ReadEarlier(file.head(), report));
  return report;
}

absl::Status CheckContinues(const AuditReport& later, const record::Checkpoint& earlier) {
  if (later.head.origin != earlier.origin) {
    return Broken("AUDIT_OTHER_FEED",
                  absl::StrCat("the earlier head is of ", earlier.origin, ", the file is of ", later.head.origin));
  }
  if (later.head.size < earlier.size) {
    return Broken(
        "AUDIT_SHORTER",
        absl::StrCat("the file ends at row ", later.head.size, " and the earlier head at row ", earlier.size,
                     ": it is an older file, or rows were removed. Which of the two, only who saw them come can say"));
  }
  if (later.earlier_size == earlier.size || later.head.size == earlier.size) {
    const std::vector<record::Hash>& path =
        later.earlier_size == earlier.size ? later.path : std::vector<record::Hash>();
    const absl::Status continued =
        record::VerifyConsistency(earlier.size, earlier.root, later.head.size, later.head.root, path);
    return continued.ok() ? continued : Changed(earlier);
  }
  if (!later.is_complete()) {
    return Broken("AUDIT_NOT_CONNECTED",
                  absl::StrCat("the file does not say how its head continues one of ", earlier.size,
                               " rows: make it anew with --since and the earlier file"));
  }
  record::Frontier frontier;
  for (uint64_t index = 0; index < earlier.size; ++index) {
    frontier.Append(record::LeafHash(later.rows[index].entry().Encode()));
  }
  return frontier.Root() == earlier.root ? absl::OkStatus() : Changed(earlier);
}

std::vector<uint64_t> RowsLeftOut(const AuditReport& later, const AuditReport& earlier) {
  std::vector<uint64_t> left_out;
  for (const record::AuditRow& row : earlier.rows) {
    const bool is_there =
        std::binary_search(later.rows.begin(), later.rows.end(), row,
                           [](const record::AuditRow& a, const record::AuditRow& b) { return a.index() < b.index(); });
    if (!is_there) {
      left_out.push_back(row.message().number());
    }
  }
  return left_out;
}

std::string MakeAuditFile(audit::v1::AuditFile file, const TrustBundle& bundle) {
  file.set_format_version(kFormatVersion);
  file.set_trust_bundle_version(bundle.message().version());
  file.set_trust_bundle_hash(bundle.body_hash().ToString());
  file.clear_digest();
  return SealFile(kDigestDomain, file);
}

}  // namespace meguri::certs
