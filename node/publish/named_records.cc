// SPDX-License-Identifier: Apache-2.0
#include "node/publish/named_records.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "base/status_macros.h"
#include "node/publish/limits.h"
#include "passport/inheritance.h"
#include "passport/validate.h"
#include "record/limits.h"
#include "record/record_id.h"

namespace meguri::node {
namespace {

using passport::LinkKind;
using passport::RecordLink;
using record::v1::Section;

const RecordLink* ParentAmong(const std::vector<RecordLink>& links) {
  const auto parent =
      std::find_if(links.begin(), links.end(), [](const RecordLink& link) { return link.kind == LinkKind::kParent; });
  return parent == links.end() ? nullptr : &*parent;
}

bool HoldsLinks(uint32_t type) {
  return type == record::v1::SECTION_TYPE_IDENTITY || type == record::v1::SECTION_TYPE_COMPOSITION ||
         type == record::v1::SECTION_TYPE_BILL_OF_MATERIALS;
}

uint64_t SlotsOf(const storage::v1::StoredRecord& stored, bool (*is_wanted)(uint32_t)) {
  uint64_t slots = 0;
  for (const storage::v1::StoredSlot& slot : stored.slots()) {
    slots |= is_wanted(slot.type()) ? uint64_t{1} << slot.slot() : 0;
  }
  return slots;
}

size_t BytesOf(const std::vector<Section>& sections) {
  size_t bytes = 0;
  for (const Section& section : sections) {
    bytes += section.payload().size();
  }
  return bytes;
}

}  // namespace

NamedRecords::NamedRecords(const storage::StoreReader& store, const storage::Transaction& transaction,
                           const record::ParticipantId& publisher)
    : records_(store), feeds_(store), index_(store), transaction_(transaction), publisher_(publisher) {}

void NamedRecords::Add(const OfCall& record) {
  const std::string id = record.header.record_id().ToHex();
  const auto known = of_call_.find(id);
  if (known != of_call_.end() && known->second.header.version() > record.header.version()) {
    return;
  }
  of_call_.erase(id);
  of_call_.emplace(id, record);
}

// A record that ends cannot be mended, and who reads it looks for what replaces it.
absl::Status NamedRecords::JudgeSuccessor(const record::Header& header, std::vector<Violation>& found) {
  const absl::StatusOr<record::RecordId> successor =
      record::RecordId::Parse(header.message().tombstone().successor_record_id());
  if (!successor.ok() || of_call_.contains(successor->ToHex())) {
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::Newest newest, records_.FindNewest(transaction_, *successor));
  if (!newest.only.has_value() && !newest.several) {
    found.push_back({.field = "envelope.header.tombstone.successor_record_id",
                     .reason = "SUCCESSOR_UNKNOWN",
                     .found = successor->ToHex(),
                     .expected = "a record that is known at this node",
                     .cure = "see that the ID is right: the end of a record cannot be changed",
                     .message_ja = "後継の記録がこのノードにありません。終了は取り消せないので ID を確かめてください。",
                     .severity = Severity::kWarning});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Violation>> NamedRecords::Judge(const OfCall& record) {
  looked_up_ = 0;
  bytes_read_ = 0;
  std::vector<Violation> found;
  MEGURI_RETURN_IF_ERROR(JudgeSuccessor(record.header, found));
  if (const RecordLink* parent = ParentAmong(record.links)) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<std::vector<Section>> parents, ReadParents(*parent));
    found = passport::ValidateWithParents(record.header, record.sections, parents);
  }
  MEGURI_RETURN_IF_ERROR(JudgeGraph(record, Relation::kMadeOf, found));
  MEGURI_RETURN_IF_ERROR(JudgeGraph(record, Relation::kFollows, found));
  MEGURI_RETURN_IF_ERROR(JudgeParts(record, found));
  return found;
}

// The publisher's own if it has one under this ID, else that of the only member that has.
absl::StatusOr<absl::optional<storage::VersionRef>> NamedRecords::NewestOf(const std::string& record_id) {
  const absl::StatusOr<record::RecordId> id = record::RecordId::ParseHex(record_id);
  if (!id.ok()) {
    return absl::nullopt;  // no rule lets that pass
  }
  MEGURI_ASSIGN_OR_RETURN(storage::Newest newest, records_.FindNewest(transaction_, *id));
  if (newest.several) {
    MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::VersionRef> versions, records_.FindVersions(*id));
    for (const storage::VersionRef& version : versions) {
      if (version.publisher == publisher_) {
        newest.only = version;  // ascending
      }
    }
  }
  return newest.only;
}

