// SPDX-License-Identifier: Apache-2.0
#include "certs/feed_base.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/limits.h"
#include "record/limits.h"
#include "record/merkle.h"

namespace meguri::certs {
namespace {

using registry::v1::FeedBase;
using registry::v1::FeedBaseHead;
using registry::v1::FeedBaseProof;

constexpr absl::string_view kDigestDomain("meguri/feed-base/v1\0", 20);
constexpr absl::string_view kLeafDomain("meguri/feed-base-leaf/v1\0", 25);
constexpr size_t kSaltBytes = 32;
constexpr int kShownHeadsMax = 2;

void AppendHead(const FeedBaseHead& head, std::string& bytes) {
  AppendU16(static_cast<uint16_t>(head.feed().size()), bytes);
  absl::StrAppend(&bytes, head.feed());
  AppendU64(head.epoch(), bytes);
  AppendU64(head.size(), bytes);
  absl::StrAppend(&bytes, head.root());
}

record::Hash LeafOf(const FeedBaseHead& head, absl::string_view salt) {
  std::string bytes = absl::StrCat(kLeafDomain, salt);
  AppendHead(head, bytes);
  return record::LeafHash(bytes);
}

FeedBaseHead ToMessage(const BaseHead& head) {
  FeedBaseHead message;
  message.set_feed(head.feed.text());
  message.set_epoch(head.epoch);
  message.set_size(head.size);
  message.set_root(head.root.ToString());
  return message;
}

// A leaf of a feed, or one that only fills the tree.
struct Leaf {
  record::Hash hash;
  absl::optional<FeedBaseProof> proof;
};

std::string RandomBytes(Random& random) {
  const std::array<uint8_t, kSaltBytes> bytes = random.Bytes<kSaltBytes>();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// In the order of their hashes, which says nothing of the feeds.
std::vector<Leaf> LeavesOf(absl::Span<const BaseHead> heads, Random& random) {
  std::vector<Leaf> leaves;
  for (const BaseHead& head : heads) {
    if (!IsShownToAll(head.feed)) {
      FeedBaseProof proof;
      *proof.mutable_head() = ToMessage(head);
      proof.set_salt(RandomBytes(random));
      leaves.push_back({LeafOf(proof.head(), proof.salt()), std::move(proof)});
    }
  }
  size_t count = kBaseLeavesMin;
  while (count < leaves.size()) {
    count *= 2;
  }
  while (leaves.size() < count) {
    leaves.push_back({record::LeafHash(RandomBytes(random)), absl::nullopt});
  }
  std::sort(leaves.begin(), leaves.end(),
            [](const Leaf& left, const Leaf& right) { return left.hash.view() < right.hash.view(); });
  return leaves;
}

// The nodes of a tree whose leaves are a power of two, from the leaves up.
std::vector<std::vector<record::Hash>> LevelsOf(const std::vector<Leaf>& leaves) {
  std::vector<std::vector<record::Hash>> levels(1);
  for (const Leaf& leaf : leaves) {
    levels.front().push_back(leaf.hash);
  }
  while (levels.back().size() > 1) {
    std::vector<record::Hash> above;
    for (size_t i = 0; i < levels.back().size(); i += 2) {
      above.push_back(record::NodeHash(levels.back()[i], levels.back()[i + 1]));
    }
    levels.push_back(std::move(above));
  }
  return levels;
}

absl::Status Refuse(absl::string_view reason, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, reason, why);
}

absl::StatusOr<BaseHead> ParseHead(const FeedBaseHead& message, absl::string_view reason) {
  absl::StatusOr<record::FeedName> feed = record::FeedName::Parse(message.feed());
  const absl::StatusOr<record::Hash> root = record::Hash::Parse(message.root());
  if (!feed.ok() || !root.ok() || message.epoch() == 0 || (message.size() == 0 && *root != record::EmptyRoot())) {
    return Refuse(reason,
                  absl::StrCat("the head of a feed ", Quoted(message.feed()),
                               " with which the member moved has no name, epoch, size or root that makes sense"));
  }
  return BaseHead{*std::move(feed), message.epoch(), message.size(), *root};
}

absl::StatusOr<std::vector<record::Hash>> ParsePath(const FeedBaseProof& proof) {
  if (static_cast<size_t>(proof.path_size()) > record::kProofHashesMax) {
    return Refuse("FEED_BASE_PROOF", "a proof of so many hashes is longer than any tree needs");
  }
  std::vector<record::Hash> path;
  for (const std::string& bytes : proof.path()) {
    MEGURI_ASSIGN_OR_RETURN(const record::Hash hash, record::Hash::Parse(bytes));
    path.push_back(hash);
  }
  return path;
}

}  // namespace

bool IsShownToAll(const record::FeedName& feed) {
  return feed == record::FeedName::Public() || feed == record::FeedName::Members();
}

absl::StatusOr<MadeFeedBase> MakeFeedBase(absl::Span<const BaseHead> heads, Random& random) {
  if (heads.size() > kBaseFeedsMax) {
    return Error(absl::StatusCode::kResourceExhausted, "FEED_COUNT",
                 absl::StrCat("the member has ", heads.size(), " feeds; at most ", kBaseFeedsMax, " can move"));
  }
  MadeFeedBase made;
  for (const BaseHead& head : heads) {
    if (IsShownToAll(head.feed)) {
      *made.base.add_heads() = ToMessage(head);
    }
  }
  std::sort(made.base.mutable_heads()->begin(), made.base.mutable_heads()->end(),
            [](const FeedBaseHead& left, const FeedBaseHead& right) { return left.feed() < right.feed(); });
  const std::vector<Leaf> leaves = LeavesOf(heads, random);
  const std::vector<std::vector<record::Hash>> levels = LevelsOf(leaves);
  made.base.set_others(levels.back().front().ToString());
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].proof.has_value()) {
      continue;
    }
    FeedBaseProof proof = *leaves[i].proof;
    proof.set_index(i);
    proof.set_leaves(leaves.size());
    for (size_t level = 0; level + 1 < levels.size(); ++level) {
      proof.add_path(levels[level][(i >> level) ^ 1].ToString());
    }
    made.proofs.push_back(std::move(proof));
  }
  return made;
}

