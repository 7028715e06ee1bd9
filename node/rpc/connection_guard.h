// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace meguri::node {

// Puts a FrameGuard between TLS and gRPC on every connection of this process, and its PeerGate before those that come
// in: gRPC 1.51 neither bounds what a peer makes it do with frames, nor has an interface for those who would. ADR 0035.
// A broken invariant if gRPC does not read and write through it.
void GuardConnections();

}  // namespace meguri::node
