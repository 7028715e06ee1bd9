// SPDX-License-Identifier: Apache-2.0
#include "certs/record_file.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/receipts.h"
#include "certs/sealed_file.h"
#include "record/heads.h"
#include "record/merkle.h"
#include "record/receipt.h"
#include "record/section.h"

namespace meguri::certs {
namespace {

constexpr uint32_t kRecordFileFormatVersion = 2;
constexpr uint32_t kFormatVersionWithOpenings = 3;  // and nothing else is new in it
constexpr uint32_t kFormatVersionWithReceipts = 4;  // there may be openings as well
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

// A file of any format, and the receipts of its proofs.
struct OpenedFile {
  record::v1::RecordFile file;
  std::vector<record::v1::ProofReceipts> receipts;  // in the order of the proofs; empty: there are none
};

// Between a FeedProof and one with receipts, which has the same fields and one more.
template <typename From, typename To>
void MoveProof(From& from, To& to) {
  to.set_feed(from.feed());
  to.set_epoch(from.epoch());
  to.set_index(from.index());
  to.set_entry(from.entry());
  to.mutable_path()->Swap(from.mutable_path());
  to.mutable_checkpoint()->swap(*from.mutable_checkpoint());
}

absl::StatusOr<OpenedFile> ParseFileWithReceipts(absl::string_view bytes) {
  record::v1::SeenRecordFile seen;
  MEGURI_RETURN_IF_ERROR(OpenSealedFile(bytes, kRecordFileBytesMax, kDigestDomain, kFileReason, seen));
  if (std::none_of(seen.record_proofs().begin(), seen.record_proofs().end(),
                   [](const auto& proof) { return proof.receipts_size() > 0; })) {
    return Refuse(absl::StrCat("the file has format version ", seen.format_version(), " and no receipt"));
  }
  OpenedFile opened;
  opened.file.set_format_version(seen.format_version());
  opened.file.mutable_record()->Swap(seen.mutable_record());
  opened.file.mutable_publisher_entry()->Swap(seen.mutable_publisher_entry());
  opened.file.mutable_publisher_entry_proof()->Swap(seen.mutable_publisher_entry_proof());
  opened.file.set_trust_bundle_version(seen.trust_bundle_version());
  opened.file.set_trust_bundle_hash(seen.trust_bundle_hash());
  for (record::v1::SeenFeedProof& proof : *seen.mutable_record_proofs()) {
    opened.receipts.emplace_back().mutable_receipts()->Swap(proof.mutable_receipts());
    MoveProof(proof, *opened.file.add_record_proofs());
  }
  return opened;
}

absl::StatusOr<OpenedFile> ParseFile(absl::string_view bytes) {
  OpenedFile opened;
  const absl::Status whole = OpenSealedFile(bytes, kRecordFileBytesMax, kDigestDomain, kFileReason, opened.file);
  // What another version wrote cannot be judged at all, so this comes first.
  const uint32_t version = opened.file.format_version();
  if (version != 0 && (version < kRecordFileFormatVersion || version > kFormatVersionWithReceipts)) {
    return Refuse(absl::StrCat("the file has format version ", version, ", expected ", kRecordFileFormatVersion, " to ",
                               kFormatVersionWithReceipts, "; it needs another version of this program"));
  }
  if (version == kFormatVersionWithReceipts) {
    MEGURI_ASSIGN_OR_RETURN(opened, ParseFileWithReceipts(bytes));
  } else {
    MEGURI_RETURN_IF_ERROR(whole);
    if (version != FormatVersionOf(opened.file)) {
      return Refuse(absl::StrCat("the file has format version ", version, " and what is in it is of ",
                                 FormatVersionOf(opened.file)));
    }
  }
  const int proofs = opened.file.record_proofs_size();
  if (proofs == 0 || proofs > kRecordProofsMax) {
    return Refuse(absl::StrCat("the file has ", proofs, " proofs that a feed names the record, expected 1 to ",
                               kRecordProofsMax));
  }
  return opened;
}

absl::StatusOr<std::vector<record::Hash>> ParsePath(const record::v1::ReceiptProof& receipt) {
  std::vector<record::Hash> path;
  for (const std::string& bytes : receipt.path()) {  // how many there may be, the size of the tree says
    const absl::StatusOr<record::Hash> hash = record::Hash::Parse(bytes);
    if (!hash.ok()) {
      return Error(absl::StatusCode::kInvalidArgument, "RECEIPT_FORM",
                   absl::StrCat("in the path of a receipt: ", hash.status().message()));
    }
    path.push_back(*hash);
  }
  return path;
}

// What a receipt is checked with.
struct ReceiptCheck {
  const ProvenPublisher& publisher;
  const TrustBundle& bundle;
  uint64_t made_with;  // the version of the bundle that the file names
  absl::Time now;