absl::StatusOr<const NamedRecords::Known*> NamedRecords::LookUp(const std::string& record_id) {
  const auto [place, is_new] = known_.try_emplace(record_id);
  Known& known = place->second;
  if (!is_new) {
    return &known;
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::VersionRef> newest, NewestOf(record_id));
  if (newest.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records_.Read(transaction_, newest->arrival));
    uint64_t slots = SlotsOf(stored, &HoldsLinks);
    if (!stored.own()) {
      MEGURI_ASSIGN_OR_RETURN(const std::vector<storage::FeedMembership> feeds, records_.FeedsOf(newest->arrival));
      for (const storage::FeedMembership& feed : feeds) {
        slots |= feed.slots;
      }
    }
    MEGURI_ASSIGN_OR_RETURN(const std::vector<Section> sections,
                            records_.ReadSections(transaction_, newest->arrival, slots));
    bytes_read_ += BytesOf(sections);
    known = {true, passport::LinksOf(sections), passport::IsPieceInUse(sections)};
  }
  return &known;
}

absl::StatusOr<NamedRecords::Parent> NamedRecords::ReadParent(const std::string& record_id) {
  if (const auto added = of_call_.find(record_id); added != of_call_.end()) {
    return added->second.header.is_tombstone() ? absl::nullopt : absl::make_optional(added->second.sections);
  }
  MEGURI_ASSIGN_OR_RETURN(const absl::optional<storage::VersionRef> newest, NewestOf(record_id));
  if (!newest.has_value() || newest->publisher != publisher_) {
    return absl::nullopt;
  }
  MEGURI_ASSIGN_OR_RETURN(const storage::v1::StoredRecord stored, records_.Read(transaction_, newest->arrival));
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(stored.header()));
  if (header.is_tombstone()) {
    return absl::nullopt;
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<Section> sections,
                          records_.ReadSections(transaction_, newest->arrival, SlotsOf(stored, &passport::IsCompared)));
  // Of the others it matters that they are there.
  for (const storage::v1::StoredSlot& slot : stored.slots()) {
    if (!passport::IsCompared(slot.type())) {
      sections.emplace_back().set_type(slot.type());
    }
  }
  return sections;
}

absl::StatusOr<const NamedRecords::Parent*> NamedRecords::FindParent(const std::string& record_id) {
  const auto known = parents_.find(record_id);
  if (known != parents_.end()) {
    return &known->second;
  }
  MEGURI_ASSIGN_OR_RETURN(Parent parent, ReadParent(record_id));
  parent_bytes_ += parent.has_value() ? BytesOf(*parent) : 0;
  if (parent_bytes_ > kNamedBytesMax) {
    parents_.clear();
    parent_bytes_ = 0;
  }
  return &parents_.emplace(record_id, std::move(parent)).first->second;
}

// Nearest first.
absl::StatusOr<std::vector<std::vector<Section>>> NamedRecords::ReadParents(const RecordLink& first) {
  std::vector<std::vector<Section>> parents;
  std::string next = first.record_id;
  while (!next.empty() && parents.size() < passport::kParentsMax) {
    MEGURI_ASSIGN_OR_RETURN(const Parent* parent, FindParent(next));
    if (!parent->has_value()) {
      break;
    }
    parents.push_back(**parent);
    const std::vector<RecordLink> links = passport::LinksOf(parents.back());
    const RecordLink* above = ParentAmong(links);
    next = above == nullptr ? "" : above->record_id;
  }
  return parents;
}

absl::StatusOr<bool> NamedRecords::Follow(const OfCall& record, Relation relation, passport::RecordGraph& graph) {
  std::deque<std::string> queue;
  const auto enter = [&](const std::string& id, const std::vector<RecordLink>& links) {
    std::vector<std::string>& targets = graph[id];
    for (const RecordLink& link : links) {
      if ((link.kind == LinkKind::kPredecessor) == (relation == Relation::kFollows)) {
        targets.push_back(link.record_id);
        queue.push_back(link.record_id);
      }
    }
  };
  enter(record.header.record_id().ToHex(), record.links);
  while (!queue.empty()) {
    const std::string id = std::move(queue.front());
    queue.pop_front();
    if (graph.contains(id)) {
      continue;
    }
    if (const auto added = of_call_.find(id); added != of_call_.end()) {
      enter(id, added->second.links);
      continue;
    }
    if (++looked_up_ > kNamedRecordsMax || bytes_read_ > kNamedBytesMax) {
      return false;
    }
    MEGURI_ASSIGN_OR_RETURN(const Known* known, LookUp(id));
    enter(id, known->links);
  }
  return true;
}

