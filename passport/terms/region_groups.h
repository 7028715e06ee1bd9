// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace meguri::passport {

// A name that stands for several prefectures of JIS X 0401.
struct RegionGroup {
  absl::string_view name;
  absl::Span<const absl::string_view> prefectures;
};

// The eight regions (地方) of Japan, Okinawa in Kyushu, from north to south. Every prefecture is in one of them.
absl::Span<const RegionGroup> RegionGroups();
// In any case of letters. Null if there is no such group.
const RegionGroup* FindRegionGroup(absl::string_view name);

}  // namespace meguri::passport
