// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "certs/entry_text.h"
#include "node/app/hosting.h"
#include "node/app/main/folder_commands.h"
#include "node/app/move.h"
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
    case HostedState::kExported:
      return "exported";
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
      std::printf("%-40s %-16s %-15s %-12s %-7s %s\n", "MEMBER", "STATE", "MIB OF QUOTA", "RECORDS MAX", "CALLS/S",
                  "NAME");
      for (const HostedRow& row : rows) {
        const std::string disk = absl::StrCat(row.store_bytes >> 20, "/", row.quota.store_mib);
        std::printf("%-40s %-16s %-15s %-12llu %-7llu %s\n", row.member.text().c_str(), NameOf(row.state), disk.c_str(),
                    static_cast<unsigned long long>(row.quota.records),
                    static_cast<unsigned long long>(row.quota.calls_per_second), row.name.c_str());
      }
      return absl::OkStatus();
    };
  });
}

void AddQuota(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* command = host.add_subcommand("quota", "Show or set what a hosted member may take of this node");
  const auto options = std::make_shared<QuotaOptions>();
  const auto number = [&](const char* name, absl::optional<uint64_t>& value, const char* about) {
    command->add_option_function<uint64_t>(name, [&value](const uint64_t& given) { value = given; }, about);
  };
  command->add_option("MEMBER", options->member, "participant ID")->required();
  number("--store-mib", options->store_mib, "disk that its store may take up");
  number("--records", options->records, "versions of records that it may have, copies of others included");
  number("--calls-per-second", options->calls_per_second, "from its clients and from other nodes, on average");
  command->callback([options, &data, &action] {
    action = [options, &data]() -> absl::Status {
      options->data_folder = data;
      MEGURI_ASSIGN_OR_RETURN(const GuestQuota quota, SetGuestQuota(*options));
      std::printf("store_mib %llu\nrecords %llu\ncalls_per_second %llu\n",
                  static_cast<unsigned long long>(quota.store_mib), static_cast<unsigned long long>(quota.records),
                  static_cast<unsigned long long>(quota.calls_per_second));
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

absl::Status Export(const std::string& data, const std::string& member, const std::string& out) {
  record::SystemRandom random;
  MEGURI_ASSIGN_OR_RETURN(const ExportedMember exported,
                          ExportMember(data, member, out, TerminalProgress(), SystemClock(), random));
  std::printf(
      "%s\ndigest %s\nentries %llu, feeds %llu\n"
      "This node does not serve %s any more: what it took in now would be lost. The file holds everything in the "
      "clear.\n"
      "Next: hand the file to the new host, who runs: meguri-node host import %s\n"
      "      If the member stays here after all: meguri-node host resume %s --data %s\n",
      out.c_str(), exported.digest.c_str(), static_cast<unsigned long long>(exported.entries),
      static_cast<unsigned long long>(exported.feeds), member.c_str(), out.c_str(), member.c_str(), data.c_str());
  return absl::OkStatus();
}

void AddExport(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* command =
      host.add_subcommand("export", "Write all that is here of a member into a file, to move to another host");
  const auto member = std::make_shared<std::string>();
  const auto out = std::make_shared<std::string>();
  command->add_option("MEMBER", *member, "participant ID; the node is stopped")->required();
  command->add_option("--out", *out, "new file")->required();
  command->callback(
      [member, out, &data, &action] { action = [member, out, &data] { return Export(data, *member, *out); }; });
}

void AddResume(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* command = host.add_subcommand("resume", "Serve a member again that was exported and has not moved");
  const auto member = std::make_shared<std::string>();
  command->add_option("MEMBER", *member, "participant ID")->required();
  command->callback([member, &data, &action] {
    action = [member, &data]() -> absl::Status {
      MEGURI_RETURN_IF_ERROR(ResumeMember(data, *member));
      std::printf(
          "%s is served here again from the next start. Destroy the file: whoever imports it makes a feed that "
          "contradicts this one.\n",
          member->c_str());
      return absl::OkStatus();
    };
  });
}

absl::Status Import(const ImportOptions& options) {
  record::SystemRandom random;
  MEGURI_ASSIGN_OR_RETURN(const ImportedMember imported,
                          ImportMember(options, TerminalProgress(), SystemClock(), random));
  std::printf(
      "%s\nTook in %s: records %llu, feeds %llu, all of them checked.\n"
      "Next: send the request to the member, who runs: meguri member sign %s --record-key record.key --out "
      "signed-request\n"
      "      and sends what that writes to the operator, who runs: meguri member update signed-request\n"
      "      Start this node, and make the member a client:\n"
      "      meguri-node client add admin --role admin --member %s --data %s\n",
      imported.request.c_str(), imported.member.c_str(), static_cast<unsigned long long>(imported.records),
      static_cast<unsigned long long>(imported.feeds), imported.request.c_str(), imported.member.c_str(),
      options.data_folder.c_str());
  return absl::OkStatus();
}

void AddImport(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* command = host.add_subcommand("import", "Take in a member that moves to this node; the node is stopped");
  const auto options = std::make_shared<ImportOptions>();
  const auto addresses = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", options->file, "file that the former host has exported")->required();
  command->add_option("--address", *addresses,
                      "host:port under which others reach this node; as the registry says if left out");
  command->callback([options, addresses, &data, &action] {
    action = [options, addresses, &data] {
      options->data_folder = data;
      *options->hosting.mutable_addresses() = {addresses->begin(), addresses->end()};
      return Import(*options);
    };
  });
}

}  // namespace

MoveProgress TerminalProgress() {
  if (::isatty(STDERR_FILENO) == 0) {
    return [](const char*, uint64_t, uint64_t) {};
  }
  return [](const char* what, uint64_t done, uint64_t total) {
    std::fprintf(stderr, "\r%s %llu of %llu%s", what, static_cast<unsigned long long>(done),
                 static_cast<unsigned long long>(total), done == total ? "\n" : "");
  };
}

void AddHostCommands(CLI::App& app, const std::string& data, std::function<absl::Status()>& action) {
  CLI::App* host = app.add_subcommand("host", "Members that this node hosts beside its own");
  host->require_subcommand(1);
  AddAdd(*host, data, action);
  AddList(*host, data, action);
  AddQuota(*host, data, action);
  AddRemove(*host, data, action);
  AddExport(*host, data, action);
  AddImport(*host, data, action);
  AddRecover(*host, data, action);
  AddResume(*host, data, action);
}

}  // namespace meguri::node
