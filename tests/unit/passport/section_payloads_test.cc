// SPDX-License-Identifier: Apache-2.0
// What holds for the payload of every section type, whatever it says.
#include <algorithm>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "passport/formats/canonical_json.h"
#include "passport/payload.h"
#include "passport/section_table.h"
#include "passport/validate.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/filled_message.h"

namespace meguri::passport {
namespace {

// The record type in which a section may stand.
uint32_t HolderOf(uint32_t section_type) {
  for (const RecordKind& kind : RecordKinds()) {
    if (std::find(kind.allowed.begin(), kind.allowed.end(), section_type) != kind.allowed.end()) {
      return kind.type;
    }
  }
  return 0;
}

TEST(SectionPayloads, EachMayStandInSomeRecord) {
  for (const SectionKind& kind : SectionKinds()) {
    EXPECT_EQ(kind.understood(), HolderOf(kind.type) != 0) << kind.name;
  }
}

TEST(SectionPayloads, EveryFieldSurvivesTheJsonRecordFile) {
  for (const SectionKind& kind : SectionKinds()) {
    for (uint64_t seed = 1; kind.understood() && seed <= 3; ++seed) {
      const std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
      MessageFiller(seed).Fill(*message);
      RecordDraft draft;
      draft.record_type = HolderOf(kind.type);
      draft.sections = {{.type = kind.type, .audiences = kind.audiences, .payload = message->SerializeAsString()}};
      const absl::StatusOr<std::string> printed = PrintRecordJson(draft);
      MEGURI_ASSERT_OK(printed) << kind.name << " seed " << seed;
      const absl::StatusOr<RecordDraft> again = ParseRecordJson(*printed);
      MEGURI_ASSERT_OK(again) << kind.name << " seed " << seed;
      ASSERT_EQ(again->sections.size(), 1U);
      EXPECT_EQ(again->sections[0].payload, draft.sections[0].payload) << kind.name << " seed " << seed;
      EXPECT_FALSE(HasUnknownFields(kind.type, draft.sections[0].payload)) << kind.name;
    }
  }
}

}  // namespace
}  // namespace meguri::passport
