// SPDX-License-Identifier: Apache-2.0
#include "certs/trust_bundle.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/limits.h"
#include "certs/member_key.h"
#include "certs/strict_parse.h"
#include "record/dsse.h"
#include "record/feed.h"

namespace meguri::certs {
namespace {

using google::protobuf::RepeatedPtrField;
using registry::v1::MemberKey;

constexpr uint32_t kBundleFormatVersion = 1;

absl::Status RefuseForm(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "BUNDLE_FORM", absl::StrCat("the trust bundle is refused: ", why));
}

absl::Status RefuseSignature(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "BUNDLE_SIGNATURE",
               absl::StrCat("the trust bundle is refused: ", why));
}

struct OpenedBody {
  record::v1::SignedBody signed_body;
  registry::v1::TrustBundle message;
};

// What is left of a checked message that is more than numbers and text.
struct Anchors {
  record::ParticipantId operator_id;
  std::vector<Certificate> tls_roots;
  record::PublicKey registry_feed_key;
};

absl::StatusOr<OpenedBody> ParseBundle(absl::string_view bytes) {
  OpenedBody opened;
  MEGURI_RETURN_IF_ERROR(ParseSignedBody(bytes, kTrustBundleBytesMax, "BUNDLE_FORM", opened.signed_body));
  if (opened.signed_body.payload_type() != kTrustBundlePayloadType) {
    return RefuseForm(absl::StrCat("it is a signed body of another type: ", Quoted(opened.signed_body.payload_type())));
  }
  MEGURI_RETURN_IF_ERROR(ParseStrictly(opened.signed_body.body(), kTrustBundleBytesMax, "BUNDLE_FORM", opened.message));
  return opened;
}

