// SPDX-License-Identifier: Apache-2.0
#include "record/section.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::record {
namespace {

constexpr absl::string_view kSectionDomain("meguri/section/v1\0", 18);

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status CheckPayloadSize(size_t size) {
  if (size > kSectionBytesMax) {
    return Refuse("SECTION_SIZE", absl::StrCat("a section has at most ", kSectionBytesMax, " bytes, not ", size));
  }
  return absl::OkStatus();
}

absl::Status CheckRecordSize(size_t size) {
  if (size > kRecordBytesMax) {
    return Refuse("RECORD_SIZE", absl::StrCat("the sections of a record have at most ", kRecordBytesMax,
                                              " bytes together, not ", size));
  }
  return absl::OkStatus();
}

absl::Status CheckTypes(absl::Span<const uint32_t> types) {
  absl::flat_hash_set<uint32_t> seen;
  for (const uint32_t type : types) {
    if (type == 0) {
      return Refuse("SECTION_TYPE", "a section has a type above 0");
    }
    if (!seen.insert(type).second) {
      return Refuse("SECTION_TYPE", absl::StrCat("section type ", type, " occurs twice in the record"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDrafts(absl::Span<const SectionDraft> drafts, size_t slot_count) {
  if (!IsSlotCount(slot_count)) {
    return Refuse("SLOT_COUNT", absl::StrCat("a record has 8, 16, 32 or 64 slots, not ", slot_count));
  }
  if (drafts.size() > slot_count) {
    return Refuse("SLOT_COUNT", absl::StrCat(drafts.size(), " sections do not fit into ", slot_count, " slots"));
  }
  size_t record_size = 0;
  std::vector<uint32_t> types;
  for (const SectionDraft& draft : drafts) {
    MEGURI_RETURN_IF_ERROR(AudienceSet::Parse(draft.audiences.bits()).status());
    MEGURI_RETURN_IF_ERROR(CheckPayloadSize(draft.payload.size()));
    record_size += draft.payload.size();
    types.push_back(draft.type);
  }
  MEGURI_RETURN_IF_ERROR(CheckRecordSize(record_size));
  return CheckTypes(types);
}

// `count` different slots out of `slot_count`, every choice and order equally likely.
std::vector<uint32_t> DrawSlots(size_t count, size_t slot_count, Random& random) {
  std::vector<uint32_t> slots(slot_count);
  std::iota(slots.begin(), slots.end(), 0U);
  for (size_t i = 0; i < count; ++i) {
    std::swap(slots[i], slots[i + random.Below(slot_count - i)]);
  }
  slots.resize(count);
  return slots;
}

v1::Section Seal(const SectionDraft& draft, uint32_t slot, Random& random) {
  v1::Section section;
  section.set_slot(slot);
  section.set_type(draft.type);
  section.set_audiences(draft.audiences.bits());
  section.set_salt(Hash(random.Bytes<kSaltSize>()).ToString());
  section.set_payload(draft.payload);
  return section;
}

// Everything about one section that costs no hashing.
absl::Status CheckForm(const Header& header, const v1::Section& section) {
  if (section.slot() >= header.slot_count()) {
    return Refuse("SECTION_SLOT", absl::StrCat("slot ", section.slot(), " is not among the ", header.slot_count(),
                                               " slots of the header"));
  }
  const absl::Status audiences = AudienceSet::Parse(section.audiences()).status();
  if (!audiences.ok()) {
    return Refuse("SECTION_AUDIENCES", audiences.message());
  }
  if (section.salt().size() != kSaltSize) {
    return Refuse("SECTION_SALT", absl::StrCat("a salt is 32 bytes, not ", section.salt().size()));
  }
  return CheckPayloadSize(section.payload().size());
}

absl::Status CheckForms(const Header& header, const google::protobuf::RepeatedPtrField<v1::Section>& sections) {
  size_t record_size = 0;
  std::vector<uint32_t> types;
  for (int i = 0; i < sections.size(); ++i) {
    const v1::Section& section = sections[i];
    if (i > 0 && section.slot() <= sections[i - 1].slot()) {
      return Refuse("SECTION_SLOT", "the sections do not stand in ascending order of their slots");
    }
    MEGURI_RETURN_IF_ERROR(CheckForm(header, section));
    record_size += section.payload().size();
    types.push_back(section.type());
  }
  MEGURI_RETURN_IF_ERROR(CheckRecordSize(record_size));
  return CheckTypes(types);
}

}  // namespace

Hash SectionDigest(const ParticipantId& publisher, const RecordId& record_id, uint64_t version,
                   const v1::Section& section) {
  std::string before;
  absl::StrAppend(&before, kSectionDomain);
  AppendU16(static_cast<uint16_t>(publisher.text().size()), before);
  absl::StrAppend(&before, publisher.text(), record_id.view());
  AppendU64(version, before);
  absl::StrAppend(&before, section.salt());
  AppendU32(section.type(), before);
  AppendU32(section.audiences(), before);
  AppendU64(section.payload().size(), before);
  return Sha256({before, section.payload()});
}

absl::StatusOr<SealedSections> SealSections(const ParticipantId& publisher, const RecordId& record_id, uint64_t version,
                                            absl::Span<const SectionDraft> drafts, size_t slot_count, Random& random) {
  MEGURI_RETURN_IF_ERROR(CheckDrafts(drafts, slot_count));
  const std::vector<uint32_t> slots = DrawSlots(drafts.size(), slot_count, random);
  SealedSections sealed;
  for (size_t i = 0; i < drafts.size(); ++i) {
    sealed.sections.push_back(Seal(drafts[i], slots[i], random));
  }
  std::sort(sealed.sections.begin(), sealed.sections.end(),
            [](const v1::Section& a, const v1::Section& b) { return a.slot() < b.slot(); });
  // At once: a call to the CSPRNG costs more than its bytes.
  std::vector<uint8_t> noise(slot_count * kHashSize);
  random.Fill(absl::MakeSpan(noise));
  for (auto digest = noise.begin(); digest != noise.end(); digest += kHashSize) {
    std::array<uint8_t, kHashSize> bytes;
    std::copy_n(digest, kHashSize, bytes.begin());
    sealed.digests.emplace_back(bytes);
  }
  for (const v1::Section& section : sealed.sections) {
    sealed.digests[section.slot()] = SectionDigest(publisher, record_id, version, section);
  }
  return sealed;
}

absl::Status VerifySections(const Header& header, const google::protobuf::RepeatedPtrField<v1::Section>& sections) {
  if (header.is_tombstone() && !sections.empty()) {
    return Refuse("TOMBSTONE_SECTIONS", "a tombstone opens nothing, so no section comes with it");
  }
  MEGURI_RETURN_IF_ERROR(CheckForms(header, sections));
  for (const v1::Section& section : sections) {
    const Hash digest = SectionDigest(header.publisher(), header.record_id(), header.version(), section);
    if (digest.view() != header.message().section_digests(static_cast<int>(section.slot()))) {
      return Refuse("SECTION_DIGEST",
                    absl::StrCat("the section in slot ", section.slot(), " is not the one that the header signs"));
    }
  }
  return absl::OkStatus();
}

}  // namespace meguri::record
