// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/region_groups.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"

namespace meguri::passport {
namespace {

constexpr absl::string_view kHokkaido[] = {"01"};
constexpr absl::string_view kTohoku[] = {"02", "03", "04", "05", "06", "07"};
constexpr absl::string_view kKanto[] = {"08", "09", "10", "11", "12", "13", "14"};
constexpr absl::string_view kChubu[] = {"15", "16", "17", "18", "19", "20", "21", "22", "23"};
constexpr absl::string_view kKinki[] = {"24", "25", "26", "27", "28", "29", "30"};
constexpr absl::string_view kChugoku[] = {"31", "32", "33", "34", "35"};
constexpr absl::string_view kShikoku[] = {"36", "37", "38", "39"};
constexpr absl::string_view kKyushu[] = {"40", "41", "42", "43", "44", "45", "46", "47"};

constexpr RegionGroup kGroups[] = {
    {"hokkaido", kHokkaido}, {"tohoku", kTohoku},   {"kanto", kKanto},     {"chubu", kChubu},
    {"kinki", kKinki},       {"chugoku", kChugoku}, {"shikoku", kShikoku}, {"kyushu", kKyushu},
};

}  // namespace

absl::Span<const RegionGroup> RegionGroups() { return kGroups; }

const RegionGroup* FindRegionGroup(absl::string_view name) {
  const auto* const found = std::find_if(std::begin(kGroups), std::end(kGroups), [&](const RegionGroup& group) {
    return absl::EqualsIgnoreCase(group.name, name);
  });
  return found == std::end(kGroups) ? nullptr : found;
}

}  // namespace meguri::passport
