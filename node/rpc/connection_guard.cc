// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/connection_guard.h"

#include <memory>
#include <string>

#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "certs/certificate.h"
#include "grpc/support/log.h"
#include "node/rpc/frame_guard.h"
#include "node/rpc/peer_gate.h"

namespace meguri::node {
namespace {

using ReadFunction = int (*)(SSL*, void*, int);
using WriteFunction = int (*)(SSL*, const void*, int);

constexpr char kNameless[] = "a peer without an identity";

// The one of the process: OpenSSL's functions take no context. Never destroyed, as gRPC's threads may outlive main.
PeerGate& TheGate() {
  static PeerGate& gate = *new PeerGate();
  return gate;
}

// What is known of one connection.
struct Guarded {
  explicit Guarded(FrameGuard::Peer role) : frames(role) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() {
    if (has_entered) {
      TheGate().Leave(peer);
    }
  }

  std::string peer;
  bool has_entered = false;
  absl::Status over;
  FrameGuard frames;
};

int GuardedIndex() {
  static const int index = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* guarded, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Guarded*>(guarded); });
  return index;
}

// The identity in the certificate that the handshake has verified.
std::string PeerOf(const SSL& ssl) {
  X509* const certificate = SSL_get0_peer_certificate(&ssl);
  unsigned char* der = nullptr;
  const int size = certificate == nullptr ? -1 : i2d_X509(certificate, &der);
  if (size < 0) {
    return kNameless;
  }
  const auto parsed =
      certs::Certificate::ParseDer(absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  const auto identity = parsed.ok() ? parsed->identity() : parsed.status();
  return identity.ok() ? identity->ToUri() : kNameless;
}

Guarded& GuardedOf(SSL& ssl, absl::Time now) {
  auto* known = static_cast<Guarded*>(SSL_get_ex_data(&ssl, GuardedIndex()));
  if (known == nullptr) {
    const bool is_caller = SSL_is_server(&ssl) == 1;
    auto guarded = std::make_unique<Guarded>(is_caller ? FrameGuard::Peer::kCaller : FrameGuard::Peer::kCalled);
    guarded->peer = PeerOf(ssl);
    if (is_caller) {
      guarded->over = TheGate().Enter(guarded->peer, now);
      guarded->has_entered = guarded->over.ok();
    }
    known = guarded.get();
    Invariant(SSL_set_ex_data(&ssl, GuardedIndex(), guarded.release()) == 1, "OpenSSL has memory for a pointer");
    if (!known->over.ok()) {
      gpr_log(GPR_ERROR, "%s", std::string(known->over.message()).c_str());
    }
  }
  return *known;
}

// What gRPC is told of `count` bytes that a peer has sent: these, or that the connection has failed.
int Judge(SSL& ssl, const void* bytes, int count) {
  const absl::Time now = absl::Now();
  Guarded& guarded = GuardedOf(ssl, now);
  if (guarded.over.ok() && count > 0) {
    guarded.over = guarded.frames.Received({static_cast<const char*>(bytes), static_cast<size_t>(count)}, now);
    if (!guarded.over.ok()) {
      if (guarded.has_entered) {
        TheGate().Bar(guarded.peer, now);
      }
      gpr_log(GPR_ERROR, "%s: %s", guarded.peer.c_str(), std::string(guarded.over.message()).c_str());
    }
  }
  if (guarded.over.ok()) {
    return count;
  }
  ERR_raise(ERR_LIB_SSL, SSL_R_EXCESSIVE_MESSAGE_SIZE);  // gRPC asks what went wrong
  return -1;
}

ReadFunction RealRead() {
  static const auto real = reinterpret_cast<ReadFunction>(::dlsym(RTLD_NEXT, "SSL_read"));
  return real;
}

WriteFunction RealWrite() {
  static const auto real = reinterpret_cast<WriteFunction>(::dlsym(RTLD_NEXT, "SSL_write"));
  return real;
}

bool IsFound(const char* name, const void* ours) { return ::dlsym(RTLD_DEFAULT, name) == ours; }

}  // namespace

// gRPC's library finds these before OpenSSL's.
extern "C" int SSL_read(SSL* ssl, void* bytes, int size) {
  const int count = RealRead()(ssl, bytes, size);
  return Judge(*ssl, bytes, count);
}

extern "C" int SSL_write(SSL* ssl, const void* bytes, int size) {
  const int count = RealWrite()(ssl, bytes, size);
  if (SSL_is_server(ssl) == 1 && count > 0) {
    GuardedOf(*ssl, absl::Now()).frames.Sent({static_cast<const char*>(bytes), static_cast<size_t>(count)});
  }
  return count;
}

void GuardConnections() {
  Invariant(RealRead() != nullptr && RealWrite() != nullptr, "OpenSSL is a library of its own");
  Invariant(IsFound("SSL_read", reinterpret_cast<void*>(&SSL_read)) &&
                IsFound("SSL_write", reinterpret_cast<void*>(&SSL_write)),
            "gRPC reads and writes through the guard");
}

}  // namespace meguri::node
