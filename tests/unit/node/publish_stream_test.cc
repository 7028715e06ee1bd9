// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/publish_stream.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/executor.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/client_context.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "meguri/record/v1/record_service.grpc.pb.h"
#include "node/rpc/limits.h"
#include "tests/unit/node/publishing.h"

namespace meguri::node {
namespace {

using record::v1::PublishStreamRequest;
using record::v1::PublishStreamResponse;
using testing::kMaker;
using testing::Participant;
using testing::PublishingNode;

// The service under test, for a caller that is known already.
class StreamService final : public record::v1::RecordService::CallbackService {
 public:
  StreamService(Publisher& publisher, Executor& executor, const Clock& clock)
      : publisher_(publisher),
        executor_(executor),
        log_({[](const auto&) {}, [](const auto&) {}, [](const auto&) {}}, clock) {}

  grpc::ServerBidiReactor<PublishStreamRequest, PublishStreamResponse>* PublishStream(
      grpc::CallbackServerContext* context) override {
    const certs::Identity identity{certs::testing::kFederation, Participant(kMaker), certs::Identity::Class::kClient,
                                   "test"};
    return StartPublishStream(
        Caller{identity, Participant(kMaker), true, absl::OkStatus()}, [](const Caller&) { return absl::OkStatus(); },
        publisher_, executor_, CallEnd(log_, *context, "PublishStream"));
  }

 private:
  Publisher& publisher_;
  Executor& executor_;
  CallLog log_;
};

class PublishStreamTest : public ::testing::Test {
 protected:
  PublishStreamTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = record::v1::RecordService::NewStub(server_->InProcessChannel({}));
  }
  ~PublishStreamTest() override {
    server_->Shutdown();
    server_->Wait();
    executor_.Stop();
  }

  static PublishStreamRequest RequestOf(const record::v1::Publication& publication, const std::string& request_id) {
    PublishStreamRequest request;
    request.mutable_publish()->set_request_id(request_id);
    *request.mutable_publish()->add_publications() = publication;
    return request;
  }

  struct Outcome {
    int answered = 0;
    grpc::Status status;
  };
  // Sends everything as fast as the node reads, and takes what comes meanwhile.
  Outcome Send(const std::vector<PublishStreamRequest>& requests) {
    grpc::ClientContext context;
    const auto stream = stub_->PublishStream(&context);
    std::thread sender([&] {
      for (const PublishStreamRequest& request : requests) {
        if (!stream->Write(request)) {
          break;
        }
      }
      stream->WritesDone();
    });
    Outcome outcome;
    PublishStreamResponse response;
    while (stream->Read(&response)) {
      ++outcome.answered;
    }
    sender.join();
    outcome.status = stream->Finish();
    return outcome;
  }
  static std::string ReasonOf(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo told;
    return details.ParseFromString(status.error_details()) && details.details(0).UnpackTo(&told) ? told.reason() : "";
  }

  PublishingNode node_;
  Executor executor_{kWorkThreads, kWorkQueueMax};
  StreamService service_{*node_.publisher, executor_, node_.clock};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<record::v1::RecordService::Stub> stub_;
};

TEST_F(PublishStreamTest, AnswersEveryRequestInOrder) {
  std::vector<PublishStreamRequest> requests;
  requests.reserve(40);
  for (int i = 0; i < 40; ++i) {
    requests.push_back(RequestOf(node_.Sign(node_.Lot(absl::StrCat("L", i))), absl::StrCat(i)));
  }
  const Outcome outcome = Send(requests);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.answered, 40);
  EXPECT_EQ(node_.RecordCount(), 40U);
}

// Whichever request is refused, and by whom: what is stored is what was answered, and that is all before it.
TEST_F(PublishStreamTest, HoldsExactlyWhatItAnsweredWhenARequestIsRefused) {
  uint64_t stored = 0;
  for (int round = 0; round < 60; ++round) {
    const int bad = round % 12;
    const bool by_the_store = round % 2 == 0;
    std::vector<PublishStreamRequest> requests;
    for (int i = 0; i < 16; ++i) {
      const std::string lot = absl::StrCat("L", round, "-", i);
      const record::v1::Publication publication = i != bad       ? node_.Sign(node_.Lot(lot))
                                                  : by_the_store ? node_.SignedOrphan(lot)
                                                                 : node_.Sign(node_.Lot(lot, "wrong"));
      requests.push_back(RequestOf(publication, round % 3 == 0 ? "" : lot));
    }
    const Outcome outcome = Send(requests);
    EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << outcome.status.error_message();
    EXPECT_NE(ReasonOf(outcome.status), "EARLIER_REFUSED");
    EXPECT_EQ(outcome.answered, bad) << "round " << round;
    stored += static_cast<uint64_t>(bad);
    // Whatever is still on its way would be written before this.
    EXPECT_TRUE(node_.committer->SubmitAndWait([](storage::CommitScope&) { return absl::OkStatus(); }).ok());
    ASSERT_EQ(node_.RecordCount(), stored) << "round " << round;
  }
}

}  // namespace
}  // namespace meguri::node
