// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/canonical_json.h"
#include "passport/product_group.h"
#include "passport/profile.h"
#include "passport/validate.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "record/section.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"

namespace meguri::passport {

inline constexpr absl::string_view kGoodFiles[] = {"recycled-pp-lot.json", "cathode-nmc811-lot.json",
                                                   "ev-battery.json",      "washing-machine.json",
                                                   "vehicle-bumper.json",  "detergent-bottle.json"};

// Those with a composition section.
inline constexpr absl::string_view kComposedFiles[] = {"recycled-pp-lot.json", "cathode-nmc811-lot.json",
                                                       "ev-battery.json", "washing-machine.json",
                                                       "vehicle-bumper.json"};

// The text of a file in deploy/demo-data.
inline std::string DemoFile(absl::string_view name) {
  std::ifstream file(absl::StrCat(MEGURI_SOURCE_DIR, "/deploy/demo-data/", name));
  std::ostringstream text;
  text << file.rdbuf();
  Invariant(file.good() && !text.str().empty(), "the demo file can be read");
  return text.str();
}

inline RecordDraft DemoDraft(absl::string_view name) {
  absl::StatusOr<RecordDraft> draft = ParseRecordJson(DemoFile(name));
  Invariant(draft.ok(), draft.status().ToString());
  return *std::move(draft);
}

// A draft, sealed into as many slots as its profile says, with an unsigned header.
struct SealedRecord {
  record::Header header;
  std::vector<record::v1::Section> sections;
};

inline SealedRecord Seal(const RecordDraft& draft, size_t slot_count = 0) {
  testing::SeededRandom random;
  if (slot_count == 0) {
    std::string group;
    for (const record::SectionDraft& section : draft.sections) {
      group = section.type == record::v1::SECTION_TYPE_IDENTITY ? ProductGroupOfIdentity(section.payload) : group;
    }
    const Profile* profile = FindProfile(draft.record_type, group);
    slot_count = profile == nullptr ? 8 : profile->slot_count;
  }
  const record::RecordId id = record::RecordId::Make(random);
  const record::ParticipantId publisher = *record::ParticipantId::Parse("0188:7123456789012");
  absl::StatusOr<record::SealedSections> sealed =
      record::SealSections(publisher, id, 1, draft.sections, slot_count, random);
  Invariant(sealed.ok(), sealed.status().ToString());
  record::v1::Header message;
  message.set_format_version(1);
  message.set_record_id(id.ToString());
  message.set_version(1);
  message.set_record_type(static_cast<record::v1::RecordType>(draft.record_type));
  message.set_publisher(publisher.text());
  message.set_issue_time_ms(1'790'000'000'000);
  for (const record::Hash& digest : sealed->digests) {
    message.add_section_digests(digest.ToString());
  }
  absl::StatusOr<record::Header> header = record::Header::Make(message);
  Invariant(header.ok(), header.status().ToString());
  return {*std::move(header), std::move(sealed->sections)};
}

// Of `violations`, what stops publishing.
inline std::vector<Violation> Errors(std::vector<Violation> violations) {
  TakeWarnings(violations);
  return violations;
}

inline std::vector<std::string> ReasonsOf(absl::Span<const Violation> violations) {
  std::vector<std::string> reasons;
  reasons.reserve(violations.size());
  for (const Violation& violation : violations) {
    reasons.push_back(violation.reason);
  }
  return reasons;
}

// "field REASON" of each, for matching and for reading.
inline std::vector<std::string> Lines(absl::Span<const Violation> violations) {
  std::vector<std::string> lines;
  lines.reserve(violations.size());
  for (const Violation& violation : violations) {
    lines.push_back(absl::StrCat(violation.field, " ", violation.reason));
  }
  return lines;
}

// The payload of a section of a demo file.
template <typename Payload>
Payload DemoPayload(absl::string_view file, uint32_t type) {
  for (const record::SectionDraft& section : DemoDraft(file).sections) {
    if (section.type == type) {
      Payload payload;
      Invariant(payload.ParseFromString(section.payload), "a demo payload decodes");
      return payload;
    }
  }
  Invariant(false, "the demo file has the section");
  return {};
}

// The lines of a payload by itself, which is called s.
inline std::vector<std::string> LinesOf(uint32_t type, const google::protobuf::Message& payload) {
  return Lines(ValidateSection(type, payload.SerializeAsString(), "s"));
}

}  // namespace meguri::passport
