// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status_macros.h"
#include "certs/entry_text.h"
#include "node/app/hosting.h"
#include "node/app/main/folder_commands.h"
#include "record/system_random.h"

namespace meguri::node {
namespace {

using Action = std::function<absl::Status()>;

absl::Status Add(HostOptions options, const certs::EntryText& text) {
  MEGURI_RETURN_IF_ERROR(certs::ApplyTo(options.entry, text));
  const SystemClock clock;
  record::SystemRandom random;
  const std::string data = options.data_folder;
  const std::string member = options.entry.participant_id();
  MEGURI_ASSIGN_OR_RETURN(const std::string request, AddHostedMember(std::move(options), clock, random));
  std::printf(
      "%s\nNext: send it to the member, who runs: meguri member sign %s --record-key record.key --out signed-request\n"
      "      and sends what that writes to the operator, who runs: meguri member enrol signed-request\n"
      "      Then start this node anew, and make the member a client:\n"
      "      meguri-node client add admin --role admin --member %s --data %s\n",
      request.c_str(), request.c_str(), member.c_str(), data.c_str());
  return absl::OkStatus();
}

void AddAdd(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* add = host.add_subcommand("add", "Make the folder of a member that this node is to host");
  const auto options = std::make_shared<HostOptions>();
  const auto text = std::make_shared<certs::EntryText>();
  text->kind = "company-micro";
  add->add_option_function<std::string>(
         "MEMBER", [options](const std::string& id) { options->entry.set_participant_id(id); },
         "participant ID, for example 0188:7123456789012")
      ->required();
  add->add_option("--record-public-key", options->record_public_key,
                  "the member's record key, in hexadecimal as `meguri key generate` prints it")
      ->required();
  AddEntryFlags(*add, *text);
  add->get_option("--kind")->default_str("company-micro");
  add->callback([options, text, &data, &action] {
    action = [options, text, &data] {
      options->data_folder = data;
      return Add(*options, *text);
    };
  });
}

const char* NameOf(HostedState state) {
  switch (state) {
    case HostedState::kNotEnrolled:
      return "not-enrolled";
    case HostedState::kHostedHere:
      return "hosted-here";
    case HostedState::kHostedElsewhere:
      return "hosted-elsewhere";
    case HostedState::kSuspended:
      return "suspended";
    case HostedState::kLeft:
      return "left";
  }
  return "unknown";
}

void AddList(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* list = host.add_subcommand("list", "List the members that this node hosts beside its own");
  list->callback([&data, &action] {
    action = [&data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const std::vector<HostedRow> rows, ListHostedMembers(data));
      std::printf("%-40s %-16s %s\n", "MEMBER", "STATE", "NAME");
      for (const HostedRow& row : rows) {
        std::printf("%-40s %-16s %s\n", row.member.text().c_str(), NameOf(row.state), row.name.c_str());
      }
      return absl::OkStatus();
    };
  });
}

void AddRemove(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* remove = host.add_subcommand("remove", "Put the folder of a hosted member aside; the node is stopped");
  const auto member = std::make_shared<std::string>();
  const auto abandon = std::make_shared<bool>(false);
  remove->add_option("MEMBER", *member, "participant ID")->required();
  remove->add_flag("--abandon", *abandon,
                   "although the registry names this node for it: its records are then read nowhere but in copies");
  remove->callback([member, abandon, &data, &action] {
    action = [member, abandon, &data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const std::string aside, RemoveHostedMember(data, *member, *abandon, SystemClock()));
      std::printf("%s is not hosted here any more. Its keys and store lie in %s; nothing was deleted.\n",
                  member->c_str(), aside.c_str());
      return absl::OkStatus();
    };
  });
}

}  // namespace

void AddHostCommands(CLI::App& app, const std::string& data, std::function<absl::Status()>& action) {
  CLI::App* host = app.add_subcommand("host", "Members that this node hosts beside its own");
  host->require_subcommand(1);
  AddAdd(*host, data, action);
  AddList(*host, data, action);
  AddRemove(*host, data, action);
}

}  // namespace meguri::node
