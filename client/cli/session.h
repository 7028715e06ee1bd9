// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "certs/signing_key.h"
#include "certs/trust_bundle.h"
#include "client/cli/messages.h"
#include "client/cli/progress.h"
#include "client/cli/surroundings.h"
#include "client/context.h"
#include "client/node_client.h"
#include "meguri/passport/v1/access.pb.h"
#include "nlohmann/json_fwd.hpp"
#include "record/hash.h"

namespace meguri::client {

enum class OutputForm { kTable, kJson, kJsonLines };

// What the flags that every command has say.
struct Options {
  std::string home;
  OutputForm output = OutputForm::kTable;
  std::string timeout = "10s";
  bool quiet = false;
  bool no_color = false;
  ProgressMode progress = ProgressMode::kAuto;
  passport::v1::AccessPurpose purpose = passport::v1::ACCESS_PURPOSE_UNSPECIFIED;
};

// The key that signs the records of the acting member.
struct RecordKey {
  std::unique_ptr<certs::SigningKey> signer;
  record::Hash id;
};

// One run of the program: what the flags say, the client folder, the node, and the way out. Reads and connects only
// when asked. Not thread-safe.
class Session {
 public:
  Session(Surroundings surroundings, Language language);

  Options& options() { return options_; }
  const Clock& clock() const { return surroundings_.clock; }
  Random& random() const { return surroundings_.random; }
  std::istream& in() const { return surroundings_.in; }
  Language language() const { return language_; }
  std::string Say(Message message, std::initializer_list<absl::string_view> values = {}) const {
    return Text(language_, message, values);
  }

  // What the chosen command does; set while the arguments are parsed.
  std::function<absl::Status()> action;

  // The file that holds the path of the default client folder; "" if there is no home folder.
  std::string DefaultContextFile() const;
  // FAILED_PRECONDITION (reason NO_CONTEXT) if no folder is chosen, or the errors of Context::Load.
  absl::StatusOr<const Context*> context();
  absl::StatusOr<const certs::TrustBundle*> trust_bundle();
  // FAILED_PRECONDITION with reason NO_RECORD_KEY, or the errors of SigningKey::Load.
  absl::StatusOr<const RecordKey*> record_key();
  absl::StatusOr<const NodeClient*> node();

  // Prints the answer: `human` as a table, else `json`. As JSON lines, each element of json[items] is a line if `items`
  // is given. DATA_LOSS (reason OUTPUT) if it could not be written.
  absl::Status Answer(absl::string_view human, const nlohmann::ordered_json& json, const char* items = nullptr) const;
  // Says something that is no answer, unless --quiet.
  void Note(absl::string_view text) const;
  // Shows warnings, if there are any, unless --quiet.
  void Warn(const std::vector<Violation>& warnings) const;
  // Shows `text` and asks. OK if the answer is yes; CANCELLED (reason DECLINED), or INVALID_ARGUMENT (reason USAGE) if
  // there is nobody to ask.
  absl::Status Confirm(absl::string_view text, absl::string_view question) const;
  std::unique_ptr<Progress> MakeProgress(Message label, Amount total) const;
  // Says what went wrong: every violation, then what to do.
  void Report(const absl::Status& status) const;

 private:
  std::string ChosenFolder() const;

  const Surroundings surroundings_;
  const Language language_;
  Options options_;
  absl::optional<Context> context_;
  absl::optional<certs::TrustBundle> trust_bundle_;
  absl::optional<RecordKey> record_key_;
  std::unique_ptr<NodeClient> node_;
};

}  // namespace meguri::client
