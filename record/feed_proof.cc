// SPDX-License-Identifier: Apache-2.0
#include "record/feed_proof.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/heads.h"
#include "record/limits.h"
#include "record/merkle.h"

namespace meguri::record {
namespace {

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "FEED_PROOF", message);
}

absl::StatusOr<std::vector<Hash>> ParsePath(const v1::FeedProof& proof) {
  if (static_cast<size_t>(proof.path_size()) > kProofHashesMax) {
    return Refuse(absl::StrCat("a path has at most ", kProofHashesMax, " hashes, not ", proof.path_size()));
  }
  std::vector<Hash> path;
  for (const std::string& bytes : proof.path()) {
    const absl::StatusOr<Hash> hash = Hash::Parse(bytes);
    if (!hash.ok()) {
      return Refuse(absl::StrCat("in a path: ", hash.status().message()));
    }
    path.push_back(*hash);
  }
  return path;
}

// The head by which the entry is proven: signed itself, or committed in `heads`.
absl::StatusOr<SoleSigned> HeadOf(const v1::FeedProof& proof, absl::string_view federation, const FeedKey& feed,
                                  absl::Span<const PublicKey> feed_keys) {
  if (!IsOpening(proof.checkpoint())) {
    return OpenSoleSigned(proof.checkpoint(), FeedOrigin(federation, feed), feed_keys);
  }
  MEGURI_ASSIGN_OR_RETURN(const v1::ProvenOpening opening, ReadOpening(proof.checkpoint()));
  MEGURI_ASSIGN_OR_RETURN(CommittedHead committed, VerifyOpening(opening, federation, feed, feed_keys));
  return SoleSigned{std::move(committed.head), committed.key};
}

}  // namespace

absl::StatusOr<ProvenEntry> VerifyFeedProof(const v1::FeedProof& proof, absl::string_view federation,
                                            const Header& header, absl::Span<const PublicKey> feed_keys) {
  MEGURI_ASSIGN_OR_RETURN(FeedName name, FeedName::Parse(proof.feed()));
  if (proof.epoch() == 0) {
    return Refuse("the epochs of a feed start at 1");
  }
  FeedKey feed{header.publisher(), std::move(name), proof.epoch()};
  MEGURI_ASSIGN_OR_RETURN(const FeedEntry entry, FeedEntry::Parse(proof.entry()));
  if (entry.header_hash != header.hash()) {
    return Refuse(absl::StrCat("the entry of the feed ", feed.name.text(), " names another record"));
  }
  if (header.slot_count() < kSlotsMax && entry.slots >> header.slot_count() != 0) {
    return Refuse(absl::StrCat("the entry of the feed ", feed.name.text(), " opens slots that the record lacks"));
  }
  if (header.is_tombstone() && entry.slots != 0) {
    return Refuse(absl::StrCat("the entry of the feed ", feed.name.text(), " opens slots of a record that has ended"));
  }
  MEGURI_ASSIGN_OR_RETURN(SoleSigned head, HeadOf(proof, federation, feed, feed_keys));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<Hash> path, ParsePath(proof));
  MEGURI_RETURN_IF_ERROR(
      VerifyInclusion(LeafHash(proof.entry()), proof.index(), head.checkpoint.size, path, head.checkpoint.root));
  return ProvenEntry{std::move(feed), proof.index(), entry.slots, std::move(head.checkpoint), head.key};
}

}  // namespace meguri::record
