// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/decimal.pb.h"
#include "tests/testing/fakes.h"

namespace meguri::passport {

// Puts something into every field of a message, so that what a format forgets shows.
class MessageFiller {
 public:
  // Texts end in `text_end`.
  explicit MessageFiller(uint64_t seed, const std::string& text_end = "\n") : random_(seed), text_end_(text_end) {}

  // Messages that hold themselves end at `depth_max`.
  void Fill(google::protobuf::Message& message, int depth_max = 6) {
    using google::protobuf::FieldDescriptor;
    const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
    if (&descriptor == v1::Decimal::descriptor()) {
      static_cast<v1::Decimal&>(message).set_value(absl::StrCat(random_.Below(1000), ".", random_.Below(9), "5"));
      return;
    }
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      const int count = field.is_repeated() ? 2 : 1;
      const bool too_deep = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth_max == 0;
      for (int k = 0; k < count && !too_deep; ++k) {
        FillField(message, field, depth_max);
      }
    }
  }

 private:
  void FillField(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field, int depth_max) {
    using google::protobuf::FieldDescriptor;
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    const bool many = field.is_repeated();
    const uint32_t number = 1 + static_cast<uint32_t>(random_.Below(4'000'000'000));
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(many ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field),
                    depth_max - 1);
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* value = field.enum_type()->value(
            1 + static_cast<int>(random_.Below(static_cast<uint64_t>(field.enum_type()->value_count()) - 1)));
        return many ? reflection.AddEnum(&message, &field, value) : reflection.SetEnum(&message, &field, value);
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = absl::StrCat("値 \"", number, "\"", text_end_);
        return many ? reflection.AddString(&message, &field, text) : reflection.SetString(&message, &field, text);
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return many ? reflection.AddBool(&message, &field, true) : reflection.SetBool(&message, &field, true);
      case FieldDescriptor::CPPTYPE_UINT32:
        return many ? reflection.AddUInt32(&message, &field, number) : reflection.SetUInt32(&message, &field, number);
      case FieldDescriptor::CPPTYPE_UINT64:
        return many ? reflection.AddUInt64(&message, &field, number) : reflection.SetUInt64(&message, &field, number);
      default:
        Invariant(false, absl::StrCat(field.full_name(), " has a type that sections do not use"));
    }
  }

  testing::SeededRandom random_;
  const std::string text_end_;
};

}  // namespace meguri::passport
