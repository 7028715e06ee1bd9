// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/field_path.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "meguri/passport/v1/decimal.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Wrong(absl::string_view text, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "FIELD_PATH", absl::StrCat(Quoted(text), ": ", why));
}

bool IsDecimal(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field.message_type() == v1::Decimal::descriptor();
}

Violation Problem(absl::string_view reason, absl::string_view text, std::string expected, std::string message_ja) {
  return {.field = "",
          .reason = std::string(reason),
          .found = Quoted(text),
          .expected = std::move(expected),
          .cure = "correct the value",
          .message_ja = std::move(message_ja)};
}

// Enumerators of one type share a prefix: GRANULARITY_. It ends where the zero value says UNSPECIFIED.
absl::string_view PrefixOf(const EnumDescriptor& type) {
  absl::string_view zero = type.value(0)->name();
  absl::ConsumeSuffix(&zero, "UNSPECIFIED");
  return zero;
}

const EnumValueDescriptor* FindEnumerator(const EnumDescriptor& type, absl::string_view text) {
  std::string name = absl::AsciiStrToUpper(text);
  absl::StrReplaceAll({{"-", "_"}, {" ", "_"}}, &name);
  for (int i = 1; i < type.value_count(); ++i) {
    absl::string_view known = type.value(i)->name();
    if (known == name || (absl::ConsumePrefix(&known, PrefixOf(type)) && known == name)) {
      return type.value(i);
    }
  }
  return nullptr;
}

std::string EnumeratorNames(const EnumDescriptor& type) {
  std::string names;
  for (int i = 1; i < type.value_count(); ++i) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", ShortName(*type.value(i)));
  }
  return names;
}

absl::optional<bool> ParseTruth(absl::string_view text) {
  constexpr absl::string_view kTrue[] = {"true", "1", "yes", "y", "はい", "有", "あり", "○", "〇"};
  constexpr absl::string_view kFalse[] = {"false", "0", "no", "n", "いいえ", "無", "なし", "×"};
  const std::string word = absl::AsciiStrToLower(text);
  if (std::find(std::begin(kTrue), std::end(kTrue), word) != std::end(kTrue)) {
    return true;
  }
  if (std::find(std::begin(kFalse), std::end(kFalse), word) != std::end(kFalse)) {
    return false;
  }
  return absl::nullopt;
}

// Writes into a field that is repeated or not.
class Writer {
 public:
  Writer(Message& message, const FieldDescriptor& field)
      : message_(message), field_(field), reflection_(*message.GetReflection()) {}

  absl::optional<Violation> Write(absl::string_view text, Factor factor) {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        field_.is_repeated() ? reflection_.AddString(&message_, &field_, std::string(text))
                             : reflection_.SetString(&message_, &field_, std::string(text));
        return absl::nullopt;
      case FieldDescriptor::CPPTYPE_ENUM:
        return WriteEnumerator(text);
      case FieldDescriptor::CPPTYPE_BOOL:
        return WriteTruth(text);
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
        return WriteWhole(text, factor);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (IsDecimal(field_)) {
          return WriteDecimal(text, factor);
        }
        [[fallthrough]];
      default:
        return Problem("FIELD_TYPE", text, absl::StrCat("a field of ", field_.name()), "項目を指定してください。");
    }
  }

 private:
  absl::optional<Violation> WriteEnumerator(absl::string_view text) {
    const EnumValueDescriptor* value = FindEnumerator(*field_.enum_type(), text);
    if (value == nullptr) {
      return Problem("ENUMERATOR", text, absl::StrCat("one of ", EnumeratorNames(*field_.enum_type())),
                     "定義されていない区分です。");
    }
    field_.is_repeated() ? reflection_.AddEnum(&message_, &field_, value)
                         : reflection_.SetEnum(&message_, &field_, value);
    return absl::nullopt;
  }

  absl::optional<Violation> WriteTruth(absl::string_view text) {
    const absl::optional<bool> truth = ParseTruth(text);
    if (!truth.has_value()) {
      return Problem("TRUTH_VALUE", text, "true or false (はい / いいえ, 有 / 無)", "はい・いいえで記載してください。");
    }
    reflection_.SetBool(&message_, &field_, *truth);
    return absl::nullopt;
  }

  absl::optional<Violation> WriteWhole(absl::string_view text, Factor factor) {
    const absl::StatusOr<std::string> decimal = ScaledDecimal(text, factor);
    const bool is_short = field_.cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
    const uint64_t most = is_short ? std::numeric_limits<uint32_t>::max() : std::numeric_limits<uint64_t>::max();
    uint64_t number = 0;
    if (!decimal.ok() || !absl::SimpleAtoi(*decimal, &number) || number > most) {
      return Problem("NUMBER_SYNTAX", text, absl::StrCat("a whole number from 0 to ", most),
                     "0以上の整数を記載してください。");
    }
    if (is_short) {
      const auto value = static_cast<uint32_t>(number);
      field_.is_repeated() ? reflection_.AddUInt32(&message_, &field_, value)
                           : reflection_.SetUInt32(&message_, &field_, value);
    } else {
      field_.is_repeated() ? reflection_.AddUInt64(&message_, &field_, number)
                           : reflection_.SetUInt64(&message_, &field_, number);
    }
    return absl::nullopt;
  }

  absl::optional<Violation> WriteDecimal(absl::string_view text, Factor factor) {
    absl::string_view number = text;
    if (absl::ConsumeSuffix(&number, "%") || absl::ConsumeSuffix(&number, "％")) {
      const absl::StatusOr<Factor> of_percent = FactorOf("%", field_);
      if (!of_percent.ok()) {
        return Problem("UNIT_MISMATCH", text, "a number that is no percentage", "割合の項目ではありません。");
      }
      number = absl::StripTrailingAsciiWhitespace(number);
      factor = *of_percent;  // the value's own unit goes before that of its column
    }
    absl::StatusOr<std::string> decimal = ScaledDecimal(number, factor);
    if (!decimal.ok()) {
      return Problem(ReasonOf(decimal.status()), text,
                     ReasonOf(decimal.status()) == "NUMBER_RANGE"
                         ? "at most 16 digits before the point and 18 behind it"
                         : "a number such as 12.5, without separators or a unit",
                     "数値を半角で記載してください（桁区切りや単位は不要）。");
    }
    Message* value = field_.is_repeated() ? reflection_.AddMessage(&message_, &field_)
                                          : reflection_.MutableMessage(&message_, &field_);
    static_cast<v1::Decimal*>(value)->set_value(*std::move(decimal));
    return absl::nullopt;
  }

  Message& message_;
  const FieldDescriptor& field_;
  const Reflection& reflection_;
};

