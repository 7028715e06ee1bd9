// SPDX-License-Identifier: Apache-2.0
#include "bench/load/surroundings.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/files.h"
#include "record/limits.h"

namespace meguri::bench {

absl::StatusOr<std::unique_ptr<Caller>> Caller::Make(const std::string& home, const std::string& address) {
  MEGURI_ASSIGN_OR_RETURN(client::Context context, client::Context::Load(home));
  if (!address.empty()) {
    context.settings.address = address;
  }
  return absl::WrapUnique(new Caller(std::move(context)));
}

std::shared_ptr<grpc::Channel> Caller::Open() const {
  const client::ContextSettings& settings = context_.settings;
  return client::OpenChannel(settings.address, client::MakeChannelCredentials(context_.tls, settings.node_identity));
}

std::unique_ptr<client::NodeClient> Caller::Connect() const {
  return client::NodeClient::Connect(context_, kCallTimeout);
}

absl::StatusOr<std::unique_ptr<RecordSet>> Caller::MakeRecords(size_t payload_bytes) {
  if (context_.record_key_path.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_RECORD_KEY",
                 absl::StrCat(context_.folder, " has no record key: use a client with the role publish."));
  }
  MEGURI_ASSIGN_OR_RETURN(key_, certs::SigningKey::Load(context_.record_key_path));
  const record::ParticipantId& member = context_.settings.member;
  const record::Hash key_id = record::KeyId(context_.settings.federation, member, key_->public_key().spki());
  return std::make_unique<RecordSet>(RecordSet::Publisher{member, *key_, key_id}, payload_bytes, clock_, random_);
}

absl::StatusOr<std::vector<std::string>> ReadRecordIds(const std::string& path) {
  MEGURI_ASSIGN_OR_RETURN(const std::string bytes, certs::ReadFile(path, size_t{1} << 30));
  std::vector<std::string> ids;
  for (size_t at = 0; at + record::kRecordIdSize <= bytes.size(); at += record::kRecordIdSize) {
    ids.push_back(bytes.substr(at, record::kRecordIdSize));
  }
  if (ids.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "RECORD_IDS", absl::StrCat(path, " holds no record ID."));
  }
  return ids;
}

}  // namespace meguri::bench
