// SPDX-License-Identifier: Apache-2.0
#include "client/node_client.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/client/fake_node.h"

namespace meguri::client {
namespace {

using certs::Identity;
using client::testing::FakeServer;
using client::testing::IdentityOf;
using client::testing::TlsAuthority;
using client::testing::TlsParty;
using meguri::testing::HasCode;
using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kMember[] = "0199:member";

class NodeClientTest : public ::testing::Test {
 protected:
  Identity Node(const std::string& name = "main") { return IdentityOf(kMember, Identity::Class::kNode, name); }
  TlsMaterial Material(const TlsParty& client, const TlsAuthority& roots) {
    return {client.key, client.certificate, roots.RootPem()};
  }
  NodeClient Client(const FakeServer& server, const TlsMaterial& material, const std::string& expected) {
    return NodeClient(OpenChannel(server.address(), MakeChannelCredentials(material, expected)), server.address(),
                      certs::testing::Participant(kMember), absl::Seconds(5));
  }
  // What a first call gives.
  absl::Status Try(const FakeServer& server, const TlsMaterial& material, const std::string& expected) {
    record::v1::ListRequest request;
    request.set_page_size(1);
    return Client(server, material, expected).List(request).status();
  }

  TlsAuthority federation_;
  TlsAuthority clients_;
  const TlsParty client_ = clients_.Issue(IdentityOf(kMember, Identity::Class::kClient, "admin"));
};

TEST_F(NodeClientTest, AcceptsTheNodeThatItExpects) {
  const FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  MEGURI_EXPECT_OK(Try(server, Material(client_, federation_), Node().ToUri()));
}

TEST_F(NodeClientTest, RefusesAnotherNodeOfTheSameFederation) {
  const FakeServer server(federation_.Issue(Node("second")), clients_.RootPem());
  const absl::Status status = Try(server, Material(client_, federation_), Node().ToUri());
  EXPECT_THAT(status, HasReason("NODE_IDENTITY"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/node/second"));
}

TEST_F(NodeClientTest, RefusesTheSameIdentityUnderAnotherRoot) {
  TlsAuthority stranger;
  const FakeServer server(stranger.Issue(Node()), clients_.RootPem());
  EXPECT_THAT(Try(server, Material(client_, federation_), Node().ToUri()), HasReason("NODE_CERTIFICATE"));
}

TEST_F(NodeClientTest, RefusesAnExpiredCertificate) {
  const FakeServer server(federation_.Issue(Node(), absl::Now() - absl::Hours(3)), clients_.RootPem());
  EXPECT_THAT(Try(server, Material(client_, federation_), Node().ToUri()), HasReason("NODE_CERTIFICATE"));
}

TEST_F(NodeClientTest, RefusesAServerThatShowsTheCertificateOfAClient) {
  const Identity identity = IdentityOf(kMember, Identity::Class::kClient, "admin");
  const FakeServer server(federation_.Issue(identity), clients_.RootPem());
  EXPECT_THAT(Try(server, Material(client_, federation_), identity.ToUri()), HasReason("NODE_CERTIFICATE"));
}

TEST_F(NodeClientTest, IsRefusedByANodeThatDoesNotKnowIt) {
  TlsAuthority stranger;
  const TlsParty unknown = stranger.Issue(IdentityOf(kMember, Identity::Class::kClient, "admin"));
  const FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  EXPECT_THAT(Try(server, Material(unknown, federation_), Node().ToUri()), HasReason("NODE_UNREACHABLE"));
}

TEST_F(NodeClientTest, NamesTheMemberItActsFor) {
  FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  const NodeClient client = Client(server, Material(client_, federation_), Node().ToUri());
  record::v1::GetRequest request;
  request.set_record_id("unknown");
  const absl::Status status = client.Get(request).status();
  EXPECT_THAT(status, HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(status, HasReason("NOT_FOUND"));
  EXPECT_THAT(server.node.acting_members(), ElementsAre(kMember));
}

TEST_F(NodeClientTest, PublishesBatchAfterBatchOnOneStream) {
  FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  const NodeClient client = Client(server, Material(client_, federation_), Node().ToUri());
  meguri::testing::SeededRandom random;
  const client::testing::Member member{kMember};
  const std::unique_ptr<PublishSession> stream = client.PublishStream();
  for (int i = 0; i < 3; ++i) {
    record::v1::PublishRequest request;
    request.set_request_id(std::to_string(i));
    *request.add_publications()->mutable_envelope() = client::testing::SmallRecord(member, random);
    MEGURI_ASSERT_OK(stream->Send(request));
    const absl::StatusOr<record::v1::PublishResponse> answer = stream->Receive();
    MEGURI_ASSERT_OK(answer);
    EXPECT_EQ(answer->records_size(), 1);
  }
  MEGURI_EXPECT_OK(stream->Finish());
  EXPECT_EQ(server.node.record_count(), 3U);
}

TEST_F(NodeClientTest, LearnsWhyAStreamEnded) {
  FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  server.node.Refuse(client::testing::NotFound());
  const NodeClient client = Client(server, Material(client_, federation_), Node().ToUri());
  const std::unique_ptr<PublishSession> stream = client.PublishStream();
  MEGURI_ASSERT_OK(stream->Send({}));
  EXPECT_THAT(stream->Receive(), HasReason("NOT_FOUND"));
  EXPECT_THAT(stream->Send({}), HasReason("NOT_FOUND")) << "the first error stays";
}

TEST_F(NodeClientTest, TellsWhichBatchesHoldWhenALaterOneIsRefused) {
  FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  server.node.RefuseAfter(2, client::testing::NotFound());
  const NodeClient client = Client(server, Material(client_, federation_), Node().ToUri());
  const std::unique_ptr<PublishSession> stream = client.PublishStream();
  // Sent without a look at the answers, until the node takes no more.
  for (int i = 0; i < 1000 && stream->Send({}).ok(); ++i) {
  }
  MEGURI_EXPECT_OK(stream->Receive());
  MEGURI_EXPECT_OK(stream->Receive());
  EXPECT_THAT(stream->Receive(), HasReason("NOT_FOUND"));
}

TEST_F(NodeClientTest, TakesAsManyProblemsAsItSays) {
  FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  const NodeClient client = Client(server, Material(client_, federation_), Node().ToUri());
  google::rpc::BadRequest bad_request;
  for (int i = 0; i < 20'000; ++i) {
    google::rpc::BadRequest::FieldViolation& violation = *bad_request.add_field_violations();
    violation.set_field(std::to_string(i));
    violation.set_reason("WRONG");
    violation.set_description(std::string(150, 'x'));
  }
  google::rpc::Status told;
  told.add_details()->PackFrom(bad_request);
  const std::string details = told.SerializeAsString();
  ASSERT_GT(details.size(), static_cast<size_t>(kErrorBytesMax) * 3 / 4);
  ASSERT_LE(details.size(), static_cast<size_t>(kErrorBytesMax));
  server.node.Refuse(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no", details));
  EXPECT_EQ(ViolationsOf(client.Publish({}).status()).size(), 20'000U);
  // A node that sends more than that gets an error and no memory.
  server.node.Refuse(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no", std::string(kErrorBytesMax * 2, 'x')));
  EXPECT_FALSE(client.Publish({}).ok());
}

TEST_F(NodeClientTest, MayDropAStreamHalfWay) {
  const FakeServer server(federation_.Issue(Node()), clients_.RootPem());
  const NodeClient client = Client(server, Material(client_, federation_), Node().ToUri());
  const std::unique_ptr<PublishSession> unused = client.PublishStream();
  const std::unique_ptr<PublishSession> dropped = client.PublishStream();
  MEGURI_ASSERT_OK(dropped->Send({}));
}

TEST_F(NodeClientTest, SaysThatNobodyListens) {
  const TlsMaterial material = Material(client_, federation_);
  const NodeClient client(OpenChannel("127.0.0.1:1", MakeChannelCredentials(material, Node().ToUri())), "127.0.0.1:1",
                          certs::testing::Participant(kMember), absl::Seconds(5));
  EXPECT_THAT(client.ListFollows({}), HasReason("NODE_UNREACHABLE"));
  EXPECT_THAT(client.PublishStream()->Send({}), HasReason("NODE_UNREACHABLE"));
}

}  // namespace
}  // namespace meguri::client
