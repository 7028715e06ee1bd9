// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status_macros.h"
#include "node/app/give_back.h"
#include "node/app/main/folder_commands.h"
#include "node/app/recover.h"
#include "record/system_random.h"

namespace meguri::node {
namespace {

using Action = std::function<absl::Status()>;

absl::Status WriteCopy(const GiveBackOptions& options) {
  record::SystemRandom random;
  MEGURI_ASSIGN_OR_RETURN(const GivenBack given, GiveBack(options, TerminalProgress(), SystemClock(), random));
  std::printf("%s\ndigest %s\n%-40s %-10s %s\n", options.out.c_str(), given.digest.c_str(), "FEED", "ENTRIES",
              "SIGNED, AS FAR AS IS KNOWN");
  for (const GivenFeed& feed : given.feeds) {
    std::printf("%-40s %-10llu %llu\n", feed.feed.c_str(), static_cast<unsigned long long>(feed.size),
                static_cast<unsigned long long>(feed.known));
  }
  std::printf(
      "The file holds what %s has published for its readers here, in the clear.\n"
      "Next: hand it to %s, whose new host runs: meguri-node host recover %s --copy %s\n",
      options.publisher.c_str(), options.publisher.c_str(), options.publisher.c_str(), options.out.c_str());
  return absl::OkStatus();
}

absl::Status Recover(const RecoverOptions& options) {
  record::SystemRandom random;
  MEGURI_ASSIGN_OR_RETURN(const RecoveredMember recovered,
                          RecoverMember(options, TerminalProgress(), SystemClock(), random));
  PrintRecovered(recovered);
  std::printf(
      "Next: send the request to the member, who runs: meguri member sign %s --record-key record.key --out "
      "signed-request\n"
      "      and sends what that writes to the operator, who runs: meguri member update signed-request\n"
      "      Start this node, and make the member a client:\n"
      "      meguri-node client add admin --role admin --member %s --data %s\n",
      recovered.member.request.c_str(), recovered.member.member.c_str(), options.data_folder.c_str());
  return absl::OkStatus();
}

}  // namespace

void PrintRecovered(const RecoveredMember& recovered) {
  const ImportedMember& member = recovered.member;
  std::printf("%s\nPut together of %s: records %llu.\n%-40s %-10s %s\n", member.request.c_str(), member.member.c_str(),
              static_cast<unsigned long long>(member.records), "FEED", "ENTRIES", "LAST OF THEM FROM");
  bool lacks_any = false;
  for (const RecoveredFeed& feed : recovered.feeds) {
    std::printf("%-40s %-10llu %s\n", feed.feed.c_str(), static_cast<unsigned long long>(feed.size), feed.from.c_str());
    lacks_any = lacks_any || feed.known > feed.size;
  }
  for (const std::string& why : recovered.passed_over) {
    std::printf("Not taken: %s\n", why.c_str());
  }
  for (const RecoveredFeed& feed : recovered.feeds) {
    if (feed.known > feed.size) {
      std::printf("Warning: %s had %llu entries at least, of which %llu are here.\n", feed.feed.c_str(),
                  static_cast<unsigned long long>(feed.known), static_cast<unsigned long long>(feed.size));
    }
  }
  std::printf(
      "%sA follower that has more than this, or a feed that is not named here, takes\n"
      "nothing more of that feed. Collect the copies of all followers before the operator publishes\n"
      "the move: this can be done anew until then, and not afterwards.\n",
      lacks_any ? "Entries are missing. " : "");
}

void AddGiveBack(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* command = app.add_subcommand(
      "give-back", "Write what is here of a member's feeds into a file, for a member that has lost its host");
  const auto options = std::make_shared<GiveBackOptions>();
  command->add_option("PUBLISHER", options->publisher, "participant ID; the node is stopped")->required();
  command->add_option("--out", options->out, "new file")->required();
  command->add_option("--member", options->holder,
                      "participant ID of a member that is hosted here, whose copies these are; the node's own if left "
                      "out");
  command->callback([options, &data, &action] {
    action = [options, &data] {
      options->data_folder = data;
      return WriteCopy(*options);
    };
  });
}

void AddRecover(CLI::App& host, const std::string& data, Action& action) {
  CLI::App* command = host.add_subcommand(
      "recover", "Take in a member whose former host is gone, from copies of its followers; the node is stopped");
  const auto options = std::make_shared<RecoverOptions>();
  const auto addresses = std::make_shared<std::vector<std::string>>();
  command->add_option("MEMBER", options->member, "participant ID")->required();
  command->add_option("--copy", options->copies,
                      "file that a follower has written with `meguri-node give-back`; may be repeated. What this node "
                      "follows itself is taken too");
  command->add_option("--address", *addresses,
                      "host:port under which others reach this node; as the registry says if left out");
  command->callback([options, addresses, &data, &action] {
    action = [options, addresses, &data] {
      options->data_folder = data;
      *options->hosting.mutable_addresses() = {addresses->begin(), addresses->end()};
      return Recover(*options);
    };
  });
}

}  // namespace meguri::node
