// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "certs/certificate.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {};

// "publish" for CLIENT_ROLE_PUBLISH.
std::string NameOf(api::v1::ClientRole role) {
  const std::string& name = api::v1::ClientRole_Name(role);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "CLIENT_ROLE_"));
}

// What the folder says, without a call: so it answers too when the node does not, or no longer lets this client in.
absl::Status Show(Session& session, const Arguments&) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const certs::Certificate certificate,
                          certs::Certificate::ParsePem(context->tls.certificate_chain));
  MEGURI_ASSIGN_OR_RETURN(const certs::Identity identity, certificate.identity());
  const ContextSettings& settings = context->settings;
  const std::string expires = TimeOf(static_cast<uint64_t>(absl::ToUnixMillis(certificate.not_after())));
  const bool is_expired = certificate.not_after() < session.clock().Now();
  const std::string role = NameOf(certificate.client_role());
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kName), identity.name});
  table.Add({session.Say(Message::kRole), role});
  table.Add({session.Say(Message::kMember), settings.member.text()});
  table.Add({session.Say(Message::kFederation), settings.federation});
  table.Add({session.Say(Message::kNode), settings.address});
  table.Add(
      {session.Say(Message::kCertificateExpires), is_expired ? session.Say(Message::kExpiredAt, {expires}) : expires});
  table.Add({session.Say(Message::kFile), context->folder});
  const nlohmann::ordered_json json = {{"name", identity.name},
                                       {"role", role},
                                       {"member", settings.member.text()},
                                       {"federation", settings.federation},
                                       {"address", settings.address},
                                       {"node_identity", settings.node_identity},
                                       {"expires", expires},
                                       {"expired", is_expired},
                                       {"folder", context->folder}};
  return session.Answer(table.Layout(), json);
}

}  // namespace

void AddClientShow(Command parent, Session& session) {
  OnCall(AddVerb(parent, "show", Message::kAboutClientShow, session), session, std::make_shared<Arguments>(), &Show);
}

}  // namespace meguri::client
