// SPDX-License-Identifier: Apache-2.0
#include "record/wire.h"

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace meguri::record {
namespace {

constexpr int kDepthMax = 8;
constexpr size_t kVarintBytesMax = 10;
constexpr uint64_t kWireTypeVarint = 0;
constexpr uint64_t kWireTypeBytes = 2;

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "WIRE_GRAMMAR", message);
}

absl::Status Refuse(const WireMessage& grammar, const WireField& field, absl::string_view offence) {
  return Refuse(absl::StrCat(grammar.name, ": field ", field.number, " ", offence));
}

bool TakeBytes(absl::string_view& in, absl::string_view& bytes) {
  uint64_t size = 0;
  if (!TakeVarint(in, size) || size > in.size()) {
    return false;
  }
  bytes = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

// The sequences of RFC 3629 §4: a leading byte, the range of the byte after it, and how many follow.
struct Utf8Sequence {
  uint8_t first_min, first_max;
  uint8_t second_min, second_max;
  size_t size;
};

constexpr Utf8Sequence kUtf8Sequences[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

bool IsWithin(char c, uint8_t low, uint8_t high) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= low && byte <= high;
}

// The length of the character at the front of `text`, or 0 if it is malformed.
size_t Utf8Size(absl::string_view text) {
  if (IsWithin(text[0], 0x00, 0x7f)) {
    return 1;
  }
  const auto* const sequence =
      std::find_if(std::begin(kUtf8Sequences), std::end(kUtf8Sequences),
                   [&](const Utf8Sequence& s) { return IsWithin(text[0], s.first_min, s.first_max); });
  if (sequence == std::end(kUtf8Sequences) || text.size() < sequence->size ||
      !IsWithin(text[1], sequence->second_min, sequence->second_max)) {
    return 0;
  }
  const absl::string_view rest = text.substr(2, sequence->size - 2);
  return std::all_of(rest.begin(), rest.end(), [](char c) { return IsWithin(c, 0x80, 0xbf); }) ? sequence->size : 0;
}

absl::Status CheckValue(uint64_t value, const WireMessage& grammar, const WireField& field) {
  if (value == 0) {
    return Refuse(grammar, field, "carries the default value 0, which is written by leaving the field out");
  }
  if (!field.values.empty() && std::find(field.values.begin(), field.values.end(), value) == field.values.end()) {
    return Refuse(grammar, field, absl::StrCat("has the unknown value ", value));
  }
  if (value < field.value_min || value > field.value_max) {
    return Refuse(grammar, field,
                  absl::StrCat("is ", value, ", not between ", field.value_min, " and ", field.value_max));
  }
  return absl::OkStatus();
}

absl::Status CheckBytes(absl::string_view bytes, const WireMessage& grammar, const WireField& field) {
  if (bytes.size() < field.size_min || bytes.size() > field.size_max) {
    return Refuse(grammar, field,
                  absl::StrCat("has ", bytes.size(), " bytes, not between ", field.size_min, " and ", field.size_max));
  }
  if (field.kind == WireField::Kind::kUtf8 && !IsUtf8(bytes)) {
    return Refuse(grammar, field, "is not UTF-8");
  }
  return absl::OkStatus();
}

absl::Status CheckMessage(absl::string_view bytes, const WireMessage& grammar, int depth);

// Takes the value of `field` from the front of `in`, its tag already read.
absl::Status TakeField(absl::string_view& in, const WireMessage& grammar, const WireField& field, int depth) {
  if (field.kind == WireField::Kind::kVarint) {
    uint64_t value = 0;
    if (!TakeVarint(in, value)) {
      return Refuse(grammar, field, "does not hold a minimal varint");
    }
    return CheckValue(value, grammar, field);
  }
  absl::string_view bytes;
  if (!TakeBytes(in, bytes)) {
    return Refuse(grammar, field, "is cut off, or its length is not a minimal varint");
  }
  if (field.kind == WireField::Kind::kMessage) {
    return CheckMessage(bytes, *field.message, depth + 1);
  }
  return CheckBytes(bytes, grammar, field);
}

// Walks the fields of a message in the order in which the grammar lists them.
class FieldCursor {
 public:
  explicit FieldCursor(const WireMessage& grammar) : grammar_(grammar) {}

  // Moves to field `number`, if it may stand here.
  absl::StatusOr<const WireField*> Enter(uint64_t number) {
    while (next_ < grammar_.fields.size() && grammar_.fields[next_].number < number) {
      MEGURI_RETURN_IF_ERROR(Leave());
    }
    if (next_ == grammar_.fields.size() || grammar_.fields[next_].number != number) {
      return Refuse(absl::StrCat(grammar_.name, ": field ", number, " is unknown or out of order"));
    }
    const WireField& field = grammar_.fields[next_];
    ++count_;
    if (count_ > (field.repeated ? field.count_max : 1)) {
      return Refuse(grammar_, field, "occurs too often");
    }
    return &field;
  }

  // Checks that no field that is still missing is required.
  absl::Status Finish() {
    while (next_ < grammar_.fields.size()) {
      MEGURI_RETURN_IF_ERROR(Leave());
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Leave() {
    const WireField& field = grammar_.fields[next_];
    if (field.required && count_ == 0) {
      return Refuse(grammar_, field, "is missing");
    }
    ++next_;
    count_ = 0;
    return absl::OkStatus();
  }

  const WireMessage& grammar_;
  size_t next_ = 0;   // field of the grammar that we are at
  size_t count_ = 0;  // how often it has occurred
};

absl::Status CheckMessage(absl::string_view bytes, const WireMessage& grammar, int depth) {
  if (depth > kDepthMax) {
    return Refuse(absl::StrCat(grammar.name, ": messages are nested too deep"));
  }
  FieldCursor cursor(grammar);
  while (!bytes.empty()) {
    uint64_t tag = 0;
    if (!TakeVarint(bytes, tag)) {
      return Refuse(absl::StrCat(grammar.name, ": a tag is not a minimal varint"));
    }
    MEGURI_ASSIGN_OR_RETURN(const WireField* const field, cursor.Enter(tag >> 3));
    const uint64_t wire_type = field->kind == WireField::Kind::kVarint ? kWireTypeVarint : kWireTypeBytes;
    if ((tag & 7) != wire_type) {
      return Refuse(grammar, *field, absl::StrCat("has wire type ", tag & 7, ", not ", wire_type));
    }
    MEGURI_RETURN_IF_ERROR(TakeField(bytes, grammar, *field, depth));
  }
  return cursor.Finish();
}

}  // namespace

bool TakeVarint(absl::string_view& in, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < std::min(in.size(), kVarintBytesMax); ++i) {
    const auto byte = static_cast<uint8_t>(in[i]);
    if (i == kVarintBytesMax - 1 && byte > 1) {
      return false;
    }
    value |= uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return byte != 0 || i == 0;
    }
  }
  return false;
}

absl::Status CheckFormatVersion(absl::string_view bytes, absl::string_view what, uint32_t known) {
  constexpr char kTag = 0x08;  // field 1, varint
  if (bytes.empty() || bytes[0] != kTag) {
    return absl::OkStatus();
  }
  uint64_t version = 0;
  bytes.remove_prefix(1);
  if (TakeVarint(bytes, version) && version > known && version <= UINT32_MAX) {
    return Error(absl::StatusCode::kUnimplemented, "NEWER_FORMAT",
                 absl::StrCat("the ", what, " has format version ", version, "; this program knows ", known,
                              ": keep it as it is and update the program"));
  }
  return absl::OkStatus();
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t size = Utf8Size(text);
    if (size == 0) {
      return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

absl::Status CheckWire(absl::string_view bytes, const WireMessage& grammar) { return CheckMessage(bytes, grammar, 1); }

}  // namespace meguri::record
