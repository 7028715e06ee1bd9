// SPDX-License-Identifier: Apache-2.0
// Parts of records under the header, the slot, the salt and the signature of others; and what slots tell by themselves.
#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "record/batch.h"
#include "record/header.h"
#include "record/section.h"
#include "tests/testing/fakes.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;
using ::meguri::testing::SeededRandom;

constexpr size_t kSlots = 8;
constexpr size_t kPublishers = 2;
constexpr size_t kRecordsOfEach = 2;
constexpr uint64_t kVersions = 2;
constexpr size_t kSectionsOfEach = 3;

struct Sealed {
  size_t publisher = 0;
  Header header;
  std::vector<v1::Section> sections;
  v1::BatchSignature signature;
};

google::protobuf::RepeatedPtrField<v1::Section> Only(const v1::Section& section) {
  google::protobuf::RepeatedPtrField<v1::Section> one;
  *one.Add() = section;
  return one;
}

// Two versions of two records of two publishers, the records of each under one signature, all with the same contents.
class Transplants : public ::testing::Test {
 protected:
  Transplants() {
    for (size_t publisher = 0; publisher < kPublishers; ++publisher) {
      signers_[publisher] = RawSigner::Ed25519(std::string(32, static_cast<char>('k' + publisher)));
      const size_t begin = all_.size();
      for (size_t i = 0; i < kRecordsOfEach; ++i) {
        AddRecord(publisher);
      }
      std::vector<Hash> hashes;
      for (size_t i = begin; i < all_.size(); ++i) {
        hashes.push_back(all_[i].header.hash());
      }
      const auto signatures = SignBatch(hashes, KeyIdOf(publisher), *signers_[publisher], random_).value();
      for (size_t i = begin; i < all_.size(); ++i) {
        all_[i].signature = signatures[i - begin];
      }
    }
  }
  static Hash KeyIdOf(size_t publisher) { return Sha256(absl::StrCat("key ", publisher)); }
  void AddRecord(size_t publisher) {
    const ParticipantId id = ParticipantId::Parse(absl::StrCat("9999:maker", publisher)).value();
    const RecordId record_id = RecordId::Make(random_);
    std::string previous;
    for (uint64_t version = 1; version <= kVersions; ++version) {
      std::vector<SectionDraft> drafts;
      for (uint32_t type = 1; type <= kSectionsOfEach; ++type) {
        drafts.push_back({type, AudienceSet::Of({v1::AUDIENCE_PUBLIC}), "the same everywhere"});
      }
      SealedSections sealed = SealSections(id, record_id, version, drafts, kSlots, random_).value();
      v1::Header header;
      header.set_format_version(kFormatVersion);
      header.set_record_id(record_id.ToString());
      header.set_version(version);
      header.set_record_type(v1::RECORD_TYPE_PRODUCT_PASSPORT);
      header.set_publisher(id.text());
      header.set_issue_time_ms(1);
      header.set_previous_header_hash(previous);
      for (const Hash& digest : sealed.digests) {
        header.add_section_digests(digest.ToString());
      }
      all_.push_back({publisher, Header::Make(header).value(), std::move(sealed.sections), {}});
      previous = all_.back().header.hash().ToString();
    }
  }
  absl::Status VerifyUnder(const Sealed& header, const Sealed& signature) const {
    return VerifyBatchSignature(header.header.hash(), signature.signature, signers_[signature.publisher]->public_key(),
                                nullptr);
  }

  SeededRandom random_{51};
  std::unique_ptr<RawSigner> signers_[kPublishers];
  std::vector<Sealed> all_;
};

TEST_F(Transplants, ASectionOpensItsOwnHeaderAlone) {
  ASSERT_EQ(all_.size(), kPublishers * kRecordsOfEach * kVersions);
  for (const Sealed& from : all_) {
    for (const v1::Section& section : from.sections) {
      for (const Sealed& to : all_) {
        for (uint32_t slot = 0; slot < kSlots; ++slot) {
          v1::Section moved = section;
          moved.set_slot(slot);
          const absl::Status status = VerifySections(to.header, Only(moved));
          if (&from == &to && slot == section.slot()) {
            EXPECT_THAT(status, IsOk());
          } else {
            EXPECT_THAT(status, HasReason("SECTION_DIGEST"));
          }
        }
      }
    }
  }
}