  // A receipt of a head of the feed of `proof` that includes its entry. Nullopt if the operator's word of who gave it
  // is in doubt: then it says nothing.
  absl::StatusOr<absl::optional<SeenBy>> Verify(const record::v1::ReceiptProof& receipt,
                                                const record::v1::FeedProof& proof, const record::FeedKey& feed) const {
    MEGURI_RETURN_IF_ERROR(CheckReceiptFeed(feed.name));
    MEGURI_RETURN_IF_ERROR(record::CheckReceiptForm(receipt.receipt()));
    MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path, ParsePath(receipt));
    const absl::StatusOr<record::Hash> root = record::Hash::Parse(receipt.root());
    if (!root.ok()) {
      return Error(absl::StatusCode::kInvalidArgument, "RECEIPT_FORM",
                   absl::StrCat("the root of a receipt: ", root.status().message()));
    }
    MEGURI_RETURN_IF_ERROR(
        record::VerifyInclusion(record::LeafHash(proof.entry()), proof.index(), receipt.receipt().size(), path, *root));
    MEGURI_ASSIGN_OR_RETURN(
        const ProvenPublisher giver,
        ProvenPublisher::Verify(receipt.giver_entry(), receipt.giver_entry_proof(), bundle, made_with, now));
    MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(receipt.receipt().key_id()));
    const RegisteredKey* key = giver.FindFeedKey(key_id);
    if (key == nullptr) {
      return Error(absl::StatusCode::kInvalidArgument, "RECEIPT_KEY",
                   absl::StrCat("the key ", key_id.ToHex(), " of a receipt is not a feed key of ", giver.id().text()));
    }
    MEGURI_RETURN_IF_ERROR(
        record::VerifyReceipt(receipt.receipt(), record::FeedOrigin(bundle.federation(), feed), *root, key->key));
    MEGURI_ASSIGN_OR_RETURN(
        SeenBy seen, CheckGiver(giver.member().entry, *key, publisher.member().entry, TimeOf(receipt.receipt()), now));
    return giver.judgement().verdict > Verdict::kValidAt ? absl::nullopt : absl::make_optional(std::move(seen));
  }
};

absl::StatusOr<ProvenByFeed> ProveByFeed(const record::v1::FeedProof& proof, const record::v1::ProofReceipts* receipts,
                                         const record::Header& header, const ReceiptCheck& check) {
  MEGURI_ASSIGN_OR_RETURN(ProvenByFeed proven, check.publisher.VerifyProof(proof, header));
  if (receipts == nullptr) {
    return proven;
  }
  if (receipts->receipts_size() > record::kReceiptsPerProofMax) {
    return Refuse(absl::StrCat("a proof has at most ", record::kReceiptsPerProofMax, " receipts, not ",
                               receipts->receipts_size()));
  }
  std::set<std::string> keys;
  for (const record::v1::ReceiptProof& receipt : receipts->receipts()) {
    if (!keys.insert(receipt.receipt().key_id()).second) {
      return Refuse(absl::StrCat("of the feed ", proven.entry.feed.name.text(), " two receipts are of one key"));
    }
    MEGURI_ASSIGN_OR_RETURN(absl::optional<SeenBy> seen, check.Verify(receipt, proof, proven.entry.feed));
    if (seen.has_value()) {
      proven.receipts.push_back(*std::move(seen));
    }
  }
  return proven;
}