absl::StatusOr<bool> NamedRecords::IsPieceInUse(const std::string& record_id) {
  if (const auto added = of_call_.find(record_id); added != of_call_.end()) {
    return passport::IsPieceInUse(added->second.sections);
  }
  MEGURI_ASSIGN_OR_RETURN(const Known* known, LookUp(record_id));
  return known->is_piece_in_use;
}

absl::StatusOr<bool> NamedRecords::Holds(const std::string& record_id, const std::string& part) {
  const std::vector<RecordLink>* links = nullptr;
  if (const auto added = of_call_.find(record_id); added != of_call_.end()) {
    links = &added->second.links;
  } else {
    MEGURI_ASSIGN_OR_RETURN(const Known* known, LookUp(record_id));
    links = &known->links;
  }
  const bool names_it = std::any_of(links->begin(), links->end(), [&part](const RecordLink& link) {
    return link.kind == LinkKind::kComponent && link.record_id == part;
  });
  return names_it ? IsPieceInUse(record_id) : false;
}

absl::StatusOr<std::string> NamedRecords::FindOtherHolder(const std::string& own_id, const std::string& part) {
  for (const auto& [id, added] : of_call_) {
    MEGURI_ASSIGN_OR_RETURN(const bool holds, id == own_id ? false : Holds(id, part));
    if (holds) {
      return id;
    }
  }
  if (!own_feeds_.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const auto held, feeds_.HeldBy(publisher_));
    own_feeds_.emplace();
    for (const auto& [feed, id] : held) {
      if (feed.is_own()) {
        own_feeds_->push_back(id);
      }
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const record::RecordId first, record::RecordId::Parse(std::string(record::kRecordIdSize, 0)));
  for (const storage::FeedId feed : *own_feeds_) {
    storage::PostingCursor cursor = index_.Find(feed, {"component", part});
    for (cursor.Seek(first, ""); cursor.Valid() && ++looked_up_ <= kNamedRecordsMax; cursor.Next()) {
      MEGURI_ASSIGN_OR_RETURN(const storage::Posting posting, cursor.Get());
      std::string id = posting.record_id.ToHex();
      MEGURI_ASSIGN_OR_RETURN(const bool holds, id == own_id ? false : Holds(id, part));
      if (holds) {
        return id;
      }
    }
    MEGURI_RETURN_IF_ERROR(cursor.status());
  }
  return "";
}

// A piece is in one product at a time.
absl::Status NamedRecords::JudgeParts(const OfCall& record, std::vector<Violation>& found) {
  if (!passport::IsPieceInUse(record.sections)) {
    return absl::OkStatus();
  }
  const std::string own_id = record.header.record_id().ToHex();
  std::set<std::string> seen;
  for (const RecordLink& link : record.links) {
    if (link.kind != LinkKind::kComponent || !seen.insert(link.record_id).second || looked_up_ > kNamedRecordsMax) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const bool is_piece, IsPieceInUse(link.record_id));
    if (!is_piece) {
      continue;
    }
    MEGURI_ASSIGN_OR_RETURN(const std::string other, FindOtherHolder(own_id, link.record_id));
    if (!other.empty()) {
      found.push_back(passport::PartElsewhere(link, other));
    }
  }
  return absl::OkStatus();
}

absl::Status NamedRecords::JudgeGraph(const OfCall& record, Relation relation, std::vector<Violation>& found) {
  passport::RecordGraph graph;
  MEGURI_ASSIGN_OR_RETURN(const bool is_whole, Follow(record, relation, graph));
  const std::vector<Violation> judged =
      passport::ValidateRecordGraph(record.header.record_id().ToHex(), record.links, graph, is_whole);
  found.insert(found.end(), judged.begin(), judged.end());
  return absl::OkStatus();
}

}  // namespace meguri::node
