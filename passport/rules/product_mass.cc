// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/product_mass.h"

#include "absl/strings/str_cat.h"
#include "passport/rules/decimal.h"
#include "passport/rules/finding.h"
#include "passport/rules/mass_sum.h"
#include "passport/rules/share_sums.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

// What the identity section says, against which everything is weighed.
class Scales {
 public:
  Scales(absl::int128 whole, bool is_lot, Findings& findings) : whole_(whole), is_lot_(is_lot), findings_(findings) {}

  // A mass of the whole.
  void Same(const Amount& mass, const std::string& field) const {
    if (mass.has_value() && !(IsWithin(*mass, whole_) && IsWhole(*mass, whole_))) {
      Report(findings_, field, "V6_MASS_AGREEMENT", absl::StrCat(FixedDecimalText(*mass), " kg"),
             {absl::StrCat(FixedDecimalText(whole_), " kg as in the identity section, within 0.5 %"),
              "correct one of them", "質量が識別情報の質量と一致しません（許容差0.5％）。"});
    }
  }

  // A mass of one piece.
  void SamePiece(const Amount& mass, const std::string& field) const {
    is_lot_ ? Part(mass, field) : Same(mass, field);
  }

  // A mass of something in it.
  void Part(const Amount& mass, const std::string& field) const {
    if (mass.has_value() && !IsWithin(*mass, whole_)) {
      Report(findings_, field, "V6_MASS_AGREEMENT", absl::StrCat(FixedDecimalText(*mass), " kg"),
             {absl::StrCat("at most ", FixedDecimalText(whole_), " kg as in the identity section"),
              "correct one of them", "内訳の質量が識別情報の質量を超えています。"});
    }
  }

  void Check(const v1::Composition& composition) const {
    const Path path("sections.composition");
    const Amount whole = MassOf(composition.has_mass_kg(), composition.mass_kg());
    Same(whole, path.At("mass_kg"));
    if (!whole.has_value()) {
      CheckMassSumsWithin(composition, whole_, path, findings_);
    }
  }

  void Check(const v1::CompositionSummary& summary) const {
    CheckSummaryMass(summary, whole_, !is_lot_, Path("sections.composition_summary"), findings_);
  }

  void Check(const v1::BillOfMaterials& bill) const {
    const Path path("sections.bill_of_materials");
    const Amount whole = MassOf(bill.has_mass_kg(), bill.mass_kg());
    Same(whole, path.At("mass_kg"));
    if (!whole.has_value()) {
      CheckBillMass(bill, whole_, !is_lot_, path, findings_);
    }
  }

  void Check(const v1::MaterialIdentity& material) const {
    Same(MassOf(material.has_net_mass_kg(), material.net_mass_kg()), "sections.material_identity.net_mass_kg");
  }

  void Check(const v1::RecycledContent& content) const {
    const Path path("sections.recycled_content");
    for (int i = 0; i < content.claims_size(); ++i) {
      const v1::RecycledContentClaim& claim = content.claims(i);
      Part(MassOf(claim.has_total_mass_kg(), claim.total_mass_kg()), path.Element("claims", i).At("total_mass_kg"));
    }
  }

  void Check(const v1::CriticalRawMaterials& materials) const {
    const Path path("sections.critical_raw_materials");
    for (int i = 0; i < materials.materials_size(); ++i) {
      const v1::CriticalRawMaterial& material = materials.materials(i);
      Part(MassOf(material.has_mass_kg(), material.mass_kg()), path.Element("materials", i).At("mass_kg"));
    }
  }

  void Check(const v1::Dismantling& dismantling) const {
    const Path path("sections.dismantling");
    for (int i = 0; i < dismantling.removal_items_size(); ++i) {
      const v1::RemovalItem& item = dismantling.removal_items(i);
      Part(MassOf(item.has_mass_kg(), item.mass_kg()), path.Element("removal_items", i).At("mass_kg"));
    }
  }

  void Check(const v1::Durability& durability) const {
    const v1::Circularity& circularity = durability.circularity();
    SamePiece(MassOf(circularity.has_mass_kg(), circularity.mass_kg()), "sections.durability.circularity.mass_kg");
  }

  // Of one piece; other units and amounts say nothing about its mass.
  void Check(const v1::CarbonFootprint& footprint) const {
    if (footprint.declared_unit() == v1::DECLARED_UNIT_PIECE && footprint.declared_amount().value() == "1") {
      SamePiece(MassOf(footprint.has_product_mass_kg(), footprint.product_mass_kg()),
                "sections.carbon_footprint.product_mass_kg");
    }
  }

  template <typename Section>
  void CheckIfThere(const Section* section) const {
    if (section != nullptr) {
      Check(*section);
    }
  }

 private:
  const absl::int128 whole_;
  const bool is_lot_;
  Findings& findings_;
};

}  // namespace

void CheckMassAgreement(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.identity == nullptr) {
    return;
  }
  const Amount mass = MassOf(content.identity->has_mass_kg(), content.identity->mass_kg());
  if (!mass.has_value()) {
    return;
  }
  const Scales scales(*mass, content.identity->granularity() == v1::GRANULARITY_BATCH, findings);
  scales.CheckIfThere(content.material_identity);
  scales.CheckIfThere(content.composition);
  scales.CheckIfThere(content.composition_summary);
  scales.CheckIfThere(content.bill_of_materials);
  scales.CheckIfThere(content.dismantling);
  scales.CheckIfThere(content.recycled_content);
  scales.CheckIfThere(content.carbon_footprint);
  scales.CheckIfThere(content.durability);
  scales.CheckIfThere(content.critical_raw_materials);
}

}  // namespace meguri::passport
