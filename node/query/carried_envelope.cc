// SPDX-License-Identifier: Apache-2.0
#include "node/query/carried_envelope.h"

#include <utility>

#include "storage/value.h"

namespace meguri::node {

absl::StatusOr<record::v1::Envelope> ToEnvelope(const record::v1::CarriedEnvelope& carried) {
  record::v1::Envelope envelope;
  envelope.set_header(carried.header());
  // A part that a mask leaves out stays absent.
  bool read = carried.signature().empty() || envelope.mutable_signature()->ParseFromString(carried.signature());
  for (const std::string& section : carried.sections()) {
    read = read && envelope.add_sections()->ParseFromString(section);
  }
  if (!read) {
    return storage::ValueDamaged("record");
  }
  return envelope;
}

record::v1::CarriedEnvelope ToCarried(record::v1::Envelope envelope) {
  record::v1::CarriedEnvelope carried;
  carried.set_header(std::move(*envelope.mutable_header()));
  if (envelope.has_signature()) {
    carried.set_signature(envelope.signature().SerializeAsString());
  }
  for (const record::v1::Section& section : envelope.sections()) {
    carried.add_sections(section.SerializeAsString());
  }
  return carried;
}

}  // namespace meguri::node