TEST_F(Transplants, SaltsAndTypesDoNotChangePlaces) {
  for (const Sealed& from : all_) {
    for (const v1::Section& one : from.sections) {
      for (const v1::Section& other : from.sections) {
        if (&one == &other) {
          continue;
        }
        v1::Section salted = one;
        salted.set_salt(other.salt());
        EXPECT_THAT(VerifySections(from.header, Only(salted)), HasReason("SECTION_DIGEST"));
        v1::Section typed = one;
        typed.set_type(other.type());
        EXPECT_THAT(VerifySections(from.header, Only(typed)), HasReason("SECTION_DIGEST"));
      }
    }
  }
}

TEST_F(Transplants, ASignatureIsOfItsOwnHeaderAlone) {
  for (const Sealed& header : all_) {
    for (const Sealed& signature : all_) {
      if (&header == &signature) {
        EXPECT_THAT(VerifyUnder(header, signature), IsOk());
      } else {
        EXPECT_THAT(VerifyUnder(header, signature), HasReason("BAD_SIGNATURE"));
      }
    }
  }
}

TEST_F(Transplants, AHeaderSignedByOnePublisherIsNotAnothers) {
  const Sealed& mine = all_.front();
  const Sealed& theirs = all_.back();
  ASSERT_NE(mine.publisher, theirs.publisher);
  EXPECT_THAT(
      VerifyBatchSignature(mine.header.hash(), mine.signature, signers_[theirs.publisher]->public_key(), nullptr),
      HasReason("BAD_SIGNATURE"));
}

// Somebody who is to tell from the digests in a million slots which of them hide a section: in no byte do they differ
// more from those of unused slots than chance makes them.
TEST(HiddenSlots, LookLikeUnusedOnes) {
  constexpr int kRecords = 125'000;
  constexpr int kValues = 256;
  constexpr size_t kLooksAt = 4;  // bytes of each digest, from the front and from the back
  // 255 degrees of freedom: one in ten thousand is beyond it by chance, and the seed is always the same.
  constexpr double kChiSquaredMax = 345.0;
  SeededRandom random(52);
  const ParticipantId publisher = ParticipantId::Parse("0188:7123456789012").value();
  std::array<std::array<std::array<double, kValues>, 2>, 2 * kLooksAt> counts = {};
  double slots[2] = {0, 0};
  for (int i = 0; i < kRecords; ++i) {
    const std::vector<SectionDraft> drafts = {
        {v1::SECTION_TYPE_COMPOSITION, AudienceSet::Of({v1::AUDIENCE_RECYCLERS}), "hidden"},
        {v1::SECTION_TYPE_OWNER_NOTE, AudienceSet::Of({v1::AUDIENCE_OWNER}), ""}};
    const SealedSections sealed = SealSections(publisher, RecordId::Make(random), 1, drafts, kSlots, random).value();
    uint64_t used = 0;
    for (const v1::Section& section : sealed.sections) {
      used |= uint64_t{1} << section.slot();
    }
    for (size_t slot = 0; slot < kSlots; ++slot) {
      const size_t kind = used >> slot & 1;
      const absl::string_view digest = sealed.digests[slot].view();
      slots[kind] += 1;
      for (size_t at = 0; at < kLooksAt; ++at) {
        counts[2 * at][kind][static_cast<uint8_t>(digest[at])] += 1;
        counts[2 * at + 1][kind][static_cast<uint8_t>(digest[kHashSize - 1 - at])] += 1;
      }
    }
  }
  ASSERT_EQ(slots[0] + slots[1], 1e6);
  for (const auto& [unused, used] : counts) {
    double chi_squared = 0;
    for (size_t value = 0; value < kValues; ++value) {
      const double of_both = unused[value] + used[value];
      for (const size_t kind : {size_t{0}, size_t{1}}) {
        const double expected = of_both * slots[kind] / (slots[0] + slots[1]);
        const double off = (kind == 0 ? unused : used)[value] - expected;
        chi_squared += off * off / expected;
      }
    }
    EXPECT_LT(chi_squared, kChiSquaredMax);
  }
}

}  // namespace
}  // namespace meguri::record
