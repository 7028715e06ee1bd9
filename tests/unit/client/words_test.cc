// SPDX-License-Identifier: Apache-2.0
#include "client/cli/words.h"

#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

namespace meguri::client {
namespace {

// Calls `name` for each value of `type` but the first, which means nothing.
void ExpectBothLanguages(const google::protobuf::EnumDescriptor& type,
                         const std::function<std::string(Language language, int value)>& name) {
  ASSERT_GT(type.value_count(), 1);
  for (int i = 1; i < type.value_count(); ++i) {
    const int value = type.value(i)->number();
    const std::string english = name(Language::kEnglish, value);
    const std::string japanese = name(Language::kJapanese, value);
    EXPECT_THAT(english, ::testing::MatchesRegex("[a-z-]+"));
    EXPECT_NE(japanese, english) << type.value(i)->name() << " has no Japanese word";
    EXPECT_FALSE(japanese.empty());
  }
  EXPECT_EQ(name(Language::kJapanese, 9999), "9999") << "of a newer version";
}

TEST(Words, StandInBothLanguages) {
  ExpectBothLanguages(*registry::v1::MemberKind_descriptor(), [](Language language, int value) {
    return KindName(language, static_cast<registry::v1::MemberKind>(value));
  });
  ExpectBothLanguages(*registry::v1::MemberStatus_descriptor(), [](Language language, int value) {
    return StatusName(language, static_cast<registry::v1::MemberStatus>(value));
  });
  ExpectBothLanguages(*registry::v1::RoleKind_descriptor(), [](Language language, int value) {
    registry::v1::Role role;
    role.set_kind(static_cast<registry::v1::RoleKind>(value));
    return RoleName(language, role);
  });
  ExpectBothLanguages(*admin::v1::FollowState_descriptor(), [](Language language, int value) {
    return FollowStateName(language, static_cast<admin::v1::FollowState>(value));
  });
  ExpectBothLanguages(*audit::v1::Decision_descriptor(), [](Language language, int value) {
    return DecisionName(language, static_cast<audit::v1::Decision>(value));
  });
}

TEST(Words, OfAccessStandInBothLanguages) {
  ExpectBothLanguages(*passport::v1::AccessPurpose_descriptor(), [](Language language, int value) {
    return PurposeName(language, static_cast<passport::v1::AccessPurpose>(value));
  });
  ExpectBothLanguages(*passport::v1::GrantState_descriptor(), [](Language language, int value) {
    return GrantStateName(language, static_cast<passport::v1::GrantState>(value));
  });
  ExpectBothLanguages(*passport::v1::OnwardRule_descriptor(), [](Language language, int value) {
    return OnwardRuleName(language, static_cast<passport::v1::OnwardRule>(value));
  });
  ExpectBothLanguages(*passport::v1::AutoApproval_descriptor(), [](Language language, int value) {
    return AutoApprovalName(language, static_cast<passport::v1::AutoApproval>(value));
  });
}

TEST(Words, ARoleIsNamedWithItsScopes) {
  registry::v1::Role role;
  role.set_kind(registry::v1::ROLE_KIND_RECYCLER);
  role.add_scopes("battery");
  role.add_scopes("electronics");
  EXPECT_EQ(RoleName(Language::kEnglish, role), "recycler:battery,electronics");
  EXPECT_EQ(RoleName(Language::kJapanese, role), "リサイクル業者:battery,electronics");
}

}  // namespace
}  // namespace meguri::client
