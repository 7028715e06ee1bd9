// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "meguri/feed/v1/feed.pb.h"
#include "record/feed.h"
#include "record/hash.h"
#include "record/header.h"
#include "record/section.h"

namespace meguri::hostile {

// The value of something that cannot fail here. Ends the program with the reason if it does.
template <typename T>
T Must(absl::StatusOr<T> value) {
  Invariant(value.ok(), absl::StrCat(value.status().message(), " (", ReasonOf(value.status()), ")"));
  return *std::move(value);
}

// An enrolled member with all its genuine keys: it can sign whatever it likes. Immutable.
class Publisher {
 public:
  // Reads the folder that `meguri-node init` and `join` made.
  static absl::StatusOr<Publisher> Load(const std::string& data_folder);
  Publisher(certs::TrustBundle bundle, record::ParticipantId participant,
            std::shared_ptr<const certs::SigningKey> record_key, std::shared_ptr<const certs::SigningKey> feed_key);

  const certs::TrustBundle& bundle() const { return bundle_; }
  const record::ParticipantId& participant() const { return participant_; }
  const record::Signer& record_key() const { return *record_key_; }
  const record::Signer& feed_key() const { return *feed_key_; }
  record::Hash KeyIdOf(const record::Signer& key) const;
  std::string OriginOf(const std::string& feed) const;

  // A header of this publisher that is sound in itself.
  record::v1::Header NewHeader(Random& random) const;
  // Gives `header` the digests of `drafts`, and makes the item that opens all of them; its signature is missing.
  feed::v1::FeedItem Seal(record::v1::Header header, const std::vector<record::SectionDraft>& drafts, Random& random,
                          size_t slots = 8) const;
  // Signs the headers of `items` in one batch.
  void Sign(std::vector<feed::v1::FeedItem>& items, const record::Signer& key, Random& random) const;
  // Sound items, always the same for the same seed.
  std::vector<feed::v1::FeedItem> MakeItems(uint64_t seed, size_t count) const;

 private:
  certs::TrustBundle bundle_;
  record::ParticipantId participant_;
  std::shared_ptr<const certs::SigningKey> record_key_;
  std::shared_ptr<const certs::SigningKey> feed_key_;
};

// Two sections for everyone, as a passport has them.
std::vector<record::SectionDraft> PublicSections(absl::string_view serial);

// The entry of an item, and the item's entry changed.
record::FeedEntry EntryOf(const feed::v1::FeedItem& item);
void SetEntry(const record::FeedEntry& entry, feed::v1::FeedItem& item);

// A feed that lies whole in memory, with true proofs and a true signed head. Immutable.
class Feed {
 public:
  Feed(const Publisher& publisher, std::string name, std::vector<feed::v1::FeedItem> items);

  size_t size() const { return items_.size(); }
  record::Hash Root(size_t size) const;
  std::string Checkpoint(size_t size) const;
  feed::v1::FeedBatch Batch(size_t begin, size_t end, size_t target) const;

 private:
  const Publisher& publisher_;
  const std::string name_;
  const std::vector<feed::v1::FeedItem> items_;
  std::vector<record::Hash> leaves_;
};

}  // namespace meguri::hostile
