// SPDX-License-Identifier: Apache-2.0
#include "client/cli/publishing.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/json.h"
#include "client/cli/node_warnings.h"
#include "client/cli/table.h"
#include "client/sign.h"
#include "nlohmann/json.hpp"

namespace meguri::client {
namespace {

using record::v1::PublishedRecord;
using record::v1::PublishRequest;
using record::v1::PublishResponse;

constexpr size_t kRequestsInFlightMax = 2;  // the node works on one while the next travels
constexpr int kAttempts = 2;
constexpr size_t kWarningsShownMax = 200;

bool MayTryAgain(const absl::Status& status) { return status.code() == absl::StatusCode::kUnavailable; }

// publications[3].sections.identity → battery-3.json: sections.identity. `first` is the number of the request's first
// record among all.
void Rename(std::vector<Violation>& violations, size_t first, const std::vector<NamedPublication>& publications) {
  for (Violation& violation : violations) {
    const absl::optional<PublicationField> field = ParsePublicationField(violation.field);
    if (field.has_value() && first + field->index < publications.size()) {
      violation.field =
          absl::StrCat(publications[first + field->index].name, field->rest.empty() ? "" : ": ", field->rest);
    }
  }
}

absl::Status NamedAsThePersonDoes(const absl::Status& status, size_t first,
                                  const std::vector<NamedPublication>& publications) {
  std::vector<Violation> violations = ViolationsOf(status);
  if (violations.empty()) {
    return status;
  }
  Rename(violations, first, publications);
  return InvalidInput(violations);
}

// The records of the answer are those from `outcome.records.size()` on among `publications`.
void Append(const PublishResponse& answer, const PublishRequest& request,
            const std::vector<NamedPublication>& publications, PublishOutcome& outcome) {
  std::vector<Violation> warnings = WarningsOfTheNode(answer, request);
  Rename(warnings, outcome.records.size(), publications);
  warnings.resize(std::min(warnings.size(), kWarningsShownMax - outcome.warnings.size()));
  std::move(warnings.begin(), warnings.end(), std::back_inserter(outcome.warnings));
  outcome.records.insert(outcome.records.end(), answer.records().begin(), answer.records().end());
}

// Requests that travel on one stream, and how far they got.
struct Journey {
  absl::Span<const PublishRequest> requests;
  size_t answered = 0;
  Amount done;
  PublishOutcome outcome;
};

// Sends what is not answered yet, until all is or an error comes. Every answer counts, also those before the error.
absl::Status StreamRest(const NodeClient& node, const std::vector<NamedPublication>& publications, Journey& journey,
                        Progress& progress) {
  const std::unique_ptr<PublishSession> stream = node.PublishStream();
  size_t sent = journey.answered;
  bool is_open = true;
  while (journey.answered < journey.requests.size()) {
    if (is_open && sent < journey.requests.size() && sent - journey.answered < kRequestsInFlightMax) {
      is_open = stream->Send(journey.requests[sent]).ok();
      ++sent;
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const PublishResponse answer, stream->Receive());
    Append(answer, journey.requests[journey.answered], publications, journey.outcome);
    journey.done.items += static_cast<uint64_t>(journey.requests[journey.answered].publications_size());
    journey.done.bytes += journey.requests[journey.answered].ByteSizeLong();
    ++journey.answered;
    progress.Update(journey.done);
  }
  // Every batch is durable by now: how the stream ends changes nothing.
  (void)stream->Finish();
  return absl::OkStatus();
}

Amount TotalOf(absl::Span<const PublishRequest> requests) {
  Amount total;
  for (const PublishRequest& request : requests) {
    total.items += static_cast<uint64_t>(request.publications_size());
    total.bytes += request.ByteSizeLong();
  }
  return total;
}

PublishOutcome Stream(Session& session, const NodeClient& node, absl::Span<const PublishRequest> requests,
                      const std::vector<NamedPublication>& publications, Message label) {
  const std::unique_ptr<Progress> progress = session.MakeProgress(label, TotalOf(requests));
  Journey journey{requests, 0, {}, {}};
  absl::Status status;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    status = StreamRest(node, publications, journey, *progress);
    if (!MayTryAgain(status)) {
      break;
    }
  }
  progress->Finish();
  journey.outcome.status = NamedAsThePersonDoes(status, journey.done.items, publications);
  return std::move(journey.outcome);
}

absl::Status SignAll(const RecordKey& key, std::vector<NamedPublication>& publications, Random& random) {
  std::vector<record::v1::Publication*> pointers;
  pointers.reserve(publications.size());
  for (NamedPublication& named : publications) {
    pointers.push_back(&named.publication);
  }
  return Sign(pointers, key.id, *key.signer, random);
}

}  // namespace

