// SPDX-License-Identifier: Apache-2.0
#include "bench/load/unary_load.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "bench/load/surroundings.h"
#include "client/rpc_error.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/slice.h"

namespace meguri::bench {
namespace {

struct Call {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Time begin;
  bool measured = false;
};

// One run of a load.
class Run {
 public:
  Run(const UnaryLoad& load, const std::vector<std::shared_ptr<grpc::Channel>>& connections) : load_(load) {
    for (const std::shared_ptr<grpc::Channel>& connection : connections) {
      stubs_.push_back(std::make_unique<grpc::GenericStub>(connection));
    }
  }

  absl::StatusOr<UnaryLoad::Outcome> ToTheEnd() {
    std::vector<Call> calls(std::min(load_.in_flight, load_.warm_up + load_.count));
    for (Call& call : calls) {
      Start(call);
    }
    void* tag = nullptr;
    bool ok = false;
    for (size_t open = calls.size(); open > 0 && queue_.Next(&tag, &ok);) {
      Call& call = *static_cast<Call*>(tag);
      Take(call);
      if (status_.ok() && started_ < load_.warm_up + load_.count) {
        Start(call);
      } else {
        --open;
      }
    }
    outcome_.seconds = absl::ToDoubleSeconds(absl::Now() - begin_);
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
    if (!status_.ok()) {
      return client::FromRpc(status_, "the server under load");
    }
    return std::move(outcome_);
  }

 private:
  void Start(Call& call) {
    if (started_ == load_.warm_up) {
      begin_ = absl::Now();
    }
    call.context = std::make_unique<grpc::ClientContext>();
    call.context->set_deadline(absl::ToChronoTime(absl::Now() + kCallTimeout));
    call.context->AddMetadata("meguri-acting-member", load_.acting_member);
    call.measured = started_ >= load_.warm_up;
    grpc::GenericStub& stub = *stubs_[started_ % stubs_.size()];
    const grpc::ByteBuffer request = load_.request(started_++);
    call.begin = absl::Now();
    call.reader = stub.PrepareUnaryCall(call.context.get(), load_.method, request, &queue_);
    call.reader->StartCall();
    call.reader->Finish(&call.response, &call.status, &call);
  }

  void Take(Call& call) {
    if (!call.status.ok()) {
      status_ = call.status;
    } else if (call.measured) {
      outcome_.latencies.Add(absl::Now() - call.begin);
      if (outcome_.answer.empty()) {
        outcome_.answer = ToString(call.response);
      }
    }
  }

  const UnaryLoad& load_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue queue_;
  size_t started_ = 0;
  absl::Time begin_ = absl::Now();
  grpc::Status status_;
  UnaryLoad::Outcome outcome_;
};

}  // namespace

absl::StatusOr<UnaryLoad::Outcome> UnaryLoad::Run(
    const std::vector<std::shared_ptr<grpc::Channel>>& connections) const {
  return bench::Run(*this, connections).ToTheEnd();
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return bytes;
}

}  // namespace meguri::bench
