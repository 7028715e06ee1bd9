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
#include "node/app/bundles.h"
#include "node/app/change.h"
#include "node/app/clients.h"
#include "node/app/folder.h"
#include "node/app/move.h"
#include "node/app/recover.h"
#include "node/app/setup.h"
#include "node/app/witness_work.h"
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

// What `init` is told of a member that exists already.
struct Origin {
  std::string from;                 // file with which it leaves its host
  std::string recover;              // or the participant ID, if its host is gone
  std::vector<std::string> copies;  // of its followers, then
  std::string record_key;
};

OwnNodeOptions OwnNodeOf(const Origin& origin, const InitOptions& init, const certs::EntryText& text) {
  OwnNodeOptions options{.data_folder = init.data_folder,
                         .file = origin.from,
                         .trust_bundle_path = init.trust_bundle_path,
                         .record_key = origin.record_key,
                         .node_name = init.node_name,
                         .listen = init.listen,
                         .hosting = {}};
  *options.hosting.mutable_addresses() = {text.addresses.begin(), text.addresses.end()};
  return options;
}

void PrintNextOfOwnNode(const ImportedMember& made, const OwnNodeOptions& options) {
  const std::string& data = options.data_folder;
  std::printf(
      "Next: meguri member sign %s --record-key record.key --out signed-request\n"
      "      send what that writes to the operator, who runs: meguri member update signed-request\n"
      "      meguri-node join ENROLMENT --data %s   with what the operator sends back, and start the node\n"
      "      meguri-node client add admin --role admin --data %s%s\n",
      made.request.c_str(), data.c_str(), data.c_str(),
      options.record_key.empty() ? "   and put record.key into its folder" : "");
}

// Makes the node of a member that leaves its host. Who it is, the file and the registry say.
absl::Status InitFrom(const OwnNodeOptions& options) {
  record::SystemRandom random;
  MEGURI_ASSIGN_OR_RETURN(const ImportedMember made, InitFromMove(options, TerminalProgress(), SystemClock(), random));
  std::printf("%s\nMade a node of %s in %s: records %llu, feeds %llu, all of them checked.\n", made.request.c_str(),
              made.member.c_str(), options.data_folder.c_str(), static_cast<unsigned long long>(made.records),
              static_cast<unsigned long long>(made.feeds));
  PrintNextOfOwnNode(made, options);
  return absl::OkStatus();
}

absl::Status InitRecovering(const OwnNodeOptions& options, const Origin& origin) {
  record::SystemRandom random;
  MEGURI_ASSIGN_OR_RETURN(const RecoveredMember recovered, InitFromCopies(options, origin.recover, origin.copies,
                                                                          TerminalProgress(), SystemClock(), random));
  PrintRecovered(recovered);
  PrintNextOfOwnNode(recovered.member, options);
  return absl::OkStatus();
}

absl::Status InitAny(const InitOptions& init, const certs::EntryText& text, const Origin& origin) {
  if (!origin.from.empty()) {
    return InitFrom(OwnNodeOf(origin, init, text));
  }
  if (!origin.recover.empty()) {
    return InitRecovering(OwnNodeOf(origin, init, text), origin);
  }
  return origin.record_key.empty()
             ? Init(init, text)
             : InvalidInput({{"--record-key", "FLAG", "--record-key of a new member", "--from or --recover with it",
                              "leave it out: a new node makes its record key",
                              "新しい会員の記録鍵は init が作ります。--from か --recover と併用してください。"}});
}

// The flags of a member that exists already, which say nothing of who it is.
void AddOriginFlags(CLI::App& init, Origin& origin) {
  CLI::Option* from = init.add_option(
      "--from", origin.from,
      "file with which this member leaves its host; names, roles and keys stay as the registry has them");
  CLI::Option* recover =
      init.add_option("--recover", origin.recover, "participant ID of a member whose host is gone, instead of --from");
  init.add_option("--copy", origin.copies,
                  "with --recover: file that a follower has written with `meguri-node give-back`; may be repeated")
      ->needs(recover);
  init.add_option("--record-key", origin.record_key,
                  "with --from or --recover: the member's record key, which the node then keeps for its clients; each "
                  "client has it if left out");
  from->excludes(recover);
  for (const char* of_new_member :
       {"--operator", "--federation", "--participant", "--name-ja", "--name-en", "--name-kana", "--kind", "--role",
        "--permit", "--gs1-prefix", "--link-domain", "--name-space", "--key-algorithm"}) {
    init.get_option(of_new_member)->excludes(from)->excludes(recover);
  }
}

