// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "bench/record_set.h"
#include "certs/signing_key.h"
#include "client/context.h"
#include "client/node_client.h"
#include "grpcpp/channel.h"
#include "record/system_random.h"

namespace meguri::bench {

inline constexpr absl::Duration kCallTimeout = absl::Seconds(60);

// A client folder, the way to its node, and records to publish there.
class Caller {
 public:
  // `address` overrides the folder's, unless it is empty: another server with the same certificate.
  static absl::StatusOr<std::unique_ptr<Caller>> Make(const std::string& home, const std::string& address = "");

  const client::Context& context() const { return context_; }
  // A new connection.
  std::shared_ptr<grpc::Channel> Open() const;
  std::unique_ptr<client::NodeClient> Connect() const;
  // FAILED_PRECONDITION if the folder has no record key.
  absl::StatusOr<std::unique_ptr<RecordSet>> MakeRecords(size_t payload_bytes);

 private:
  explicit Caller(client::Context context) : context_(std::move(context)) {}

  client::Context context_;
  SystemClock clock_;
  record::SystemRandom random_;
  std::unique_ptr<certs::SigningKey> key_;
};

// Record IDs, one after the other, 16 bytes each.
absl::StatusOr<std::vector<std::string>> ReadRecordIds(const std::string& path);

}  // namespace meguri::bench
