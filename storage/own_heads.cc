// SPDX-License-Identifier: Apache-2.0
#include "storage/own_heads.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::storage {
namespace {

void AppendText(const std::string& text, std::string& out) {
  Invariant(text.size() <= UINT16_MAX, "participant IDs and feed names are shorter than 64 KiB");
  AppendU16(static_cast<uint16_t>(text.size()), out);
  out += text;
}

}  // namespace

record::Hash OwnHeadsDigest(std::vector<OwnHead> heads) {
  std::sort(heads.begin(), heads.end(), [](const OwnHead& a, const OwnHead& b) { return a.feed < b.feed; });
  std::string preimage;
  for (const OwnHead& head : heads) {
    AppendText(head.feed.key.publisher.text(), preimage);
    AppendText(head.feed.key.name.text(), preimage);
    AppendU64(head.feed.key.epoch, preimage);
    AppendU64(head.size, preimage);
    preimage.append(head.root.view().data(), head.root.view().size());
  }
  return record::Sha256(preimage);
}

absl::StatusOr<std::vector<OwnHead>> ReadOwnHeads(const Feeds& feeds) {
  MEGURI_ASSIGN_OR_RETURN(const auto own, feeds.All());
  std::vector<OwnHead> heads;
  for (const auto& [feed, id] : own) {
    MEGURI_ASSIGN_OR_RETURN(const FeedHead head, feeds.ReadHead(id));
    heads.push_back({feed, head.size(), head.frontier.Root()});
  }
  return heads;
}

}  // namespace meguri::storage