void AddInit(CLI::App& app, const std::string& data, Action& action) {
  const auto options = std::make_shared<InitOptions>();
  const auto text = std::make_shared<certs::EntryText>();
  const auto origin = std::make_shared<Origin>();
  text->kind = "company-large";
  CLI::App* init = app.add_subcommand("init", "Make the folder of a new node: keys, settings, enrolment request");
  init->add_flag("--operator", options->is_operator, "make the operator's node: trust bundle and authority too");
  init->add_option("--federation", options->federation, "operator: domain name of the federation");
  init->add_option("--trust-bundle", options->trust_bundle_path, "members: the operator's trust bundle");
  init->add_option_function<std::string>(
      "--participant", [options](const std::string& id) { options->entry.set_participant_id(id); },
      "participant ID, for example 0188:7123456789012");
  AddEntryFlags(*init, *text);
  init->get_option("--kind")->default_str("company-large");
  init->add_option("--listen", options->listen, "address to serve gRPC on")->default_val("127.0.0.1:7443");
  init->add_option("--node-name", options->node_name, "name of the node in its certificate")->default_val("main");
  init->add_option("--key-algorithm", options->key_algorithm, "of the record key: ed25519 or p256")
      ->default_val("ed25519");
  AddOriginFlags(*init, *origin);
  init->callback([options, text, origin, &data, &action] {
    action = [options, text, origin, &data] {
      options->data_folder = data;
      return InitAny(*options, *text, *origin);
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

// Who does what with a change request.
void PrintNext(const std::string& path, const std::string& member) {
  if (member.empty()) {
    std::printf("%s\nNext: send it to the operator, who runs: meguri member update %s\n", path.c_str(), path.c_str());
    return;
  }
  std::printf(
      "%s\nNext: send it to the member, who runs: meguri member sign %s --record-key record.key --out signed-request\n"
      "      and sends what that writes to the operator, who runs: meguri member update signed-request\n",
      path.c_str(), path.c_str());
}

void AddRequestChange(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* command =
      app.add_subcommand("request-change", "Ask the operator to change this member's entry: names, addresses, roles …");
  const auto options = std::make_shared<ChangeOptions>();
  AddEntryFlags(*command, options->text);
  command->add_option("--member", options->member,
                      "participant ID of a member that is hosted here, who signs the request then");
  command->add_option("--record-key", options->record_key, "record key to sign with, if it is not in the folder");
  command->add_option("--out", options->out, "file to write; change-request in the folder if left out");
  command->callback([options, &data, &action] {
    action = [options, &data]() -> absl::Status {
      options->data_folder = data;
      MEGURI_ASSIGN_OR_RETURN(const std::string path, RequestChange(*options, SystemClock()));
      PrintNext(path, options->member);
      return absl::OkStatus();
    };
  });
}

void AddRequestCertificate(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* command = app.add_subcommand("request-certificate",
                                         "Make the enrolment request anew, for a node whose certificate has run out");
  const auto options = std::make_shared<ChangeOptions>();
  command->add_option("--record-key", options->record_key, "record key to sign with, if it is not in the folder");
  command->add_option("--node-name", options->node_name, "a new name for the node, with a new TLS key");
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

std::string NameOf(api::v1::ClientRole role) {
  switch (role) {
    case api::v1::CLIENT_ROLE_READ:
      return "read";
    case api::v1::CLIENT_ROLE_PUBLISH:
      return "publish";
    case api::v1::CLIENT_ROLE_APPROVE:
      return "approve";
    case api::v1::CLIENT_ROLE_ADMIN:
      return "admin";
    default:
      return "none";
  }
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

// Whose client it is; "" for the node's own member.
std::shared_ptr<std::string> AddMemberFlag(CLI::App& command) {
  auto member = std::make_shared<std::string>();
  command.add_option("--member", *member, "participant ID of a member that is hosted here; the node's own if left out");
  return member;
}

void AddClientAdd(CLI::App& client, const std::string& data, Action& action) {
  CLI::App* add = client.add_subcommand("add", "Make a client folder for `meguri --home`");
  const auto name = std::make_shared<std::string>();
  const auto role_name = std::make_shared<std::string>();
  const auto member = AddMemberFlag(*add);
  add->add_option("NAME", *name, "name of the client: a-z, 0-9 and -")->required();
  add->add_option("--role", *role_name, "read, publish, approve or admin")->default_val("read");
  add->callback([name, role_name, member, &data, &action] {
    action = [name, role_name, member, &data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const api::v1::ClientRole role, ParseClientRole(*role_name));
      record::SystemRandom random;
      MEGURI_ASSIGN_OR_RETURN(const std::string path, AddClient(data, *member, *name, role, SystemClock(), random));
      std::printf("%s\n", path.c_str());
      return absl::OkStatus();
    };
  });
}

void AddClientList(CLI::App& client, const std::string& data, Action& action) {
  CLI::App* list = client.add_subcommand("list", "List the clients that were made here");
  const auto member = AddMemberFlag(*list);
  list->callback([member, &data, &action] {
    action = [member, &data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const std::vector<ClientRow> rows, ListClients(data, *member));
      std::printf("%-24s %-8s %-8s %s\n", "NAME", "ROLE", "STATE", "EXPIRES");
      for (const ClientRow& row : rows) {
        const bool expired = row.expires <= SystemClock().Now();
        std::printf("%-24s %-8s %-8s %s\n", row.name.c_str(), NameOf(row.role).c_str(),
                    row.revoked ? "revoked"
                    : expired   ? "expired"
                                : "valid",
                    absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", row.expires, absl::UTCTimeZone()).c_str());
      }
      return absl::OkStatus();
    };
  });
}

void AddClientRevoke(CLI::App& client, const std::string& data, Action& action) {
  CLI::App* revoke = client.add_subcommand("revoke", "Refuse a client from now on, although its certificate lasts");
  const auto name = std::make_shared<std::string>();
  const auto member = AddMemberFlag(*revoke);
  revoke->add_option("NAME", *name, "name of the client, as `client list` shows it")->required();
  revoke->callback([name, member, &data, &action] {
    action = [name, member, &data]() -> absl::Status {
      MEGURI_RETURN_IF_ERROR(RevokeClient(data, *member, *name, SystemClock()));
      std::printf("%s is revoked; a running node refuses it within a second, and ends its open streams\n",
                  name->c_str());
      return absl::OkStatus();
    };
  });
}

absl::StatusOr<absl::Time> ParseTime(const std::string& flag, const std::string& text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return time;
  }
  return InvalidInput({{flag, "FLAG", absl::StrCat("'", text, "'"), "a time such as 2026-04-01T09:00:00+09:00",
                        absl::StrCat("correct ", flag), absl::StrCat(flag, " の値が正しくありません。")}});
}

struct RotateFlags {
  std::string which;
  std::string begin;
  std::string old_end;
  RotateOptions options;
};

absl::Status Rotate(RotateFlags flags) {
  if (flags.which == "node" && !flags.options.member.empty()) {
    return InvalidInput({{"--member", "FLAG", "the TLS key of a hosted member", "its feed key",
                          "leave --member out: the TLS key is the node's", "TLS 鍵はノードのものです。"}});
  }
  if (flags.which == "node") {
    MEGURI_ASSIGN_OR_RETURN(const std::string path, RotateNodeKey(flags.options.data_folder));
    std::printf("%s\nA running node has it certified by the operator within half a minute, and uses it from then on.\n",
                path.c_str());
    return absl::OkStatus();
  }
  if (flags.which == "record" && flags.options.is_recovery) {
    return InvalidInput({{"--recovery", "FLAG", "--recovery with a record key", "--recovery with a feed key",
                          "without the old record key, make an enrolment request anew",
                          "記録鍵を失ったときは、登録申請をやり直してください。"}});
  }
  flags.options.purpose = flags.which == "record" ? registry::v1::KEY_PURPOSE_RECORD : registry::v1::KEY_PURPOSE_FEED;
  if (!flags.begin.empty()) {
    MEGURI_ASSIGN_OR_RETURN(flags.options.begin, ParseTime("--begins", flags.begin));
  }
  if (!flags.old_end.empty()) {
    MEGURI_ASSIGN_OR_RETURN(flags.options.old_end, ParseTime("--old-ends", flags.old_end));
  }
  MEGURI_ASSIGN_OR_RETURN(const RotatedKey rotated, RotateKey(flags.options, SystemClock()));
  std::printf("%s\n", rotated.key_file.c_str());
  PrintNext(rotated.request, flags.options.member);
  std::printf("The new key is used as soon as the registry has it in force; keep the old one until then.\n");
  return absl::OkStatus();
}

void AddRotateKey(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* command = app.add_subcommand("rotate-key", "Make a new key in place of one in use");
  const auto flags = std::make_shared<RotateFlags>();
  command->add_option("WHICH", flags->which, "record, feed or node (TLS)")
      ->required()
      ->check(CLI::IsMember({"record", "feed", "node"}));
  command->add_option("--begins", flags->begin,
                      "when the new key is in force; as soon as it is registered if left out");
  command->add_option("--old-ends", flags->old_end, "when the old key is not usable any more; never if left out");
  command->add_option("--key-algorithm", flags->options.algorithm, "of a record key: ed25519 or p256")
      ->default_val("ed25519");
  command->add_option("--member", flags->options.member,
                      "feed key: participant ID of a member that is hosted here, who signs the request then");
  command->add_option("--record-key", flags->options.record_key, "record key, if it is not in the folder");
  command->add_flag("--recovery", flags->options.is_recovery,
                    "the old feed key is lost and cannot sign that this one follows it; everybody will see that");
  command->add_option("--out", flags->options.out,
                      "file to write; change-request-record-key or -feed-key in the folder if left out");
  command->callback([flags, &data, &action] {
    action = [flags, &data] {
      flags->options.data_folder = data;
      return Rotate(*flags);
    };
  });
}

void AddBundleNext(CLI::App& bundle, const std::string& data, Action& action) {
  CLI::App* next = bundle.add_subcommand("next", "Draft the version after the present trust bundle (operator)");
  const auto options = std::make_shared<NextBundleOptions>();
  next->add_option("--valid-days", options->valid_days, "days from now until it expires")->default_val(365);
  next->add_option("--add-holder", options->add_holders, "public key in hexadecimal; may be repeated");
  next->add_option("--remove-holder", options->remove_holders, "public key in hexadecimal; may be repeated");
  next->add_option_function<uint32_t>(
      "--threshold", [options](const uint32_t& given) { options->threshold = given; },
      "how many holders must sign the version after it");
  next->add_option("--add-witness", options->add_witnesses,
                   "PARTICIPANT=KEY, as `meguri-node witness-key` prints it; may be repeated");
  next->add_option("--remove-witness", options->remove_witnesses,
                   "participant whose witness key ends; what it cosigned until now counts; may be repeated");
  next->add_option("--revoke-witness", options->revoke_witnesses,
                   "participant whose witness key was stolen: nothing that it signed counts; may be repeated");
  next->add_option_function<uint32_t>(
      "--witness-quorum", [options](const uint32_t& given) { options->witness_quorum = given; },
      "how many witnesses must cosign a head; if left out, enough for their number: 3 of 4, 5 of 7");
  next->add_option("--address", options->addresses, "host:port of the operator's node; replaces them all");
  next->add_option("--registry-record-key", options->registry_record_key,
                   "file of the key that signs the registry then");
  next->add_option("--registry-feed-key", options->registry_feed_key, "file of the key that signs its heads then");
  next->add_option("--out", options->out, "file to write; trust-bundle-next in the folder if left out");
  next->callback([options, &data, &action] {
    action = [options, &data]() -> absl::Status {
      options->data_folder = data;
      MEGURI_ASSIGN_OR_RETURN(const std::string path, MakeNextBundle(*options, SystemClock()));
      MEGURI_ASSIGN_OR_RETURN(const std::string text, DescribeBundle(data, path, SystemClock()));
      std::printf("%s\n%s", path.c_str(), text.c_str());
      return absl::OkStatus();
    };
  });
}

void AddBundleSign(CLI::App& bundle, Action& action) {
  CLI::App* sign = bundle.add_subcommand("sign", "Add the signature of a holder to a trust bundle");
  const auto file = std::make_shared<std::string>();
  const auto key = std::make_shared<std::string>();
  sign->add_option("FILE", *file, "bundle that is being signed")->required();
  sign->add_option("--key", *key, "key file of the holder")->required();
  sign->callback([file, key, &action] { action = [file, key] { return SignBundleFile(*file, *key); }; });
}

void AddBundleShow(CLI::App& bundle, const std::string& data, Action& action) {
  CLI::App* show = bundle.add_subcommand("show", "Show a trust bundle, and whether it may be adopted here");
  const auto file = std::make_shared<std::string>();
  show->add_option("FILE", *file, "bundle; that of the folder if left out");
  show->callback([file, &data, &action] {
    action = [file, &data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const std::string text, DescribeBundle(data, *file, SystemClock()));
      std::printf("%s", text.c_str());
      return absl::OkStatus();
    };
  });
}

void AddAdoptBundle(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* adopt = app.add_subcommand("adopt-bundle", "Take up the trust bundle that follows the present one");
  const auto files = std::make_shared<std::vector<std::string>>();
  adopt->add_option("FILE", *files, "the next bundle; several, in order, if versions were missed")->required();
  adopt->callback([files, &data, &action] {
    action = [files, &data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const uint64_t version, AdoptBundles(data, *files, SystemClock()));
      std::printf(
          "Version %llu of the trust bundle is in force here. Start the node anew, so that it is used.\n"
          "Clients elsewhere: meguri init FOLDER --trust-bundle FILE\n",
          static_cast<unsigned long long>(version));
      return absl::OkStatus();
    };
  });
}

void AddWitnessKey(CLI::App& app, const std::string& data, Action& action) {
  CLI::App* command = app.add_subcommand("witness-key", "Show the key with which this member is a witness; makes it");
  command->callback([&data, &action] {
    action = [&data]() -> absl::Status {
      MEGURI_ASSIGN_OR_RETURN(const std::string witness, MakeWitnessKey(data));
      std::printf("%s\n", witness.c_str());
      std::fprintf(stderr,
                   "Next: send this line to the operator, who runs: meguri-node bundle next --add-witness LINE\n"
                   "      then meguri-node adopt-bundle FILE --data %s, and meguri-node witness --data %s\n",
                   data.c_str(), data.c_str());
      return absl::OkStatus();
    };
  });
}

}  // namespace

void AddEntryFlags(CLI::App& command, certs::EntryText& text) {
  const auto add_text = [&](const char* name, absl::optional<std::string>& value, const char* about) {
    return command.add_option_function<std::string>(name, [&value](const std::string& given) { value = given; }, about);
  };
  add_text("--name-ja", text.name_ja, "name in Japanese");
  add_text("--name-en", text.name_en, "name in English");
  add_text("--name-kana", text.name_kana, "name in kana");
  add_text("--kind", text.kind,
           "company-large, company-sme, company-micro, industry-association, municipality, university or related-body");
  command.add_option("--role", text.roles, "kind[:scope,…], for example recycler:battery; may be repeated");
  add_text("--permit", text.permit, "of the recycler role: type|number|issuer");
  command.add_option("--address", text.addresses, "host:port under which others reach this node; may be repeated");
  command.add_option("--gs1-prefix", text.prefixes, "GS1 company prefix; may be repeated");
  command.add_option("--link-domain", text.domains, "host name of Digital Links that this member issues");
  command.add_option("--name-space", text.name_spaces, "URI prefix of identifiers that this member issues");
}

void AddFolderCommands(CLI::App& app, const std::string& data, std::function<absl::Status()>& action) {
  AddInit(app, data, action);
  AddJoin(app, data, action);
  AddRequestChange(app, data, action);
  AddRequestCertificate(app, data, action);
  CLI::App* client = app.add_subcommand("client", "Clients of this node");
  client->require_subcommand(1);
  AddClientAdd(*client, data, action);
  AddClientList(*client, data, action);
  AddClientRevoke(*client, data, action);
  AddRotateKey(app, data, action);
  CLI::App* bundle = app.add_subcommand("bundle", "The trust bundle and the versions after it");
  bundle->require_subcommand(1);
  AddBundleNext(*bundle, data, action);
  AddBundleSign(*bundle, action);
  AddBundleShow(*bundle, data, action);
  AddAdoptBundle(app, data, action);
  AddHostCommands(app, data, action);
  AddWitnessKey(app, data, action);
  AddGiveBack(app, data, action);
}

}  // namespace meguri::node