absl::Status CheckFeedBase(const FeedBase& base) {
  if (base.heads_size() > kShownHeadsMax || base.others().size() != record::kHashSize ||
      base.signature().size() != kSignatureBytes) {
    return Refuse("FEED_BASE",
                  "a base names the feeds public and members, has a root of 32 bytes over the others, and "
                  "a signature of 64 bytes");
  }
  std::string before;
  for (const FeedBaseHead& message : base.heads()) {
    MEGURI_ASSIGN_OR_RETURN(const BaseHead head, ParseHead(message, "FEED_BASE"));
    if (!IsShownToAll(head.feed) || head.feed.text() <= before) {
      return Refuse("FEED_BASE", absl::StrCat("a base does not name the feed ", Quoted(message.feed()), " here"));
    }
    before = head.feed.text();
  }
  return absl::OkStatus();
}

record::Hash BaseDigest(const FeedBase& base) {
  std::string bytes(kDigestDomain);
  AppendU16(static_cast<uint16_t>(base.heads_size()), bytes);
  for (const FeedBaseHead& head : base.heads()) {
    AppendHead(head, bytes);
  }
  absl::StrAppend(&bytes, base.others());
  return record::Sha256(bytes);
}

absl::StatusOr<BaseHead> BaseHeadOf(const FeedBase& base, const record::FeedKey& feed) {
  for (const FeedBaseHead& head : base.heads()) {
    if (head.feed() == feed.name.text() && head.epoch() == feed.epoch) {
      return ParseHead(head, "FEED_BASE");
    }
  }
  return BaseHead{feed.name, feed.epoch, 0, record::EmptyRoot()};
}

absl::StatusOr<BaseHead> OpenBaseProof(const FeedBase& base, const record::FeedKey& feed, const FeedBaseProof& proof) {
  constexpr char kReason[] = "FEED_BASE_PROOF";
  MEGURI_ASSIGN_OR_RETURN(BaseHead head, ParseHead(proof.head(), kReason));
  if (head.feed != feed.name || head.epoch != feed.epoch || proof.salt().size() != kSaltBytes ||
      proof.leaves() > 2 * kBaseFeedsMax) {
    return Refuse(kReason, absl::StrCat("what should show where the feed ", feed.name.text(),
                                        " stood when the member moved is of another feed, or has no salt"));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::Hash> path, ParsePath(proof));
  MEGURI_ASSIGN_OR_RETURN(const record::Hash others, record::Hash::Parse(base.others()));
  const absl::Status shown =
      record::VerifyInclusion(LeafOf(proof.head(), proof.salt()), proof.index(), proof.leaves(), path, others);
  return shown.ok() ? absl::StatusOr<BaseHead>(std::move(head))
                    : Refuse(kReason, absl::StrCat("the member has not signed that its feed ", feed.name.text(),
                                                   " stood so when it moved: ", shown.message()));
}

absl::Status BeyondMove(const record::ParticipantId& member, const BaseHead& base, uint64_t size) {
  return Refuse("HEAD_BEYOND_MOVE",
                absl::StrCat(member.text(), " moved to another host when its feed ", base.feed.text(), " had ",
                             base.size, " entries; this head of ", size,
                             " entries is signed by a host that it has left, which can add nothing any more"));
}

}  // namespace meguri::certs