struct PathPart {
  absl::string_view name;
  bool has_brackets = false;
  absl::string_view index;  // between them
};

PathPart Take(absl::string_view part) {
  const size_t open = part.find('[');
  if (open == absl::string_view::npos || !absl::EndsWith(part, "]")) {
    return {part, false, ""};
  }
  return {part.substr(0, open), true, part.substr(open + 1, part.size() - open - 2)};
}

bool IsLeaf(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || IsDecimal(field);
}

// The index that the brackets of `part` hold: 0 where `field` takes none. Otherwise why they are wrong.
absl::StatusOr<int> ParseIndex(absl::string_view text, const FieldDescriptor& field, const PathPart& part) {
  if (!field.is_repeated()) {
    if (part.has_brackets) {
      return Wrong(text, absl::StrCat(field.name(), " takes no brackets: ", field.name()));
    }
    return 0;
  }
  const bool is_leaf = IsLeaf(field);
  if (!part.has_brackets) {
    return Wrong(text, absl::StrCat(field.name(), " needs brackets: ", field.name(), is_leaf ? "[]" : "[0]"));
  }
  int index = 0;
  if (is_leaf ? !part.index.empty() : !absl::SimpleAtoi(part.index, &index) || index < 0 || index > kFieldIndexMax) {
    return Wrong(text, absl::StrCat("the brackets of ", field.name(), is_leaf ? " stay empty" : " hold 0 to 999"));
  }
  return index;
}

}  // namespace

std::string ShortName(const EnumValueDescriptor& value) {
  absl::string_view name = value.name();
  absl::ConsumePrefix(&name, PrefixOf(*value.type()));
  return absl::AsciiStrToLower(name);
}

absl::optional<Violation> SetValue(Message& message, const FieldDescriptor& field, absl::string_view text,
                                   Factor factor) {
  return Writer(message, field).Write(text, factor);
}

absl::StatusOr<FieldPath> FieldPath::Parse(const Descriptor& root, absl::string_view text) {
  FieldPath path;
  const Descriptor* message = &root;
  for (const absl::string_view piece : absl::StrSplit(text, '.')) {
    if (message == nullptr) {
      return Wrong(text, absl::StrCat("nothing lies below ", path.field().name()));
    }
    const PathPart part = Take(piece);
    const FieldDescriptor* field = message->FindFieldByName(std::string(part.name));
    if (field == nullptr) {
      return Wrong(text, absl::StrCat(message->name(), " has no field ", Quoted(part.name)));
    }
    MEGURI_ASSIGN_OR_RETURN(const int index, ParseIndex(text, *field, part));
    path.steps_.push_back({field, index});
    message = IsLeaf(*field) ? nullptr : field->message_type();
  }
  if (message != nullptr) {
    return Wrong(text, absl::StrCat("name a field of ", message->name(), " behind it"));
  }
  return path;
}

absl::optional<Violation> FieldPath::Set(Message& root, absl::string_view text, Factor factor) const {
  Message* message = &root;
  for (size_t i = 0; i + 1 < steps_.size(); ++i) {
    const Reflection& reflection = *message->GetReflection();
    const FieldDescriptor* field = steps_[i].field;
    if (!field->is_repeated()) {
      message = reflection.MutableMessage(message, field);
      continue;
    }
    while (reflection.FieldSize(*message, field) <= steps_[i].index) {
      reflection.AddMessage(message, field);
    }
    message = reflection.MutableRepeatedMessage(message, field, steps_[i].index);
  }
  return SetValue(*message, *steps_.back().field, text, factor);
}

bool FieldPath::IsSet(const Message& root) const {
  const Message* message = &root;
  for (const Step& step : steps_) {
    const Reflection& reflection = *message->GetReflection();
    if (step.field->is_repeated()) {
      if (IsLeaf(*step.field) || reflection.FieldSize(*message, step.field) <= step.index) {
        return false;  // a list of plain values gets one more
      }
      message = &reflection.GetRepeatedMessage(*message, step.field, step.index);
    } else if (!reflection.HasField(*message, step.field)) {
      return false;
    } else if (!IsLeaf(*step.field)) {
      message = &reflection.GetMessage(*message, step.field);
    }
  }
  return true;
}

absl::optional<Violation> FieldPath::Supply(Message& root, absl::string_view text) const {
  if (!IsSet(root)) {
    return Set(root, text, {});
  }
  const std::unique_ptr<Message> other(root.New());
  other->CopyFrom(root);
  absl::optional<Violation> problem = Set(*other, text, {});
  if (!problem.has_value() && other->SerializeAsString() != root.SerializeAsString()) {
    problem =
        Problem("VALUE_CONFLICT", text, "the value that the file has", "ファイルの値と異なる値は指定できません。");
    problem->cure = "leave it out, or correct the file";
  }
  return problem;
}

}  // namespace meguri::passport
