// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "nlohmann/json.hpp"
#include "record/limits.h"

namespace meguri::client {
namespace {

struct Arguments {};

absl::Status Version(Session& session, const Arguments&) {
  const nlohmann::ordered_json json = {{"version", MEGURI_VERSION}, {"format_version", record::kFormatVersion}};
  return session.Answer(absl::StrCat("meguri ", MEGURI_VERSION, "\n"), json);
}

}  // namespace

void AddVersion(Command parent, Session& session) {
  OnCall(AddVerb(parent, "version", Message::kAboutVersion, session), session, std::make_shared<Arguments>(), &Version);
}

}  // namespace meguri::client
