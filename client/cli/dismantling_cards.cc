// SPDX-License-Identifier: Apache-2.0
#include "client/cli/dismantling_cards.h"

#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/cli/passport_view.h"
#include "client/cli/words.h"
#include "passport/inheritance.h"
#include "passport/section_table.h"
#include "record/header.h"
#include "record/record_id.h"

namespace meguri::client {
namespace {

using passport::DismantlingCard;
using record::v1::RecordView;

absl::Status BadAnswer() {
  return Error(absl::StatusCode::kInternal, "NODE_ANSWER",
               "The node's answer does not fit the question: update the node or this program.");
}

passport::CardSource SourceOf(const record::Header& header, const RecordView& view) {
  return {header.record_id().ToHex(),
          header.version(),
          header.publisher().text(),
          TimeOf(header.message().issue_time_ms()),
          header.hash().ToHex(),
          view.source(),
          view.frozen()};
}

// Makes cards from one answer of the own node.
class CardMaker {
 public:
  explicit CardMaker(const record::v1::BatchResolveResponse& response) : response_(response) {}

  // Knows every record of the answer by its publisher and its ID. Call it first.
  absl::Status Read() {
    for (const RecordView& view : response_.records()) {
      MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(view.envelope().header()));
      positions_.emplace(std::pair(header.publisher().text(), header.record_id()), headers_.size());
      headers_.push_back(std::move(header));
    }
    return absl::OkStatus();
  }

  // The cards of the records that `answer` names.
  absl::StatusOr<std::vector<DismantlingCard>> Make(const std::string& identifier,
                                                    const record::v1::IdentifierAnswer& answer) const {
    std::vector<DismantlingCard> cards;
    for (const uint32_t position : answer.records()) {
      if (position >= headers_.size()) {
        return BadAnswer();
      }
      cards.push_back({identifier, {}, {}, absl::nullopt, absl::nullopt});
      Fill(position, cards.back());
    }
    return cards;
  }

 private:
  // Takes from the record what it says, and from its batch and model what it leaves to them.
  void Fill(size_t position, DismantlingCard& card) const {
    std::set<std::string> left_out;  // sections that a record says it does not take over
    for (size_t level = 0; level <= passport::kParentsMax; ++level) {
      const RecordView& view = response_.records(static_cast<int>(position));
      const auto identity = SectionOf<passport::v1::Identity>(view, record::v1::SECTION_TYPE_IDENTITY);
      card.sources.push_back(SourceOf(headers_[position], view));
      if (level == 0) {
        card.identity = identity.value_or(passport::v1::Identity());
      }
      Take(view, record::v1::SECTION_TYPE_DISMANTLING, left_out, card.dismantling);
      Take(view, record::v1::SECTION_TYPE_HAZARD_SUMMARY, left_out, card.hazards);
      const bool is_complete = card.dismantling.has_value() && card.hazards.has_value();
      if (is_complete || !identity.has_value()) {
        return;
      }
      left_out.insert(identity->not_inherited_sections().begin(), identity->not_inherited_sections().end());
      const absl::StatusOr<record::RecordId> parent_id = record::RecordId::ParseHex(identity->parent_record_id());
      if (!parent_id.ok()) {
        return;
      }
      const auto parent = positions_.find({headers_[position].publisher().text(), *parent_id});
      if (parent == positions_.end()) {
        return;  // it is not here, or not for us
      }
      position = parent->second;
    }
  }

  template <typename Payload>
  static void Take(const RecordView& view, uint32_t type, const std::set<std::string>& left_out,
                   absl::optional<Payload>& section) {
    const passport::SectionKind* kind = passport::FindSectionKind(type);
    if (!section.has_value() && left_out.count(std::string(kind->name)) == 0) {
      section = SectionOf<Payload>(view, type);
    }
  }

  const record::v1::BatchResolveResponse& response_;
  std::vector<record::Header> headers_;  // of response_.records()
  std::map<std::pair<std::string, record::RecordId>, size_t> positions_;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<DismantlingCard>>> CardsOf(absl::Span<const std::string> identifiers,
                                                                  const record::v1::BatchResolveResponse& response) {
  const auto answered = static_cast<size_t>(response.answers_size());
  if (answered == 0 || answered > identifiers.size()) {
    return BadAnswer();
  }
  CardMaker maker(response);
  MEGURI_RETURN_IF_ERROR(maker.Read());
  std::vector<std::vector<DismantlingCard>> cards(answered);
  for (size_t i = 0; i < answered; ++i) {
    MEGURI_ASSIGN_OR_RETURN(cards[i], maker.Make(identifiers[i], response.answers(static_cast<int>(i))));
  }
  return cards;
}

}  // namespace meguri::client
