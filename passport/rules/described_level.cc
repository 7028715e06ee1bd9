// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/described_level.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

const Path kMaterialIdentityPath("sections.material_identity");

template <typename Message>
const Message& OrEmpty(const Message* message) {
  return message == nullptr ? Message::default_instance() : *message;
}

bool HasProperty(const RecordContent& content, std::initializer_list<v1::PropertyCode> codes) {
  const auto& properties = OrEmpty(content.material_properties).properties();
  return std::any_of(properties.begin(), properties.end(), [&codes](const v1::MaterialProperty& property) {
    return std::find(codes.begin(), codes.end(), property.code()) != codes.end();
  });
}

bool EveryClaim(const RecordContent& content, bool (*holds)(const v1::RecycledContentClaim&)) {
  const auto& claims = OrEmpty(content.recycled_content).claims();
  return !claims.empty() && std::all_of(claims.begin(), claims.end(), holds);
}

const v1::CertificateOfAnalysis& Analysis(const RecordContent& content) {
  return OrEmpty(content.material_properties).certificate_of_analysis();
}

// A line of the table of IDTA 02080: what must be there at a level.
struct Requirement {
  int level;
  absl::string_view name;
  bool (*is_met)(const RecordContent&);
};

constexpr Requirement kRequirements[] = {
    {1, "MainMaterialType",
     [](const RecordContent& c) { return !OrEmpty(c.material_identity).polymer_symbol().empty(); }},
    {1, "TypeOfPackaging", [](const RecordContent& c) { return OrEmpty(c.material_identity).packaging() != 0; }},
    {1, "Color", [](const RecordContent& c) { return OrEmpty(c.material_identity).has_colour(); }},
    {1, "Form", [](const RecordContent& c) { return OrEmpty(c.material_identity).form() != 0; }},
    {1, "TradeName", [](const RecordContent& c) { return OrEmpty(c.material_identity).has_trade_name(); }},
    {1, "RecycledContent", [](const RecordContent& c) { return !OrEmpty(c.recycled_content).claims().empty(); }},
    {1, "Viscosity",
     [](const RecordContent& c) {
       return OrEmpty(c.material_identity).has_nominal_melt_flow_rate() ||
              HasProperty(c, {v1::PROPERTY_CODE_MELT_FLOW_RATE, v1::PROPERTY_CODE_INTRINSIC_VISCOSITY});
     }},
    {2, "ChainOfCustody",
     [](const RecordContent& c) {
       return EveryClaim(c, [](const v1::RecycledContentClaim& claim) { return claim.chain_of_custody_model() != 0; });
     }},
    {2, "RecyclingMethod",
     [](const RecordContent& c) {
       return EveryClaim(c, [](const v1::RecycledContentClaim& claim) { return claim.method() != 0; });
     }},
    {2, "Source", [](const RecordContent& c) { return OrEmpty(c.material_identity).origin() != 0; }},
    {2, "Fillers",
     [](const RecordContent& c) {
       const auto& properties = OrEmpty(c.material_properties);
       return properties.no_fillers() || !properties.fillers().empty();
     }},
    {2, "LotNumber", [](const RecordContent& c) { return !OrEmpty(c.identity).lot().empty(); }},
    {2, "CertificateOfAnalysis",
     [](const RecordContent& c) { return OrEmpty(c.material_properties).has_certificate_of_analysis(); }},
    {2, "ModifyingAdditives",
     [](const RecordContent& c) {
       const auto& properties = OrEmpty(c.material_properties);
       return properties.no_additives() || !properties.additives().empty();
     }},
    {2, "AshContent", [](const RecordContent& c) { return HasProperty(c, {v1::PROPERTY_CODE_ASH_CONTENT}); }},
    {2, "ResidualHumidity",
     [](const RecordContent& c) { return HasProperty(c, {v1::PROPERTY_CODE_RESIDUAL_HUMIDITY}); }},
    {2, "Density", [](const RecordContent& c) { return HasProperty(c, {v1::PROPERTY_CODE_DENSITY}); }},
    {3, "MainPolymerContent",
     [](const RecordContent& c) { return OrEmpty(c.material_properties).has_main_polymer_fraction(); }},
    {3, "CertificateOfAnalysis confidence level",
     [](const RecordContent& c) { return Analysis(c).has_confidence_level(); }},
    {3, "CertificateOfAnalysis coefficient of variation",
     [](const RecordContent& c) { return Analysis(c).has_coefficient_of_variation(); }},
    {3, "BulkDensity", [](const RecordContent& c) { return HasProperty(c, {v1::PROPERTY_CODE_BULK_DENSITY}); }},
    {4, "OriginalUse", [](const RecordContent& c) { return OrEmpty(c.material_identity).has_original_use(); }},
    {4, "FeedstockConversionTechnology",
     [](const RecordContent& c) { return OrEmpty(c.material_identity).has_feedstock_conversion_technology(); }},
    {4, "ParticleSizeDistribution",
     [](const RecordContent& c) { return HasProperty(c, {v1::PROPERTY_CODE_PARTICLE_SIZE_D50}); }},
    {4, "TensileProperties",
     [](const RecordContent& c) {
       return HasProperty(c, {v1::PROPERTY_CODE_TENSILE_MODULUS, v1::PROPERTY_CODE_TENSILE_STRENGTH});
     }},
    {4, "MaterialIdentification",
     [](const RecordContent& c) { return !OrEmpty(c.material_properties).identification_methods().empty(); }},
};

bool IsPlasticRecyclate(const v1::MaterialIdentity& material) {
  return material.family() == v1::MATERIAL_FAMILY_PLASTIC &&
         (material.origin() == v1::MATERIAL_ORIGIN_PRE_CONSUMER ||
          material.origin() == v1::MATERIAL_ORIGIN_POST_CONSUMER || material.origin() == v1::MATERIAL_ORIGIN_MIXED);
}

}  // namespace

QualityLevel AchievedQuality(const RecordContent& content) {
  QualityLevel quality;
  for (int level = 1; level <= kDataQualityLevelMax; ++level) {
    for (const Requirement& requirement : kRequirements) {
      if (requirement.level == level && !requirement.is_met(content)) {
        quality.missing.emplace_back(requirement.name);
      }
    }
    if (!quality.missing.empty()) {
      return quality;
    }
    quality.level = level;
  }
  return quality;
}

void CheckDataQualityLevel(const record::Header&, const RecordContent& content, Findings& findings) {
  if (content.material_identity == nullptr) {
    return;
  }
  const auto declared = static_cast<int64_t>(content.material_identity->data_quality_level());
  if (declared == 0) {
    if (IsPlasticRecyclate(*content.material_identity)) {
      Report(findings, kMaterialIdentityPath.At("data_quality_level"), "V10_DQL_MISSING", "no data quality level",
             {absl::StrCat("1 … ", kDataQualityLevelMax, " of EN 18065 for plastic recyclate"), "declare the level",
              "プラスチック再生材には EN 18065 のデータ品質レベル（1〜4）が必要です。"});
    }
    return;
  }
  const QualityLevel achieved = AchievedQuality(content);
  if (declared > achieved.level) {
    const std::string missing = absl::StrJoin(achieved.missing, ", ");
    Report(findings, kMaterialIdentityPath.At("data_quality_level"), "V10_DQL", absl::StrCat("level ", declared),
           {absl::StrCat("at most ", achieved.level, ", as level ", achieved.level + 1, " needs ", missing),
            "add what is missing, or declare the lower level",
            absl::StrCat("データ品質レベルは最大 ", achieved.level, " です。不足: ", missing)});
  }
}

}  // namespace meguri::passport
