// SPDX-License-Identifier: Apache-2.0
#include "record/heads.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "record/merkle.h"

namespace meguri::record {
namespace {

constexpr absl::string_view kLabelDomain("meguri/heads-label/v1\0", 22);
constexpr absl::string_view kLeafDomain("meguri/heads-leaf/v1\0", 21);
// These two are nobody's business but the publisher's.
constexpr absl::string_view kSaltDomain("meguri/heads-salt/v1\0", 21);
constexpr absl::string_view kBlindDomain("meguri/heads-blind/v1\0", 22);

constexpr char kOpeningTag = 0x0a;  // field 1, of a length that follows

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "HEADS_OPENING", message);
}

// The first `depth` bits of a label.
uint64_t PrefixOf(const Hash& label, size_t depth) {
  return depth == 0 ? 0 : ReadU64(label.view().substr(0, sizeof(uint64_t))) >> (64 - depth);
}

Hash LeafOf(const Hash& label, const Hash& salt, uint64_t size, const Hash& root) {
  std::string number;
  AppendU64(size, number);
  return Sha256({kLeafDomain, label.view(), salt.view(), number, root.view()});
}

}  // namespace

Hash HeadsLabel(absl::string_view origin) { return Sha256({kLabelDomain, origin}); }

absl::StatusOr<Opening> ParseOpening(const v1::Opening& message) {
  Opening opening;
  opening.index = message.index();
  opening.size = message.size();
  const auto salt = Hash::Parse(message.salt());
  const auto root = Hash::Parse(message.root());
  if (!salt.ok() || !root.ok()) {
    return Refuse("the salt and the root of an opening have 32 bytes each");
  }
  opening.salt = *salt;
  opening.root = *root;
  if (message.path().size() != kHeadsDepth * kHashSize) {
    return Refuse(absl::StrCat("the path of an opening has ", message.path().size(), " bytes, expected ",
                               kHeadsDepth * kHashSize));
  }
  if (opening.size == 0 && opening.root != EmptyRoot()) {
    return Refuse("a feed without entries has the root of no entries");
  }
  opening.path.reserve(kHeadsDepth);
  for (size_t i = 0; i < kHeadsDepth; ++i) {
    MEGURI_ASSIGN_OR_RETURN(opening.path.emplace_back(),
                            Hash::Parse(absl::string_view(message.path()).substr(i * kHashSize, kHashSize)));
  }
  return opening;
}

v1::Opening ToMessage(const Opening& opening) {
  v1::Opening message;
  message.set_index(opening.index);
  message.set_salt(opening.salt.ToString());
  message.set_size(opening.size);
  message.set_root(opening.root.ToString());
  for (const Hash& hash : opening.path) {
    absl::StrAppend(message.mutable_path(), hash.view());
  }
  return message;
}

FeedEntry OpenedEntry(absl::string_view origin, const Opening& opening) {
  const Hash label = HeadsLabel(origin);
  Hash node = LeafOf(label, opening.salt, opening.size, opening.root);
  size_t depth = kHeadsDepth;
  for (const Hash& sibling : opening.path) {
    const bool is_right = (PrefixOf(label, depth--) & 1) != 0;
    node = is_right ? NodeHash(sibling, node) : NodeHash(node, sibling);
  }
  return {node, 0};
}

bool IsOpening(absl::string_view head) { return !head.empty() && head.front() == kOpeningTag; }

absl::StatusOr<v1::ProvenOpening> ReadOpening(absl::string_view head) {
  v1::ProvenOpening proven;
  if (!IsOpening(head) || !proven.ParseFromArray(head.data(), static_cast<int>(head.size())) ||
      WriteOpening(proven) != head) {
    return Refuse("an opening is damaged, or not in its one encoding");
  }
  return proven;
}

std::string WriteOpening(const v1::ProvenOpening& proven) {
  v1::ProvenOpening known = proven;
  known.DiscardUnknownFields();
  return known.SerializeAsString();  // without maps there is one encoding
}

