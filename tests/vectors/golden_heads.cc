// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/heads.h"
#include "record/merkle.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using record::Hash;
using record::v1::ProvenOpening;

constexpr char kFeed[] = "to/9999:recycler";

std::string OriginOf(const Golden& golden, absl::string_view name) {
  return record::FeedOrigin(kFederation, {golden.publisher, record::FeedName::Parse(name).value(), 1});
}

// Feeds of opaque roots, as they are when the entry `index` is made.
std::vector<record::Checkpoint> HeadsAt(const Golden& golden, uint64_t index) {
  std::vector<record::Checkpoint> heads;
  for (const char* name : {"owner", "audit", kFeed, "recyclers/battery", "offer/0123456789abcdef0123456789abcdef"}) {
    const uint64_t size = 3 * index + 2;
    heads.push_back({OriginOf(golden, name), size, record::Sha256(absl::StrCat(name, " ", size))});
  }
  return heads;
}

Json RefusedOpenings(const ProvenOpening& sound) {
  const std::vector<std::pair<const char*, std::pair<const char*, std::function<void(ProvenOpening&)>>>> changes = {
      {"another salt", {"INCLUSION_PROOF", [](auto& p) { (*p.mutable_opening()->mutable_salt())[0] ^= 1; }}},
      {"another size", {"INCLUSION_PROOF", [](auto& p) { p.mutable_opening()->set_size(6); }}},
      {"another root", {"INCLUSION_PROOF", [](auto& p) { (*p.mutable_opening()->mutable_root())[31] ^= 1; }}},
      {"another path", {"INCLUSION_PROOF", [](auto& p) { (*p.mutable_opening()->mutable_path())[640] ^= 1; }}},
      {"another entry", {"INCLUSION_PROOF", [](auto& p) { p.mutable_opening()->set_index(2); }}},
      {"an entry beyond the head", {"INCLUSION_PROOF", [](auto& p) { p.mutable_opening()->set_index(3); }}},
      {"a path that is short", {"HEADS_OPENING", [](auto& p) { p.mutable_opening()->mutable_path()->resize(1248); }}},
      {"a path that is long", {"HEADS_OPENING", [](auto& p) { p.mutable_opening()->mutable_path()->resize(1312); }}},
      {"no salt", {"HEADS_OPENING", [](auto& p) { p.mutable_opening()->clear_salt(); }}},
      {"no entries with a root", {"HEADS_OPENING", [](auto& p) { p.mutable_opening()->clear_size(); }}},
      {"no epoch", {"HEADS_OPENING", [](auto& p) { p.clear_epoch(); }}},
      {"another epoch", {"CHECKPOINT_ORIGIN", [](auto& p) { p.set_epoch(2); }}}};
  std::vector<Json> refused;
  refused.reserve(changes.size());
  for (const auto& [name, change] : changes) {
    ProvenOpening changed = sound;
    change.second(changed);
    refused.push_back(Json::Object(
        {{"name", name}, {"reason", change.first}, {"proven_opening_hex", Json::Hex(changed.SerializeAsString())}}));
  }
  return Json(std::move(refused));
}

}  // namespace

Json HeadsVectors(const Golden& golden) {
  std::vector<record::HeadsTree> trees;
  std::vector<Hash> leaves;
  std::vector<Json> entries;
  for (uint64_t index = 0; index < 3; ++index) {
    trees.emplace_back(record::Sha256(absl::StrCat("key ", index)), HeadsAt(golden, index));
    const std::string entry = trees.back().entry().Encode();
    leaves.push_back(record::LeafHash(entry));
    entries.push_back(Json::Hex(entry));
  }
  const auto read = [&](uint32_t level, uint64_t index) -> absl::StatusOr<Hash> {
    return record::RootOf(absl::MakeConstSpan(leaves).subspan(index << level, size_t{1} << level));
  };
  const std::string note =
      record::SignCheckpoint({OriginOf(golden, "heads"), leaves.size(), record::RootOf(leaves)}, *golden.feed_signer)
          .value();
  std::vector<Json> openings;
  ProvenOpening sound;
  for (const record::Checkpoint& head : HeadsAt(golden, 1)) {
    ProvenOpening proven;
    *proven.mutable_opening() = record::ToMessage(trees[1].Open(head.origin, 1).value());
    proven.set_epoch(1);
    proven.set_checkpoint(note);
    const std::vector<Hash> path = record::InclusionProof(1, leaves.size(), read).value();
    for (const Hash& hash : path) {
      proven.add_entry_path(hash.ToString());
    }
    openings.push_back(Json::Object({{"feed", head.origin.substr(OriginOf(golden, "heads").size() - 5)},
                                     {"label_hex", Json::Hex(record::HeadsLabel(head.origin).view())},
                                     {"size", Json(head.size)},
                                     {"root_hex", Json::Hex(head.root.view())},
                                     {"proven_opening_hex", Json::Hex(proven.SerializeAsString())}}));
    sound = head.origin == OriginOf(golden, kFeed) ? proven : sound;
  }
  return Json::Object({{"about", "Golden bytes of docs/format/heads.md: three entries, and openings of the second."},
                       {"federation", kFederation},
                       {"publisher", kPublisher},
                       {"feed_key_spki_hex", Json::Hex(golden.feed_signer->public_key().spki())},
                       {"entries_hex", Json(std::move(entries))},
                       {"note", note},
                       {"openings", std::move(openings)},
                       {"refused_feed", kFeed},
                       {"refused", RefusedOpenings(sound)}});
}

}  // namespace meguri::vectors
