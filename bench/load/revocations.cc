// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Validators.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/granting.h"
#include "client/sign.h"
#include "meguri/audit/v1/audit_service.pb.h"
#include "meguri/audit/v1/row.pb.h"
#include "record/header.h"
#include "record/system_random.h"

namespace meguri::bench {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kArrivalMax = absl::Minutes(5);
constexpr absl::Duration kAfterwards = absl::Seconds(3);  // for what would still be delivered
constexpr size_t kVersionsAtOnce = 32;
constexpr int kRowsAtOnce = 256;

struct Arguments {
  std::string home;
  std::string reader_home;
  size_t count = 250;  // offers, each of one record, with one grant each
  double rate = 25;    // revocations a second
};

// The next version of what `newest` is, with the content that `sections` has.
absl::StatusOr<passport::RecordDraft> ContentOf(const record::v1::Publication& newest) {
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(newest.envelope().header()));
  passport::RecordDraft content;
  content.record_type = header.message().record_type();
  content.addressees.assign(newest.addressees().begin(), newest.addressees().end());
  for (const record::v1::Section& section : newest.envelope().sections()) {
    MEGURI_ASSIGN_OR_RETURN(const record::AudienceSet audiences, record::AudienceSet::Parse(section.audiences()));
    content.sections.push_back({section.type(), audiences, section.payload()});
  }
  std::sort(content.sections.begin(), content.sections.end(),
            [](const record::SectionDraft& a, const record::SectionDraft& b) { return a.type < b.type; });
  return content;
}

