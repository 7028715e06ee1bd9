// SPDX-License-Identifier: Apache-2.0
// evil-node: a peer that lies on the wire.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "base/status_macros.h"
#include "certs/files.h"
#include "tests/hostile/attack.h"
#include "tests/hostile/evil_client.h"
#include "tests/hostile/evil_server.h"

namespace meguri::hostile {
namespace {

constexpr size_t kRecordFileBytesMax = size_t{1} << 20;

struct ServeFlags {
  std::string data;
  std::string attack;
  std::string foreign_record;
  ServerOptions server;
};

absl::Status Serve(const ServeFlags& flags) {
  const std::vector<Attack> attacks = Attacks();
  const auto attack = std::find_if(attacks.begin(), attacks.end(),
                                   [&](const Attack& candidate) { return candidate.name == flags.attack; });
  if (attack == attacks.end()) {
    return absl::InvalidArgumentError(absl::StrCat("no such attack: ", flags.attack));
  }
  MEGURI_ASSIGN_OR_RETURN(const Publisher publisher, Publisher::Load(flags.data));
  record::v1::RecordFile foreign;
  if (!flags.foreign_record.empty()) {
    MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(flags.foreign_record, kRecordFileBytesMax));
    if (!foreign.ParseFromString(bytes)) {
      return absl::InvalidArgumentError(absl::StrCat(flags.foreign_record, " is no record file"));
    }
  }
  ServerOptions server = flags.server;
  if (server.tls_folder.empty()) {
    server.tls_folder = flags.data;
  }
  return ServeAttack(publisher, *attack, foreign, server);
}

absl::Status List() {
  for (const Attack& attack : Attacks()) {
    std::puts(attack.name.c_str());
  }
  return absl::OkStatus();
}

void AddServe(CLI::App& app, ServeFlags& flags, absl::Status& status) {
  CLI::App& serve = *app.add_subcommand("serve", "Serve a member's feeds and commit an attack");
  serve.add_option("--data", flags.data)->required();
  serve.add_option("--listen", flags.server.listen)->required();
  serve.add_option("--attack", flags.attack)->required();
  serve.add_option("--tls-from", flags.server.tls_folder, "show the certificate of another node's folder");
  serve.add_option("--foreign-record", flags.foreign_record, "a genuine record of another publisher");
  serve.callback([&] { status = Serve(flags); });
}

void AddCall(CLI::App& app, CallOptions& options, absl::Status& status) {
  CLI::App& call = *app.add_subcommand("call", "Call a node as somebody who may not");
  call.add_option("--target", options.target)->required();
  call.add_option("--method", options.method)->required();
  call.add_option("--roots", options.roots)->required();
  call.add_option("--key", options.key);
  call.add_option("--certificate", options.certificate);
  call.add_option("--acting", options.acting_members);
  call.add_option("--publisher", options.publisher);
  call.add_option("--feed", options.feeds);
  call.add_option("--epoch", options.epoch);
  call.add_option("--position", options.position);
  call.add_option("--identity", options.identity);
  call.add_option("--record", options.record);
  call.callback([&] { status = CallNode(options); });
}

void AddForge(CLI::App& app, ForgeOptions& options, absl::Status& status) {
  CLI::App& forge = *app.add_subcommand("forge", "Issue a certificate for any identity");
  forge.add_option("--ca-key", options.ca_key);
  forge.add_option("--ca-certificate", options.ca_certificate);
  forge.add_option("--identity", options.identity)->required();
  forge.add_flag_callback("--admin", [&] { options.role = api::v1::CLIENT_ROLE_ADMIN; });
  forge.add_flag("--expired", options.expired);
  forge.add_option("--out", options.out)->required();
  forge.callback([&] { status = Forge(options); });
}

int Run(int argc, char** argv) {
  CLI::App app("A peer that lies on the wire");
  app.require_subcommand(1);
  absl::Status status;
  ServeFlags serve;
  CallOptions call;
  ForgeOptions forge;
  AddServe(app, serve, status);
  AddCall(app, call, status);
  AddForge(app, forge, status);
  app.add_subcommand("attacks", "List the attacks")->callback([&] { status = List(); });
  CLI11_PARSE(app, argc, argv);
  if (!status.ok()) {
    std::fprintf(stderr, "evil-node: %s (%s)\n", std::string(status.message()).c_str(), ReasonOf(status).c_str());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace meguri::hostile

int main(int argc, char** argv) { return meguri::hostile::Run(argc, argv); }