// Keys of one list: all of `purpose`, none twice in the list.
absl::StatusOr<std::vector<record::PublicKey>> ParseKeys(const RepeatedPtrField<MemberKey>& messages,
                                                         registry::v1::KeyPurpose purpose, absl::string_view field) {
  if (messages.size() > kBundleKeysMax) {
    return RefuseForm(absl::StrCat(field, " holds more than ", kBundleKeysMax, " keys"));
  }
  std::vector<record::PublicKey> keys;
  absl::flat_hash_set<std::string> seen;
  for (const MemberKey& message : messages) {
    absl::StatusOr<record::PublicKey> key = ParseMemberKey(message, purpose);
    if (!key.ok()) {
      return RefuseForm(absl::StrCat(field, "[", keys.size(), "]: ", key.status().message()));
    }
    if (!seen.insert(key->spki()).second) {
      return RefuseForm(absl::StrCat(field, "[", keys.size(), "] is there twice"));
    }
    if (message.origin() != registry::v1::KEY_ORIGIN_UNSPECIFIED || message.has_endorsement() || message.has_base()) {
      return RefuseForm(absl::StrCat(field, "[", keys.size(), "] says how it came in: the bundle alone says so"));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

// A key of the bundle that signs bundles has no times of its own: it is in force while the bundle is.
absl::StatusOr<std::vector<record::PublicKey>> ParseBundleKeys(const registry::v1::TrustBundle& message) {
  for (const MemberKey& key : message.bundle_keys()) {
    if (key.not_before_ms() != 0 || key.not_after_ms() != 0 || key.revoked_ms() != 0) {
      return RefuseForm("bundle keys have no times of their own; leave a key out of the next version instead");
    }
  }
  return ParseKeys(message.bundle_keys(), registry::v1::KEY_PURPOSE_BUNDLE, "bundle_keys");
}

// A key for one purpose is not used for another: a signature of one kind must never pass for the other.
absl::Status CheckPurposesApart(const registry::v1::TrustBundle& message) {
  absl::flat_hash_set<absl::string_view> seen;
  for (const RepeatedPtrField<MemberKey>* keys : {&message.registry_record_keys(), &message.registry_feed_keys(),
                                                  &message.bundle_keys(), &message.witness_keys()}) {
    for (const MemberKey& key : *keys) {
      if (!seen.insert(key.public_key()).second) {
        return RefuseForm("one key serves two purposes");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOrigin(const registry::v1::TrustBundle& message, const record::ParticipantId& operator_id) {
  absl::string_view rest = message.registry_origin();
  uint64_t epoch = 0;
  if (absl::ConsumeSuffix(&rest, absl::StrCat("/", record::FeedName::Registry().text()))) {
    const size_t slash = rest.rfind('/');
    const absl::string_view digits = slash == absl::string_view::npos ? rest : rest.substr(slash + 1);
    if (absl::SimpleAtoi(digits, &epoch) && epoch != 0 &&
        record::FeedOrigin(message.federation(), {operator_id, record::FeedName::Registry(), epoch}) ==
            message.registry_origin()) {
      return absl::OkStatus();
    }
  }
  return RefuseForm(absl::StrCat("registry_origin ", Quoted(message.registry_origin()),
                                 " is not the origin of a registry feed of the operator"));
}

absl::Status CheckNumbers(const registry::v1::TrustBundle& message) {
  if (message.version() == 0) {
    return RefuseForm("versions start at 1");
  }
  if (message.expires_ms() == 0 || message.expires_ms() > kTimeMsMax) {
    return RefuseForm("expires_ms is absent or lies after the year 9999");
  }
  if (message.bundle_threshold() == 0 ||
      message.bundle_threshold() > static_cast<uint32_t>(message.bundle_keys_size())) {
    return RefuseForm(absl::StrCat("bundle_threshold is ", message.bundle_threshold(), " of ",
                                   message.bundle_keys_size(), " bundle keys"));
  }
  const size_t root_size = message.registry_size_min() == 0 ? 0 : record::kHashSize;
  if (message.registry_root_min().size() != root_size) {
    return RefuseForm("registry_root_min is 32 bytes where registry_size_min is not 0, and absent where it is");
  }
  return absl::OkStatus();
}

// A witness is a member, and counts once however many keys it has. A quorum that nobody need meet, or nobody can, is a
// slip.
absl::Status CheckWitnesses(const registry::v1::TrustBundle& message) {
  if (message.witness_keys_size() > kWitnessKeysMax) {
    return RefuseForm(absl::StrCat("witness_keys holds more than ", kWitnessKeysMax, " keys"));
  }
  if (message.witnesses_size() != message.witness_keys_size()) {
    return RefuseForm(absl::StrCat("witnesses names ", message.witnesses_size(), " members for ",
                                   message.witness_keys_size(), " witness keys"));
  }
  absl::flat_hash_set<absl::string_view> members;
  for (int i = 0; i < message.witnesses_size(); ++i) {
    if (const auto member = record::ParticipantId::Parse(message.witnesses(i)); !member.ok()) {
      return RefuseForm(absl::StrCat("witnesses[", i, "]: ", member.status().message()));
    }
    if (message.witness_keys(i).revoked_ms() == 0) {
      members.insert(message.witnesses(i));
    }
  }
  if (message.witness_quorum() > members.size() || (message.witness_quorum() == 0 && !members.empty())) {
    return RefuseForm(absl::StrCat("witness_quorum is ", message.witness_quorum(), " of ", members.size(),
                                   " members with a witness key that is not revoked"));
  }
  return absl::OkStatus();
}

absl::Status CheckAddresses(const registry::v1::TrustBundle& message) {
  if (message.operator_addresses_size() > kAddressesMax) {
    return RefuseForm(absl::StrCat("there are more than ", kAddressesMax, " operator addresses"));
  }
  for (const std::string& address : message.operator_addresses()) {
    if (!IsAddress(address)) {
      return RefuseForm(absl::StrCat("the operator address ", Quoted(address), " is not host:port"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Certificate>> ParseRoots(const registry::v1::TrustBundle& message) {
  if (message.tls_roots().empty() || message.tls_roots_size() > kTlsRootsMax) {
    return RefuseForm(absl::StrCat("there are ", message.tls_roots_size(), " TLS roots, expected 1-", kTlsRootsMax));
  }
  std::vector<Certificate> roots;
  for (const std::string& der : message.tls_roots()) {
    absl::StatusOr<Certificate> root = Certificate::ParseDer(der);
    const absl::Status status = root.ok() ? root->CheckIsAuthority() : root.status();
    if (!status.ok()) {
      return RefuseForm(absl::StrCat("tls_roots[", roots.size(), "]: ", status.message()));
    }
    roots.push_back(*std::move(root));
  }
  return roots;
}

absl::StatusOr<Anchors> CheckForm(const registry::v1::TrustBundle& message) {
  if (message.format_version() != kBundleFormatVersion) {
    return RefuseForm(absl::StrCat("its format version is ", message.format_version(), ", expected ",
                                   kBundleFormatVersion, "; it may need a newer version of this program"));
  }
  if (!IsDomainName(message.federation())) {
    return RefuseForm(
        absl::StrCat("the federation ", Quoted(message.federation()), " is not a lower-case domain name"));
  }
  absl::StatusOr<record::ParticipantId> operator_id = record::ParticipantId::Parse(message.operator_id());
  if (!operator_id.ok()) {
    return RefuseForm(absl::StrCat("operator_id: ", operator_id.status().message()));
  }
  MEGURI_RETURN_IF_ERROR(CheckNumbers(message));
  MEGURI_RETURN_IF_ERROR(CheckWitnesses(message));
  MEGURI_RETURN_IF_ERROR(CheckOrigin(message, *operator_id));
  MEGURI_RETURN_IF_ERROR(CheckAddresses(message));
  MEGURI_ASSIGN_OR_RETURN(
      const std::vector<record::PublicKey> record_keys,
      ParseKeys(message.registry_record_keys(), registry::v1::KEY_PURPOSE_RECORD, "registry_record_keys"));
  MEGURI_ASSIGN_OR_RETURN(
      const std::vector<record::PublicKey> feed_keys,
      ParseKeys(message.registry_feed_keys(), registry::v1::KEY_PURPOSE_FEED, "registry_feed_keys"));
  MEGURI_RETURN_IF_ERROR(ParseKeys(message.witness_keys(), registry::v1::KEY_PURPOSE_FEED, "witness_keys").status());
  MEGURI_RETURN_IF_ERROR(ParseBundleKeys(message).status());
  MEGURI_RETURN_IF_ERROR(CheckPurposesApart(message));
  if (record_keys.empty() || feed_keys.empty()) {
    return RefuseForm("it pins no registry record key or no registry feed key");
  }
  if (message.registry_feed_keys(0).revoked_ms() != 0) {
    return RefuseForm("registry_feed_keys[0], the one in force, is revoked");
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<Certificate> roots, ParseRoots(message));
  return Anchors{*std::move(operator_id), std::move(roots), feed_keys.front()};
}

// Checks that `threshold` different keys of `signers` have signed. Key IDs are those of the federation and operator
// that the signed message itself names, so that one signature serves as old and as new key.
absl::Status CheckThreshold(const OpenedBody& opened, const record::ParticipantId& operator_id,
                            const registry::v1::TrustBundle& signers) {
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::PublicKey> keys, ParseBundleKeys(signers));
  const auto has_signed = [&](const record::PublicKey& key) {
    return record::VerifySignedBody(opened.signed_body, kTrustBundlePayloadType,
                                    record::KeyId(opened.message.federation(), operator_id, key.spki()), key)
        .ok();
  };
  const auto count = static_cast<uint32_t>(std::count_if(keys.begin(), keys.end(), has_signed));
  if (count < signers.bundle_threshold()) {
    return RefuseSignature(absl::StrCat(count, " of the bundle keys of version ", signers.version(),
                                        " have signed it, expected ", signers.bundle_threshold()));
  }
  return absl::OkStatus();
}

absl::Status CheckNotExpired(const registry::v1::TrustBundle& message, absl::Time now) {
  const absl::Time expires = absl::FromUnixMillis(static_cast<int64_t>(message.expires_ms()));
  if (now < expires) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, "BUNDLE_EXPIRED",
               absl::StrCat("version ", message.version(), " of the trust bundle expired at ",
                            absl::FormatTime(expires, absl::UTCTimeZone()), "; ask the operator for the newest one"));
}

absl::Status CheckFollows(const registry::v1::TrustBundle& next, const registry::v1::TrustBundle& current) {
  if (next.version() <= current.version()) {
    return Error(absl::StatusCode::kInvalidArgument, "BUNDLE_ROLLBACK",
                 absl::StrCat("version ", next.version(), " of the trust bundle is not newer than version ",
                              current.version(), " which is in force"));
  }
  if (next.version() - current.version() != 1) {
    return Error(absl::StatusCode::kInvalidArgument, "BUNDLE_GAP",
                 absl::StrCat("version ", next.version(), " of the trust bundle does not follow version ",
                              current.version(), " directly; open the versions between first"));
  }
  if (next.federation() != current.federation()) {
    return RefuseForm(absl::StrCat("it is that of another federation: ", Quoted(next.federation())));
  }
  if (next.registry_origin() == current.registry_origin() && next.registry_size_min() < current.registry_size_min()) {
    return Error(absl::StatusCode::kInvalidArgument, "BUNDLE_ROLLBACK",
                 absl::StrCat("the trust bundle asks for a smaller registry than version ", current.version()));
  }
  return absl::OkStatus();
}

}  // namespace

TrustBundle::TrustBundle(std::string bytes, registry::v1::TrustBundle message, record::ParticipantId operator_id,
                         std::vector<Certificate> tls_roots, record::PublicKey registry_feed_key)
    : bytes_(std::move(bytes)),
      message_(std::move(message)),
      operator_id_(std::move(operator_id)),
      tls_roots_(std::move(tls_roots)),
      registry_feed_key_(std::move(registry_feed_key)) {}

record::Hash TrustBundle::body_hash() const {
  const absl::StatusOr<OpenedBody> opened = ParseBundle(bytes_);
  Invariant(opened.ok(), "a trust bundle that was opened can be parsed");
  return record::Sha256(opened->signed_body.body());
}

absl::StatusOr<TrustBundle> TrustBundle::Open(absl::string_view bytes, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(OpenedBody opened, ParseBundle(bytes));
  MEGURI_ASSIGN_OR_RETURN(Anchors anchors, CheckForm(opened.message));
  MEGURI_RETURN_IF_ERROR(CheckThreshold(opened, anchors.operator_id, opened.message));
  MEGURI_RETURN_IF_ERROR(CheckNotExpired(opened.message, now));
  return TrustBundle(std::string(bytes), std::move(opened.message), std::move(anchors.operator_id),
                     std::move(anchors.tls_roots), std::move(anchors.registry_feed_key));
}

absl::StatusOr<TrustBundle> TrustBundle::OpenNext(absl::string_view bytes, const TrustBundle& current, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(OpenedBody opened, ParseBundle(bytes));
  MEGURI_ASSIGN_OR_RETURN(Anchors anchors, CheckForm(opened.message));
  MEGURI_RETURN_IF_ERROR(CheckFollows(opened.message, current.message()));
  MEGURI_RETURN_IF_ERROR(CheckThreshold(opened, anchors.operator_id, current.message()));
  MEGURI_RETURN_IF_ERROR(CheckThreshold(opened, anchors.operator_id, opened.message));
  MEGURI_RETURN_IF_ERROR(CheckNotExpired(opened.message, now));
  return TrustBundle(std::string(bytes), std::move(opened.message), std::move(anchors.operator_id),
                     std::move(anchors.tls_roots), std::move(anchors.registry_feed_key));
}

absl::StatusOr<std::string> SignTrustBundle(const registry::v1::TrustBundle& message,
                                            const std::vector<const record::Signer*>& signers) {
  const std::string body = SerializeForSigning(message);
  // Reads the body back as everybody else will: what cannot be opened is not signed.
  registry::v1::TrustBundle read_back;
  MEGURI_RETURN_IF_ERROR(ParseStrictly(body, kTrustBundleBytesMax, "BUNDLE_FORM", read_back));
  MEGURI_ASSIGN_OR_RETURN(const Anchors anchors, CheckForm(read_back));
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(kTrustBundlePayloadType);
  signed_body.set_body(body);
  for (const record::Signer* signer : signers) {
    MEGURI_RETURN_IF_ERROR(record::AddSignature(
        record::KeyId(message.federation(), anchors.operator_id, signer->public_key().spki()), *signer, signed_body));
  }
  return SerializeForSigning(signed_body);
}

}  // namespace meguri::certs
