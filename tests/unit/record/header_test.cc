// SPDX-License-Identifier: Apache-2.0
#include "record/header.h"

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "record/limits.h"
#include "tests/testing/status.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;

v1::Header First() {
  v1::Header header;
  header.set_format_version(1);
  header.set_record_id(std::string(16, 'r'));
  header.set_version(1);
  header.set_record_type(v1::RECORD_TYPE_PRODUCT_PASSPORT);
  header.set_publisher("0188:7123456789012");
  header.set_issue_time_ms(1'790'000'000'000);
  for (int i = 0; i < 8; ++i) {
    header.add_section_digests(std::string(32, static_cast<char>('a' + i)));
  }
  return header;
}

v1::Header Second() {
  v1::Header header = First();
  header.set_version(2);
  header.set_previous_header_hash(std::string(32, 'p'));
  return header;
}

v1::Header Ended(v1::TombstoneReason reason) {
  v1::Header header = Second();
  header.mutable_tombstone()->set_reason(reason);
  return header;
}

template <typename Change>
absl::Status Changed(v1::Header header, Change change) {
  change(header);
  return Header::Make(header).status();
}

TEST(Header, KeepsTheBytesThatAreSigned) {
  const absl::StatusOr<Header> made = Header::Make(Second());
  MEGURI_ASSERT_OK(made);
  const absl::StatusOr<Header> parsed = Header::Parse(made->bytes());
  MEGURI_ASSERT_OK(parsed);
  EXPECT_EQ(parsed->bytes(), made->bytes());
  EXPECT_EQ(parsed->hash(), made->hash());
  EXPECT_EQ(parsed->hash(), Sha256(absl::StrCat("meguri/header/v1", absl::string_view("\0", 1), made->bytes())));
  EXPECT_EQ(parsed->version(), 2);
  EXPECT_EQ(parsed->record_id().view(), std::string(16, 'r'));
  EXPECT_EQ(parsed->publisher().text(), "0188:7123456789012");
  EXPECT_EQ(parsed->slot_count(), 8);
  EXPECT_FALSE(parsed->is_tombstone());
}

TEST(Header, NeedsEveryField) {
  EXPECT_THAT(Changed(First(), [](auto& h) { h.clear_format_version(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.clear_record_id(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.clear_version(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.clear_record_type(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.clear_publisher(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.clear_issue_time_ms(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.clear_section_digests(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Header::Parse(""), HasReason("WIRE_GRAMMAR"));
}

TEST(Header, HasSizesAndRanges) {
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_record_id(std::string(15, 'r')); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_record_id(std::string(17, 'r')); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(Second(), [](auto& h) { h.set_previous_header_hash(std::string(31, 'p')); }),
              HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_section_digests(3, std::string(33, 'd')); }),
              HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_issue_time_ms(kTimeMsMax); }), IsOk());
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_issue_time_ms(kTimeMsMax + 1); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(Second(), [](auto& h) { h.set_version(kVersionMax); }), IsOk());
  EXPECT_THAT(Changed(Second(), [](auto& h) { h.set_version(kVersionMax + 1); }), HasReason("WIRE_GRAMMAR"));
}

TEST(Header, KnowsEveryRecordTypeOfTheProtoAndNoOther) {
  for (int type = 1; type <= v1::RecordType_MAX + 1; ++type) {
    const absl::Status status =
        Changed(First(), [&](auto& h) { h.set_record_type(static_cast<v1::RecordType>(type)); });
    EXPECT_EQ(status.ok(), v1::RecordType_IsValid(type)) << type;
  }
}

TEST(Header, PublisherIsAParticipant) {
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_publisher("0088:9520123456788"); }), IsOk());
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_publisher("0188:9876543210987"); }), HasReason("HEADER_RULE"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_publisher("nobody"); }), HasReason("HEADER_RULE"));
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_publisher("0199:" + std::string(35, 'x')); }), IsOk());
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_publisher("0199:" + std::string(36, 'x')); }),
              HasReason("WIRE_GRAMMAR"));
}

TEST(Header, OnlyTheFirstVersionHasNoPredecessor) {
  EXPECT_THAT(Header::Make(First()), IsOk());
  EXPECT_THAT(Header::Make(Second()), IsOk());
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_previous_header_hash(std::string(32, 'p')); }),
              HasReason("HEADER_RULE"));
  EXPECT_THAT(Changed(Second(), [](auto& h) { h.clear_previous_header_hash(); }), HasReason("HEADER_RULE"));
}

TEST(Header, Has8Or16Or32Or64Slots) {
  for (int count = 1; count <= 65; ++count) {
    v1::Header header = First();
    header.clear_section_digests();
    for (int i = 0; i < count; ++i) {
      header.add_section_digests(std::string(32, 'd'));
    }
    const bool good = count == 8 || count == 16 || count == 32 || count == 64;
    EXPECT_EQ(Header::Make(header).ok(), good) << count;
  }
}

TEST(Header, EveryLegalHeaderFitsTheSizeLimit) {
  v1::Header header = Ended(v1::TOMBSTONE_REASON_SUPERSEDED);
  header.set_publisher("0199:" + std::string(35, 'x'));
  header.mutable_tombstone()->set_successor_record_id(std::string(16, 's'));
  header.clear_section_digests();
  for (int i = 0; i < 64; ++i) {
    header.add_section_digests(std::string(32, 'd'));
  }
  const absl::StatusOr<Header> made = Header::Make(header);
  MEGURI_ASSERT_OK(made);
  EXPECT_LE(made->bytes().size(), kHeaderBytesMax);
  EXPECT_THAT(Header::Parse(std::string(kHeaderBytesMax + 1, '\0')), HasReason("WIRE_GRAMMAR"));
}

