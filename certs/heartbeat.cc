// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/limits.h"
#include "certs/registry.h"
#include "certs/strict_parse.h"
#include "record/dsse.h"
#include "record/merkle.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "HEARTBEAT_FORM", absl::StrCat("the heartbeat is refused: ", why));
}

absl::Status CheckForm(const registry::v1::Heartbeat& heartbeat) {
  if (heartbeat.root().size() != record::kHashSize) {
    return Refuse("its root is not 32 bytes");
  }
  if (heartbeat.size() == 0 && heartbeat.root() != record::EmptyRoot().view()) {
    return Refuse("its root is not that of the empty tree although its size is 0");
  }
  if (heartbeat.time_ms() == 0 || heartbeat.time_ms() > kTimeMsMax) {
    return Refuse("time_ms is absent or lies after the year 9999");
  }
  if (heartbeat.next_update_ms() <= heartbeat.time_ms() ||
      heartbeat.next_update_ms() - heartbeat.time_ms() >
          static_cast<uint64_t>(absl::ToInt64Milliseconds(kHeartbeatIntervalMax))) {
    return Refuse(absl::StrCat("next_update_ms does not lie within ", absl::FormatDuration(kHeartbeatIntervalMax),
                               " after time_ms"));
  }
  return absl::OkStatus();
}

// What one kind of heartbeat is signed by.
struct SignedAs {
  absl::string_view payload_type;
  absl::string_view federation;
  const record::ParticipantId& publisher;
};

absl::StatusOr<registry::v1::Heartbeat> Open(const record::v1::SignedBody& signed_body, const SignedAs& as,
                                             absl::string_view origin, const record::PublicKey& key) {
  if (signed_body.signatures_size() > kSignaturesMax) {
    return Refuse(absl::StrCat("it carries more than ", kSignaturesMax, " signatures"));
  }
  if (signed_body.body().size() > kHeartbeatBytesMax) {
    return Refuse(absl::StrCat("its body is larger than ", kHeartbeatBytesMax, " bytes"));
  }
  MEGURI_RETURN_IF_ERROR(record::VerifySignedBody(signed_body, as.payload_type,
                                                  record::KeyId(as.federation, as.publisher, key.spki()), key));
  registry::v1::Heartbeat heartbeat;
  MEGURI_RETURN_IF_ERROR(ParseStrictly(signed_body.body(), kHeartbeatBytesMax, "HEARTBEAT_FORM", heartbeat));
  MEGURI_RETURN_IF_ERROR(CheckForm(heartbeat));
  if (heartbeat.origin() != origin) {
    return Refuse(absl::StrCat("it is for the feed ", Quoted(heartbeat.origin()), ", expected ", Quoted(origin)));
  }
  return heartbeat;
}

absl::StatusOr<record::v1::SignedBody> Sign(const registry::v1::Heartbeat& heartbeat, const SignedAs& as,
                                            const record::Signer& signer) {
  MEGURI_RETURN_IF_ERROR(CheckForm(heartbeat));
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type(std::string(as.payload_type));
  signed_body.set_body(SerializeForSigning(heartbeat));
  MEGURI_RETURN_IF_ERROR(record::AddSignature(record::KeyId(as.federation, as.publisher, signer.public_key().spki()),
                                              signer, signed_body));
  return signed_body;
}

absl::Status CheckAgainstBundle(const registry::v1::Heartbeat& heartbeat, const registry::v1::TrustBundle& bundle) {
  if (heartbeat.size() < bundle.registry_size_min()) {
    return Refuse(absl::StrCat("its registry has ", heartbeat.size(), " entries and the trust bundle pins ",
                               bundle.registry_size_min()));
  }
  if (heartbeat.size() == bundle.registry_size_min() && heartbeat.size() != 0 &&
      heartbeat.root() != bundle.registry_root_min()) {
    return Refuse("its root is not the one that the trust bundle pins for this size");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<registry::v1::Heartbeat> OpenHeartbeat(const record::v1::SignedBody& signed_body,
                                                      const TrustBundle& bundle) {
  MEGURI_ASSIGN_OR_RETURN(registry::v1::Heartbeat heartbeat,
                          Open(signed_body, {kHeartbeatPayloadType, bundle.federation(), bundle.operator_id()},
                               bundle.message().registry_origin(), bundle.registry_feed_key()));
  MEGURI_RETURN_IF_ERROR(CheckAgainstBundle(heartbeat, bundle.message()));
  return heartbeat;
}

absl::StatusOr<record::v1::SignedBody> SignHeartbeat(const registry::v1::Heartbeat& heartbeat,
                                                     absl::string_view federation,
                                                     const record::ParticipantId& operator_id,
                                                     const record::Signer& feed_signer) {
  return Sign(heartbeat, {kHeartbeatPayloadType, federation, operator_id}, feed_signer);
}

absl::StatusOr<registry::v1::Heartbeat> OpenFeedHeartbeat(const record::v1::SignedBody& signed_body,
                                                          absl::string_view federation,
                                                          const record::ParticipantId& publisher,
                                                          absl::string_view origin, const record::PublicKey& feed_key) {
  return Open(signed_body, {kFeedHeartbeatPayloadType, federation, publisher}, origin, feed_key);
}

absl::StatusOr<record::v1::SignedBody> SignFeedHeartbeat(const registry::v1::Heartbeat& heartbeat,
                                                         absl::string_view federation,
                                                         const record::ParticipantId& publisher,
                                                         const record::Signer& feed_signer) {
  return Sign(heartbeat, {kFeedHeartbeatPayloadType, federation, publisher}, feed_signer);
}

}  // namespace meguri::certs
