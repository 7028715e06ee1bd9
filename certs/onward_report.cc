// SPDX-License-Identifier: Apache-2.0
#include "certs/onward_report.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/statement.h"
#include "record/onward_report.h"

namespace meguri::certs {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

}  // namespace

absl::StatusOr<record::v1::SignedBody> SignOnwardReport(const audit::v1::OnwardReport& report,
                                                        const record::Signer& feed_signer) {
  MEGURI_ASSIGN_OR_RETURN(std::string body, record::EncodeOnwardReport(report));
  return SignStatement(record::kOnwardReportPayloadType, std::move(body), report.federation(), report.holder(),
                       feed_signer);
}

absl::StatusOr<audit::v1::OnwardReport> OpenOnwardReport(const record::v1::SignedBody& report,
                                                         const record::ParticipantId& holder,
                                                         const record::ParticipantId& owner, const Registry& registry,
                                                         absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(audit::v1::OnwardReport message, record::ParseOnwardReport(report.body()));
  if (message.federation() != registry.federation()) {
    return Refuse("ONWARD_FEDERATION", absl::StrCat("it is of the federation ", Quoted(message.federation()),
                                                    ", expected ", registry.federation()));
  }
  if (message.holder() != holder.text() || message.owner() != owner.text()) {
    return Refuse("ONWARD_OTHER",
                  absl::StrCat("it is not a report by ", holder.text(), " to ", owner.text(), " of its offers"));
  }
  MEGURI_RETURN_IF_ERROR(CheckStatement(report,
                                        {record::kOnwardReportPayloadType, message.holder(),
                                         registry::v1::KEY_PURPOSE_FEED, message.time_ms(), "ONWARD_TIME"},
                                        registry, now));
  return message;
}

}  // namespace meguri::certs
