// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "meguri/record/v1/record.pb.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/header.h"
#include "record/public_key.h"

namespace meguri::record {

// That a feed names a version of a record.
struct ProvenEntry {
  FeedKey feed;
  uint64_t index = 0;
  uint64_t slots = 0;  // that the feed's readers may read
  Checkpoint checkpoint;
  size_t key = 0;  // which of the feed keys signed the checkpoint
};

// Checks that a feed of `header`'s publisher names it, by a head that one of `feed_keys` signed. Every byte of `proof`
// is looked at. INVALID_ARGUMENT with reason FEED_PROOF, FEED_NAME, FEED_ENTRY, INCLUSION_PROOF or those of
// OpenSoleSigned; UNIMPLEMENTED with reason NEWER_FORMAT.
absl::StatusOr<ProvenEntry> VerifyFeedProof(const v1::FeedProof& proof, absl::string_view federation,
                                            const Header& header, absl::Span<const PublicKey> feed_keys);

}  // namespace meguri::record
