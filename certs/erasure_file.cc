// SPDX-License-Identifier: Apache-2.0
#include "certs/erasure_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/erasure.h"
#include "certs/receipts.h"
#include "certs/sealed_file.h"
#include "certs/statement.h"
#include "record/dsse.h"
#include "record/erasure.h"

namespace meguri::certs {
namespace {

constexpr uint32_t kFormatVersion = 1;
constexpr char kFileReason[] = "ERASURE_FILE";
constexpr absl::string_view kDigestDomain("meguri/erasure-file/v1\0", 23);

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, kFileReason, message);
}

absl::StatusOr<erasure::v1::ErasureFile> ParseFile(absl::string_view bytes) {
  erasure::v1::ErasureFile file;
  const absl::Status whole = OpenSealedFile(bytes, kErasureFileBytesMax, kDigestDomain, kFileReason, file);
  // What another version wrote cannot be judged at all, so this comes first.
  if (file.format_version() != kFormatVersion && file.format_version() != 0) {
    return Refuse(absl::StrCat("the file has format version ", file.format_version(), ", expected ", kFormatVersion,
                               "; it needs another version of this program"));
  }
  MEGURI_RETURN_IF_ERROR(whole);
  return file;
}

// A feed key of a host that the member has left proves nothing of when it signed.
Judgement JudgeHost(const ProvenPublisher& member, const RegisteredKey& key) {
  if (key.purpose != registry::v1::KEY_PURPOSE_FEED ||
      !IsOfFormerHost(member.registry().FeedKeyLineOf(member.id(), absl::InfiniteFuture()), key)) {
    return {};
  }
  return {Verdict::kIndeterminate, absl::InfinitePast(),
          Error(absl::StatusCode::kFailedPrecondition, "HEAD_OF_FORMER_HOST",
                absl::StrCat("an acknowledgement of ", member.id().text(),
                             " is signed by a host that it has left, and nothing in the file shows that it was signed "
                             "before: ask the member's present host for one"))};
}

// Who signed a statement, and what that is worth.
struct StatementProof {
  record::Hash key_id;
  Judgement judgement;
};

// Like CheckStatement, but what was signed with a key that has ended since is in doubt and not refused: a file is read
// years later, and what it says of the time is the signer's word alone.
absl::StatusOr<StatementProof> ProveStatement(const record::v1::SignedBody& statement, absl::string_view type,
                                              registry::v1::KeyPurpose purpose, uint64_t time_ms,
                                              const ProvenPublisher& member, absl::Time now) {
  if (statement.signatures_size() != 1) {
    return Error(absl::StatusCode::kInvalidArgument, "SIGNATURE_MISSING",
                 "a statement in the file does not carry one signature, no more and no less");
  }
  const std::string& signer = statement.signatures(0).key_id();
  MEGURI_ASSIGN_OR_RETURN(const RegisteredKey* key, FindKeyOf(signer, member.id().text(), purpose, member.registry()));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signer));
  MEGURI_RETURN_IF_ERROR(record::VerifySignedBody(statement, type, key_id, key->key));
  const absl::Time time = absl::FromUnixMillis(static_cast<int64_t>(time_ms));
  if (time > now + kStatementSkewMax) {
    return Error(absl::StatusCode::kInvalidArgument, "ERASURE_TIME", "it was signed at a time that has not come yet");
  }
  MEGURI_RETURN_IF_ERROR(key->CheckUsable(time));
  return StatementProof{key_id, Both(JudgeSignature(*key, absl::nullopt, now), JudgeHost(member, *key))};
}

// What every part of a file is checked with.
struct FileCheck {
  const TrustBundle& bundle;
  uint64_t made_with;  // the version of the bundle that the file names
  absl::Time now;

  absl::StatusOr<ProvenPublisher> Member(const record::v1::Envelope& entry, const record::v1::FeedProof& proof) const {
    return ProvenPublisher::Verify(entry, proof, bundle, made_with, now);
  }
};

absl::StatusOr<ProvenAcknowledgement> ProveAcknowledgement(const erasure::v1::ProvenAck& proven,
                                                           const erasure::v1::AskedHolder& asked,
                                                           const FileCheck& check, ErasureReport& report) {
  const record::v1::SignedBody& statement = proven.acknowledgement();
  if (record::Sha256(statement.body()).view() != asked.acknowledgement_hash()) {
    return Refuse(absl::StrCat("the acknowledgement of ", asked.participant_id(),
                               " is not the one of which the "
                               "publisher speaks"));
  }
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureAck ack, record::ParseErasureAck(statement.body()));
  MEGURI_RETURN_IF_ERROR(CheckErasureFederation(ack.federation(), check.bundle.federation()));
  MEGURI_RETURN_IF_ERROR(CheckErasureAnswer(ack, report.request, asked.participant_id()));
  MEGURI_ASSIGN_OR_RETURN(const ProvenPublisher holder,
                          check.Member(proven.holder_entry(), proven.holder_entry_proof()));
  if (holder.id().text() != ack.holder()) {
    return Refuse(
        absl::StrCat("beside the acknowledgement of ", ack.holder(), " stands the entry of ", holder.id().text()));
  }
  MEGURI_ASSIGN_OR_RETURN(const StatementProof proof,
                          ProveStatement(statement, record::kErasureAckPayloadType, registry::v1::KEY_PURPOSE_FEED,
                                         ack.time_ms(), holder, check.now));
  report.key_notices.insert(report.key_notices.end(), holder.key_notices().begin(), holder.key_notices().end());
  return ProvenAcknowledgement{std::move(ack), proof.key_id, Both(proof.judgement, holder.judgement())};
}

