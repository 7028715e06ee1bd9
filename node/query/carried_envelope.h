// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "meguri/record/v1/carried.pb.h"
#include "meguri/record/v1/record.pb.h"

// A record on its way from the store to the wire is carried, not read: its signature and sections stay bytes.
namespace meguri::node {

// DATA_LOSS if a part cannot be read.
absl::StatusOr<record::v1::Envelope> ToEnvelope(const record::v1::CarriedEnvelope& carried);
record::v1::CarriedEnvelope ToCarried(record::v1::Envelope envelope);

}  // namespace meguri::node
