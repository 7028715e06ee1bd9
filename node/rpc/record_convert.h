// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "meguri/record/v1/carried.pb.h"
#include "meguri/record/v1/record_service.pb.h"
#include "node/membership/registry_state.h"
#include "node/query/prove.h"
#include "node/query/query.h"
#include "node/rpc/authenticator.h"

namespace meguri::node {

// What the key that signed `view` is worth, for `caller`: by what is known of the feeds that it may read.
KeyStanding StandingOf(const RecordView& view, const Caller& caller, const Authenticator& authenticator,
                       const Prover& prover);
// `standing`: of the key that signed it. DATA_LOSS if what is stored cannot be read.
absl::Status ToProto(const RecordView& view, KeyStanding standing, record::v1::RecordView& out);
// The same bytes, unread.
void ToCarried(RecordView view, KeyStanding standing, record::v1::CarriedRecordView& out);

}  // namespace meguri::node
