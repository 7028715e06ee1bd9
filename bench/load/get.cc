// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Validators.hpp"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/surroundings.h"
#include "bench/load/unary_load.h"
#include "certs/files.h"
#include "meguri/record/v1/record_service.pb.h"
#include "record/system_random.h"

namespace meguri::bench {
namespace {

struct Arguments {
  std::string home;
  std::string ids;
  std::string publisher;
  std::string address;      // "": the folder's node
  std::string save_answer;  // where to write one answer; "": nowhere
  size_t count = 60'000;
  size_t in_flight = 16;
  size_t connections = 1;
  size_t records = 0;  // that are asked for; 0: all
};

absl::StatusOr<Figures> Get(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller, Caller::Make(arguments.home, arguments.address));
  MEGURI_ASSIGN_OR_RETURN(std::vector<std::string> ids, ReadRecordIds(arguments.ids));
  if (arguments.records > 0 && arguments.records < ids.size()) {
    ids.resize(arguments.records);
  }
  record::SystemRandom random;
  UnaryLoad load;
  load.method = "/meguri.record.v1.RecordService/Get";
  load.acting_member = caller->context().settings.member.text();
  load.in_flight = arguments.in_flight;
  load.warm_up = arguments.count / 10;
  load.count = arguments.count;
  load.request = [&](size_t) {
    record::v1::GetRequest request;
    request.set_record_id(ids[random.Below(ids.size())]);
    request.set_publisher(arguments.publisher);
    return ToBuffer(request.SerializeAsString());
  };
  std::vector<std::shared_ptr<grpc::Channel>> connections;
  connections.reserve(arguments.connections);
  for (size_t i = 0; i < arguments.connections; ++i) {
    connections.push_back(caller->Open());
  }
  MEGURI_ASSIGN_OR_RETURN(const UnaryLoad::Outcome outcome, load.Run(connections));
  if (!arguments.save_answer.empty()) {
    MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(arguments.save_answer, outcome.answer, 0644));
  }
  Figures figures = {{"rate", static_cast<double>(load.count) / outcome.seconds},
                     {"answer_bytes", static_cast<double>(outcome.answer.size())}};
  outcome.latencies.AddTo(figures, "");
  return figures;
}

}  // namespace

void AddGet(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("get", "Reads records by ID, in random order");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder with the role read")->required();
  command.add_option("--ids", arguments->ids, "File of record IDs")->required();
  command.add_option("--publisher", arguments->publisher, "Participant ID, as a client would name it")->required();
  command.add_option("--address", arguments->address, "Another server with the node's certificate");
  command.add_option("--save-answer", arguments->save_answer, "File to write one answer to");
  command.add_option("--count", arguments->count, "Calls to measure");
  command.add_option("--in-flight", arguments->in_flight, "Calls that are not answered yet");
  command.add_option("--records", arguments->records, "Ask for this many of the records; 0: for all");
  command.add_option("--connections", arguments->connections, "Connections that they go over")
      ->check(CLI::PositiveNumber);
  command.callback([arguments, &chosen] { chosen = [arguments] { return Get(*arguments); }; });
}

}  // namespace meguri::bench
