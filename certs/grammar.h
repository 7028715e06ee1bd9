// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"

// The small grammars of docs/format/trust.md §1.
namespace meguri::certs {

// A lower-case DNS name: labels of 1-63 characters of [a-z0-9-] that neither start nor end with a hyphen, at most 253
// characters, the last label not all digits (that would be an IP address).
bool IsDomainName(absl::string_view text);
// host:port, the host a DNS name of either case, an IPv4 address or an [IPv6 address], the port 1-65535.
bool IsAddress(absl::string_view text);
// 1-64 characters of [a-z0-9-].
bool IsProductGroup(absl::string_view text);
// JP, or a JIS X 0401 prefecture code 01-47.
bool IsJurisdiction(absl::string_view text);
// 4-12 digits.
bool IsCompanyPrefix(absl::string_view text);
// An absolute URI prefix that names more than a scheme, of visible ASCII characters, scheme and host in lower case,
// ending with one of / : # ? = so that it cannot end inside somebody else's name.
bool IsNameSpace(absl::string_view text);
// No control characters, no line or paragraph separators, and nothing that is not seen and changes what is.
bool IsPlainText(absl::string_view text);
// Whether a text holds anything but spaces.
bool ShowsSomething(absl::string_view text);
// `uri` with scheme and authority in lower case, as name spaces are registered.
std::string NormalUri(absl::string_view uri);

// `text` in quotes, escaped and shortened: fit for an error sentence, whatever it holds.
std::string Quoted(absl::string_view text);

}  // namespace meguri::certs
