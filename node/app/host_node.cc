// SPDX-License-Identifier: Apache-2.0
#include "node/app/host_node.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/limits.h"
#include "node/app/config.h"
#include "node/app/entry_file.h"
#include "node/app/hosting.h"

namespace meguri::node {

absl::StatusOr<HostNode> ReadHostNode(const std::string& data_folder, absl::Time now) {
  const Folder folder(data_folder);
  MEGURI_ASSIGN_OR_RETURN(const Config config, Config::Load(data_folder, {}, [](const std::string&) {
                            return absl::optional<std::string>();
                          }));
  MEGURI_ASSIGN_OR_RETURN(record::ParticipantId member, record::ParticipantId::Parse(config.Get("participant")));
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(folder.trust_bundle(), certs::kTrustBundleBytesMax));
  MEGURI_ASSIGN_OR_RETURN(certs::TrustBundle bundle, certs::TrustBundle::Open(bytes, now));
  std::string identity =
      certs::Identity{bundle.federation(), member, certs::Identity::Class::kNode, config.Get("node_name")}.ToUri();
  return HostNode{folder, std::move(member), std::move(bundle), std::move(identity), config.Get("listen")};
}

absl::Status CheckFree(const HostNode& node, const record::ParticipantId& member) {
  if (member == node.member) {
    return InvalidInput({{"--participant", "FLAG", member.text(), "another member than the node's own",
                          "to move a member to a node of its own, make that node with `meguri-node init --from FILE "
                          "--data FOLDER`, in a new folder; of a member that is to be hosted give the participant ID",
                          "自社のノードへ移すときは、新しいフォルダーで `meguri-node init --from FILE --data FOLDER` "
                          "を実行してください。ホストする場合は、その会員の参加者 ID を指定してください。"}});
  }
  if (member == node.bundle.operator_id()) {
    return InvalidInput({{"--participant", "FLAG", member.text(), "a member that has no node of its own",
                          "give the participant ID of the member that is to be hosted",
                          "ホストする会員の参加者 ID を指定してください。"}});
  }
  std::error_code error;
  if (std::filesystem::exists(node.folder.hosted(member).root(), error)) {
    return Error(absl::StatusCode::kAlreadyExists, "HOSTED_ALREADY",
                 absl::StrCat(member.text(), " is hosted here already, in ", node.folder.hosted(member).root(), "."));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::ParticipantId> present, HostedMembersIn(node.folder));
  if (present.size() + 1 >= kHostedMembersMax) {
    return Error(absl::StatusCode::kResourceExhausted, "HOSTED_MEMBERS",
                 absl::StrCat("A node hosts at most ", kHostedMembersMax, " members, its own included."));
  }
  return absl::OkStatus();
}

void FillHosting(const HostNode& node, registry::v1::Hosting& hosting) {
  hosting.set_node_identity(node.identity);
  if (hosting.addresses_size() > 0) {
    return;
  }
  const absl::StatusOr<certs::CurrentEntry> own = ReadEntryFile(node.folder.registry_entry());
  if (own.ok()) {
    *hosting.mutable_addresses() = own->entry.hosting().addresses();
  } else {
    hosting.add_addresses(node.listen);
  }
}

absl::Status RenameFolder(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  return error ? Error(absl::StatusCode::kUnavailable, "FILE_IO",
                       absl::StrCat("cannot rename ", from, " to ", to, ": ", error.message()))
               : absl::OkStatus();
}

absl::StatusOr<Folder> MakeDraftFolder(const HostNode& node, const record::ParticipantId& member) {
  Folder draft(absl::StrCat(node.folder.hosted(), "/.", Folder::NameOf(member), ".new"));
  std::error_code error;
  std::filesystem::remove_all(draft.root(), error);
  for (const std::string& path : {node.folder.hosted(), draft.root(), draft.keys(), draft.certs()}) {
    MEGURI_RETURN_IF_ERROR(MakeFolder(path));
  }
  return draft;
}

}  // namespace meguri::node
