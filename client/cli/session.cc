// SPDX-License-Identifier: Apache-2.0
#include "client/cli/session.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "client/cli/error_report.h"
#include "client/cli/json.h"
#include "client/cli/record_key.h"
#include "client/cli/table.h"
#include "nlohmann/json.hpp"
#include "record/public_key.h"

namespace meguri::client {
namespace {

constexpr size_t kPathBytesMax = 4096;
constexpr absl::Duration kTimeoutMax = absl::Hours(1);

std::string Find(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

absl::Status PrintTo(std::ostream& out, absl::string_view text, absl::string_view complaint) {
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.flush();
  return out.good() ? absl::OkStatus() : Error(absl::StatusCode::kDataLoss, "OUTPUT", complaint);
}

}  // namespace

Session::Session(Surroundings surroundings, Language language) : surroundings_(surroundings), language_(language) {
  options_.no_color = !Find(surroundings_.environment, "NO_COLOR").empty();
  options_.home = Find(surroundings_.environment, "MEGURI_HOME");
}

std::string Session::DefaultContextFile() const {
  const std::string config = Find(surroundings_.environment, "XDG_CONFIG_HOME");
  const std::string home = Find(surroundings_.environment, "HOME");
  if (config.empty() && home.empty()) {
    return "";
  }
  return absl::StrCat(config.empty() ? absl::StrCat(home, "/.config") : config, "/meguri/context");
}

std::string Session::ChosenFolder() const {
  if (!options_.home.empty()) {
    return options_.home;
  }
  const std::string file = DefaultContextFile();
  const absl::StatusOr<std::string> path = file.empty() ? "" : certs::ReadFile(file, kPathBytesMax);
  return path.ok() ? std::string(absl::StripAsciiWhitespace(*path)) : "";
}

absl::StatusOr<const Context*> Session::context() {
  if (!context_.has_value()) {
    const std::string folder = ChosenFolder();
    if (folder.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "NO_CONTEXT", Say(Message::kNoContext));
    }
    MEGURI_ASSIGN_OR_RETURN(context_, Context::Load(folder));
  }
  return &*context_;
}

absl::StatusOr<const certs::TrustBundle*> Session::trust_bundle() {
  if (!trust_bundle_.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const Context* context, this->context());
    MEGURI_ASSIGN_OR_RETURN(trust_bundle_, certs::TrustBundle::Open(context->trust_bundle, clock().Now()));
    if (trust_bundle_->federation() != context->settings.federation) {
      return Error(absl::StatusCode::kFailedPrecondition, "CONTEXT",
                   Say(Message::kWrongFederation, {trust_bundle_->federation(), context->settings.federation}));
    }
  }
  return &*trust_bundle_;
}

absl::StatusOr<const RecordKey*> Session::record_key() {
  if (!record_key_.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const Context* context, this->context());
    if (context->record_key_path.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "NO_RECORD_KEY",
                   Say(Message::kNoRecordKey, {context->folder}));
    }
    MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<certs::SigningKey> signer, LoadRecordKey(*this, *context));
    const record::Hash id =
        record::KeyId(context->settings.federation, context->settings.member, signer->public_key().spki());
    record_key_ = RecordKey{std::move(signer), id};
  }
  return &*record_key_;
}

absl::StatusOr<const NodeClient*> Session::node() {
  if (node_ == nullptr) {
    MEGURI_ASSIGN_OR_RETURN(const Context* context, this->context());
    absl::Duration timeout;
    if (!absl::ParseDuration(options_.timeout, &timeout) || timeout <= absl::ZeroDuration() || timeout > kTimeoutMax) {
      return Error(absl::StatusCode::kInvalidArgument, "USAGE", Say(Message::kBadTimeout, {options_.timeout}));
    }
    node_ = NodeClient::Connect(*context, timeout, options_.purpose);
  }
  return node_.get();
}

absl::Status Session::Answer(absl::string_view human, const nlohmann::ordered_json& json, const char* items) const {
  std::string text;
  if (options_.output == OutputForm::kTable) {
    text = std::string(human.data(), human.size());
  } else if (options_.output == OutputForm::kJson || items == nullptr) {
    text = absl::StrCat(PrintJson(json, options_.output == OutputForm::kJson), "\n");
  } else if (json.contains(items)) {
    for (const nlohmann::ordered_json& item : json.at(items)) {
      absl::StrAppend(&text, PrintJson(item, /*indented=*/false), "\n");
    }
  }
  return PrintTo(surroundings_.out, text, Say(Message::kCannotPrint));
}

void Session::Note(absl::string_view text) const {
  if (!options_.quiet) {
    surroundings_.err << text << std::endl;
  }
}

void Session::Warn(const std::vector<Violation>& warnings) const {
  if (!options_.quiet && !warnings.empty()) {
    surroundings_.err << WarningReport(warnings, language_) << std::flush;
  }
}

absl::Status Session::Confirm(absl::string_view text, absl::string_view question) const {
  if (!surroundings_.in_is_terminal) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE", Say(Message::kNeedsYes));
  }
  surroundings_.err << text << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(surroundings_.in, answer);
  answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
  if (answer != "y" && answer != "yes") {
    return Error(absl::StatusCode::kCancelled, "DECLINED", Say(Message::kDeclined));
  }
  return absl::OkStatus();
}

std::unique_ptr<Progress> Session::MakeProgress(Message label, Amount total) const {
  const ProgressMode mode = options_.quiet ? ProgressMode::kNone : options_.progress;
  return std::make_unique<Progress>(mode, ProgressWords{Say(label), Say(Message::kRefusedSoFar)}, total,
                                    surroundings_.err_is_terminal, surroundings_.err, surroundings_.clock);
}

void Session::Report(const absl::Status& status) const {
  if (options_.output == OutputForm::kTable) {
    surroundings_.err << ErrorReport(status, language_, surroundings_.err_is_terminal && !options_.no_color);
  } else {
    surroundings_.err << PrintJson(ErrorJson(status), /*indented=*/false) << "\n";
  }
  surroundings_.err << std::flush;
}

}  // namespace meguri::client
