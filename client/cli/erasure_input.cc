// SPDX-License-Identifier: Apache-2.0
#include "client/cli/erasure_input.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/erasure.h"
#include "client/cli/access_input.h"
#include "client/cli/words.h"
#include "record/erasure.h"

namespace meguri::client {
namespace {

struct BasisWord {
  erasure::v1::ErasureBasis basis;
  const char* flag;
  Message word;
};
constexpr BasisWord kBases[] = {
    {erasure::v1::ERASURE_BASIS_OWNER_DECISION, "owner-decision", Message::kBasisOwnerDecision},
    {erasure::v1::ERASURE_BASIS_CONSENT_WITHDRAWN, "consent-withdrawn", Message::kBasisConsentWithdrawn},
    {erasure::v1::ERASURE_BASIS_CONTRACT_ENDED, "contract-ended", Message::kBasisContractEnded},
    {erasure::v1::ERASURE_BASIS_RETENTION_ENDED, "retention-ended", Message::kBasisRetentionEnded},
    {erasure::v1::ERASURE_BASIS_LEGAL_ORDER, "legal-order", Message::kBasisLegalOrder},
    {erasure::v1::ERASURE_BASIS_PUBLISHED_IN_ERROR, "published-in-error", Message::kBasisPublishedInError},
    {erasure::v1::ERASURE_BASIS_PERSONAL_DATA, "personal-data", Message::kBasisPersonalData},
    {erasure::v1::ERASURE_BASIS_TRADE_SECRET, "trade-secret", Message::kBasisTradeSecret},
};

}  // namespace

void AddErasureFlags(Command command, Session& session, ErasureFlags& flags) {
  std::map<std::string, erasure::v1::ErasureBasis> words;
  for (const BasisWord& word : kBases) {
    words.emplace(word.flag, word.basis);
  }
  command.Option("--basis", flags.basis, session.Say(Message::kAboutBasis)).TypeName("BASIS").OneOf(words, session);
  command.Option("--deadline", flags.deadline, session.Say(Message::kAboutDeadline)).TypeName("TIME").ShowDefault();
}

absl::StatusOr<uint64_t> DeadlineMs(const Session& session, const ErasureFlags& flags) {
  MEGURI_ASSIGN_OR_RETURN(const std::string text, TimeArgument(session, flags.deadline));
  absl::Time time;
  std::string ignored;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &ignored) || time <= session.clock().Now()) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE", session.Say(Message::kDeadlineOver, {flags.deadline}));
  }
  return static_cast<uint64_t>(absl::ToUnixMillis(time));
}

absl::Status AskHolders(Session& session, const record::Header& tombstone, const ErasureFlags& flags,
                        uint64_t deadline_ms) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(const RecordKey* key, session.record_key());
  MEGURI_ASSIGN_OR_RETURN(const NodeClient* node, session.node());
  erasure::v1::ErasureRequest request;
  request.set_format_version(record::kErasureFormatVersion);
  request.set_federation(bundle->federation());
  request.set_publisher(context->settings.member.text());
  request.set_record_id(tombstone.record_id().ToString());
  request.set_tombstone_hash(tombstone.hash().ToString());
  request.set_basis(flags.basis);
  request.set_time_ms(static_cast<uint64_t>(absl::ToUnixMillis(session.clock().Now())));
  request.set_deadline_ms(deadline_ms);
  erasure::v1::RequestErasureRequest call;
  MEGURI_ASSIGN_OR_RETURN(*call.mutable_request(), certs::SignErasureRequest(request, *key->signer));
  absl::Status asked = node->RequestErasure(call).status();
  const std::string id = tombstone.record_id().ToHex();
  if (!asked.ok()) {
    session.Note(session.Say(Message::kHoldersNotAsked, {id}));
    return asked;
  }
  session.Note(session.Say(Message::kHoldersAsked, {TimeOf(deadline_ms), id}));
  return absl::OkStatus();
}

std::string BasisText(const Session& session, erasure::v1::ErasureBasis basis) {
  for (const BasisWord& word : kBases) {
    if (word.basis == basis) {
      return session.Say(word.word);
    }
  }
  return absl::StrCat(static_cast<int>(basis));
}

std::string StateText(const Session& session, erasure::v1::HolderState state) {
  switch (state) {
    case erasure::v1::HOLDER_STATE_DONE:
      return session.Say(Message::kHoldersDone);
    case erasure::v1::HOLDER_STATE_PENDING:
      return session.Say(Message::kHoldersPending);
    case erasure::v1::HOLDER_STATE_OVERDUE:
      return session.Say(Message::kHoldersOverdue);
    case erasure::v1::HOLDER_STATE_GONE:
      return session.Say(Message::kHoldersGone);
    default:
      return absl::StrCat(static_cast<int>(state));
  }
}

}  // namespace meguri::client
