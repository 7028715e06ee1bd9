// SPDX-License-Identifier: Apache-2.0
#include "node/app/main/folder_commands.h"

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/entry_text.h"
#include "node/app/change.h"
#include "node/app/folder.h"
#include "node/app/setup.h"
#include "record/system_random.h"

namespace meguri::node {
namespace {

using Action = std::function<absl::Status()>;

absl::Status Init(InitOptions options, const certs::EntryText& text) {
  MEGURI_RETURN_IF_ERROR(certs::ApplyTo(options.entry, text));
  const SystemClock clock;
  record::SystemRandom random;
  const std::string data = options.data_folder;
  const bool is_operator = options.is_operator;
  MEGURI_RETURN_IF_ERROR(InitFolder(std::move(options), clock, random));
  const Folder folder(data);
  if (is_operator) {
    std::printf(
        "Made the operator's node in %s.\nNext: meguri-node serve --data %s, then\n"
        "      meguri-node client add admin --role admin --data %s, and\n"
        "      meguri --home %s member enrol %s\nGive members this file: %s\n",
        data.c_str(), data.c_str(), data.c_str(), folder.client("admin").c_str(), folder.enrolment_request().c_str(),
        folder.trust_bundle().c_str());
  } else {
    std::printf("Made a node in %s.\nNext: send %s to the operator,\n      then meguri-node join ANSWER --data %s\n",
                data.c_str(), folder.enrolment_request().c_str(), data.c_str());
  }
  return absl::OkStatus();
}

// The flags that say what stands in a member's entry.
void AddEntryFlags(CLI::App& command, certs::EntryText& text) {
  const auto add_text = [&](const char* name, absl::optional<std::string>& value, const char* about) {
    return command.add_option_function<std::string>(name, [&value](const std::string& given) { value = given; }, about);
  };
  add_text("--name-ja", text.name_ja, "name in Japanese");
  add_text("--name-en", text.name_en, "name in English");
  add_text("--name-kana", text.name_kana, "name in kana");
  add_text("--kind", text.kind, "company-large, company-sme, company-micro, industry-association …");
  command.add_option("--role", text.roles, "kind[:scope,…], for example recycler:battery; may be repeated");
  add_text("--permit", text.permit, "of the recycler role: type|number|issuer");
  command.add_option("--address", text.addresses, "host:port under which others reach this node; may be repeated");
  command.add_option("--gs1-prefix", text.prefixes, "GS1 company prefix; may be repeated");
  command.add_option("--link-domain", text.domains, "host name of Digital Links that this member issues");
  command.add_option("--name-space", text.name_spaces, "URI prefix of identifiers that this member issues");
}

void AddInit(CLI::App& app, const std::string& data, Action& action) {
  const auto options = std::make_shared<InitOptions>();
  const auto text = std::make_shared<certs::EntryText>();
  text->kind = "company-large";
  CLI::App* init = app.add_subcommand("init", "Make the folder of a new node: keys, settings, enrolment request");
  init->add_flag("--operator", options->is_operator, "make the operator's node: trust bundle and authority too");
  init->add_option("--federation", options->federation, "operator: domain name of the federation");
  init->add_option("--trust-bundle", options->trust_bundle_path, "members: the operator's trust bundle");
  init->add_option_function<std::string>(
          "--participant", [options](const std::string& id) { options->entry.set_participant_id(id); },
          "participant ID, for example 0188:7123456789012")
      ->required();
  AddEntryFlags(*init, *text);
  init->get_option("--name-ja")->required();
  init->get_option("--name-en")->required();
  init->get_option("--kind")->default_str("company-large");
  init->add_option("--listen", options->listen, "address to serve gRPC on")->default_val("127.0.0.1:7443");
  init->add_option("--node-name", options->node_name, "name of the node in its certificate")->default_val("main");
  init->add_option("--key-algorithm", options->key_algorithm, "of the record key: ed25519 or p256")
      ->default_val("ed25519");
  init->callback([options, text, &data, &action] {
    action = [options, text, &data] {
      options->data_folder = data;
      return Init(*options, *text);
    };
  });
}

void AddJoin(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* join = app.add_subcommand("join", "Put the operator's answer to the enrolment request in place");
  const auto enrolment = std::make_shared<std::string>();
  join->add_option("ENROLMENT", *enrolment, "file from the operator")->required();
  join->callback(
      [enrolment, &data, &action] { action = [enrolment, &data] { return Join(data, *enrolment, SystemClock()); }; });
}

void AddRequestChange(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* command =
      app.add_subcommand("request-change", "Ask the operator to change this member's entry: names, addresses, roles …");
  const auto options = std::make_shared<ChangeOptions>();
  AddEntryFlags(*command, options->text);
  command->add_option("--record-key", options->record_key, "record key to sign with, if it is not in the folder");
  command->add_option("--out", options->out, "file to write; change-request in the folder if left out");
  command->callback([options, &data, &action] {
    action = [options, &data]() -> absl::Status {
      options->data_folder = data;
      MEGURI_ASSIGN_OR_RETURN(const std::string path, RequestChange(*options, SystemClock()));
      std::printf("%s\nNext: send it to the operator, who runs: meguri member update %s\n", path.c_str(), path.c_str());
      return absl::OkStatus();
    };
  });
}

void AddRequestCertificate(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* command = app.add_subcommand("request-certificate",
                                         "Make the enrolment request anew, for a node whose certificate has run out");
  const auto options = std::make_shared<ChangeOptions>();
  command->add_option("--record-key", options->record_key, "record key to sign with, if it is not in the folder");
  command->callback([options, &data, &action] {
    action = [options, &data]() -> absl::Status {
      options->data_folder = data;
      MEGURI_ASSIGN_OR_RETURN(const std::string path, RequestCertificate(*options, SystemClock()));
      std::printf(
          "%s\nNext: send it to the operator, who runs: meguri member enrol --again %s\n"
          "      then meguri-node join ANSWER --data %s\n",
          path.c_str(), path.c_str(), data.c_str());
      return absl::OkStatus();
    };
  });
}

absl::StatusOr<api::v1::ClientRole> ParseClientRole(const std::string& text) {
  if (text == "read") {
    return api::v1::CLIENT_ROLE_READ;
  }
  if (text == "publish") {
    return api::v1::CLIENT_ROLE_PUBLISH;
  }
  if (text == "approve") {
    return api::v1::CLIENT_ROLE_APPROVE;
  }
  if (text == "admin") {
    return api::v1::CLIENT_ROLE_ADMIN;
  }
  return InvalidInput({{"--role", "FLAG", absl::StrCat("'", text, "'"), "read, publish, approve or admin",
                        "choose what the client may do", "--role は read / publish / approve / admin です。"}});
}

void AddClientAdd(CLI::App& client, const std::string& data, Action& action) {
  CLI::App* add = client.add_subcommand("add", "Make a client folder for `meguri --home`");
  const auto name = std::make_shared<std::string>();
  const auto role_name = std::make_shared<std::string>();
  add->add_option("NAME", *name, "name of the client: a-z, 0-9 and -")->required();
  add->add_option("--role", *role_name, "read, publish, approve or admin")->default_val("read");
  add->callback([name, role_name, &data, &action] {
    action = [name, role_name, &data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const api::v1::ClientRole role, ParseClientRole(*role_name));
      record::SystemRandom random;
      MEGURI_ASSIGN_OR_RETURN(const std::string path, AddClient(data, *name, role, SystemClock(), random));
      std::printf("%s\n", path.c_str());
      return absl::OkStatus();
    };
  });
}

}  // namespace

void AddFolderCommands(CLI::App& app, const std::string& data, std::function<absl::Status()>& action) {
  AddInit(app, data, action);
  AddJoin(app, data, action);
  AddRequestChange(app, data, action);
  AddRequestCertificate(app, data, action);
  CLI::App* client = app.add_subcommand("client", "Clients of this node");
  client->require_subcommand(1);
  AddClientAdd(*client, data, action);
}

}  // namespace meguri::node
