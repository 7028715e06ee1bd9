// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "certs/publisher_proof.h"
#include "certs/trust_bundle.h"
#include "meguri/record/v1/evidence.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/heads.h"
#include "record/limits.h"

namespace meguri::certs {

inline constexpr size_t kEvidenceFileBytesMax = 2 * record::kSectionBytesMax + (size_t{256} << 10);

// Two signed headers of one version of a record.
struct ProvenRecordFork {
  record::Header first;
  record::Header second;
};

// Two sections of one type that open one header: different readers may have seen either.
struct ProvenSectionFork {
  record::Header header;
  record::v1::Section first;
  record::v1::Section second;
};

// Two heads of one feed, signed or committed in `heads`, that cannot both be of it: of one size, the larger begins
// otherwise than the smaller, or the smaller was committed after the larger.
struct ProvenFeedFork {
  record::FeedKey feed;
  record::Checkpoint smaller;
  record::Checkpoint larger;
};

// What an evidence file proves against its publisher: one of these.
struct EvidenceReport {
  Judgement judgement;  // of what contradicts itself, and of the operator's entry
  VerifiedMember publisher;
  absl::optional<ProvenRecordFork> record_fork;
  absl::optional<ProvenSectionFork> section_fork;
  absl::optional<ProvenFeedFork> feed_fork;
  std::vector<registry::v1::KeyNotice> key_notices;  // of the publisher
};

// That heads which were opened, `smaller` and `larger`, contradict each other as `fork` says. INVALID_ARGUMENT with
// reason EVIDENCE_FILE or NO_CONTRADICTION, or those of record.
absl::Status CheckFeedFork(const record::v1::FeedFork& fork, const record::Checkpoint& smaller,
                           const record::Checkpoint& larger);

// A head of a fork that was opened.
struct ForkHead {
  record::Checkpoint head;
  absl::optional<uint64_t> entry;  // of `heads`, which commits it; nullopt: it is signed itself
};

// That two heads, of which some may be committed in `heads`, contradict each other as `fork` says. Returns them, the
// smaller first. Errors as CheckFeedFork.
absl::StatusOr<std::pair<record::Checkpoint, record::Checkpoint>> CheckForkHeads(const record::v1::FeedFork& fork,
                                                                                 const ForkHead& first,
                                                                                 const ForkHead& second);

// Checks an EvidenceFile from end to end with nothing but the bundle. Any changed bit is refused. INVALID_ARGUMENT with
// reason EVIDENCE_FILE; NO_CONTRADICTION if both statements can be true; or the reasons of ProvenPublisher and record.
absl::StatusOr<EvidenceReport> VerifyEvidenceFile(absl::string_view bytes, const TrustBundle& bundle, absl::Time now);

// The file of `evidence`, in which one of the forks and the two fields about the publisher are set. It is the caller's
// business to check it with VerifyEvidenceFile.
std::string MakeEvidenceFile(record::v1::EvidenceFile evidence, const TrustBundle& bundle);

}  // namespace meguri::certs
