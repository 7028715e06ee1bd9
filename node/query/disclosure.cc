// SPDX-License-Identifier: Apache-2.0
#include "node/query/disclosure.h"

#include <algorithm>

#include "absl/numeric/bits.h"
#include "record/audience.h"
#include "record/limits.h"
#include "record/wire.h"

namespace meguri::node {
namespace {

constexpr uint64_t kSlotTag = 1 << 3;  // field 1, varint; absent: slot 0
constexpr uint64_t kTypeTag = 2 << 3;
constexpr uint64_t kAudiencesTag = 3 << 3;

// The value of the next field if it is `tag`, 0 if another one comes. False if there is no sound field.
bool TakeField(absl::string_view& bytes, uint64_t tag, uint64_t& value) {
  absl::string_view rest = bytes;
  uint64_t found = 0;
  value = 0;
  if (!record::TakeVarint(rest, found)) {
    return false;
  }
  if (found != tag) {
    return true;
  }
  if (!record::TakeVarint(rest, value)) {
    return false;
  }
  bytes = rest;
  return true;
}

}  // namespace

bool SectionTraits::is_public() const { return (audiences >> record::v1::AUDIENCE_PUBLIC & 1U) != 0; }

absl::optional<SectionTraits> PeekSection(absl::string_view section_bytes) {
  uint64_t slot = 0;
  uint64_t type = 0;
  SectionTraits traits;
  if (!TakeField(section_bytes, kSlotTag, slot) || !TakeField(section_bytes, kTypeTag, type) ||
      !TakeField(section_bytes, kAudiencesTag, traits.audiences) || slot >= record::kSlotsMax || type > UINT32_MAX) {
    return absl::nullopt;
  }
  traits.slot = static_cast<uint32_t>(slot);
  traits.type = static_cast<uint32_t>(type);
  return traits;
}

void AddDisclosed(const Disclosure& of, const SectionTraits& section, absl::string_view rule, uint64_t bytes,
                  std::vector<Disclosure>& disclosed) {
  auto found = std::find_if(disclosed.begin(), disclosed.end(),
                            [&](const Disclosure& d) { return d.rule == rule && d.grant == of.grant; });
  if (found == disclosed.end()) {
    disclosed.push_back(of);
    found = disclosed.end() - 1;
    found->rule = std::string(rule);
  }
  const uint64_t bit = uint64_t{1} << section.slot;
  // Sections come by ascending slot in every envelope; types stand in the order of the slots all the same.
  found->types.insert(found->types.begin() + absl::popcount(found->slots & (bit - 1)), section.type);
  found->slots |= bit;
  found->bytes += bytes;
}

}  // namespace meguri::node
