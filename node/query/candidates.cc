// SPDX-License-Identifier: Apache-2.0
#include "node/query/candidates.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/query/page_position.h"
#include "passport/terms/number_term.h"
#include "record/record_id.h"

namespace meguri::node {
namespace {

using storage::Posting;
using storage::PostingCursor;
using storage::RangeCursor;

// Where the posting of a cursor stands in the order of its list.
std::string PositionAt(const PostingCursor&, const Posting& posting) { return PositionOf(posting); }
std::string PositionAt(const RangeCursor& cursor, const Posting& posting) {
  return absl::StrCat(cursor.value(), PositionOf(posting));
}

// The union of what cursors over several feeds and words find, ascending; of several versions at one position the
// newest.
template <typename Cursor>
class FeedMerge {
 public:
  void Add(Cursor cursor) { arms_.push_back({std::move(cursor), absl::nullopt, ""}); }

  // After the cursors were moved to where they are to begin.
  absl::Status Settle() {
    for (Arm& arm : arms_) {
      MEGURI_RETURN_IF_ERROR(Read(arm));
    }
    PickLeast();
    return absl::OkStatus();
  }
  template <typename Move>
  absl::Status Reposition(Move move) {
    for (Arm& arm : arms_) {
      move(arm.cursor);
    }
    return Settle();
  }
  absl::Status Next() {
    for (Arm& arm : arms_) {
      if (arm.head.has_value() && arm.position == position_) {
        arm.cursor.Next();
        MEGURI_RETURN_IF_ERROR(Read(arm));
      }
    }
    PickLeast();
    return absl::OkStatus();
  }

  bool Valid() const { return current_.has_value(); }
  const Posting& current() const { return *current_; }
  const std::string& position() const { return position_; }

 private:
  struct Arm {
    Cursor cursor;
    absl::optional<Posting> head;
    std::string position;
  };

  static absl::Status Read(Arm& arm) {
    arm.head.reset();
    MEGURI_RETURN_IF_ERROR(arm.cursor.status());
    if (arm.cursor.Valid()) {
      MEGURI_ASSIGN_OR_RETURN(arm.head, arm.cursor.Get());
      arm.position = PositionAt(arm.cursor, *arm.head);
    }
    return absl::OkStatus();
  }

  void PickLeast() {
    const Arm* least = nullptr;
    for (const Arm& arm : arms_) {
      if (arm.head.has_value() && (least == nullptr || arm.position < least->position ||
                                   (arm.position == least->position && arm.head->version > least->head->version))) {
        least = &arm;
      }
    }
    current_ = least == nullptr ? absl::nullopt : least->head;
    position_ = least == nullptr ? "" : least->position;
  }

  std::vector<Arm> arms_;
  absl::optional<Posting> current_;
  std::string position_;
};

absl::Status BadPosition() {
  return Error(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN", "The page token is for another question.");
}

// The intersection of several terms, by leaping to the farthest of them.
class TermJoin final : public Candidates {
 public:
  TermJoin(const storage::Index& index, const std::vector<storage::FeedId>& feeds,
           const std::vector<passport::AnyOf>& terms) {
    Invariant(!terms.empty(), "a join has at least one term");
    for (const passport::AnyOf& words : terms) {
      FeedMerge<PostingCursor>& merge = merges_.emplace_back();
      for (const record::IndexTerm& word : words) {
        for (const storage::FeedId feed : feeds) {
          merge.Add(index.Find(feed, word));
        }
      }
    }
  }

  absl::Status Start() override {
    for (auto& merge : merges_) {
      MEGURI_RETURN_IF_ERROR(merge.Settle());
    }
    return Align();
  }
  absl::Status StartAfter(absl::string_view position) override {
    const absl::optional<RecordPosition> last = ParsePosition(position);
    if (!last.has_value()) {
      return BadPosition();
    }
    for (auto& merge : merges_) {
      MEGURI_RETURN_IF_ERROR(Seek(merge, last->record_id, last->publisher));
    }
    MEGURI_RETURN_IF_ERROR(Align());
    return Valid() && this->position() == position ? Next() : absl::OkStatus();
  }
  absl::Status Next() override {
    MEGURI_RETURN_IF_ERROR(merges_.front().Next());
    return Align();
  }
  bool Valid() const override {
    return std::all_of(merges_.begin(), merges_.end(), [](const auto& merge) { return merge.Valid(); });
  }
  const Posting& current() const override { return merges_.front().current(); }
  uint64_t version() const override {
    uint64_t version = merges_.front().current().version;
    for (const auto& merge : merges_) {
      version = std::min(version, merge.current().version);
    }
    return version;
  }
  std::string position() const override { return merges_.front().position(); }

 private:
  static absl::Status Seek(FeedMerge<PostingCursor>& merge, const record::RecordId& record_id,
                           absl::string_view publisher) {
    return merge.Reposition([&](PostingCursor& cursor) { cursor.Seek(record_id, publisher); });
  }

  absl::Status Align() {
    while (Valid()) {
      const auto farthest = std::max_element(merges_.begin(), merges_.end(),
                                             [](const auto& a, const auto& b) { return a.position() < b.position(); });
      const std::string target = farthest->position();
      const Posting posting = farthest->current();
      bool aligned = true;
      for (auto& merge : merges_) {
        if (merge.position() < target) {
          aligned = false;
          MEGURI_RETURN_IF_ERROR(Seek(merge, posting.record_id, posting.publisher.text()));
        }
      }
      if (aligned) {
        return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }

  std::vector<FeedMerge<PostingCursor>> merges_;
};

class RangeScan final : public Candidates {
 public:
  RangeScan(const storage::Index& index, const std::vector<storage::FeedId>& feeds,
            const passport::NumberRange& range) {
    if (range.empty()) {
      return;
    }
    const std::string low = passport::EncodeIndexNumber(range.low);
    const std::string high = passport::EncodeIndexNumber(range.high);
    for (const storage::FeedId feed : feeds) {
      merge_.Add(index.FindBetween(feed, range.field, low, high));
    }
  }

  absl::Status Start() override { return merge_.Settle(); }
  absl::Status StartAfter(absl::string_view position) override {
    const absl::string_view value = position.substr(0, passport::kNumberTermSize);
    const absl::optional<RecordPosition> last =
        value.size() == passport::kNumberTermSize ? ParsePosition(position.substr(value.size())) : absl::nullopt;
    if (!last.has_value()) {
      return BadPosition();
    }
    MEGURI_RETURN_IF_ERROR(
        merge_.Reposition([&](RangeCursor& cursor) { cursor.Seek(value, last->record_id, last->publisher); }));
    return Valid() && merge_.position() == position ? Next() : absl::OkStatus();
  }
  absl::Status Next() override { return merge_.Next(); }
  bool Valid() const override { return merge_.Valid(); }
  const Posting& current() const override { return merge_.current(); }
  uint64_t version() const override { return merge_.current().version; }
  std::string position() const override { return merge_.position(); }

 private:
  FeedMerge<RangeCursor> merge_;
};

}  // namespace

std::unique_ptr<Candidates> MakeTermJoin(const storage::Index& index, const std::vector<storage::FeedId>& feeds,
                                         const std::vector<passport::AnyOf>& terms) {
  return std::make_unique<TermJoin>(index, feeds, terms);
}

std::unique_ptr<Candidates> MakeRangeScan(const storage::Index& index, const std::vector<storage::FeedId>& feeds,
                                          const passport::NumberRange& range) {
  return std::make_unique<RangeScan>(index, feeds, range);
}

}  // namespace meguri::node
