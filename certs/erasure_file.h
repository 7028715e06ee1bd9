// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "certs/publisher_proof.h"
#include "certs/trust_bundle.h"
#include "meguri/erasure/v1/erasure.pb.h"
#include "record/hash.h"
#include "record/header.h"

// Who has erased a record and who has not, shown to somebody who has the trust bundle and nothing else
// (docs/format/erasure.md §5).
namespace meguri::certs {

inline constexpr size_t kErasureFileBytesMax = size_t{64} << 20;

// What a holder says that it has erased.
struct ProvenAcknowledgement {
  erasure::v1::ErasureAck ack;
  record::Hash key_id;
  Judgement judgement;  // of the holder's key, and of the operator's entry of the holder
};

// One of those whom the publisher asked.
struct AccountedHolder {
  erasure::v1::AskedHolder asked;                         // as the publisher says
  absl::optional<ProvenAcknowledgement> acknowledgement;  // nullopt: none had come
};

// What an erasure file proves.
struct ErasureReport {
  Judgement judgement;  // of everything that is signed in the file: the worst of it
  VerifiedMember publisher;
  record::Header tombstone;
  erasure::v1::ErasureRequest request;
  record::Hash request_key_id;
  erasure::v1::ErasureAccount account;
  std::vector<AccountedHolder> holders;              // those of the account, in its order
  std::vector<registry::v1::KeyNotice> key_notices;  // of the publisher and of holders that have acknowledged

  size_t acknowledged() const;  // how many of them
};

// Checks a file from end to end with nothing but the bundle: a record key of the publisher signed the tombstone, the
// request and the account of those who were asked, and for each that it says to have acknowledged, a feed key of the
// holder signed that. Any changed bit is refused. INVALID_ARGUMENT with reason ERASURE_FILE, or the reasons of
// certs/erasure.h, ProvenPublisher and record; FAILED_PRECONDITION with those of RegisteredKey::CheckUsable if a
// statement says that it was signed while its key was not in force.
absl::StatusOr<ErasureReport> VerifyErasureFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now);

// The file of `file`, whose fields about the bundle and the digest are filled in here. It is the caller's business to
// check it with VerifyErasureFile.
std::string MakeErasureFile(erasure::v1::ErasureFile file, const TrustBundle& bundle);
// The bytes of `file` with the digest that they have, whatever it says.
std::string SealErasureFile(erasure::v1::ErasureFile file);

}  // namespace meguri::certs