absl::StatusOr<CommittedHead> VerifyOpening(const v1::ProvenOpening& proven, absl::string_view federation,
                                            const FeedKey& feed, absl::Span<const PublicKey> feed_keys) {
  MEGURI_ASSIGN_OR_RETURN(Opening opening, ParseOpening(proven.opening()));
  if (proven.epoch() == 0) {
    return Refuse("the epochs of a feed start at 1");
  }
  if (!IsCommittedInHeads(feed.name)) {
    return Refuse(absl::StrCat("the feed ", feed.name.text(), " is not committed in heads"));
  }
  if (static_cast<size_t>(proven.entry_path_size()) > kProofHashesMax) {
    return Refuse(absl::StrCat("a path has at most ", kProofHashesMax, " hashes, not ", proven.entry_path_size()));
  }
  std::vector<Hash> path;
  for (const std::string& bytes : proven.entry_path()) {
    const absl::StatusOr<Hash> hash = Hash::Parse(bytes);
    if (!hash.ok()) {
      return Refuse(absl::StrCat("in the path of the entry: ", hash.status().message()));
    }
    path.push_back(*hash);
  }
  const std::string heads_origin = FeedOrigin(federation, {feed.publisher, HeadsFeed(), proven.epoch()});
  MEGURI_ASSIGN_OR_RETURN(SoleSigned heads, OpenSoleSigned(proven.checkpoint(), heads_origin, feed_keys));
  const std::string origin = FeedOrigin(federation, feed);
  MEGURI_RETURN_IF_ERROR(VerifyInclusion(LeafHash(OpenedEntry(origin, opening).Encode()), opening.index,
                                         heads.checkpoint.size, path, heads.checkpoint.root));
  return CommittedHead{{origin, opening.size, opening.root}, opening.index, std::move(heads.checkpoint), heads.key};
}

HeadsTree::HeadsTree(const Hash& key, absl::Span<const Checkpoint> heads) : key_(key) {
  leaves_.reserve(heads.size());
  for (const Checkpoint& head : heads) {
    leaves_.push_back({HeadsLabel(head.origin), head.size, head.root});
  }
  std::sort(leaves_.begin(), leaves_.end(), [](const Leaf& a, const Leaf& b) { return a.label < b.label; });
  const auto begins_alike = [](const Leaf& a, const Leaf& b) {
    return PrefixOf(a.label, kHeadsDepth) == PrefixOf(b.label, kHeadsDepth);
  };
  leaves_.erase(std::unique(leaves_.begin(), leaves_.end(), begins_alike), leaves_.end());
  root_ = leaves_.empty() ? BlindAt({0, 0}) : Build(0, 0, leaves_.size());
}

Hash HeadsTree::SaltOf(const Hash& label) const { return Sha256({kSaltDomain, key_.view(), label.view()}); }

Hash HeadsTree::BlindAt(const Position& position) const {
  std::string place(1, static_cast<char>(position.first));
  AppendU64(position.second, place);
  return Sha256({kBlindDomain, key_.view(), place});
}

Hash HeadsTree::LeafAt(size_t index) const {
  const Leaf& leaf = leaves_[index];
  return LeafOf(leaf.label, SaltOf(leaf.label), leaf.size, leaf.root);
}

Hash HeadsTree::Build(size_t depth, size_t begin, size_t end) {
  if (depth == kHeadsDepth) {
    return LeafAt(begin);
  }
  const uint64_t left = PrefixOf(leaves_[begin].label, depth) << 1;
  const auto first = leaves_.begin();
  const auto middle =
      std::partition_point(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end),
                           [&](const Leaf& leaf) { return PrefixOf(leaf.label, depth + 1) == left; });
  const auto split = static_cast<size_t>(middle - first);
  const bool is_kept = end - begin > 1;
  const Hash left_hash = BuildChild({depth + 1, left}, begin, split, is_kept);
  return NodeHash(left_hash, BuildChild({depth + 1, left | 1}, split, end, is_kept));
}

Hash HeadsTree::BuildChild(const Position& position, size_t begin, size_t end, bool is_kept) {
  if (begin == end) {
    return BlindAt(position);
  }
  const Hash hash = Build(position.first, begin, end);
  if (is_kept) {
    nodes_.emplace(position, hash);
  }
  return hash;
}

absl::optional<Opening> HeadsTree::Open(absl::string_view origin, uint64_t index) const {
  const Hash label = HeadsLabel(origin);
  const auto leaf = std::lower_bound(leaves_.begin(), leaves_.end(), label,
                                     [](const Leaf& a, const Hash& wanted) { return a.label < wanted; });
  if (leaf == leaves_.end() || leaf->label != label) {
    return absl::nullopt;
  }
  Opening opening{index, SaltOf(label), leaf->size, leaf->root, {}};
  for (size_t depth = kHeadsDepth; depth > 0; --depth) {
    const Position sibling{depth, PrefixOf(label, depth) ^ 1};
    const auto node = nodes_.find(sibling);
    opening.path.push_back(node != nodes_.end() ? node->second : BlindAt(sibling));
  }
  return opening;
}

}  // namespace meguri::record
