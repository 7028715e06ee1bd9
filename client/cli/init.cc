// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr mode_t kContextFileMode = 0600;

struct Arguments {
  std::string folder;
};

absl::Status Init(Session& session, const Arguments& arguments) {
  std::error_code error;
  const std::string folder = std::filesystem::absolute(arguments.folder, error).lexically_normal().string();
  session.options().home = folder;
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_RETURN_IF_ERROR(session.trust_bundle().status());
  const std::string file = session.DefaultContextFile();
  if (file.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_CONTEXT", session.Say(Message::kNoContext));
  }
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(file, absl::StrCat(folder, "\n"), kContextFileMode));
  const ContextSettings& settings = context->settings;
  const nlohmann::ordered_json json = {{"folder", folder},
                                       {"federation", settings.federation},
                                       {"member", settings.member.text()},
                                       {"address", settings.address},
                                       {"node_identity", settings.node_identity}};
  return session.Answer(
      absl::StrCat(session.Say(Message::kContextSet, {folder, settings.member.text(), settings.address}), "\n"), json);
}

}  // namespace

void AddInit(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App& command = AddVerb(parent, "init", Message::kAboutInit, session);
  command.add_option("FOLDER", arguments->folder, session.Say(Message::kAboutFolder))->required();
  OnCall(command, session, arguments, &Init);
}

}  // namespace meguri::client
