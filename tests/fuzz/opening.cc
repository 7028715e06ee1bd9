// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/error.h"
#include "record/checkpoint.h"
#include "record/feed.h"
#include "record/heads.h"
#include "record/merkle.h"
#include "record/participant_id.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

constexpr char kFederation[] = "ce.example";

record::FeedKey FeedOf(const char* name) {
  return {record::ParticipantId::Parse("0188:7123456789012").value(), record::FeedName::Parse(name).value(), 1};
}

bool Verifies(const record::v1::ProvenOpening& proven, const record::FeedKey& feed, const record::Signer& signer) {
  const auto committed = record::VerifyOpening(proven, kFederation, feed, {&signer.public_key(), 1});
  Invariant(committed.ok() || !ReasonOf(committed.status()).empty(), "a refusal has a reason");
  if (!committed.ok()) {
    return false;
  }
  Invariant(committed->head.origin == record::FeedOrigin(kFederation, feed), "the head is of the feed that was asked");
  Invariant(committed->head.size == proven.opening().size() && committed->index == proven.opening().index(),
            "and says what was opened");
  return true;
}

// What the publisher would have signed, had it committed this opening in the only entry of its feed `heads`.
void Commit(record::v1::ProvenOpening proven, const record::FeedKey& feed, const record::Signer& signer) {
  proven.mutable_opening()->set_index(0);
  const absl::StatusOr<record::Opening> opening = record::ParseOpening(proven.opening());
  if (!opening.ok()) {
    Invariant(!ReasonOf(opening.status()).empty(), "a refusal has a reason");
    return;
  }
  Invariant(record::ParseOpening(record::ToMessage(*opening)) == opening, "an opening reads back as it was");
  const record::FeedEntry entry = record::OpenedEntry(record::FeedOrigin(kFederation, feed), *opening);
  const record::FeedKey heads{feed.publisher, record::HeadsFeed(), 1};
  proven.set_epoch(1);
  proven.clear_entry_path();
  proven.set_checkpoint(
      record::SignCheckpoint({record::FeedOrigin(kFederation, heads), 1, record::LeafHash(entry.Encode())}, signer)
          .value());
  Invariant(Verifies(proven, feed, signer), "what was committed is proven");
  Invariant(!Verifies(proven, FeedOf("recyclers/vehicle"), signer), "and for no other feed");
  proven.mutable_opening()->set_size(opening->size + 1);
  Invariant(!Verifies(proven, feed, signer), "nor any other size");
}

}  // namespace
}  // namespace meguri::fuzz

// An input is a proven opening. The feed key signs what it commits, so that its form alone decides.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  static const auto signer = meguri::fuzz::FixedSigner("feed key");
  static const meguri::record::FeedKey feed = meguri::fuzz::FeedOf("recyclers/battery");
  const absl::string_view input = meguri::fuzz::BytesOf(data, size);
  const auto proven = meguri::record::ReadOpening(input);
  if (!proven.ok()) {
    Invariant(!meguri::ReasonOf(proven.status()).empty(), "a refusal has a reason");
    return 0;
  }
  Invariant(meguri::record::IsOpening(input), "an opening is not taken for a note");
  Invariant(meguri::record::WriteOpening(*proven) == input, "one opening has one form");
  meguri::fuzz::Verifies(*proven, feed, *signer);
  meguri::fuzz::Commit(*proven, feed, *signer);
  return 0;
}
