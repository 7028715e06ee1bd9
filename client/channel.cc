// SPDX-License-Identifier: Apache-2.0
#include "client/channel.h"

#include <functional>
#include <utility>
#include <vector>

#include <stdlib.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpc/grpc.h"
#include "grpcpp/channel.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/channel_arguments.h"

namespace meguri::client {
namespace {

namespace tls = grpc::experimental;

constexpr int kOtherMetadataMax = 64 << 10;  // beside the details of an error

// Runs after OpenSSL has checked chain, purpose and validity, and says whether the holder is the one we mean.
class IdentityVerifier final : public tls::ExternalCertificateVerifier {
 public:
  explicit IdentityVerifier(std::string expected) : expected_(std::move(expected)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    const auto uris = request->uri_names();
    const bool only_uris =
        request->dns_names().empty() && request->ip_names().empty() && request->email_names().empty();
    if (uris.size() == 1 && only_uris && uris[0] == expected_) {
      *sync_status = grpc::Status::OK;
    } else {
      const std::string shown =
          uris.empty() ? "no identity" : absl::CEscape(absl::string_view(uris[0].data(), uris[0].size()));
      *sync_status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                  absl::StrCat("the server is ", shown, ", expected ", expected_));
    }
    return true;  // checked at once
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string expected_;
};

}  // namespace

void RequireTls13() {
  // A TLS 1.2 suite that neither side can negotiate. The suites of TLS 1.3 are a list of their own.
  ::setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
}

GrpcInUse::GrpcInUse() { grpc_init(); }

GrpcInUse::~GrpcInUse() { grpc_shutdown_blocking(); }

std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const TlsMaterial& material,
                                                                 const std::string& server_identity) {
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(
      material.roots, std::vector<tls::IdentityKeyCertPair>{{material.private_key, material.certificate_chain}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(tls::ExternalCertificateVerifier::Create<IdentityVerifier>(server_identity));
  return tls::TlsCredentials(options);
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kReceiveBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kErrorBytesMax + kOtherMetadataMax);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace meguri::client
