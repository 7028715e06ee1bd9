// SPDX-License-Identifier: Apache-2.0
#include "certs/identity.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "certs/grammar.h"
#include "certs/limits.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view uri, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "CERTIFICATE_IDENTITY",
               absl::StrCat(Quoted(uri), " is not an identity: ", why,
                            "; expected spiffe://<federation>/member/<icd>/<identifier>/(node|client)/<name>"));
}

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kIdentityNameBytesMax &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; });
}

}  // namespace

absl::StatusOr<Identity> Identity::Parse(absl::string_view uri) {
  absl::string_view rest = uri;
  if (uri.size() > kIdentityBytesMax || !absl::ConsumePrefix(&rest, "spiffe://")) {
    return Refuse(uri, "it is too long or of another scheme");
  }
  const std::vector<absl::string_view> segments = absl::StrSplit(rest, '/');
  if (segments.size() != 6 || segments[1] != "member") {
    return Refuse(uri, "its path has another form");
  }
  if (!IsDomainName(segments[0])) {
    return Refuse(uri, "its federation is not a lower-case domain name");
  }
  // URI software removes such segments: the identity would change on its way.
  if (segments[3] == "." || segments[3] == "..") {
    return Refuse(uri, "a dot segment cannot be an identifier");
  }
  absl::StatusOr<record::ParticipantId> participant =
      record::ParticipantId::Parse(absl::StrCat(segments[2], ":", segments[3]));
  if (!participant.ok()) {
    return Refuse(uri, participant.status().message());
  }
  if (segments[4] != "node" && segments[4] != "client") {
    return Refuse(uri, "its class is neither node nor client");
  }
  if (!IsName(segments[5])) {
    return Refuse(uri, "its name is not 1-63 characters of a-z 0-9 -");
  }
  return Identity{std::string(segments[0]), *std::move(participant),
                  segments[4] == "node" ? Class::kNode : Class::kClient, std::string(segments[5])};
}

std::string Identity::ToUri() const {
  return absl::StrCat("spiffe://", federation, "/member/", participant.icd(), "/", participant.identifier(), "/",
                      certificate_class == Class::kNode ? "node" : "client", "/", name);
}

}  // namespace meguri::certs
