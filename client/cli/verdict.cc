// SPDX-License-Identifier: Apache-2.0
#include "client/cli/verdict.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "client/cli/words.h"

namespace meguri::client {
namespace {

std::string TextOf(absl::Time time) { return TimeOf(static_cast<uint64_t>(absl::ToUnixMillis(time))); }

std::string NamesOf(const std::vector<record::ParticipantId>& members) {
  return absl::StrJoin(members, ", ", [](std::string* out, const record::ParticipantId& member) {
    absl::StrAppend(out, member.text());
  });
}

std::string Sentence(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

}  // namespace

std::string VerdictText(const Session& session, const certs::Judgement& judgement, Message good) {
  switch (judgement.verdict) {
    case certs::Verdict::kValid:
      return session.Say(good);
    case certs::Verdict::kValidAt:
      if (judgement.source == certs::TimeSource::kReceipts) {
        return session.Say(Message::kVerdictValidAtSaid,
                           {TextOf(judgement.at), judgement.why.message(), NamesOf(judgement.by)});
      }
      return session.Say(Message::kVerdictValidAt, {TextOf(judgement.at), judgement.why.message()});
    default:
      return session.Say(Message::kVerdictIndeterminate);
  }
}

nlohmann::ordered_json ToJson(const certs::Judgement& judgement, const char* good) {
  nlohmann::ordered_json json;
  switch (judgement.verdict) {
    case certs::Verdict::kValid:
      json["verdict"] = good;
      break;
    case certs::Verdict::kValidAt:
      json["verdict"] = "VALID_AT";
      json["valid_at"] = TextOf(judgement.at);
      json["valid_source"] = certs::NameOf(judgement.source);
      for (const record::ParticipantId& member : judgement.by) {
        json["valid_by"].push_back(member.text());
      }
      break;
    default:
      json["verdict"] = "INDETERMINATE";
  }
  json["doubt"] = Sentence(judgement.why);
  json["reason"] = judgement.why.ok() ? "" : ReasonOf(judgement.why);
  return json;
}

absl::Status ToStatus(const Session& session, const certs::Judgement& judgement) {
  if (judgement.verdict <= certs::Verdict::kValidAt) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, "INDETERMINATE",
               session.Say(Message::kIndeterminateDoubt, {judgement.why.message()}));
}

}  // namespace meguri::client
