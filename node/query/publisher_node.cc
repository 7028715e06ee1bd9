// SPDX-License-Identifier: Apache-2.0
#include "node/query/publisher_node.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/query/carried_envelope.h"
#include "passport/index_terms.h"
#include "record/batch.h"
#include "record/header.h"
#include "record/section.h"

namespace meguri::node {
namespace {

absl::Status Refused(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status CheckSignature(const record::Header& header, const record::v1::BatchSignature& signature,
                            const certs::Registry& registry, absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const record::Hash key_id, record::Hash::Parse(signature.key_id()));
  const certs::RegisteredKey* key = registry.FindKey(key_id);
  if (key == nullptr || key->owner != header.publisher() || key->purpose != registry::v1::KEY_PURPOSE_RECORD) {
    return Refused(
        key == nullptr ? registry.WhyUnknown(key_id) : "UNKNOWN_KEY",
        absl::StrCat("The record is not signed by a registered record key of ", header.publisher().text(), "."));
  }
  MEGURI_RETURN_IF_ERROR(key->CheckUsable(now));
  return record::VerifyBatchSignature(header.hash(), signature, key->key, nullptr);
}

absl::StatusOr<RecordView> VerifyRecord(const PublisherQuestion& question, const Identifier& identifier,
                                        record::v1::Envelope envelope, const certs::Registry& registry,
                                        absl::Time now) {
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(envelope.header()));
  if (header.publisher() != question.publisher) {
    return Refused("PUBLISHER_MISMATCH", absl::StrCat("The node of ", question.publisher.text(),
                                                      " answered with a record of ", header.publisher().text(), "."));
  }
  MEGURI_RETURN_IF_ERROR(CheckSignature(header, envelope.signature(), registry, now));
  MEGURI_RETURN_IF_ERROR(record::VerifySections(header, envelope.sections()));
  if (!IsNamedBy(header, envelope, identifier)) {
    return Refused("IDENTIFIER_MISMATCH", "The record that came does not bear the identifier that was asked for.");
  }
  RecordView view;
  view.header_hash = header.hash();
  view.latest_version = header.version();
  view.source = RecordSource::kPublisher;
  view.key_id = envelope.signature().key_id();
  const Disclosure of{header.publisher(), header.record_id(), header.version(), 0, {}, 0, "", "", "", 0};
  for (const record::v1::Section& section : envelope.sections()) {
    const SectionTraits traits{section.slot(), section.type(), section.audiences()};
    if (!traits.is_public()) {
      AddDisclosed(of, traits, kRuleOfPublisher, section.ByteSizeLong(), view.disclosed);
    }
  }
  view.envelope = ToCarried(std::move(envelope));
  return view;
}

}  // namespace

bool IsNamedBy(const record::Header& header, const record::v1::Envelope& envelope, const Identifier& identifier) {
  if (identifier.record_id.has_value()) {
    return header.record_id() == *identifier.record_id;
  }
  std::vector<record::IndexTerm> terms;
  for (const record::v1::Section& section : envelope.sections()) {
    const std::vector<record::IndexTerm> found = passport::TermsOf(section.type(), section.payload());
    terms.insert(terms.end(), found.begin(), found.end());
  }
  const auto has = [&](absl::string_view field, const std::string& value) {
    return !value.empty() && absl::c_linear_search(terms, passport::NormalisedTerm(field, value));
  };
  const bool is_item = has("serial", identifier.serial);
  const bool is_batch = has("granularity", "batch") && has("lot", identifier.lot);
  return has("gtin", identifier.gtin) && (is_item || is_batch || has("granularity", "model"));
}

const registry::v1::MemberEntry* FindIssuer(const certs::Registry& registry, const Identifier& identifier) {
  const registry::v1::MemberEntry* entry = nullptr;
  if (!identifier.gtin.empty()) {
    entry = registry.FindByGtin(identifier.gtin);
  }
  if (entry == nullptr && !identifier.host.empty()) {
    entry = registry.FindByLinkDomain(identifier.host);
  }
  if (entry == nullptr && !identifier.uri.empty()) {
    entry = registry.FindByUri(identifier.uri);
  }
  return entry;
}

absl::StatusOr<std::vector<RecordView>> VerifyAnswer(const PublisherQuestion& question, const Identifier& identifier,
                                                     PublisherNode::Answer answer, const certs::Registry& registry,
                                                     absl::Time now) {
  if (answer.size() > kAskRecordsMax) {
    return Refused("ANSWER_SIZE",
                   absl::StrCat(answer.size(), " records came; at most ", kAskRecordsMax, " are right."));
  }
  std::vector<RecordView> views;
  absl::flat_hash_set<std::string> seen;
  for (record::v1::Envelope& envelope : answer) {
    MEGURI_ASSIGN_OR_RETURN(RecordView view, VerifyRecord(question, identifier, std::move(envelope), registry, now));
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(view.envelope.header()));
    if (!seen.insert(header.record_id().ToString()).second) {
      return Refused("RECORD_TWICE", "The same record came twice.");
    }
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace meguri::node
