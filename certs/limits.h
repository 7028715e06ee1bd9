// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

// Limits of docs/format/trust.md. Those on signed bodies are part of the format.
namespace meguri::certs {

// Signed bodies.
inline constexpr size_t kTrustBundleBytesMax = size_t{256} << 10;
inline constexpr size_t kEnrolmentBytesMax = size_t{256} << 10;
inline constexpr size_t kChangeRequestBytesMax = size_t{256} << 10;
inline constexpr size_t kMemberEntryBytesMax = size_t{64} << 10;
inline constexpr size_t kHeartbeatBytesMax = 1024;
inline constexpr int kSignaturesMax = 64;
inline constexpr size_t kSignatureBytes = 64;  // of one

// Member entries.
inline constexpr size_t kNameBytesMax = 256;
inline constexpr int kRolesMax = 64;
inline constexpr int kScopesMax = 64;  // of one role
inline constexpr size_t kScopeBytesMax = 64;
inline constexpr size_t kPermitTextBytesMax = 128;
inline constexpr int kAddressesMax = 8;
inline constexpr int kKeysMax = 32;
inline constexpr int kCompanyPrefixesMax = 256;
inline constexpr size_t kCompanyPrefixDigitsMin = 4;
inline constexpr size_t kCompanyPrefixDigitsMax = 12;
inline constexpr int kLinkDomainsMax = 64;
inline constexpr int kNameSpacesMax = 64;
inline constexpr size_t kNameSpaceBytesMax = 512;
inline constexpr size_t kResolvedUriBytesMax = 2048;

// Trust bundles: keys of one kind, roots, addresses.
inline constexpr int kBundleKeysMax = 16;
inline constexpr int kTlsRootsMax = 16;
// Of all of them a cosignature fits into a note, beside the signature of the feed's key.
inline constexpr int kWitnessKeysMax = 15;

// Names and times.
inline constexpr size_t kDomainNameBytesMax = 253;
inline constexpr size_t kDomainLabelBytesMax = 63;
inline constexpr size_t kIdentityNameBytesMax = 63;
inline constexpr size_t kIdentityBytesMax = 512;
inline constexpr uint64_t kTimeMsMax = 253'402'300'799'999;  // the end of the year 9999
inline constexpr absl::Duration kHeartbeatIntervalMax = absl::Hours(24);

// Certificates and files.
inline constexpr size_t kCertificateBytesMax = size_t{16} << 10;
inline constexpr size_t kPemBytesMax = size_t{64} << 10;
inline constexpr size_t kKeyFileBytesMax = size_t{16} << 10;

}  // namespace meguri::certs
