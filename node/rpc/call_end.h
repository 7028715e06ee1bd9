// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/first_then_counted.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

namespace meguri::node {

// What became of calls that were not answered. The texts come from peers; whoever writes them down escapes them.
class CallLog {
 public:
  // A call that was refused, or that failed within the node. `peer` is the identity in its certificate, or its address.
  struct Entry {
    absl::string_view method;
    absl::string_view peer;
    const absl::Status& status;
    bool is_ours = false;  // the node failed
  };
  // `again` more of the same peer and reason within a minute after the one that was told in full; "" stands for many.
  struct Repeats {
    absl::string_view peer;
    absl::string_view reason;
    uint64_t again = 0;
  };
  // A caller that showed who it is was told no: that it may not, or that there is no such record. The same words and
  // the same trace for a record that is hidden and one that is not there.
  struct Denial {
    absl::string_view method;
    absl::string_view peer;
    const absl::Status& status;
    absl::string_view record_id;  // that was asked for, if it was one
  };
  struct Sinks {
    std::function<void(const Entry&)> first;
    std::function<void(const Repeats&)> repeats;
    std::function<void(const Denial&)> denied;
  };

  CallLog(Sinks sinks, const Clock& clock);

  // Thread-safe. "Not found" and calls that the caller cancelled are ordinary answers, and are no entries.
  void Note(absl::string_view method, absl::string_view peer, const absl::Status& status,
            absl::string_view record_id = "");
  // Tells what was counted. Call it about once a second.
  void Tick();

 private:
  const Sinks sinks_;
  FirstThenCounted refused_;
};

// The end of one call: gives a status the form in which it travels, and has it written down if the call was not
// answered. Lives no longer than the call's context.
class CallEnd {
 public:
  CallEnd(CallLog& log, const grpc::ServerContextBase& context, absl::string_view method)
      : log_(&log), context_(&context), method_(method) {}

  // `record_id`: what was asked for, if it was one record.
  grpc::Status operator()(const absl::Status& status, absl::string_view record_id = "") const {
    return status.ok() ? grpc::Status::OK : Refuse(status, record_id);
  }
  // Has a refusal written down that does not end the call.
  void Note(const absl::Status& status, absl::string_view record_id = "") const;

 private:
  grpc::Status Refuse(const absl::Status& status, absl::string_view record_id) const;

  CallLog* log_;
  const grpc::ServerContextBase* context_;
  absl::string_view method_;
};

}  // namespace meguri::node
