// SPDX-License-Identifier: Apache-2.0
#include "node/rpc/publish_convert.h"

#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "node/rpc/field_violation.h"
#include "record/hash.h"

namespace meguri::node {

PublishCall ToPublishCall(const record::ParticipantId& acting_member, const record::v1::PublishRequest& request) {
  PublishCall call{acting_member, "Publish", request.request_id(), {}, request.validate_only(), {}, nullptr, 0};
  if (!request.request_id().empty()) {
    std::string body;
    google::protobuf::io::StringOutputStream stream(&body);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
    coded.Trim();
    call.body_hash = record::Sha256(body);
  }
  call.publications.reserve(static_cast<size_t>(request.publications_size()));
  for (const record::v1::Publication& publication : request.publications()) {
    call.publications.push_back({publication.envelope(),
                                 {publication.jurisdictions().begin(), publication.jurisdictions().end()},
                                 {publication.addressees().begin(), publication.addressees().end()},
                                 {publication.subjects().begin(), publication.subjects().end()}});
  }
  return call;
}

void ToResponse(const Published& published, record::v1::PublishResponse& response) {
  for (const PublishedRecord& record : published.records) {
    record::v1::PublishedRecord* row = response.add_records();
    row->set_record_id(record.record_id);
    row->set_version(record.version);
    row->set_header_hash(record.header_hash.ToString());
    row->set_already_there(record.already_there);
  }
  for (const Violation& warning : published.warnings) {
    *response.add_warnings() = ToFieldViolation(warning);
  }
}

}  // namespace meguri::node
