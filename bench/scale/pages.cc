// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/scale/filling.h"
#include "bench/scale/scale.h"
#include "bench/scale/times.h"
#include "meguri/passport/v1/identity.pb.h"
#include "node/query/query.h"
#include "storage/records.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace meguri::bench {
namespace {

constexpr char kGroup[] = "washing-machine";
constexpr size_t kOpenOneIn = 1000;  // records that anybody may read
constexpr int kRepeats = 200;        // of one page

// What the pages come from is read from the disk: its files are no longer in the memory of the system.
void ForgetFiles(const std::string& folder) {
  std::error_code error;
  for (const std::filesystem::directory_entry& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    const int file = entry.is_regular_file(error) ? ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
      ::fdatasync(file);
      ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
      ::close(file);
    }
  }
}

// One thousandth of the records is for everybody, all others for recyclers of the group.
class Sections {
 public:
  std::vector<record::SectionDraft> Next() {
    const bool is_open = ++count_ % kOpenOneIn == 0;
    passport::v1::Identity identity;
    identity.mutable_name()->set_ja("洗濯機の部品");
    identity.set_product_group(kGroup);
    identity.set_granularity(passport::v1::GRANULARITY_MODEL);
    identity.set_model_number(absl::StrCat("M-", count_));
    const record::AudienceSet audiences =
        record::AudienceSet::Of({is_open ? record::v1::AUDIENCE_PUBLIC : record::v1::AUDIENCE_RECYCLERS});
    return {{record::v1::SECTION_TYPE_IDENTITY, audiences, identity.SerializeAsString()}};
  }

 private:
  size_t count_ = 0;
};

// A member that calls from its own node.
node::QueryReader ReaderThatSees(bool all) {
  node::QueryReader reader;
  reader.reader.participant = Member("9999:reader");
  reader.reader.registered = true;
  reader.reader.active = true;
  if (all) {
    reader.reader.recycler_groups = {kGroup};
  }
  return reader;
}

class Asker {
 public:
  Asker(const storage::SnapshotReader& store, bool sees_all)
      : reader_(ReaderThatSees(sees_all)),
        query_(store, {Member("9999:maker")}, node::PageTokens(node::PageTokens::Key{}, clock_)) {}

  absl::StatusOr<double> Ask(const std::string& token) {
    node::ListQuery question;
    question.page_token = token;
    return TimeOf([&] {
      MEGURI_ASSIGN_OR_RETURN(answer_, query_.List(reader_, question));
      return absl::OkStatus();
    });
  }
  absl::StatusOr<nlohmann::ordered_json> AskOften(const std::string& token) {
    std::vector<double> times;
    for (int i = 0; i < kRepeats; ++i) {
      MEGURI_ASSIGN_OR_RETURN(const double time, Ask(token));
      times.push_back(time);
    }
    return Spread(std::move(times));
  }
  // The token of the last full page, and how many records there are in all.
  absl::StatusOr<std::pair<std::string, size_t>> WalkToTheLast() {
    std::string token;
    std::string last;
    size_t records = 0;
    do {
      MEGURI_RETURN_IF_ERROR(Ask(token).status());
      records += answer_.records.size();
      if (answer_.records.size() == node::kPageSizeDefault) {
        last = token;
      }
      token = answer_.next_page_token;
    } while (!token.empty());
    return std::make_pair(last, records);
  }

 private:
  const SystemClock clock_;
  const node::QueryReader reader_;
  const node::Query query_;
  node::ListPage answer_;
};

// The first question to a store whose files must be read from the disk.
absl::StatusOr<double> AskCold(const std::string& folder, bool sees_all, const std::string& token) {
  ForgetFiles(folder);
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::OrderedStore> store, storage::OpenRocksdbStore(folder));
  return Asker(*store, sees_all).Ask(token);
}

absl::StatusOr<nlohmann::ordered_json> MeasureReader(const std::string& folder, bool sees_all) {
  nlohmann::ordered_json figures;
  std::string last;
  {
    MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::OrderedStore> store, storage::OpenRocksdbStore(folder));
    Asker asker(*store, sees_all);
    MEGURI_ASSIGN_OR_RETURN(const auto walked, asker.WalkToTheLast());
    last = walked.first;
    figures["records_seen"] = walked.second;
    MEGURI_ASSIGN_OR_RETURN(figures["first_page_warm_ms"], asker.AskOften(""));
    MEGURI_ASSIGN_OR_RETURN(figures["last_page_warm_ms"], asker.AskOften(last));
  }
  MEGURI_ASSIGN_OR_RETURN(figures["first_page_cold_ms"], AskCold(folder, sees_all, ""));
  MEGURI_ASSIGN_OR_RETURN(figures["last_page_cold_ms"], AskCold(folder, sees_all, last));
  return figures;
}

}  // namespace

absl::StatusOr<nlohmann::ordered_json> MeasurePages(const std::string& folder, size_t records) {
  nlohmann::ordered_json figures = {{"records", records}, {"page", node::kPageSizeDefault}};
  {
    MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::OrderedStore> store, storage::OpenRocksdbStore(folder));
    MEGURI_ASSIGN_OR_RETURN(const uint64_t there, storage::Records(*store).Count());
    if (there == 0) {
      Sections sections;
      Filling filling(*store, Member("9999:maker"), {Member("9999:maker"), kGroup, {}, {}, {}});
      MEGURI_ASSIGN_OR_RETURN(figures["filled_in_s"], filling.Add(records, [&] { return sections.Next(); }));
    } else {
      figures["records"] = there;
    }
  }
  MEGURI_ASSIGN_OR_RETURN(figures["sees_all"], MeasureReader(folder, true));
  MEGURI_ASSIGN_OR_RETURN(figures["sees_a_thousandth"], MeasureReader(folder, false));
  return figures;
}

}  // namespace meguri::bench
