// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/bundle_signing.h"
#include "certs/files.h"
#include "certs/limits.h"
#include "certs/trust_bundle.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

constexpr mode_t kContextFileMode = 0600;

constexpr mode_t kPublicMode = 0644;

struct Arguments {
  std::string folder;
  std::vector<std::string> next_bundles;
};

// Puts the bundles that follow the one in the folder, in order, in its place.
absl::Status AdoptBundles(Session& session, const std::string& folder, const std::vector<std::string>& paths) {
  MEGURI_ASSIGN_OR_RETURN(const std::string present,
                          certs::ReadFile(folder + "/trust-bundle", certs::kTrustBundleBytesMax));
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, certs::TrustBundle::Open(present, absl::InfinitePast()));
  for (size_t i = 0; i < paths.size(); ++i) {
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(paths[i], certs::kTrustBundleBytesMax));
    // Those between may have expired.
    const absl::Time now = i + 1 == paths.size() ? session.clock().Now() : absl::InfinitePast();
    if (bytes != bundle.bytes()) {
      MEGURI_ASSIGN_OR_RETURN(bundle, certs::TrustBundle::OpenNext(bytes, bundle, now));
    }
  }
  MEGURI_RETURN_IF_ERROR(certs::WriteFileAtomically(folder + "/roots.crt", certs::RootsOf(bundle), kPublicMode));
  return certs::WriteFileAtomically(folder + "/trust-bundle", bundle.bytes(), kPublicMode);
}

absl::Status Init(Session& session, const Arguments& arguments) {
  std::error_code error;
  const std::string folder = std::filesystem::absolute(arguments.folder, error).lexically_normal().string();
  session.options().home = folder;
  if (!arguments.next_bundles.empty()) {
    MEGURI_RETURN_IF_ERROR(AdoptBundles(session, folder, arguments.next_bundles));
  }
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

void AddInit(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "init", Message::kAboutInit, session);
  command.Option("FOLDER", arguments->folder, session.Say(Message::kAboutFolder)).Required();
  command.Option("--trust-bundle", arguments->next_bundles, session.Say(Message::kAboutTrustBundle)).TypeName("FILE");
  OnCall(command, session, arguments, &Init);
}

}  // namespace meguri::client
