// SPDX-License-Identifier: Apache-2.0
#include "node/query/dated_heads.h"

#include <utility>

#include "base/status_macros.h"
#include "certs/witnesses.h"
#include "record/checkpoint.h"
#include "record/note.h"
#include "storage/cosigned.h"

namespace meguri::node {
namespace {

absl::optional<absl::Time> TimeOf(absl::string_view note, const certs::TrustBundle& bundle) {
  const absl::StatusOr<certs::Cosigners> cosigners = certs::CosignersOf(note, bundle);
  return cosigners.ok() ? certs::ProvenTime(*cosigners) : absl::nullopt;
}

bool Includes(absl::string_view note, uint64_t index) {
  const absl::StatusOr<record::Note> parsed = record::ParseNote(note);
  return parsed.ok() && parsed->checkpoint.size > index;
}

// The key of `publisher` under the line of the feed, in force or not. Null if the registry does not know it.
template <typename MemberKeys>
const certs::RegisteredKey* SignerAmong(const MemberKeys& keys, const record::Note& note,
                                        const record::ParticipantId& publisher, const certs::Registry& registry) {
  for (const registry::v1::MemberKey& message : keys) {
    const certs::RegisteredKey* key =
        registry.FindKey(record::KeyId(registry.federation(), publisher, message.public_key()));
    if (key == nullptr || key->owner != publisher || key->purpose != registry::v1::KEY_PURPOSE_FEED) {
      continue;
    }
    const std::string key_hash =
        record::NoteKeyHash(note.checkpoint.origin, record::NoteSignatureType::kEd25519, key->key.ed25519_bytes());
    for (const record::NoteSignature& line : note.signatures) {
      if (line.name == note.checkpoint.origin && line.key_hash == key_hash) {
        return key;
      }
    }
  }
  return nullptr;
}

const certs::RegisteredKey* SignerOf(const record::Note& note, const record::FeedKey& feed,
                                     const certs::Registry& registry, const certs::TrustBundle& bundle) {
  if (feed.publisher == bundle.operator_id()) {
    if (const certs::RegisteredKey* key =
            SignerAmong(bundle.message().registry_feed_keys(), note, feed.publisher, registry)) {
      return key;
    }
  }
  const registry::v1::MemberEntry* entry = registry.Find(feed.publisher);
  return entry == nullptr ? nullptr : SignerAmong(entry->keys(), note, feed.publisher, registry);
}

certs::Judgement Doubt() { return {certs::Verdict::kIndeterminate, absl::InfinitePast(), absl::OkStatus()}; }

}  // namespace

absl::StatusOr<DatedHeads> FindDatedHeads(const storage::StoreReader& store, storage::FeedId feed, uint64_t index,
                                          const certs::TrustBundle& bundle) {
  const storage::CosignedNotes notes(store);
  DatedHeads heads;
  MEGURI_ASSIGN_OR_RETURN(std::string newest, notes.Find(feed));
  if (Includes(newest, index)) {
    heads.time = TimeOf(newest, bundle);
    heads.newest = heads.time.has_value() ? std::move(newest) : "";
    heads.earliest = heads.newest;
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> kept, notes.KeptCovering(feed, index, kDatedNotesMax));
  for (const std::string& note : kept) {
    const absl::optional<absl::Time> time = TimeOf(note, bundle);
    if (time.has_value() && (!heads.time.has_value() || *time < *heads.time)) {
      heads.time = time;
      heads.earliest = note;
      break;
    }
  }
  return heads;
}

certs::Judgement JudgeProof(const record::FeedKey& feed, absl::string_view note, const record::Hash& key_id,
                            const certs::Registry& registry, const certs::TrustBundle& bundle, absl::Time now) {
  const absl::StatusOr<record::Note> parsed = record::ParseNote(note);
  const certs::RegisteredKey* record_key = registry.FindKey(key_id);
  const certs::RegisteredKey* feed_key = parsed.ok() ? SignerOf(*parsed, feed, registry, bundle) : nullptr;
  if (record_key == nullptr || feed_key == nullptr) {
    return Doubt();
  }
  if (parsed->checkpoint.origin == bundle.message().registry_origin() &&
      parsed->checkpoint.size < bundle.message().registry_size_min()) {
    return Doubt();
  }
  const absl::optional<absl::Time> time = TimeOf(note, bundle);
  return certs::Both(certs::JudgeSignature(*record_key, time, now), certs::JudgeSignature(*feed_key, time, now));
}

}  // namespace meguri::node