absl::StatusOr<std::vector<ProvenByFeed>> ProveRecord(const OpenedFile& opened, const record::Header& header,
                                                      const ReceiptCheck& check) {
  std::vector<ProvenByFeed> proven;
  uint64_t slots = 0;
  for (int i = 0; i < opened.file.record_proofs_size(); ++i) {
    const record::v1::ProofReceipts* receipts =
        opened.receipts.empty() ? nullptr : &opened.receipts[static_cast<size_t>(i)];
    MEGURI_ASSIGN_OR_RETURN(ProvenByFeed next, ProveByFeed(opened.file.record_proofs(i), receipts, header, check));
    const auto is_there = [&](const ProvenByFeed& other) { return other.entry.feed == next.entry.feed; };
    if (std::any_of(proven.begin(), proven.end(), is_there)) {
      return Refuse(absl::StrCat("the feed ", next.entry.feed.name.text(), " is there twice"));
    }
    slots |= next.entry.slots;
    proven.push_back(std::move(next));
  }
  MEGURI_RETURN_IF_ERROR(CheckOpened(slots, opened.file.record()));
  return proven;
}

}  // namespace

absl::StatusOr<VerificationReport> VerifyRecordFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now,
                                                    size_t receipts_needed) {
  MEGURI_ASSIGN_OR_RETURN(OpenedFile opened, ParseFile(bytes));
  record::v1::RecordFile& file = opened.file;
  MEGURI_RETURN_IF_ERROR(
      CheckBundleReference(file.trust_bundle_version(), file.trust_bundle_hash(), bundle, kFileReason));
  MEGURI_ASSIGN_OR_RETURN(const ProvenPublisher publisher,
                          ProvenPublisher::Verify(file.publisher_entry(), file.publisher_entry_proof(), bundle,
                                                  file.trust_bundle_version(), now));
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(file.record().header()));
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey key, publisher.VerifySignature(header, file.record().signature()));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, file.record().sections()));
  MEGURI_ASSIGN_OR_RETURN(std::vector<ProvenByFeed> feeds,
                          ProveRecord(opened, header, {publisher, bundle, file.trust_bundle_version(), now}));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(file.record().signature().key_id()));
  KeysUsed keys(now, receipts_needed);
  std::vector<Cosigners> heads;
  std::vector<SeenBy> receipts;
  for (const ProvenByFeed& feed : feeds) {
    keys.Add(feed);
    heads.push_back(feed.cosigners);
    receipts.insert(receipts.end(), feed.receipts.begin(), feed.receipts.end());
  }
  keys.Add(key, heads, std::move(receipts));
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

std::string SealRecordFile(record::v1::SeenRecordFile file) {
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
  if (std::all_of(parts.receipts.begin(), parts.receipts.end(),
                  [](const record::v1::ProofReceipts& receipts) { return receipts.receipts().empty(); })) {
    return SealRecordFile(std::move(file));
  }
  record::v1::SeenRecordFile seen;
  seen.set_format_version(kFormatVersionWithReceipts);
  seen.mutable_record()->Swap(file.mutable_record());
  seen.mutable_publisher_entry()->Swap(file.mutable_publisher_entry());
  for (size_t i = 0; i < parts.record_proofs.size(); ++i) {
    record::v1::SeenFeedProof& proof = *seen.add_record_proofs();
    MoveProof(*file.mutable_record_proofs(static_cast<int>(i)), proof);
    if (i < parts.receipts.size()) {
      proof.mutable_receipts()->Swap(parts.receipts[i].mutable_receipts());
    }
  }
  seen.mutable_publisher_entry_proof()->Swap(file.mutable_publisher_entry_proof());
  seen.set_trust_bundle_version(file.trust_bundle_version());
  seen.set_trust_bundle_hash(file.trust_bundle_hash());
  return SealRecordFile(std::move(seen));
}

}  // namespace meguri::certs
