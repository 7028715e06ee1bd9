// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/status_macros.h"
#include "certs/key_files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/table.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

struct Arguments {};

// The file that the key in use came from: the one that client.toml names, or one beside it.
std::string FileOf(const Context& context, const record::PublicKey& key) {
  for (const std::string& file : certs::KeyFilesOf(context.record_key_path)) {
    const absl::StatusOr<std::unique_ptr<certs::SigningKey>> held = certs::SigningKey::Load(file);
    if (held.ok() && (*held)->public_key().spki() == key.spki()) {
      return std::filesystem::path(file).lexically_normal().string();
    }
  }
  return context.record_key_path;
}

absl::Status Show(Session& session, const Arguments&) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const RecordKey* key, session.record_key());
  const record::PublicKey& public_key = key->signer->public_key();
  const std::string algorithm = public_key.algorithm() == record::KeyAlgorithm::kEd25519 ? "ed25519" : "ecdsa-p256";
  Table table = Table::OfPairs();
  table.Add({session.Say(Message::kFederation), context->settings.federation});
  table.Add({session.Say(Message::kMember), context->settings.member.text()});
  const std::string file = FileOf(*context, public_key);
  table.Add({session.Say(Message::kFile), file});
  table.Add({session.Say(Message::kAlgorithm), algorithm});
  table.Add({session.Say(Message::kKeyId), key->id.ToHex()});
  table.Add({session.Say(Message::kPublicKey), ToHex(public_key.spki())});
  const nlohmann::ordered_json json = {{"federation", context->settings.federation},
                                       {"member", context->settings.member.text()},
                                       {"file", file},
                                       {"algorithm", algorithm},
                                       {"key_id", key->id.ToHex()},
                                       {"public_key", ToHex(public_key.spki())}};
  return session.Answer(table.Layout(), json);
}

}  // namespace

void AddKeyShow(Command parent, Session& session) {
  OnCall(AddVerb(parent, "show", Message::kAboutKeyShow, session), session, std::make_shared<Arguments>(), &Show);
}

}  // namespace meguri::client
