// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/surroundings.h"

namespace meguri::bench {
namespace {

// Between two looks of one thread. A figure is too large by at most this and one Get; without it, the looking itself
// would be the load.
constexpr absl::Duration kLook = absl::Microseconds(250);
constexpr absl::Duration kGiveUp = absl::Seconds(30);

struct Arguments {
  std::string home;
  std::string reader_home;
  size_t count = 1000;
  double rate = 100;
  size_t threads = 4;  // so that a slow record does not delay the next
};

struct Times {
  Latencies from_answer;  // the publisher knows that it is durable → the reader's node serves it
  Latencies from_call;    // the publisher asks → the reader's node serves it
  Latencies publish;
  Latencies get;  // the look that succeeded
};

// What one thread does: publish its share on schedule, and look for each record at the reader's node.
class Worker {
 public:
  Worker(const client::NodeClient& maker, const client::NodeClient& reader, const std::string& publisher)
      : maker_(maker), reader_(reader), publisher_(publisher) {}

  absl::Status Take(const record::v1::PublishRequest& request, absl::Time due) {
    absl::SleepFor(due - absl::Now());
    const absl::Time called = absl::Now();
    MEGURI_RETURN_IF_ERROR(maker_.Publish(request).status());
    const absl::Time answered = absl::Now();
    times.publish.Add(answered - called);
    record::v1::GetRequest get;
    get.set_record_id(RecordIdOf(request.publications(0)));
    get.set_publisher(publisher_);
    absl::Time looked = absl::Now();
    absl::Status status = reader_.Get(get).status();
    while (absl::IsNotFound(status) && absl::Now() - answered < kGiveUp) {
      absl::SleepFor(kLook);
      looked = absl::Now();
      status = reader_.Get(get).status();
    }
    const absl::Time seen = absl::Now();
    times.get.Add(seen - looked);
    times.from_answer.Add(seen - answered);
    times.from_call.Add(seen - called);
    return status;
  }

  Times times;

 private:
  const client::NodeClient& maker_;
  const client::NodeClient& reader_;
  const std::string& publisher_;
};

Figures ToFigures(const std::vector<Worker>& workers) {
  Times all;
  for (const Worker& worker : workers) {
    all.from_answer.Append(worker.times.from_answer);
    all.from_call.Append(worker.times.from_call);
    all.publish.Append(worker.times.publish);
    all.get.Append(worker.times.get);
  }
  Figures figures;
  all.from_answer.AddTo(figures, "");
  all.from_call.AddTo(figures, "from_call_");
  all.publish.AddTo(figures, "publish_");
  all.get.AddTo(figures, "get_");
  return figures;
}

absl::StatusOr<Figures> Freshness(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> maker, Caller::Make(arguments.home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> reader, Caller::Make(arguments.reader_home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<RecordSet> records, maker->MakeRecords(kPayloadBytesDefault));
  std::vector<record::v1::PublishRequest> requests;
  for (size_t i = 0; i < arguments.count; ++i) {
    MEGURI_ASSIGN_OR_RETURN(record::v1::PublishRequest request, records->NextRequest(1));
    requests.push_back(std::move(request));
  }
  const std::unique_ptr<client::NodeClient> maker_node = maker->Connect();
  const std::unique_ptr<client::NodeClient> reader_node = reader->Connect();
  MEGURI_RETURN_IF_ERROR(maker_node->GetNodeStatus({}).status());
  MEGURI_RETURN_IF_ERROR(reader_node->GetNodeStatus({}).status());
  const std::string publisher = maker->context().settings.member.text();
  std::vector<Worker> workers(arguments.threads, Worker(*maker_node, *reader_node, publisher));
  std::vector<absl::Status> results(arguments.threads);
  std::vector<std::thread> threads;
  threads.reserve(arguments.threads);
  const absl::Time begin = absl::Now() + absl::Milliseconds(50);
  for (size_t t = 0; t < arguments.threads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < requests.size() && results[t].ok(); i += arguments.threads) {
        results[t] = workers[t].Take(requests[i], begin + absl::Seconds(static_cast<double>(i) / arguments.rate));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const absl::Status& result : results) {
    MEGURI_RETURN_IF_ERROR(result);
  }
  return ToFigures(workers);
}

}  // namespace

void AddFreshness(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("freshness", "Publishes at one node and looks until another serves it");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder of the publisher")->required();
  command.add_option("--reader-home", arguments->reader_home, "Client folder of a follower")->required();
  command.add_option("--count", arguments->count, "Records");
  command.add_option("--rate", arguments->rate, "Records a second");
  command.add_option("--threads", arguments->threads, "Records that may be under way");
  command.callback([arguments, &chosen] { chosen = [arguments] { return Freshness(*arguments); }; });
}

}  // namespace meguri::bench
