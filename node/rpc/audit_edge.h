// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "meguri/audit/v1/row.pb.h"
#include "node/audit/audit_log.h"
#include "node/query/disclosure.h"
#include "node/rpc/authenticator.h"
#include "node/rpc/call_end.h"
#include "record/feed.h"

namespace meguri::node {

// A part of a feed that goes out with its records.
struct SentEntries {
  record::FeedKey feed;
  uint64_t from = 0;
  uint64_t to = 0;
  uint64_t bytes = 0;
  std::string grant = "";  // that opens the feed, 32 hexadecimal digits; empty: none does
  uint32_t purpose = 0;    // for which it was given
  std::string rule = "";   // by which a copy is handed on; empty: that of its own feed's readers
};

// The one place where the inbound edge says what it is about to hand out, to whom and by which rule. The answer leaves
// when that is durable. Thread-safe.
class AuditEdge {
 public:
  // `registry_size` says how many entries of the registry decisions rest on now.
  AuditEdge(AuditLog& log, std::function<uint64_t()> registry_size)
      : log_(log), registry_size_(std::move(registry_size)) {}

  // Calls `done` with OK once it is written that `caller` gets `disclosed`; at once, on this thread, if that is
  // nothing. With any other status the answer must not leave: the reason is that of the store, or DELIVERIES_SPENT.
  void Deliver(const Caller& caller, absl::string_view method, absl::Span<const Disclosure> disclosed,
               AuditLog::Done done) const;
  void DeliverEntries(const Caller& caller, absl::string_view method, const SentEntries& sent,
                      AuditLog::Done done) const;
  // Whether a batch of `feed` to `caller` must be written down.
  static bool IsNarrow(const Caller& caller, const record::FeedKey& feed);
  // Calls `done` with OK once it is written that a client asked for `request` by the right that `role` gives.
  void Administer(const Caller& caller, absl::string_view method, api::v1::ClientRole role,
                  const google::protobuf::Message& request, AuditLog::Done done) const;
  // Has a refusal written down, if it is one of a caller that this node knows by its certificate. That its own clients
  // found no record is no refusal: nothing of their member is hidden from them.
  void NoteDenial(const CallLog::Denial& denial) const;

 private:
  audit::v1::Row RowOf(const Caller& caller, absl::string_view method, audit::v1::Decision decision) const;
  void Write(std::vector<audit::v1::Row> rows, AuditLog::Done done) const;

  AuditLog& log_;
  const std::function<uint64_t()> registry_size_;
};

}  // namespace meguri::node
