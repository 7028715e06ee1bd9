// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/heads_service.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "node/follow/limits.h"
#include "node/rpc/follow_stream.h"
#include "record/heads.h"

namespace meguri::node {

grpc::ServerUnaryReactor* HeadsServiceEdge::GetOpenings(grpc::CallbackServerContext* context,
                                                        const feed::v1::GetOpeningsRequest* request,
                                                        feed::v1::GetOpeningsResponse* response) {
  static const Method method("meguri.feed.v1.HeadsService.GetOpenings");
  return AnswerUnary(rpc_, context, method, response,
                     [this, request](const Caller& caller, feed::v1::GetOpeningsResponse& out) {
                       return Open(caller, *request, out);
                     });
}

absl::Status HeadsServiceEdge::Open(const Caller& caller, const feed::v1::GetOpeningsRequest& request,
                                    feed::v1::GetOpeningsResponse& out) const {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId publisher, record::ParticipantId::Parse(request.publisher()));
  MEGURI_RETURN_IF_ERROR(CheckFeedAccess(caller, {publisher, record::HeadsFeed(), 1}, rpc_.authenticator, source_));
  if (static_cast<size_t>(request.feeds_size()) > kFollowFeedsMax) {
    return InvalidInput(
        {{"feeds", "FOLLOW_REQUEST", absl::StrCat(request.feeds_size(), " feeds"),
          absl::StrCat("1 to ", kFollowFeedsMax), "see docs/format/heads.md", "openings の要求が正しくありません。"}});
  }
  std::vector<OpeningsAsked> asked;
  for (const feed::v1::OpeningsFrom& from : request.feeds()) {
    MEGURI_ASSIGN_OR_RETURN(const record::FeedName name, record::FeedName::Parse(from.feed()));
    // What the caller may not follow looks like what is not committed.
    if (CheckFeedAccess(caller, {publisher, name, 1}, rpc_.authenticator, source_).ok()) {
      asked.push_back({name, from.index()});
    }
  }
  MEGURI_ASSIGN_OR_RETURN(const auto opened, heads_.Open(asked));
  for (size_t i = 0; i < asked.size(); ++i) {
    feed::v1::FeedOpenings& feed = *out.add_feeds();
    feed.set_feed(asked[i].feed.text());
    for (const record::Opening& opening : opened[i]) {
      *feed.add_openings() = record::ToMessage(opening);
    }
  }
  return absl::OkStatus();
}

}  // namespace meguri::node
