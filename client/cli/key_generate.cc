// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status_macros.h"
#include "certs/signing_key.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr char kEd25519[] = "ed25519";
constexpr char kEcdsaP256[] = "ecdsa-p256";

struct Arguments {
  std::string file;
  std::string algorithm = kEd25519;
};

absl::Status Generate(Session& session, const Arguments& arguments) {
  const record::KeyAlgorithm algorithm =
      arguments.algorithm == kEd25519 ? record::KeyAlgorithm::kEd25519 : record::KeyAlgorithm::kEcdsaP256;
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<certs::SigningKey> key, certs::SigningKey::Generate(algorithm));
  MEGURI_RETURN_IF_ERROR(key->SaveTo(arguments.file));
  const std::string public_key = ToHex(key->public_key().spki());
  const nlohmann::ordered_json json = {
      {"file", arguments.file}, {"algorithm", arguments.algorithm}, {"public_key", public_key}};
  return session.Answer(absl::StrCat(session.Say(Message::kKeyWritten, {arguments.file, public_key}), "\n"), json);
}

}  // namespace

void AddKeyGenerate(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "generate", Message::kAboutKeyGenerate, session);
  command.Option("FILE", arguments->file, session.Say(Message::kAboutKeyFile)).Required();
  command.Option("--algorithm", arguments->algorithm, session.Say(Message::kAboutAlgorithm))
      .OneOf({kEd25519, kEcdsaP256})
      .ShowDefault();
  OnCall(command, session, arguments, &Generate);
}

}  // namespace meguri::client
