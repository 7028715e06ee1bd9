// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/strings/string_view.h"
#include "passport/rules/record_rule.h"

namespace meguri::passport {

// Whether the name of a chemistry is that of a lithium-ion battery: NMC811, LiFePO4, lithium-ion, リン酸鉄リチウム.
bool NamesLithiumIon(absl::string_view chemistry);

// V15: a product whose chemistry is one of lithium-ion, or whose dismantling section says that it holds such a battery,
// does not answer that it contains none. A lot of cathode material is no battery.
void CheckLithiumIonAnswer(const record::Header& header, const RecordContent& content, Findings& findings);

}  // namespace meguri::passport
