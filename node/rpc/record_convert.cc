// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/record_convert.h"

#include <utility>

namespace meguri::node {
namespace {

const char* NameOf(RecordSource source) {
  switch (source) {
    case RecordSource::kOwn:
      return "own";
    case RecordSource::kReplica:
      return "replica";
    case RecordSource::kPublisher:
      return "publisher";
  }
  return "";
}

}  // namespace

void ToProto(RecordView view, record::v1::RecordView& out) {
  *out.mutable_envelope() = std::move(view.envelope);
  out.set_header_hash(view.header_hash.ToString());
  out.set_latest_version(view.latest_version);
  out.set_source(NameOf(view.source));
  out.set_frozen(view.is_frozen);
}

}  // namespace meguri::node