std::string MakeRequestId(Random& random) {
  std::array<uint8_t, 16> bytes = random.Bytes<16>();
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3FU) | 0x80U);
  const std::string hex = ToHex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

std::vector<PublishRequest> MakeRequests(const std::vector<NamedPublication>& publications, bool validate_only,
                                         Random& random) {
  std::vector<PublishRequest> requests;
  size_t bytes = 0;
  for (const NamedPublication& named : publications) {
    const size_t size = named.publication.ByteSizeLong();
    if (requests.empty() || requests.back().publications_size() == kPublicationsPerRequestMax ||
        bytes + size > kRequestBytesMax) {
      requests.emplace_back().set_request_id(MakeRequestId(random));
      requests.back().set_validate_only(validate_only);
      bytes = 0;
    }
    *requests.back().add_publications() = named.publication;
    bytes += size;
  }
  return requests;
}

PublishOutcome PublishOnce(const NodeClient& node, const PublishRequest& request,
                           const std::vector<NamedPublication>& publications) {
  absl::StatusOr<PublishResponse> answer = node.Publish(request);
  for (int attempt = 1; attempt < kAttempts && MayTryAgain(answer.status()); ++attempt) {
    answer = node.Publish(request);
  }
  PublishOutcome outcome;
  outcome.status = NamedAsThePersonDoes(answer.status(), 0, publications);
  if (answer.ok()) {
    Append(*answer, request, publications, outcome);
  }
  return outcome;
}

PublishOutcome SignAndPublish(Session& session, std::vector<NamedPublication> publications, bool validate_only) {
  const absl::StatusOr<const RecordKey*> key = session.record_key();
  const absl::StatusOr<const NodeClient*> node = session.node();
  if (!key.ok() || !node.ok()) {
    return {{}, key.ok() ? node.status() : key.status()};
  }
  const absl::Status signed_status = SignAll(**key, publications, session.random());
  if (!signed_status.ok()) {
    return {{}, signed_status};
  }
  const std::vector<PublishRequest> requests = MakeRequests(publications, validate_only, session.random());
  if (requests.size() == 1) {
    return PublishOnce(**node, requests[0], publications);
  }
  if (!validate_only) {
    // A request is all or nothing, but not all requests together: so nothing is published before all was judged.
    const std::vector<PublishRequest> rehearsal = MakeRequests(publications, true, session.random());
    PublishOutcome judged = Stream(session, **node, rehearsal, publications, Message::kChecking);
    if (!judged.status.ok()) {
      return {{}, std::move(judged.status)};
    }
  }
  return Stream(session, **node, requests, publications, validate_only ? Message::kChecking : Message::kPublishing);
}

absl::Status AnswerPublished(const Session& session, const std::vector<std::string>& names,
                             const PublishOutcome& outcome, bool validate_only) {
  if (outcome.records.empty() && !outcome.status.ok()) {
    return outcome.status;
  }
  session.Warn(outcome.warnings);
  Table table({{session.Say(Message::kFile)},
               {session.Say(Message::kRecord)},
               {session.Say(Message::kVersion), true},
               {session.Say(Message::kResult)}});
  nlohmann::ordered_json json = {{"records", nlohmann::ordered_json::array()}};
  for (size_t i = 0; i < outcome.records.size(); ++i) {
    const PublishedRecord& record = outcome.records[i];
    const std::string name = i < names.size() ? names[i] : "";
    const Message result = validate_only            ? Message::kWouldPublish
                           : record.already_there() ? Message::kAlreadyThere
                                                    : Message::kPublished;
    table.Add({name, ToHex(record.record_id()), absl::StrCat(record.version()), session.Say(result)});
    nlohmann::ordered_json item = {{"name", name}};
    item.update(ToJson(record));
    json["records"].push_back(std::move(item));
  }
  MEGURI_RETURN_IF_ERROR(session.Answer(table.Layout(), json, "records"));
  if (!ViolationsOf(outcome.status).empty()) {
    session.Note(
        session.Say(Message::kPublishedInPart, {absl::StrCat(outcome.records.size()), absl::StrCat(names.size())}));
  }
  return outcome.status;
}

}  // namespace meguri::client
