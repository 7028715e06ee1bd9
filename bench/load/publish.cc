// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/surroundings.h"
#include "bench/load/unary_load.h"
#include "certs/files.h"

namespace meguri::bench {
namespace {

struct Arguments {
  std::string home;
  std::string ids;  // where to write the IDs of what was published; "": nowhere
  size_t count = 20'000;
  size_t in_flight = 64;
  size_t batch = 256;
  size_t window = 4;  // requests of a stream that are not answered yet
  size_t payload_bytes = kPayloadBytesDefault;
  bool has_partner_sections = false;
};

std::shared_ptr<Arguments> AddArguments(CLI::App& command) {
  auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder with the roles read and publish")->required();
  command.add_option("--count", arguments->count, "Records to publish");
  command.add_option("--payload", arguments->payload_bytes, "Bytes of the public section");
  command.add_flag("--partners", arguments->has_partner_sections, "Each record has a section for partners too");
  return arguments;
}

absl::StatusOr<std::unique_ptr<RecordSet>> MakeRecords(Caller& caller, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<RecordSet> records, caller.MakeRecords(arguments.payload_bytes));
  if (arguments.has_partner_sections) {
    records->AddPartnerSections();
  }
  return records;
}

// Sends requests on one stream, `window` ahead of the answers. `next` makes the request that is sent next.
class Stream {
 public:
  Stream(const client::NodeClient& node, size_t window) : session_(node.PublishStream()), window_(window) {}

  absl::Status Send(const record::v1::PublishRequest& request, Latencies& latencies) {
    if (sent_.size() - answered_ >= window_) {
      MEGURI_RETURN_IF_ERROR(Receive(latencies));
    }
    sent_.push_back(absl::Now());
    return session_->Send(request);
  }

  absl::Status Finish(Latencies& latencies) {
    while (answered_ < sent_.size()) {
      MEGURI_RETURN_IF_ERROR(Receive(latencies));
    }
    return session_->Finish();
  }

 private:
  absl::Status Receive(Latencies& latencies) {
    MEGURI_RETURN_IF_ERROR(session_->Receive().status());
    latencies.Add(absl::Now() - sent_[answered_++]);
    return absl::OkStatus();
  }

  const std::unique_ptr<client::PublishSession> session_;
  const size_t window_;
  std::vector<absl::Time> sent_;
  size_t answered_ = 0;
};

absl::StatusOr<Figures> Fill(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller, Caller::Make(arguments.home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<RecordSet> records, MakeRecords(*caller, arguments));
  const std::unique_ptr<client::NodeClient> node = caller->Connect();
  Stream stream(*node, arguments.window);
  Latencies latencies;
  std::string ids;
  const absl::Time begin = absl::Now();
  for (size_t done = 0; done < arguments.count;) {
    const size_t batch = std::min(arguments.batch, arguments.count - done);
    MEGURI_ASSIGN_OR_RETURN(const record::v1::PublishRequest request, records->NextRequest(batch));
    for (const record::v1::Publication& publication : request.publications()) {
      ids += RecordIdOf(publication);
    }
    MEGURI_RETURN_IF_ERROR(stream.Send(request, latencies));
    done += batch;
  }
  MEGURI_RETURN_IF_ERROR(stream.Finish(latencies));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  if (!arguments.ids.empty()) {
    MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(arguments.ids, ids, 0644));
  }
  return Figures{{"seconds", seconds}};
}

absl::StatusOr<Figures> PublishUnary(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller, Caller::Make(arguments.home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<RecordSet> records, MakeRecords(*caller, arguments));
  UnaryLoad load;
  load.warm_up = arguments.count / 10;
  load.count = arguments.count;
  // Signed beforehand: what is measured is the node, not the client's key.
  std::vector<grpc::ByteBuffer> requests;
  for (size_t i = 0; i < load.warm_up + load.count; ++i) {
    MEGURI_ASSIGN_OR_RETURN(const record::v1::PublishRequest request, records->NextRequest(1));
    requests.push_back(ToBuffer(request.SerializeAsString()));
  }
  load.method = "/meguri.record.v1.RecordService/Publish";
  load.acting_member = caller->context().settings.member.text();
  load.in_flight = arguments.in_flight;
  load.request = [&](size_t i) { return requests[i]; };
  MEGURI_ASSIGN_OR_RETURN(const UnaryLoad::Outcome outcome, load.Run({caller->Open()}));
  Figures figures = {{"rate", static_cast<double>(load.count) / outcome.seconds}};
  outcome.latencies.AddTo(figures, "");
  return figures;
}

absl::StatusOr<Figures> PublishStream(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller, Caller::Make(arguments.home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<RecordSet> records, MakeRecords(*caller, arguments));
  std::vector<record::v1::PublishRequest> requests;
  for (size_t done = 0; done < arguments.count; done += arguments.batch) {
    MEGURI_ASSIGN_OR_RETURN(record::v1::PublishRequest request, records->NextRequest(arguments.batch));
    requests.push_back(std::move(request));
  }
  const std::unique_ptr<client::NodeClient> node = caller->Connect();
  MEGURI_ASSIGN_OR_RETURN(const record::v1::PublishRequest warm_up, records->NextRequest(1));
  MEGURI_RETURN_IF_ERROR(node->Publish(warm_up).status());
  Stream stream(*node, arguments.window);
  Latencies latencies;
  const absl::Time begin = absl::Now();
  for (const record::v1::PublishRequest& request : requests) {
    MEGURI_RETURN_IF_ERROR(stream.Send(request, latencies));
  }
  MEGURI_RETURN_IF_ERROR(stream.Finish(latencies));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  Figures figures = {{"rate", static_cast<double>(requests.size() * arguments.batch) / seconds}};
  latencies.AddTo(figures, "");
  return figures;
}

}  // namespace

void AddFill(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("fill", "Publishes a set of records, made on the way");
  const auto arguments = AddArguments(command);
  command.add_option("--ids", arguments->ids, "File to write the record IDs to, 16 bytes each");
  command.callback([arguments, &chosen] { chosen = [arguments] { return Fill(*arguments); }; });
}

void AddPublishUnary(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("publish-unary", "Publishes records one a call, each with its own signature");
  const auto arguments = AddArguments(command);
  command.add_option("--in-flight", arguments->in_flight, "Calls that are not answered yet");
  command.callback([arguments, &chosen] { chosen = [arguments] { return PublishUnary(*arguments); }; });
}

void AddPublishStream(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("publish-stream", "Publishes records in batches on one stream");
  const auto arguments = AddArguments(command);
  command.add_option("--batch", arguments->batch, "Records in a request, under one signature");
  command.add_option("--window", arguments->window, "Requests that are not answered yet");
  command.callback([arguments, &chosen] { chosen = [arguments] { return PublishStream(*arguments); }; });
}

}  // namespace meguri::bench
