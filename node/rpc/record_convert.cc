// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/record_convert.h"

#include <utility>

#include "base/status_macros.h"
#include "node/query/carried_envelope.h"

namespace meguri::node {
namespace {

const char* NameOf(RecordSource source) {
  switch (source) {
    case RecordSource::kOwn:
      return "own";
    case RecordSource::kReplica:
      return "replica";
    case RecordSource::kPublisher:
      return "publisher";
    case RecordSource::kCopy:
      return "copy";
  }
  return "";
}

// Both messages have the same fields.
template <typename Message>
void SetFacts(const RecordView& view, KeyStanding standing, Message& out) {
  out.set_header_hash(view.header_hash.ToString());
  out.set_latest_version(view.latest_version);
  out.set_source(NameOf(view.source));
  out.set_frozen(view.is_frozen);
  out.set_doubt(std::move(standing.doubt));
  out.set_key_recovered_ms(standing.recovered_ms);
  out.set_valid_at_ms(standing.valid_at_ms);
  out.set_valid_source(std::move(standing.valid_source));
  out.mutable_valid_by()->Assign(standing.valid_by.begin(), standing.valid_by.end());
}

}  // namespace

KeyStanding StandingOf(const RecordView& view, const Caller& caller, const Authenticator& authenticator,
                       const Prover& prover) {
  return authenticator.StandingOf(
      view.key_id, [&] { return prover.SeenAt(authenticator.QueryReaderFor(caller), view.header_hash); });
}

absl::Status ToProto(const RecordView& view, KeyStanding standing, record::v1::RecordView& out) {
  MEGURI_ASSIGN_OR_RETURN(*out.mutable_envelope(), ToEnvelope(view.envelope));
  SetFacts(view, std::move(standing), out);
  return absl::OkStatus();
}

void ToCarried(RecordView view, KeyStanding standing, record::v1::CarriedRecordView& out) {
  SetFacts(view, std::move(standing), out);
  *out.mutable_envelope() = std::move(view.envelope);
}

}  // namespace meguri::node
