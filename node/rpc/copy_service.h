// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "meguri/record/v1/copy_service.grpc.pb.h"
#include "node/follow/feed_source.h"
#include "node/query/prove.h"
#include "node/query/query.h"
#include "node/rpc/unary.h"

namespace meguri::node {

// Answers from copies that this node hands on.
class CopyServiceEdge final : public record::v1::CopyService::CallbackService {
 public:
  CopyServiceEdge(RpcContext rpc, const Query& query, const Prover& prover, const FeedSource& source,
                  const Clock& clock);

  grpc::ServerUnaryReactor* FindCopies(grpc::CallbackServerContext* context,
                                       const record::v1::FindCopiesRequest* request,
                                       record::v1::FindCopiesResponse* response) override;

 private:
  absl::Status Find(const record::v1::FindCopiesRequest& request, record::v1::FindCopiesResponse& out,
                    std::vector<Disclosure>& disclosed) const;
  // Adds the copy of one record, unless its publisher's feed is not handed on.
  absl::Status AddCopy(const QueryReader& reader, RecordView view, record::v1::FindCopiesResponse& out,
                       std::vector<Disclosure>& disclosed) const;

  RpcContext rpc_;
  const Query& query_;
  const Prover& prover_;
  const FeedSource& source_;
  const Clock& clock_;
};

}  // namespace meguri::node
