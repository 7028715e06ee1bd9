// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "passport/rules/rule.h"
#include "record/header.h"

namespace meguri::passport {

// The sections of one record that rules compare. Null where the record has none, or none that decodes.
struct RecordContent {
  const v1::Identity* identity = nullptr;
  const v1::Composition* composition = nullptr;
  const v1::RecycledContent* recycled_content = nullptr;
};

// A rule between sections, or between the header and a section. It depends on its arguments only.
using RecordRule = void (*)(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
