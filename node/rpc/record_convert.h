// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/record/v1/record_service.pb.h"
#include "node/query/query.h"

namespace meguri::node {

void ToProto(RecordView view, record::v1::RecordView& out);

}  // namespace meguri::node