// Those of whom the account says that they have acknowledged, and no others, in its order.
absl::Status ReadHolders(const erasure::v1::ErasureAnswers& answers, const FileCheck& check, ErasureReport& report) {
  int next = 0;
  for (const erasure::v1::AskedHolder& asked : report.account.holders()) {
    AccountedHolder holder{asked, absl::nullopt};
    if (!asked.acknowledgement_hash().empty()) {
      if (next == answers.acknowledgements_size()) {
        return Refuse(absl::StrCat("the acknowledgement of ", asked.participant_id(), " is missing"));
      }
      MEGURI_ASSIGN_OR_RETURN(holder.acknowledgement,
                              ProveAcknowledgement(answers.acknowledgements(next++), asked, check, report));
      report.judgement = Both(report.judgement, holder.acknowledgement->judgement);
    }
    report.holders.push_back(std::move(holder));
  }
  return next == answers.acknowledgements_size()
             ? absl::OkStatus()
             : Refuse("the file holds acknowledgements of which the publisher does not speak");
}

absl::StatusOr<erasure::v1::ErasureAccount> ReadAccount(const record::v1::SignedBody& statement,
                                                        const erasure::v1::SignedErasure& asked,
                                                        const erasure::v1::ErasureRequest& request,
                                                        const TrustBundle& bundle) {
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureAccount account, record::ParseErasureAccount(statement.body()));
  MEGURI_RETURN_IF_ERROR(CheckErasureFederation(account.federation(), bundle.federation()));
  if (account.publisher() != request.publisher() || account.record_id() != request.record_id() ||
      account.tombstone_hash() != request.tombstone_hash() ||
      account.request_hash() != record::Sha256(asked.request().body()).view()) {
    return Error(absl::StatusCode::kInvalidArgument, "ERASURE_OTHER",
                 "what the publisher says of the answers is not of the request in the file");
  }
  return account;
}

}  // namespace

size_t ErasureReport::acknowledged() const {
  return static_cast<size_t>(std::count_if(holders.begin(), holders.end(), [](const AccountedHolder& holder) {
    return holder.acknowledgement.has_value();
  }));
}

absl::StatusOr<ErasureReport> VerifyErasureFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const erasure::v1::ErasureFile file, ParseFile(bytes));
  MEGURI_RETURN_IF_ERROR(
      CheckBundleReference(file.trust_bundle_version(), file.trust_bundle_hash(), bundle, kFileReason));
  const FileCheck check{bundle, file.trust_bundle_version(), now};
  MEGURI_ASSIGN_OR_RETURN(const ProvenPublisher publisher,
                          check.Member(file.publisher_entry(), file.publisher_entry_proof()));
  const record::v1::SignedBody& asked = file.erasure().request();
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureRequest request, record::ParseErasureRequest(asked.body()));
  MEGURI_RETURN_IF_ERROR(CheckErasureFederation(request.federation(), bundle.federation()));
  const record::v1::Envelope& envelope = file.erasure().tombstone();
  MEGURI_ASSIGN_OR_RETURN(record::Header tombstone, record::Header::Parse(envelope.header()));
  MEGURI_RETURN_IF_ERROR(CheckErasureTombstone(tombstone, request));
  if (envelope.sections_size() != 0) {
    return Refuse("the tombstone comes with sections");
  }
  // The request vouches for the tombstone: it may have been signed by a key that has ended since.
  MEGURI_RETURN_IF_ERROR(publisher.VerifySignature(tombstone, envelope.signature()).status());
  MEGURI_ASSIGN_OR_RETURN(const StatementProof request_proof,
                          ProveStatement(asked, record::kErasureRequestPayloadType, registry::v1::KEY_PURPOSE_RECORD,
                                         request.time_ms(), publisher, now));
  const record::v1::SignedBody& said = file.answers().account();
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureAccount account, ReadAccount(said, file.erasure(), request, bundle));
  MEGURI_ASSIGN_OR_RETURN(const StatementProof account_proof,
                          ProveStatement(said, record::kErasureAccountPayloadType, registry::v1::KEY_PURPOSE_RECORD,
                                         account.time_ms(), publisher, now));
  ErasureReport report{Both(publisher.judgement(), Both(request_proof.judgement, account_proof.judgement)),
                       publisher.member(),
                       std::move(tombstone),
                       std::move(request),
                       request_proof.key_id,
                       std::move(account),
                       {},
                       publisher.key_notices()};
  MEGURI_RETURN_IF_ERROR(ReadHolders(file.answers(), check, report));
  if (report.judgement.verdict == Verdict::kInvalid) {
    return report.judgement.why;
  }
  return report;
}

std::string MakeErasureFile(erasure::v1::ErasureFile file, const TrustBundle& bundle) {
  file.set_format_version(kFormatVersion);
  file.set_trust_bundle_version(bundle.message().version());
  file.set_trust_bundle_hash(bundle.body_hash().ToString());
  return SealErasureFile(std::move(file));
}

std::string SealErasureFile(erasure::v1::ErasureFile file) {
  file.clear_digest();
  return SealFile(kDigestDomain, file);
}

}  // namespace meguri::certs
