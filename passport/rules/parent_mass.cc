// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/parent_mass.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "passport/rules/decimal.h"
#include "passport/rules/finding.h"
#include "passport/rules/mass_sum.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

Amount MassOfIdentity(const v1::Identity& identity) { return MassOf(identity.has_mass_kg(), identity.mass_kg()); }

// With the tolerance of pieces.
bool IsClearlyMore(absl::int128 amount, absl::int128 than) {
  return amount * 1000 > than * (1000 + kPieceTolerancePerMille);
}
bool IsClearlyLess(absl::int128 amount, absl::int128 than) {
  return amount * 1000 < than * (1000 - kPieceTolerancePerMille);
}

void Refuse(absl::int128 mass, std::string expected, std::string message_ja, const Path& path, Findings& findings) {
  Report(findings, path.At("mass_kg"), "V6_PARENT_MASS", absl::StrCat(FixedDecimalText(mass), " kg"),
         {std::move(expected), "correct one of the masses, or name the right parent", std::move(message_ja)});
}

void Warn(absl::int128 mass, absl::int128 of_model, const Path& path, Findings& findings) {
  Report(findings, path.At("mass_kg"), "V6_ITEM_MASS", absl::StrCat(FixedDecimalText(mass), " kg"),
         {absl::StrCat(FixedDecimalText(of_model), " kg as its model, within 0.5 %"),
          "correct one of them; if the piece differs, say in sections of its own what it is made of",
          absl::StrCat("モデルの質量 ", FixedDecimalText(of_model), " kg と異なります（許容差0.5％）。")},
         Severity::kWarning);
}

}  // namespace

void CheckParentMass(const v1::Identity& own, const v1::Identity& above, const Path& path, Findings& findings) {
  const Amount mass = MassOfIdentity(own);
  const Amount of_parent = MassOfIdentity(above);
  if (!mass.has_value() || !of_parent.has_value()) {
    return;
  }
  const bool is_model = above.granularity() == v1::GRANULARITY_MODEL;
  const bool is_item = own.granularity() == v1::GRANULARITY_ITEM;
  if (is_model && is_item && !(IsWithin(*mass, *of_parent) && IsWhole(*mass, *of_parent))) {
    Warn(*mass, *of_parent, path, findings);
  } else if (is_model && own.granularity() == v1::GRANULARITY_BATCH && IsClearlyLess(*mass, *of_parent)) {
    Refuse(*mass, absl::StrCat("at least one piece of the model, ", FixedDecimalText(*of_parent), " kg"),
           "ロットの質量がモデル1個の質量を下回っています。", path, findings);
  } else if (above.granularity() == v1::GRANULARITY_BATCH && is_item && IsClearlyMore(*mass, *of_parent)) {
    Refuse(*mass, absl::StrCat("at most the lot it is from, ", FixedDecimalText(*of_parent), " kg"),
           "個体の質量がロットの質量を超えています。", path, findings);
  }
}

bool IsAnotherPiece(const v1::Identity& item, const v1::Identity& model) {
  const Amount mass = MassOfIdentity(item);
  const Amount of_model = MassOfIdentity(model);
  return item.granularity() == v1::GRANULARITY_ITEM && model.granularity() == v1::GRANULARITY_MODEL &&
         mass.has_value() && of_model.has_value() &&
         (IsClearlyMore(*mass, *of_model) || IsClearlyLess(*mass, *of_model));
}

}  // namespace meguri::passport
