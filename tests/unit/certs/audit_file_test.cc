// SPDX-License-Identifier: Apache-2.0
#include "certs/audit_file.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/merkle.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/record_files.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Member;
using testing::MemberRecord;
using testing::Now;
using testing::Operator;
using testing::ProofIn;
using testing::ValueOf;

constexpr char kMember[] = "0199:member";
constexpr uint64_t kAllSlots = 0xff;

// An audit feed of a node that may lie: its rows can be replaced.
class Log {
 public:
  explicit Log(uint64_t rows) {
    while (rows_.size() < rows) {
      Add("0199:reader");
    }
  }
  void Add(const std::string& reader) {
    audit::v1::Row row;
    row.set_format_version(1);
    row.set_nonce(std::string(16, static_cast<char>(rows_.size())));
    row.set_number(rows_.size() + 1);
    row.set_time_ms(1000 + rows_.size());
    row.set_reader(reader);
    row.set_identity("a node");
    row.set_decision(audit::v1::DECISION_DENIED);
    row.set_rule("FEED_NOT_READABLE");
    rows_.push_back(ValueOf(record::AuditRow::Make(row)));
  }
  // As if row `index` had never been written: those behind it move up.
  void Remove(size_t index) {
    std::vector<record::AuditRow> old = std::move(rows_);
    rows_.clear();
    for (size_t i = 0; i < old.size(); ++i) {
      if (i != index) {
        audit::v1::Row row = old[i].message();
        row.set_number(rows_.size() + 1);
        rows_.push_back(ValueOf(record::AuditRow::Make(row)));
      }
    }
  }
  void Replace(size_t index, const std::string& reader) {
    audit::v1::Row row = rows_[index].message();
    row.set_reader(reader);
    rows_[index] = ValueOf(record::AuditRow::Make(row));
  }

  uint64_t size() const { return rows_.size(); }
  std::vector<record::Hash> Leaves() const {
    std::vector<record::Hash> leaves;
    leaves.reserve(rows_.size());
    for (const record::AuditRow& row : rows_) {
      leaves.push_back(record::LeafHash(row.entry().Encode()));
    }
    return leaves;
  }
  audit::v1::ProvenRow Prove(size_t index) const {
    audit::v1::ProvenRow proven;
    proven.set_row(rows_[index].bytes());
    for (const record::Hash& hash : ValueOf(record::InclusionProof(index, size(), Reader()))) {
      proven.add_path(hash.ToString());
    }
    return proven;
  }
  std::vector<record::Hash> Consistency(uint64_t from) const {
    return ValueOf(record::ConsistencyProof(from, size(), Reader()));
  }

 private:
  std::function<absl::StatusOr<record::Hash>(uint32_t, uint64_t)> Reader() const {
    return [leaves = Leaves()](uint32_t level, uint64_t index) -> absl::StatusOr<record::Hash> {
      return record::RootOf(absl::MakeConstSpan(leaves).subspan(index << level, size_t{1} << level));
    };
  }
  std::vector<record::AuditRow> rows_;
};

class AuditFileTest : public ::testing::Test {
 protected:
  // All rows of `log`, or those at `indices`, with the way from a head of `earlier` rows.
  audit::v1::AuditFile FileOf(const Log& log, uint64_t earlier = 0, const std::vector<size_t>& indices = {},
                              const SigningKey* key = nullptr) {
    audit::v1::AuditFile file;
    *file.mutable_publisher_entry() = MemberRecord(member_.Entry(), *operator_.record_key, random_);
    const record::Header header = ValueOf(record::Header::Parse(file.publisher_entry().header()));
    *file.mutable_publisher_entry_proof() = ProofIn("registry", header, kAllSlots, *operator_.feed_key);
    for (size_t index = 0; index < log.size(); ++index) {
      if (indices.empty() || std::count(indices.begin(), indices.end(), index) > 0) {
        *file.add_rows() = log.Prove(index);
      }
    }
    const record::FeedKey feed{testing::Participant(kMember), record::FeedName::Audit(), 1};
    file.mutable_head()->set_checkpoint(ValueOf(record::SignCheckpoint(
        {record::FeedOrigin(testing::kFederation, feed), log.size(), record::RootOf(log.Leaves())},
        key == nullptr ? *member_.feed_key : *key)));
    file.mutable_head()->set_earlier_size(earlier);
    if (earlier > 0) {
      for (const record::Hash& hash : log.Consistency(earlier)) {
        file.mutable_head()->add_consistency_path(hash.ToString());
      }
    }
    return file;
  }
  absl::StatusOr<AuditReport> Verify(const audit::v1::AuditFile& file) const {
    return VerifyAuditFile(MakeAuditFile(file, bundle_), bundle_, Now());
  }
  AuditReport Report(const Log& log, uint64_t earlier = 0, const std::vector<size_t>& indices = {}) {
    return ValueOf(Verify(FileOf(log, earlier, indices)));
  }

  meguri::testing::SeededRandom random_;
  const Operator operator_;
  const TrustBundle bundle_ = operator_.Bundle();
  const Member member_{kMember};
};

TEST_F(AuditFileTest, ProvesItsRowsWithTheBundleAlone) {
  const AuditReport report = Report(Log(5));
  EXPECT_EQ(report.id.text(), kMember);
  EXPECT_EQ(report.rows.size(), 5U);
  EXPECT_TRUE(report.is_complete());
  MEGURI_EXPECT_OK(report.judgement.why);
  const AuditReport some = Report(Log(5), 0, {1, 3});
  EXPECT_EQ(some.rows[1].message().number(), 4U);
  EXPECT_FALSE(some.is_complete());
  EXPECT_TRUE(Report(Log(0)).is_complete()) << "a feed without rows";
}

