// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "meguri/passport/v1/dismantling.pb.h"

// What the codes of a dismantling section are called on paper.
namespace meguri::passport {

struct Word {
  absl::string_view ja;
  absl::string_view en;
  absl::string_view sign;  // ISO 7010, "" if there is none
};

// Numbers that this version does not know have the empty word.
Word WordOf(v1::Hazard hazard);
Word WordOf(v1::ProtectiveEquipment equipment);
Word WordOf(v1::DismantlingAction action);
Word WordOf(v1::FastenerType type);
Word WordOf(v1::RemovalItemCode code);
Word WordOf(v1::BatteryRemovability removability);

}  // namespace meguri::passport
