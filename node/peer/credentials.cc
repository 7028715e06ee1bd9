// SPDX-License-Identifier: Apache-2.0
#include "node/peer/credentials.h"

#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace meguri::node {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned kReloadIntervalSeconds = 1;

// Runs after OpenSSL has checked chain, purpose and validity, and says whether the holder is the one we mean.
class IdentityVerifier final : public tls::ExternalCertificateVerifier {
 public:
  explicit IdentityVerifier(std::string expected) : expected_(std::move(expected)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    const auto uris = request->uri_names();
    const bool only_uris =
        request->dns_names().empty() && request->ip_names().empty() && request->email_names().empty();
    const bool fits = only_uris && uris.size() == 1 && Fits(absl::string_view(uris[0].data(), uris[0].size()));
    *sync_status =
        fits ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the server is not " + expected_);
    return true;  // checked at once
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  bool Fits(absl::string_view uri) const {
    return absl::EndsWith(expected_, "/node/") ? absl::StartsWith(uri, expected_) : uri == expected_;
  }

  const std::string expected_;
};

}  // namespace

std::shared_ptr<tls::CertificateProviderInterface> WatchPeerTls(const PeerTlsFiles& files) {
  return std::make_shared<tls::FileWatcherCertificateProvider>(files.key, files.certificate, files.roots,
                                                               kReloadIntervalSeconds);
}

std::shared_ptr<grpc::ChannelCredentials> MakePeerCredentials(
    const std::shared_ptr<tls::CertificateProviderInterface>& provider, const std::string& identity) {
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(tls::ExternalCertificateVerifier::Create<IdentityVerifier>(identity));
  return tls::TlsCredentials(options);
}

}  // namespace meguri::node
