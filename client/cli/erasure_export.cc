// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/erasure.h"
#include "certs/erasure_file.h"
#include "certs/files.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/record_file.h"
#include "client/cli/record_view.h"
#include "nlohmann/json.hpp"
#include "record/erasure.h"
#include "record/hash.h"

namespace meguri::client {
namespace {

constexpr mode_t kErasureFileMode = 0600;  // it tells who had the record

struct Arguments {
  std::string record_id;
  std::string out;
};

// An erasure as the node knows it, with everybody who is asked.
struct FetchedErasure {
  erasure::v1::Erasure erasure;
  std::vector<erasure::v1::ErasureHolder> holders;
};

absl::StatusOr<FetchedErasure> Fetch(const Session& session, const NodeClient& node,
                                     const record::RecordId& record_id) {
  FetchedErasure fetched;
  erasure::v1::GetErasureRequest request;
  request.set_record_id(record_id.ToString());
  do {
    MEGURI_ASSIGN_OR_RETURN(erasure::v1::GetErasureResponse response, node.GetErasure(request));
    for (erasure::v1::ErasureHolder& holder : *response.mutable_page()->mutable_holders()) {
      fetched.holders.push_back(std::move(holder));
    }
    fetched.erasure = std::move(*response.mutable_page()->mutable_erasure());
    request.set_page_token(response.page().next_page_token());
    if (fetched.holders.size() > record::kErasureAccountHoldersMax) {
      return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                   session.Say(Message::kTooManyHolders, {absl::StrCat(record::kErasureAccountHoldersMax)}));
    }
  } while (!request.page_token().empty());
  return fetched;
}

// Header and signature of the version that erases the record.
absl::StatusOr<record::v1::Envelope> GetTombstone(const NodeClient& node, const record::Header& newest) {
  record::v1::GetRequest request;
  request.set_record_id(newest.record_id().ToString());
  request.set_publisher(newest.publisher().text());
  request.set_version(newest.version());
  request.mutable_read_mask()->add_paths("header");
  request.mutable_read_mask()->add_paths("signature");
  MEGURI_ASSIGN_OR_RETURN(record::v1::GetResponse response, node.Get(request));
  return std::move(*response.mutable_record()->mutable_envelope());
}

// What the publisher says of those who were asked, as the node knows it now.
absl::StatusOr<record::v1::SignedBody> SignAccount(Session& session, const certs::TrustBundle& bundle,
                                                   const record::Header& tombstone, const FetchedErasure& fetched) {
  MEGURI_ASSIGN_OR_RETURN(const RecordKey* key, session.record_key());
  erasure::v1::ErasureAccount account;
  account.set_format_version(record::kErasureFormatVersion);
  account.set_federation(bundle.federation());
  account.set_publisher(tombstone.publisher().text());
  account.set_record_id(tombstone.record_id().ToString());
  account.set_tombstone_hash(tombstone.hash().ToString());
  account.set_request_hash(record::Sha256(fetched.erasure.request().body()).ToString());
  account.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(session.clock().Now())));
  account.set_asks_everyone(fetched.erasure.asks_everyone());
  account.set_looks_for_holders(fetched.erasure.looks_for_holders());
  for (const erasure::v1::ErasureHolder& holder : fetched.holders) {
    erasure::v1::AskedHolder& asked = *account.add_holders();
    asked.set_participant_id(holder.participant_id());
    asked.set_found_ms(holder.found_ms());
    if (holder.has_acknowledgement()) {
      asked.set_acknowledgement_hash(record::Sha256(holder.acknowledgement().body()).ToString());
    } else {
      asked.set_has_left(holder.state() == erasure::v1::HOLDER_STATE_GONE);
    }
  }
  return certs::SignErasureAccount(account, *key->signer);
}

absl::StatusOr<erasure::v1::ErasureFile> Collect(Session& session, const certs::TrustBundle& bundle,
                                                 const record::RecordId& record_id) {
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  MEGURI_ASSIGN_OR_RETURN(const record::Header tombstone, GetNewestOwn(session, record_id));
  MEGURI_ASSIGN_OR_RETURN(FetchedErasure fetched, Fetch(session, *node, record_id));
  erasure::v1::ErasureFile file;
  MEGURI_ASSIGN_OR_RETURN(PublisherEntry publisher, GetPublisherEntry(*node, bundle, tombstone.publisher()));
  *file.mutable_publisher_entry() = std::move(publisher.entry);
  *file.mutable_publisher_entry_proof() = std::move(publisher.proof);
  *file.mutable_erasure()->mutable_request() = fetched.erasure.request();
  MEGURI_ASSIGN_OR_RETURN(*file.mutable_erasure()->mutable_tombstone(), GetTombstone(*node, tombstone));
  erasure::v1::ErasureAnswers& answers = *file.mutable_answers();
  MEGURI_ASSIGN_OR_RETURN(*answers.mutable_account(), SignAccount(session, bundle, tombstone, fetched));
  for (erasure::v1::ErasureHolder& holder : fetched.holders) {
    if (!holder.has_acknowledgement()) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId id, record::ParticipantId::Parse(holder.participant_id()));
    MEGURI_ASSIGN_OR_RETURN(PublisherEntry entry, GetPublisherEntry(*node, bundle, id));
    erasure::v1::ProvenAck& proven = *answers.add_acknowledgements();
    *proven.mutable_acknowledgement() = std::move(*holder.mutable_acknowledgement());
    *proven.mutable_holder_entry() = std::move(entry.entry);
    *proven.mutable_holder_entry_proof() = std::move(entry.proof);
  }
  return file;
}

absl::Status Export(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId record_id, ParseRecordIdArgument(arguments.record_id));
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(erasure::v1::ErasureFile file, Collect(session, *bundle, record_id));
  const std::string bytes = certs::MakeErasureFile(std::move(file), *bundle);
  // A file is only worth keeping if it verifies.
  MEGURI_ASSIGN_OR_RETURN(const certs::ErasureReport report,
                          certs::VerifyErasureFile(bytes, *bundle, session.clock().Now()));
  MEGURI_RETURN_IF_ERROR(certs::WriteNewFile(arguments.out, bytes, kErasureFileMode));
  const std::string asked = absl::StrCat(report.holders.size());
  const std::string acknowledged = absl::StrCat(report.acknowledged());
  const nlohmann::ordered_json json = {{"file", arguments.out},
                                       {"record_id", record_id.ToHex()},
                                       {"asked", report.holders.size()},
                                       {"acknowledged", report.acknowledged()}};
  return session.Answer(absl::StrCat(session.Say(Message::kErasureSaved, {arguments.out, acknowledged, asked}), "\n"),
                        json);
}

}  // namespace

void AddErasureExport(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "export", Message::kAboutErasureExport, session);
  command.Option("ID", arguments->record_id, session.Say(Message::kAboutRecordId)).Required();
  command.Option("--out", arguments->out, session.Say(Message::kAboutErasureFile)).TypeName("FILE").Required();
  OnCall(command, session, arguments, &Export);
}

}  // namespace meguri::client
