// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/status_macros.h"
#include "client/cli/passport_view.h"
#include "client/node_client.h"
#include "meguri/record/v1/record_service.pb.h"
#include "record/header.h"

// Records that hold one section of interest, as this member sees them. A `Seen` is {view, header, payload}.
namespace meguri::client {

inline constexpr int kSeenPageSize = 1000;

// The filter for records of one type, and `more`, "" for nothing more.
inline std::string FilterFor(absl::string_view record_type, absl::string_view more) {
  return absl::StrCat("record_type = \"", record_type, "\"", more.empty() ? "" : " AND ", more);
}

// nullopt if it has no such section, or none that decodes.
template <typename Seen, typename Payload>
absl::StatusOr<absl::optional<Seen>> SeenIn(const record::v1::RecordView& view, uint32_t section_type) {
  absl::optional<Payload> payload = SectionOf<Payload>(view, section_type);
  if (!payload.has_value()) {
    return absl::optional<Seen>();
  }
  MEGURI_ASSIGN_OR_RETURN(record::Header header, record::Header::Parse(view.envelope().header()));
  return absl::make_optional(Seen{view, std::move(header), *std::move(payload)});
}

// One of `Seen` per record that matches, the newest first.
template <typename Seen, typename Payload>
absl::StatusOr<std::vector<Seen>> ListSeen(const NodeClient& node, const std::string& filter, uint32_t section_type) {
  std::vector<Seen> all;
  record::v1::ListRequest request;
  request.set_filter(filter);
  request.set_page_size(kSeenPageSize);
  do {
    MEGURI_ASSIGN_OR_RETURN(const record::v1::ListResponse page, node.List(request));
    for (const record::v1::RecordView& view : page.records()) {
      MEGURI_ASSIGN_OR_RETURN(absl::optional<Seen> seen, (SeenIn<Seen, Payload>(view, section_type)));
      if (seen.has_value()) {
        all.push_back(*std::move(seen));
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  std::sort(all.begin(), all.end(), [](const Seen& a, const Seen& b) {
    return a.header.message().issue_time_ms() > b.header.message().issue_time_ms();
  });
  return all;
}

}  // namespace meguri::client
