// SPDX-License-Identifier: Apache-2.0
#include "node/witness/witnessed.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/status_macros.h"
#include "certs/witnesses.h"
#include "record/heads_feed.h"

namespace meguri::node {

bool IsWitnessed(const record::FeedName& feed) {
  return feed == record::FeedName::Public() || feed == record::FeedName::Members() || feed == record::HeadsFeed() ||
         feed == record::FeedName::Registry();
}

absl::StatusOr<record::Checkpoint> OpenHead(absl::string_view note, const record::FeedKey& feed,
                                            const WitnessRegistry& registry, absl::Time now) {
  const certs::TrustBundle& bundle = registry.bundle();
  const std::string origin = record::FeedOrigin(bundle.federation(), feed);
  if (origin == bundle.message().registry_origin()) {
    return record::OpenCheckpoint(note, origin, bundle.registry_feed_key());
  }
  const std::shared_ptr<const certs::Registry> members = registry.Get();
  MEGURI_ASSIGN_OR_RETURN(const certs::RegisteredKey* key, members->FeedKeyOf(feed.publisher, now));
  return record::OpenCheckpoint(note, origin, key->key);
}

absl::StatusOr<record::Hash> RootAt(const storage::Feeds& feeds, storage::FeedId id, uint64_t size) {
  MEGURI_ASSIGN_OR_RETURN(
      const record::Frontier frontier,
      record::ReadFrontier(size, [&](uint32_t level, uint64_t index) { return feeds.ReadNode(id, level, index); }));
  return frontier.Root();
}

std::vector<WitnessNode> WitnessNodes(const WitnessRegistry& registry, absl::Time now) {
  const std::shared_ptr<const certs::Registry> members = registry.Get();
  std::vector<WitnessNode> nodes;
  absl::flat_hash_set<std::string> seen;
  for (certs::Witness& witness : certs::WitnessesOf(registry.bundle())) {
    const registry::v1::MemberEntry* entry = members->Find(witness.member);
    if (!witness.IsInForce(now) || entry == nullptr || entry->status() != registry::v1::MEMBER_STATUS_ACTIVE ||
        entry->hosting().addresses().empty() || !seen.insert(witness.member.text()).second) {
      continue;
    }
    nodes.push_back({std::move(witness.member),
                     entry->hosting().node_identity(),
                     {entry->hosting().addresses().begin(), entry->hosting().addresses().end()}});
  }
  return nodes;
}

}  // namespace meguri::node