TEST_F(AuditFileTest, RefusesEveryChangedBit) {
  const std::string file = MakeAuditFile(FileOf(Log(3), 2), bundle_);
  MEGURI_ASSERT_OK(VerifyAuditFile(file, bundle_, Now()));
  for (size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    ASSERT_FALSE(VerifyAuditFile(changed, bundle_, Now()).ok()) << i;
    ASSERT_FALSE(VerifyAuditFile(file.substr(0, i), bundle_, Now()).ok()) << i;
  }
  EXPECT_THAT(VerifyAuditFile(file + std::string(1, '\0'), bundle_, Now()), HasReason("AUDIT_FILE"));
}

TEST_F(AuditFileTest, RefusesRowsThatTheHeadDoesNotHold) {
  const Log honest(5);
  Log forged = honest;
  forged.Replace(2, "0199:innocent");
  audit::v1::AuditFile file = FileOf(honest);
  *file.mutable_rows(2) = forged.Prove(2);
  EXPECT_THAT(Verify(file), HasReason("INCLUSION_PROOF"));
  file = FileOf(honest);
  file.mutable_rows(2)->mutable_path()->SwapElements(0, 1);
  EXPECT_THAT(Verify(file), HasReason("INCLUSION_PROOF"));
  file = FileOf(honest);
  file.mutable_rows()->SwapElements(0, 1);
  EXPECT_THAT(Verify(file), HasReason("AUDIT_FILE")) << "out of order";
  file = FileOf(honest);
  *file.add_rows() = file.rows(4);
  EXPECT_THAT(Verify(file), HasReason("AUDIT_FILE")) << "twice";
  EXPECT_THAT(Verify(FileOf(honest, 0, {}, operator_.feed_key.get())), HasReason("CHECKPOINT_SIGNATURE"));
}

TEST_F(AuditFileTest, RefusesAFileOfAnotherFormat) {
  audit::v1::AuditFile file = FileOf(Log(1));
  file.mutable_head()->set_earlier_size(2);
  EXPECT_THAT(Verify(file), HasReason("AUDIT_FILE")) << "a path from a head that is larger";
  file.mutable_head()->set_earlier_size(0);
  file.mutable_head()->add_consistency_path(std::string(32, 'x'));
  EXPECT_THAT(Verify(file), HasReason("AUDIT_FILE")) << "a path from nowhere";
  EXPECT_THAT(VerifyAuditFile("", bundle_, Now()), HasReason("AUDIT_FILE"));
  EXPECT_THAT(VerifyAuditFile(std::string(kAuditFileBytesMax + 1, 'x'), bundle_, Now()), HasReason("AUDIT_FILE"));
}

TEST_F(AuditFileTest, AcceptsWhatContinuesAnEarlierHead) {
  Log log(5);
  const AuditReport earlier = Report(log);
  log.Add("0199:reader");
  log.Add("0199:reader");
  MEGURI_EXPECT_OK(CheckContinues(Report(log, 5, {6}), earlier.head)) << "by the path in the file";
  MEGURI_EXPECT_OK(CheckContinues(Report(log), earlier.head)) << "by its rows";
  MEGURI_EXPECT_OK(CheckContinues(earlier, earlier.head)) << "by being the same";
  EXPECT_THAT(CheckContinues(Report(log, 0, {6}), earlier.head), HasReason("AUDIT_NOT_CONNECTED"));
  EXPECT_THAT(CheckContinues(earlier, Report(log).head), HasReason("AUDIT_SHORTER"));
  record::Checkpoint other = earlier.head;
  other.origin = "ce.example/meguri/0199/other/1/audit";
  EXPECT_THAT(CheckContinues(Report(log), other), HasReason("AUDIT_OTHER_FEED"));
}

// What an auditor who holds an earlier head is for: the node signs whatever it likes, and cannot make it fit.
TEST_F(AuditFileTest, NoticesRowsThatWereRemovedOrChanged) {
  const Log honest(8);
  const AuditReport earlier = Report(honest);
  for (size_t index = 0; index < honest.size(); ++index) {
    Log removed = honest;
    removed.Remove(index);
    EXPECT_THAT(CheckContinues(Report(removed), earlier.head), HasReason("AUDIT_SHORTER"));
    removed.Add("0199:somebody");
    removed.Add("0199:reader");
    EXPECT_THAT(CheckContinues(Report(removed), earlier.head), HasReason("AUDIT_CHANGED")) << index;
    EXPECT_THAT(CheckContinues(Report(removed, 8, {0}), earlier.head), HasReason("AUDIT_CHANGED")) << index;
    Log changed = honest;
    changed.Replace(index, "0199:innocent");
    EXPECT_THAT(CheckContinues(Report(changed), earlier.head), HasReason("AUDIT_CHANGED")) << index;
    changed.Add("0199:reader");
    EXPECT_THAT(CheckContinues(Report(changed, 8), earlier.head), HasReason("AUDIT_CHANGED")) << index;
  }
}

TEST_F(AuditFileTest, NamesTheRowsThatAreNotShownAnyMore) {
  const Log log(5);
  const AuditReport earlier = Report(log);
  EXPECT_THAT(RowsLeftOut(Report(log, 0, {0, 3}), earlier), ElementsAre(2, 3, 5));
  EXPECT_THAT(RowsLeftOut(Report(log), earlier), IsEmpty());
}

}  // namespace
}  // namespace meguri::certs
