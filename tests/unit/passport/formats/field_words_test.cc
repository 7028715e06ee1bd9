// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/field_words.h"

#include <set>
#include <string>

#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

void ExpectWords(const google::protobuf::Descriptor& message, std::set<std::string>& seen) {
  if (!seen.insert(message.full_name()).second || message.full_name().rfind("meguri.passport.v1.", 0) != 0) {
    return;
  }
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    EXPECT_FALSE(JapaneseWordOf(field.name()).empty()) << message.full_name() << "." << field.name();
    if (field.message_type() != nullptr) {
      ExpectWords(*field.message_type(), seen);
    }
  }
}

TEST(FieldWords, ThereIsOneForEveryField) {
  std::set<std::string> seen;
  for (const SectionKind& kind : SectionKinds()) {
    if (kind.understood()) {
      ExpectWords(*kind.prototype->GetDescriptor(), seen);
    }
  }
  EXPECT_GT(seen.size(), 50U);
}

TEST(FieldWords, KnowsNoOthers) {
  EXPECT_EQ(JapaneseWordOf("mass_kg"), "質量");
  EXPECT_EQ(JapaneseWordOf("no_such_field"), "");
  EXPECT_EQ(JapaneseWordOf(""), "");
}

}  // namespace
}  // namespace meguri::passport