// What goes on all the time: new versions of the records that the offers select, one after the other.
class Publishing {
 public:
  Publishing(const Side& owner, std::vector<record::v1::Publication> newest)
      : owner_(owner), newest_(std::move(newest)), thread_([this] { status_ = Run(); }) {}
  ~Publishing() {
    stop_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  absl::Status Stop() {
    stop_ = true;
    thread_.join();
    return status_;
  }
  size_t published() const { return published_; }

 private:
  absl::Status Run() {
    for (size_t at = 0; !stop_; at = (at + kVersionsAtOnce) % newest_.size()) {
      std::vector<RecordSet::Next> next;
      const size_t end = std::min(newest_.size(), at + kVersionsAtOnce);
      for (size_t i = at; i < end; ++i) {
        MEGURI_ASSIGN_OR_RETURN(passport::RecordDraft content, ContentOf(newest_[i]));
        next.push_back({std::move(content), &newest_[i]});
      }
      MEGURI_ASSIGN_OR_RETURN(const record::v1::PublishRequest request,
                              owner_.records().RequestOfNext(std::move(next)));
      MEGURI_RETURN_IF_ERROR(owner_.node().Publish(request).status());
      std::copy(request.publications().begin(), request.publications().end(),
                newest_.begin() + static_cast<ptrdiff_t>(at));
      published_ += end - at;
    }
    return absl::OkStatus();
  }

  const Side& owner_;
  std::vector<record::v1::Publication> newest_;
  std::atomic<bool> stop_{false};
  std::atomic<size_t> published_{0};
  absl::Status status_;
  std::thread thread_;
};

absl::Status AwaitFollows(const Side& reader, const std::string& owner, size_t count) {
  const absl::Time begin = absl::Now();
  while (absl::Now() - begin < kArrivalMax) {
    MEGURI_ASSIGN_OR_RETURN(const admin::v1::ListFollowsResponse answer, reader.node().ListFollows({}));
    const auto live =
        std::count_if(answer.follows().begin(), answer.follows().end(), [&](const admin::v1::FollowStatus& follow) {
          return follow.publisher() == owner && absl::StartsWith(follow.feed(), "offer/") && follow.size() > 0;
        });
    if (static_cast<size_t>(live) >= count) {
      return absl::OkStatus();
    }
    absl::SleepFor(kLook);
  }
  return Error(absl::StatusCode::kDeadlineExceeded, "FOLLOW_SLOW", "The reader did not come to follow all the offers.");
}

// By grant, 16 bytes, when the owner's node had answered that it is revoked.
using Times = std::map<std::string, absl::Time>;

absl::StatusOr<Times> RevokeAll(const Side& owner, const std::vector<record::v1::Publication>& grants, double rate) {
  Times revoked;
  absl::Time due = absl::Now();
  for (const record::v1::Publication& grant : grants) {
    absl::SleepFor(due - absl::Now());
    due += absl::Seconds(1) / rate;
    MEGURI_ASSIGN_OR_RETURN(passport::RecordDraft content, ContentOf(grant));
    passport::v1::Grant message;
    message.ParseFromString(content.sections.front().payload);
    message.set_state(passport::v1::GRANT_STATE_REVOKED);
    content.sections.front().payload = message.SerializeAsString();
    std::vector<RecordSet::Next> next;
    next.push_back({std::move(content), &grant});
    MEGURI_ASSIGN_OR_RETURN(const record::v1::PublishRequest request, owner.records().RequestOfNext(std::move(next)));
    MEGURI_RETURN_IF_ERROR(owner.node().Publish(request).status());
    revoked[RecordIdOf(grant)] = absl::Now();
  }
  return revoked;
}

// What the owner's node says of its deliveries, against the times of the revocations.
absl::Status AddDeliveries(const Side& owner, const std::string& reader, absl::Time begin, const Times& revoked,
                           Figures& figures) {
  audit::v1::ListRowsRequest request;
  request.mutable_query()->set_member(owner.member());
  request.mutable_query()->mutable_filter()->set_reader(reader);
  request.mutable_query()->mutable_filter()->set_from_ms(static_cast<uint64_t>(absl::ToUnixMillis(begin)));
  request.mutable_query()->set_page_size(kRowsAtOnce);
  size_t deliveries = 0;
  size_t after = 0;
  double last_ms = 0;
  do {
    MEGURI_ASSIGN_OR_RETURN(const audit::v1::ListRowsResponse answer, owner.node().ListRows(request));
    for (const audit::v1::ProvenRow& proven : answer.page().rows()) {
      audit::v1::Row row;
      row.ParseFromString(proven.row());
      const auto found = revoked.find(row.grant_id());
      if (row.decision() != audit::v1::DECISION_DELIVERED || found == revoked.end()) {
        continue;
      }
      ++deliveries;
      const double late =
          absl::ToDoubleMilliseconds(absl::FromUnixMillis(static_cast<int64_t>(row.time_ms())) - found->second);
      after += late > 0 ? 1 : 0;
      last_ms = std::max(last_ms, late);
    }
    request.mutable_query()->set_page_token(answer.page().next_page_token());
  } while (!request.query().page_token().empty());
  figures.emplace_back("deliveries", static_cast<double>(deliveries));
  figures.emplace_back("deliveries_after_revocation", static_cast<double>(after));
  figures.emplace_back("last_after_ms", last_ms);
  return absl::OkStatus();
}

absl::StatusOr<Figures> Revocations(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Side> owner, Side::Make(arguments.home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Side> revoker, Side::Make(arguments.home));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Side> reader, Side::Make(arguments.reader_home));
  owner->records().AddPartnerSections();
  std::vector<record::v1::Publication> records;
  while (records.size() < arguments.count) {
    MEGURI_ASSIGN_OR_RETURN(const record::v1::PublishRequest request,
                            owner->records().NextRequest(std::min<size_t>(64, arguments.count - records.size())));
    MEGURI_RETURN_IF_ERROR(owner->node().Publish(request).status());
    records.insert(records.end(), request.publications().begin(), request.publications().end());
  }
  std::vector<passport::RecordDraft> contents;
  for (const record::v1::Publication& publication : records) {
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(publication.envelope().header()));
    passport::v1::Selector selector;
    selector.add_record_ids(header.record_id().ToHex());
    contents.push_back(OfferOf(selector));
  }
  MEGURI_ASSIGN_OR_RETURN(const std::vector<record::v1::Publication> offers, owner->Publish(std::move(contents)));
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Publication> grants, GrantAndAgree(*owner, *reader, offers, 1));
  MEGURI_RETURN_IF_ERROR(AwaitFollows(*reader, owner->member(), grants.size()));

  record::SystemRandom random;
  for (size_t i = grants.size(); i > 1; --i) {
    std::swap(grants[i - 1], grants[random.Below(i)]);
  }
  const absl::Time begin = absl::Now();
  Publishing publishing(*owner, std::move(records));
  absl::SleepFor(absl::Seconds(1));
  MEGURI_ASSIGN_OR_RETURN(const Times revoked, RevokeAll(*revoker, grants, arguments.rate));
  absl::SleepFor(kAfterwards);
  MEGURI_RETURN_IF_ERROR(publishing.Stop());
  Figures figures = {{"revocations", static_cast<double>(revoked.size())},
                     {"versions_published", static_cast<double>(publishing.published())}};
  MEGURI_RETURN_IF_ERROR(AddDeliveries(*owner, reader->member(), begin, revoked, figures));
  return figures;
}

}  // namespace

void AddRevocations(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand(
      "revocations",
      "Revokes grants in random order while their reader follows what they open, and sees what comes later");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder of the owner, with the role admin")->required();
  command.add_option("--reader-home", arguments->reader_home, "Client folder of the reader")->required();
  command.add_option("--count", arguments->count, "Grants, each of an offer of its own")->check(CLI::PositiveNumber);
  command.add_option("--rate", arguments->rate, "Revocations a second")->check(CLI::PositiveNumber);
  command.callback([arguments, &chosen] { chosen = [arguments] { return Revocations(*arguments); }; });
}

}  // namespace meguri::bench
