// SPDX-License-Identifier: Apache-2.0
#include "passport/terms/index_fields.h"

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace meguri::passport {
namespace {

TEST(IndexFields, AreAllExplainedToWhoeverAsks) {
  std::ifstream file(MEGURI_SOURCE_DIR "/docs/queries.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const IndexField& field : IndexFields()) {
    EXPECT_TRUE(absl::StrContains(text.str(), absl::StrCat("`", field.name, "`"))) << field.name;
  }
}

TEST(IndexFields, AreFoundByNameAlone) {
  ASSERT_NE(FindIndexField("melt_flow_rate"), nullptr);
  EXPECT_EQ(FindIndexField("melt_flow_rate")->kind, IndexFieldKind::kNumber);
  EXPECT_EQ(FindIndexField("melt_flow"), nullptr);
  EXPECT_EQ(FindIndexField(""), nullptr);
}

}  // namespace
}  // namespace meguri::passport
