// SPDX-License-Identifier: Apache-2.0
#include "node/app/erasure_asking.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace meguri::node {
namespace {

void Write(Log& log, const ErasureReport& report) {
  const std::string record = report.name.record_id.ToHex();
  switch (report.kind) {
    case ErasureReport::Kind::kDone:
      log.Info("erasure-acknowledged", {{"record", record}});
      break;
    case ErasureReport::Kind::kOverdue:
      log.Warning("erasure-overdue",
                  {{"record", record},
                   {"holders", absl::StrCat(report.open)},
                   {"cure", "meguri erasure show names those who have not answered; they are asked on"}});
      break;
    case ErasureReport::Kind::kRefused:
      log.Warning("erasure-answer-refused", {{"record", record},
                                             {"holder", report.holder.has_value() ? report.holder->text() : ""},
                                             {"reason", ReasonOf(report.status)},
                                             {"error", std::string(report.status.message())}});
      break;
  }
}

}  // namespace

ErasureAsking::ErasureAsking(const ErasureSurroundings& around, IncomingErasures::SignerOf signer_of)
    : outgoing_(around.member, around.registry, around.peers, around.committer.durable(), around.committer,
                around.executor, around.clock,
                [&log = around.log](const ErasureReport& report) { Write(log, report); }),
      incoming_(around.registry, std::move(signer_of), around.committer.durable(), around.committer, around.clock) {}

}  // namespace meguri::node
