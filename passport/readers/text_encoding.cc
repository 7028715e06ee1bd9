// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/text_encoding.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <iconv.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"

namespace meguri::passport {
namespace {

constexpr absl::string_view kMarkUtf8 = "\xEF\xBB\xBF";
constexpr absl::string_view kMarkLittleEndian = "\xFF\xFE";
constexpr absl::string_view kMarkBigEndian = "\xFE\xFF";
constexpr size_t kDetectionBytes = 4096;
constexpr size_t kConversionStep = size_t{64} << 10;

absl::Status Undecodable(absl::string_view before, absl::string_view encoding) {
  return Error(absl::StatusCode::kInvalidArgument, "TEXT_ENCODING",
               absl::StrCat("line ", 1 + std::count(before.begin(), before.end(), '\n'), " is not written in ",
                            encoding, "; save the file as UTF-8, or name its encoding"));
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto byte = [&out](uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | (code >> 6U));
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U));
    byte(0x80U | ((code >> 12U) & 0x3FU));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

bool IsHighSurrogate(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLowSurrogate(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

absl::StatusOr<std::string> FromUtf16(absl::string_view bytes, bool is_big_endian) {
  const auto unit_at = [&](size_t at) {
    const auto first = static_cast<uint8_t>(bytes[at]);
    const auto second = static_cast<uint8_t>(bytes[at + 1]);
    return is_big_endian ? uint32_t{first} << 8U | second : uint32_t{second} << 8U | first;
  };
  std::string text;
  text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size(); at += 2) {
    if (at + 1 == bytes.size()) {
      return Undecodable(text, "UTF-16");
    }
    uint32_t code = unit_at(at);
    if (IsHighSurrogate(code) && at + 3 < bytes.size() && IsLowSurrogate(unit_at(at + 2))) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (unit_at(at + 2) - 0xDC00);
      at += 2;
    } else if (IsHighSurrogate(code) || IsLowSurrogate(code)) {
      return Undecodable(text, "UTF-16");
    }
    AppendUtf8(code, text);
  }
  return text;
}

// An open converter of the C library.
class Converter {
 public:
  explicit Converter(const char* encoding) : handle_(iconv_open("UTF-8", encoding)) {}
  ~Converter() {
    if (is_open()) {
      iconv_close(handle_);
    }
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool is_open() const { return reinterpret_cast<intptr_t>(handle_) != -1; }
  iconv_t handle() const { return handle_; }

 private:
  const iconv_t handle_;
};

absl::StatusOr<std::string> FromCp932(absl::string_view bytes) {
  const Converter converter("CP932");
  if (!converter.is_open()) {
    return Error(absl::StatusCode::kFailedPrecondition, "ENCODING_UNAVAILABLE",
                 "the C library of this machine cannot read CP932; save the file as UTF-8");
  }
  std::string source(bytes.data(), bytes.size());  // iconv takes no const
  char* in = source.data();
  size_t in_left = source.size();
  std::string text;
  std::string step(kConversionStep, '\0');
  while (in_left > 0) {
    char* out = step.data();
    size_t out_left = step.size();
    const size_t result = iconv(converter.handle(), &in, &in_left, &out, &out_left);
    text.append(step.data(), step.size() - out_left);
    if (result == static_cast<size_t>(-1) && errno != E2BIG) {
      return Undecodable(text, "CP932 (Shift_JIS)");
    }
  }
  return text;
}

absl::StatusOr<std::string> FromUtf8(absl::string_view bytes) {
  if (!IsUtf8(bytes)) {
    return Undecodable("", "UTF-8");
  }
  return std::string(bytes.data(), bytes.size());
}

// What may follow a first byte: the table of well-formed UTF-8 of Unicode, 3-7.
struct Lead {
  uint8_t first;
  uint8_t last;
  size_t size;
  uint8_t second_min;
  uint8_t second_max;
};
constexpr Lead kLeads[] = {{0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
                           {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
                           {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F}};

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0U) == 0x80U; }

// How many bytes the first character has; 0 if there is none.
size_t CharacterSize(absl::string_view text) {
  const auto byte = static_cast<uint8_t>(text[0]);
  for (const Lead& lead : kLeads) {
    if (byte < lead.first || byte > lead.last) {
      continue;
    }
    const absl::string_view rest = text.substr(1, lead.size - 1);
    const bool fits = rest.size() == lead.size - 1 && std::all_of(rest.begin(), rest.end(), IsContinuation) &&
                      (rest.empty() || (static_cast<uint8_t>(rest[0]) >= lead.second_min &&
                                        static_cast<uint8_t>(rest[0]) <= lead.second_max));
    return fits ? lead.size : 0;
  }
  return 0;
}

TextEncoding Detect(absl::string_view bytes) {
  if (absl::StartsWith(bytes, kMarkUtf8)) {
    return TextEncoding::kUtf8;
  }
  if (absl::StartsWith(bytes, kMarkLittleEndian)) {
    return TextEncoding::kUtf16LittleEndian;
  }
  if (absl::StartsWith(bytes, kMarkBigEndian)) {
    return TextEncoding::kUtf16BigEndian;
  }
  size_t zeros[2] = {0, 0};  // at even and at odd places
  for (size_t i = 0; i < std::min(bytes.size(), kDetectionBytes); ++i) {
    zeros[i % 2] += bytes[i] == '\0' ? 1 : 0;
  }
  if (zeros[0] + zeros[1] > 0) {
    return zeros[0] > zeros[1] ? TextEncoding::kUtf16BigEndian : TextEncoding::kUtf16LittleEndian;
  }
  return IsUtf8(bytes) ? TextEncoding::kUtf8 : TextEncoding::kCp932;
}

}  // namespace

absl::optional<TextEncoding> FindTextEncoding(absl::string_view name) {
  constexpr struct {
    absl::string_view name;
    TextEncoding encoding;
  } kNames[] = {{"auto", TextEncoding::kDetect},
                {"utf-8", TextEncoding::kUtf8},
                {"utf-16", TextEncoding::kUtf16LittleEndian},
                {"utf-16le", TextEncoding::kUtf16LittleEndian},
                {"utf-16be", TextEncoding::kUtf16BigEndian},
                {"cp932", TextEncoding::kCp932},
                {"shift_jis", TextEncoding::kCp932}};
  for (const auto& row : kNames) {
    if (absl::AsciiStrToLower(name) == row.name) {
      return row.encoding;
    }
  }
  return absl::nullopt;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    if (size == 0) {
      return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

absl::optional<absl::string_view> ViewUtf8(absl::string_view bytes) {
  if (Detect(bytes) != TextEncoding::kUtf8) {
    return absl::nullopt;
  }
  absl::ConsumePrefix(&bytes, kMarkUtf8);
  return IsUtf8(bytes) ? absl::make_optional(bytes) : absl::nullopt;
}

absl::StatusOr<std::string> DecodeText(absl::string_view bytes, TextEncoding encoding) {
  if (bytes.size() > kTextBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "TEXT_SIZE",
                 absl::StrCat("the text has ", bytes.size(), " bytes; at most ", kTextBytesMax, " are allowed"));
  }
  const TextEncoding known = encoding == TextEncoding::kDetect ? Detect(bytes) : encoding;
  switch (known) {
    case TextEncoding::kUtf16LittleEndian:
      absl::ConsumePrefix(&bytes, kMarkLittleEndian);
      return FromUtf16(bytes, /*is_big_endian=*/false);
    case TextEncoding::kUtf16BigEndian:
      absl::ConsumePrefix(&bytes, kMarkBigEndian);
      return FromUtf16(bytes, /*is_big_endian=*/true);
    case TextEncoding::kCp932:
      return FromCp932(bytes);
    case TextEncoding::kDetect:
    case TextEncoding::kUtf8:
      break;
  }
  absl::ConsumePrefix(&bytes, kMarkUtf8);
  return FromUtf8(bytes);
}

}  // namespace meguri::passport
