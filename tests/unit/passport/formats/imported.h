// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "passport/formats/import.h"

// What tests of importers share.
namespace meguri::passport {

inline std::vector<ImportedRecord> ImportAll(absl::string_view bytes, absl::string_view format,
                                             ImportOptions options = {}) {
  std::vector<ImportedRecord> records;
  const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(bytes, std::move(options));
  EXPECT_TRUE(import.ok()) << import.status();
  if (import.ok()) {
    EXPECT_EQ((*import)->format(), format);
    EXPECT_TRUE((*import)
                    ->Run([&records](ImportedRecord& record) {
                      records.push_back(record);
                      return absl::OkStatus();
                    })
                    .ok());
  }
  return records;
}

inline ImportedRecord ImportOne(absl::string_view bytes, absl::string_view format, ImportOptions options = {}) {
  std::vector<ImportedRecord> records = ImportAll(bytes, format, std::move(options));
  EXPECT_THAT(records, ::testing::SizeIs(1));
  return records.empty() ? ImportedRecord() : records[0];
}

template <typename Payload>
Payload SectionOf(const ImportedRecord& record, uint32_t type) {
  Payload payload;
  for (const record::SectionDraft& section : record.draft.sections) {
    if (section.type == type) {
      EXPECT_TRUE(payload.ParseFromString(section.payload));
    }
  }
  return payload;
}

inline std::vector<std::string> PlacesOf(const ImportedRecord& record) {
  std::vector<std::string> places;
  places.reserve(record.unmapped.size());
  for (const UnmappedValue& value : record.unmapped) {
    places.push_back(value.path);
  }
  return places;
}

}  // namespace meguri::passport
