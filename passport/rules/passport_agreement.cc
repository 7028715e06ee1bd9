// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/passport_agreement.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/finding.h"
#include "passport/rules/mass_sum.h"
#include "passport/rules/recycled_claim.h"
#include "passport/rules/reference.h"
#include "passport/rules/weighed_group.h"

namespace meguri::passport {
namespace {

const Path kBillPath("sections.bill_of_materials");
const Path kMaterialPath("sections.material_identity");
const Path kStatePath("sections.item_state");
const Path kClaimsPath("sections.recycled_content");
const Path kCertificationPath("sections.certification");

}  // namespace

void CheckOfferedMass(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.identity == nullptr || content.material_identity == nullptr) {
    return;
  }
  const Amount whole = MassOf(content.identity->has_mass_kg(), content.identity->mass_kg());
  const v1::MaterialOffer& offer = content.material_identity->offer();
  const Amount available = MassOf(offer.has_available_mass_kg(), offer.available_mass_kg());
  if (whole.has_value() && available.has_value() && !IsWithin(*available, *whole)) {
    Report(findings, kMaterialPath.Field("offer").At("available_mass_kg"), "OFFER_MASS",
           absl::StrCat(FixedDecimalText(*available), " kg"),
           {absl::StrCat("at most the lot's ", FixedDecimalText(*whole), " kg"), "correct one of them",
            "提供可能質量がロットの質量を超えています。"});
  }
}

void CheckBillReferences(const record::Header& header, const RecordContent& content, Findings& findings) {
  if (content.bill_of_materials == nullptr) {
    return;
  }
  const std::string own_id = header.record_id().ToHex();
  for (int i = 0; i < content.bill_of_materials->items_size(); ++i) {
    if (content.bill_of_materials->items(i).component_record_id() == own_id) {
      Report(findings, kBillPath.Element("items", i).At("component_record_id"), "V7_SELF_REFERENCE", Quoted(own_id),
             {"another record", "name the record that is meant, or leave the field out",
              "レコードが自分自身を参照しています。"});
    }
  }
}

void CheckBatteryMinimum(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.identity == nullptr || content.recycled_content == nullptr) {
    return;
  }
  for (int i = 0; i < content.recycled_content->claims_size(); ++i) {
    const v1::RecycledContentClaim& claim = content.recycled_content->claims(i);
    const uint32_t year = claim.reporting_basis().year();
    if (claim.scope() != v1::CLAIM_SCOPE_ELEMENT || year == 0 || year > 9999) {
      continue;
    }
    const auto minimum = RecycledMinimumOn(absl::CivilDay(static_cast<int>(year), 12, 31),
                                           content.identity->product_group(), claim.subject());
    const auto fraction = RecycledFractionOf(claim);
    if (minimum.has_value() && fraction.has_value() && *fraction < minimum->units) {
      Report(findings, kClaimsPath.Element("claims", i).At("post_consumer_mass_kg"), "V8_BATTERY_MINIMUM",
             absl::StrCat(FixedDecimalText(*fraction), " of ", claim.subject()),
             {absl::StrCat("at least ", FixedDecimalText(minimum->units), " (", minimum->source, ")"),
              "use more recycled material, or correct the masses",
              absl::StrCat(claim.subject(), " の再生材割合が法定の最低値 ", FixedDecimalText(minimum->units),
                           " を下回っています（", minimum->source, "）。")},
             Severity::kWarning);
    }
  }
}

void CheckItemAgreement(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.item_state == nullptr || content.identity == nullptr) {
    return;
  }
  if (content.identity->granularity() != v1::GRANULARITY_ITEM) {
    Report(findings, kStatePath.ToString(), "V13_NOT_AN_ITEM", "a state of a model or batch",
           {"a state of one piece", "move it to the passport of the item",
            "個体の状態は個体（アイテム）のパスポートにのみ記載できます。"});
  }
  const v1::ProductStatus status = content.item_state->status();
  if (status != v1::PRODUCT_STATUS_UNSPECIFIED && status != content.identity->product_status()) {
    Report(findings, kStatePath.At("status"), "V13_STATUS_AGREEMENT", v1::ProductStatus_Name(status),
           {v1::ProductStatus_Name(content.identity->product_status()) + " as in the identity section",
            "correct one of them", "個体の状態が識別情報の製品状態と一致しません。"});
  }
}

void CheckCertificationExpiry(const record::Header& header, const RecordContent& content, Findings& findings) {
  if (content.certification == nullptr) {
    return;
  }
  const absl::CivilDay issued = absl::ToCivilDay(
      absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms())), absl::UTCTimeZone());
  for (int i = 0; i < content.certification->certifications_size(); ++i) {
    const v1::Certification& certification = content.certification->certifications(i);
    const auto expiry = ParseDate(certification.expiry_date());
    if (certification.label_use().allowed() == v1::ANSWER_YES && expiry.has_value() && *expiry < issued) {
      const Path path = kCertificationPath.Element("certifications", i);
      Report(findings, path.At("expiry_date"), "CERTIFICATION_EXPIRED", certification.expiry_date(),
             {"a day that is not past, while the mark is shown", "renew the certification, or take the mark back",
              "認証の有効期限が切れているため、マークは使用できません。"});
    }
  }
}

}  // namespace meguri::passport