TEST(Header, TombstonesNameTheirSuccessorByReason) {
  const std::string record_id(16, 's');
  EXPECT_THAT(Header::Make(Ended(v1::TOMBSTONE_REASON_WITHDRAWN)), IsOk());
  EXPECT_THAT(Header::Make(Ended(v1::TOMBSTONE_REASON_ERASED)), IsOk());
  EXPECT_TRUE(Header::Make(Ended(v1::TOMBSTONE_REASON_ERASED))->is_tombstone());
  for (const auto reason : {v1::TOMBSTONE_REASON_WITHDRAWN, v1::TOMBSTONE_REASON_SUPERSEDED,
                            v1::TOMBSTONE_REASON_TRANSFERRED, v1::TOMBSTONE_REASON_ERASED}) {
    for (const bool with_record : {false, true}) {
      for (const bool with_participant : {false, true}) {
        v1::Header header = Ended(reason);
        if (with_record) {
          header.mutable_tombstone()->set_successor_record_id(record_id);
        }
        if (with_participant) {
          header.mutable_tombstone()->set_successor_participant_id("0188:4011001098993");
        }
        const bool good = with_record == (reason == v1::TOMBSTONE_REASON_SUPERSEDED) &&
                          with_participant == (reason == v1::TOMBSTONE_REASON_TRANSFERRED);
        EXPECT_EQ(Header::Make(header).ok(), good) << reason << with_record << with_participant;
      }
    }
  }
}

TEST(Header, TombstoneGrammarIsStrict) {
  EXPECT_THAT(Changed(Second(), [](auto& h) { h.mutable_tombstone(); }), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(
      Changed(Second(), [](auto& h) { h.mutable_tombstone()->set_reason(static_cast<v1::TombstoneReason>(5)); }),
      HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(Ended(v1::TOMBSTONE_REASON_SUPERSEDED),
                      [](auto& h) { h.mutable_tombstone()->set_successor_record_id(std::string(15, 's')); }),
              HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(Ended(v1::TOMBSTONE_REASON_TRANSFERRED),
                      [](auto& h) { h.mutable_tombstone()->set_successor_participant_id("0188:9876543210987"); }),
              HasReason("HEADER_RULE"));
}

TEST(Header, ATombstoneEndsARecordThatExists) {
  v1::Header header = First();
  header.mutable_tombstone()->set_reason(v1::TOMBSTONE_REASON_WITHDRAWN);
  EXPECT_THAT(Header::Make(header), HasReason("HEADER_RULE"));
}

TEST(Header, ARecordDoesNotSucceedItself) {
  EXPECT_THAT(Changed(Ended(v1::TOMBSTONE_REASON_SUPERSEDED),
                      [](auto& h) { h.mutable_tombstone()->set_successor_record_id(h.record_id()); }),
              HasReason("HEADER_RULE"));
  EXPECT_THAT(Changed(Ended(v1::TOMBSTONE_REASON_TRANSFERRED),
                      [](auto& h) { h.mutable_tombstone()->set_successor_participant_id(h.publisher()); }),
              HasReason("HEADER_RULE"));
}

TEST(Header, ANewerFormatIsNotInterpreted) {
  EXPECT_THAT(Changed(First(), [](auto& h) { h.set_format_version(2); }), HasReason("NEWER_FORMAT"));
  const absl::Status status = Header::Parse(absl::string_view("\x08\x02 anything at all", 18)).status();
  EXPECT_THAT(status, HasReason("NEWER_FORMAT"));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(Header::Parse("\x08\xff\xff\xff\xff\x0f"), HasReason("NEWER_FORMAT"));
}

TEST(Header, AMalformedFormatVersionIsNotANewerFormat) {
  EXPECT_THAT(Header::Parse("\x08"), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Header::Parse(absl::string_view("\x08\x00", 2)), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Header::Parse(absl::string_view("\x08\x82\x00", 3)), HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Header::Parse("\x08\x80\x80\x80\x80\x10"), HasReason("WIRE_GRAMMAR")) << "2^32";
  EXPECT_THAT(Header::Parse("\x0a\x02xx"), HasReason("WIRE_GRAMMAR"));
}

TEST(Header, UnknownFieldsAreRefusedAtEveryDepth) {
  EXPECT_THAT(Changed(First(), [](auto& h) { h.GetReflection()->MutableUnknownFields(&h)->AddVarint(10, 1); }),
              HasReason("WIRE_GRAMMAR"));
  EXPECT_THAT(Changed(Ended(v1::TOMBSTONE_REASON_ERASED),
                      [](auto& h) {
                        v1::Tombstone& tombstone = *h.mutable_tombstone();
                        tombstone.GetReflection()->MutableUnknownFields(&tombstone)->AddVarint(4, 1);
                      }),
              HasReason("WIRE_GRAMMAR"));
}

TEST(Header, EveryBitIsUnderTheHash) {
  const Header header = *Header::Make(Second());
  for (size_t bit = 0; bit < header.bytes().size() * 8; ++bit) {
    std::string bytes = header.bytes();
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const absl::StatusOr<Header> changed = Header::Parse(bytes);
    EXPECT_TRUE(!changed.ok() || changed->hash() != header.hash()) << bit;
  }
}

TEST(Header, EveryTruncationIsRefused) {
  const std::string bytes = Header::Make(Ended(v1::TOMBSTONE_REASON_ERASED))->bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    // Without its last field, the tombstone, the message is whole.
    const bool whole = size + 4 == bytes.size();
    EXPECT_EQ(Header::Parse(bytes.substr(0, size)).ok(), whole) << size;
  }
}

}  // namespace
}  // namespace meguri::record
