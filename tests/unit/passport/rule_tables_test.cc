// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/rule_tables.h"

#include <set>
#include <string>

#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/decimal.pb.h"
#include "meguri/registry/v1/member.pb.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void Collect(const Descriptor* message, std::set<const Descriptor*>& messages) {
  if (!messages.insert(message).second) {
    return;
  }
  for (int i = 0; i < message->field_count(); ++i) {
    if (message->field(i)->message_type() != nullptr) {
      Collect(message->field(i)->message_type(), messages);
    }
  }
}

// Every message that a payload of ours can hold.
std::set<const Descriptor*> PayloadMessages() {
  std::set<const Descriptor*> messages;
  for (const SectionKind& kind : SectionKinds()) {
    if (kind.understood()) {
      Collect(kind.prototype->GetDescriptor(), messages);
    }
  }
  return messages;
}

bool HasValueRule(const FieldDescriptor& field) {
  for (const Rule& rule : RulesOf(field.containing_type())) {
    if (rule.field == field.number() && rule.check_value != nullptr) {
      return true;
    }
  }
  return false;
}

bool HasMessageRule(const Descriptor* message) {
  for (const Rule& rule : RulesOf(message)) {
    if (rule.field == 0) {
      return true;
    }
  }
  return false;
}

TEST(RuleTables, EveryDecimalFieldHasARange) {
  for (const Descriptor* message : PayloadMessages()) {
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      if (field.message_type() == v1::Decimal::descriptor()) {
        EXPECT_TRUE(HasValueRule(field)) << field.full_name();
      }
    }
  }
}

TEST(RuleTables, EveryStringOfAPassportHasARule) {
  for (const Descriptor* message : PayloadMessages()) {
    // What the registry's own messages say is judged by certs.
    if (message->file()->package() != "meguri.passport.v1" || message->full_name() == "meguri.passport.v1.Decimal" ||
        message->full_name() == "meguri.passport.v1.Text") {
      continue;
    }
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      if (field.type() == FieldDescriptor::TYPE_STRING) {
        EXPECT_TRUE(HasValueRule(field)) << field.full_name();
      }
    }
  }
  EXPECT_TRUE(HasMessageRule(v1::Decimal::descriptor()));
  EXPECT_TRUE(HasMessageRule(v1::Text::descriptor()));
}

TEST(RuleTables, RulesFitTheirFields) {
  for (const Descriptor* message : PayloadMessages()) {
    for (const Rule& rule : RulesOf(message)) {
      EXPECT_EQ(rule.message, message);
      if (rule.field == 0) {
        EXPECT_TRUE(rule.check_message != nullptr && rule.check_value == nullptr && !rule.required);
        continue;
      }
      const FieldDescriptor* field = message->FindFieldByNumber(rule.field);
      ASSERT_NE(field, nullptr) << message->full_name() << " " << rule.field;
      if (rule.check_value != nullptr) {
        EXPECT_TRUE(field->type() == FieldDescriptor::TYPE_STRING || field->message_type() == v1::Decimal::descriptor())
            << field->full_name();
      }
      if (rule.check_message != nullptr) {
        EXPECT_TRUE(field->message_type() != nullptr && !field->is_repeated()) << field->full_name();
      }
    }
  }
}

TEST(PayloadProtos, HaveNoMapsNoOneofsNoOptionals) {
  for (const Descriptor* message : PayloadMessages()) {
    EXPECT_EQ(message->oneof_decl_count(), 0) << message->full_name();  // counts `optional` too
    for (int i = 0; i < message->field_count(); ++i) {
      EXPECT_FALSE(message->field(i)->is_map()) << message->field(i)->full_name();
      EXPECT_NE(message->field(i)->cpp_type(), FieldDescriptor::CPPTYPE_DOUBLE) << message->field(i)->full_name();
      EXPECT_NE(message->field(i)->cpp_type(), FieldDescriptor::CPPTYPE_FLOAT) << message->field(i)->full_name();
      EXPECT_NE(message->field(i)->cpp_type(), FieldDescriptor::CPPTYPE_INT32) << message->field(i)->full_name();
      EXPECT_NE(message->field(i)->cpp_type(), FieldDescriptor::CPPTYPE_INT64) << message->field(i)->full_name();
    }
  }
}

}  // namespace
}  // namespace meguri::passport
