// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "grpcpp/security/credentials.h"
#include "node/peer/connections.h"

namespace meguri::node {

// Watches the files with one thread, for any number of credentials.
std::shared_ptr<grpc::experimental::CertificateProviderInterface> WatchPeerTls(const PeerTlsFiles& files);

// Credentials that accept one server only: its certificate is issued under the watched roots and carries `identity` as
// its one and only subject alternative name. An identity that ends in "/node/" stands for any node of that member.
std::shared_ptr<grpc::ChannelCredentials> MakePeerCredentials(
    const std::shared_ptr<grpc::experimental::CertificateProviderInterface>& provider, const std::string& identity);

}  // namespace meguri::node
