// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>

#include "CLI/App.hpp"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "bench/load/surroundings.h"

namespace meguri::bench {
namespace {

// A look at the follower's state costs one small call, and a follow takes seconds.
constexpr absl::Duration kLook = absl::Milliseconds(5);

struct Arguments {
  std::string home;
  std::string publisher;
  std::string feed = "public";
  uint64_t size = 0;
  double timeout_s = 600;
};

// The entries that the follower has verified and made durable.
absl::StatusOr<uint64_t> DurableSize(const client::NodeClient& node, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const admin::v1::ListFollowsResponse answer, node.ListFollows({}));
  for (const admin::v1::FollowStatus& follow : answer.follows()) {
    if (follow.publisher() == arguments.publisher && follow.feed() == arguments.feed) {
      if (!follow.last_error().empty()) {
        return Error(absl::StatusCode::kInternal, "FOLLOW_FAILED", follow.last_error());
      }
      return follow.size();
    }
  }
  return 0;
}

absl::StatusOr<Figures> Follow(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller, Caller::Make(arguments.home));
  const std::unique_ptr<client::NodeClient> node = caller->Connect();
  MEGURI_RETURN_IF_ERROR(node->GetNodeStatus({}).status());  // the connection is there
  admin::v1::AddFollowRequest request;
  request.mutable_follow()->set_publisher(arguments.publisher);
  request.mutable_follow()->add_feeds(arguments.feed);
  const absl::Time begin = absl::Now();
  absl::Time first = absl::InfiniteFuture();
  MEGURI_RETURN_IF_ERROR(node->AddFollow(request).status());
  uint64_t size = 0;
  while (size < arguments.size) {
    MEGURI_ASSIGN_OR_RETURN(size, DurableSize(*node, arguments));
    const absl::Time now = absl::Now();
    first = size > 0 ? std::min(first, now) : first;
    if (now - begin > absl::Seconds(arguments.timeout_s)) {
      return Error(absl::StatusCode::kDeadlineExceeded, "FOLLOW_SLOW", "The follower did not catch up in time.");
    }
    absl::SleepFor(size < arguments.size ? kLook : absl::ZeroDuration());
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  return Figures{{"rate", static_cast<double>(size) / seconds},
                 {"seconds", seconds},
                 {"first_durable_s", absl::ToDoubleSeconds(first - begin)}};
}

}  // namespace

void AddFollow(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("follow", "Lets a node follow a feed and waits until it is durable there");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--home", arguments->home, "Client folder of the follower, with the role admin")->required();
  command.add_option("--publisher", arguments->publisher, "Whose feed")->required();
  command.add_option("--feed", arguments->feed, "Which feed");
  command.add_option("--size", arguments->size, "Entries to wait for")->required();
  command.add_option("--timeout", arguments->timeout_s, "Seconds");
  command.callback([arguments, &chosen] { chosen = [arguments] { return Follow(*arguments); }; });
}

}  // namespace meguri::bench
