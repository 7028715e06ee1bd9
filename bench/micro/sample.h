// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bench/record_set.h"
#include "certs/signing_key.h"
#include "node/follow/follower.h"
#include "record/system_random.h"
#include "storage/ordered_store.h"

namespace meguri::bench {

// The value, or an abort: a micro-benchmark without its input measures nothing.
template <typename T>
T Must(absl::StatusOr<T> value) {
  Invariant(value.ok(), value.status().ToString());
  return *std::move(value);
}

// A publisher with a key, whose records are held as a replica by a reader.
class Sample {
 public:
  Sample();

  const record::PublicKey& key() const { return key_->public_key(); }
  const storage::HeldFeed& feed() const { return feed_; }
  RecordSet& records() { return *records_; }
  Random& random() { return random_; }
  // `count` records under one signature, as a follower has them once they are verified. `start`: entries before them.
  node::VerifiedBatch NextVerified(size_t count, uint64_t start);
  // Writes them into the store the way a follower does.
  void Write(node::VerifiedBatch batch, storage::OrderedStore& store);

 private:
  record::SystemRandom random_;
  SystemClock clock_;
  std::unique_ptr<certs::SigningKey> key_;
  storage::HeldFeed feed_;
  std::unique_ptr<RecordSet> records_;
};

}  // namespace meguri::bench
