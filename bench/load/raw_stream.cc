// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "CLI/App.hpp"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/surroundings.h"
#include "bench/load/unary_load.h"
#include "client/rpc_error.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"

namespace meguri::bench {
namespace {

constexpr size_t kRecordBytes = 4096;

// A bidirectional stream as far as this end knows; the server takes one request and writes until it is done.
class Stream {
 public:
  explicit Stream(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kCallTimeout));
    stream_ = stub_.PrepareCall(&context_, "/meguri.feed.v1.FeedService/Follow", &queue_);
  }
  ~Stream() {
    queue_.Shutdown();
    while (Await()) {
    }
  }

  // Reads to the end. Returns the bytes that came.
  absl::StatusOr<size_t> ReadAll() {
    stream_->StartCall(this);
    Await();
    stream_->WriteLast(ToBuffer(""), grpc::WriteOptions(), this);
    Await();
    size_t bytes = 0;
    grpc::ByteBuffer message;
    for (stream_->Read(&message, this); Await(); stream_->Read(&message, this)) {
      bytes += message.Length();
    }
    grpc::Status status;
    stream_->Finish(&status, this);
    Await();
    if (!status.ok()) {
      return client::FromRpc(status, "the raw server");
    }
    return bytes;
  }

 private:
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

struct Arguments {
  std::string home;
  std::string address;
};

absl::StatusOr<Figures> ReadStream(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller, Caller::Make(arguments.home, arguments.address));
  const std::shared_ptr<grpc::Channel> channel = caller->Open();
  channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kCallTimeout));
  const absl::Time begin = absl::Now();
  MEGURI_ASSIGN_OR_RETURN(const size_t bytes, Stream(channel).ReadAll());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  const size_t records = bytes / kRecordBytes;
  return Figures{{"rate", static_cast<double>(records) / seconds}};
}

}  // namespace

void AddRawStream(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("raw-stream", "Reads a raw server's stream to its end");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder")->required();
  command.add_option("--address", arguments->address, "The raw server")->required();
  command.callback([arguments, &chosen] { chosen = [arguments] { return ReadStream(*arguments); }; });
}

}  // namespace meguri::bench
