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

  absl::StatusOr<BenchAnswer> Make(const passport::ListedProduct& product,
                                   const record::v1::IdentifierAnswer& answer) const {
    BenchAnswer made;
    for (const uint32_t position : answer.records()) {
      if (position >= headers_.size()) {
        return BadAnswer();
      }
      DismantlingCard card{product, {}, {}, {}, {}, answer.missing_serial(), answer.missing_lot()};
      if (answer.reason().empty()) {
        Fill(position, card);
        made.cards.push_back(std::move(card));
      } else {
        Introduce(position, card);
        made.candidates.push_back(std::move(card));
      }
    }
    return made;
  }

 private:
  // Says who it is, and no more.
  void Introduce(size_t position, DismantlingCard& card) const {
    const RecordView& view = response_.records(static_cast<int>(position));
    card.sources.push_back(SourceOf(headers_[position], view));
    card.identity =
        SectionOf<passport::v1::Identity>(view, record::v1::SECTION_TYPE_IDENTITY).value_or(passport::v1::Identity());
  }

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

absl::StatusOr<std::vector<BenchAnswer>> BenchAnswersTo(absl::Span<const passport::ListedProduct> products,
                                                        const record::v1::BatchResolveResponse& response) {
  const auto answered = static_cast<size_t>(response.answers_size());
  if (answered == 0 || answered > products.size()) {
    return BadAnswer();
  }
  CardMaker maker(response);
  MEGURI_RETURN_IF_ERROR(maker.Read());
  std::vector<BenchAnswer> answers(answered);
  for (size_t i = 0; i < answered; ++i) {
    MEGURI_ASSIGN_OR_RETURN(answers[i], maker.Make(products[i], response.answers(static_cast<int>(i))));
  }
  return answers;
}

}  // namespace meguri::client
