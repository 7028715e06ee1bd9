// SPDX-License-Identifier: Apache-2.0
// Each format with a document of ours: where its values go, in which units, and what is left.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "meguri/passport/v1/bill_of_materials.pb.h"
#include "meguri/passport/v1/carbon_footprint.pb.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/critical_raw_materials.pb.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "meguri/passport/v1/item_state.pb.h"
#include "meguri/passport/v1/recycled_content.pb.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/formats/import.h"
#include "passport/readers/zip_archive.h"
#include "tests/testing/status.h"
#include "tests/unit/passport/formats/imported.h"

namespace meguri::passport {
namespace {

using record::v1::SECTION_TYPE_BILL_OF_MATERIALS;
using record::v1::SECTION_TYPE_CARBON_FOOTPRINT;
using record::v1::SECTION_TYPE_COMPOSITION;
using record::v1::SECTION_TYPE_DISMANTLING;
using record::v1::SECTION_TYPE_IDENTITY;
using record::v1::SECTION_TYPE_RECYCLED_CONTENT;

using meguri::testing::HasReason;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kDeclaration[] = R"xml(<?xml version="1.0" encoding="UTF-8"?>
<Main xmlns="http://std.iec.ch/iec62474" schemaDatabaseVersion="X8.00ex1.0">
  <BusinessInfo mode="Distribute"/>
  <Product unitType="Each">
    <ProductID identifier="P-100" name="給水ポンプ"><Mass mass="1.2" unitOfMeasure="kg"/></ProductID>
    <Composition>
      <ProductPart name="Screw" numberOfUnits="4"><ProductID identifier="S-1"/>
        <Mass mass="5" unitOfMeasure="g" positiveTolerance="10" negativeTolerance="2.5%"/>
        <Material name="Steel"><MaterialClassID><EntryID entryIdentity="M-001"/></MaterialClassID>
          <Mass mass="5000" unitOfMeasure="mg"/>
          <Substance name="Nickel" descriptionOfUse="alloy"><UniqueID authority="CAS" identity="7440-02-0"/>
            <MatMassPercent massPercent="8.5"/><Threshold aboveThresholdLevel="true" reportingThreshold="x"/>
            <Threshold aboveThresholdLevel="false" reportingThreshold="0.1 mass%"/>
            <Threshold aboveThresholdLevel="false" reportingThreshold="1000ppm"/>
            <Threshold aboveThresholdLevel="false" reportingThreshold="0.1"/>
            <Threshold aboveThresholdLevel="false" reportingThreshold="intentionally added"/>
            <Exemptions><Exemption identity="6(c)" regIndex="RoHS" description="lead"/></Exemptions>
          </Substance></Material></ProductPart>
    </Composition>
  </Product>
  <DeclarableSubstanceList version="D31.00"/>
</Main>)xml";

constexpr char kThreshold[] = "Product.Composition.ProductPart.Material.Substance.Threshold";

void ExpectDeclaration(const ImportedRecord& record) {
  EXPECT_THAT(record.problems, IsEmpty());
  const auto identity = SectionOf<v1::Identity>(record, SECTION_TYPE_IDENTITY);
  EXPECT_EQ(identity.name().ja(), "給水ポンプ");
  EXPECT_EQ(identity.mass_kg().value(), "1.2");
  const auto composition = SectionOf<v1::Composition>(record, SECTION_TYPE_COMPOSITION);
  EXPECT_EQ(composition.declarable_substance_list_version(), "D31.00");
  ASSERT_EQ(composition.nodes_size(), 1);
  const v1::CompositionNode& part = composition.nodes(0);
  EXPECT_EQ(part.mass_kg().value(), "0.02") << "four screws";
  EXPECT_EQ(part.part_number(), "S-1");
  const v1::CompositionNode& material = part.children(0);
  EXPECT_EQ(material.material_class_id(), "M-001");
  EXPECT_EQ(material.mass_kg().value(), "0.02") << "of all four";
  const v1::CompositionNode& substance = material.children(0);
  EXPECT_EQ(substance.mass_fraction().value(), "0.085");
  EXPECT_EQ(substance.identifiers(0).value(), "7440-02-0");
  EXPECT_TRUE(substance.thresholds(0).above_threshold_level());
  EXPECT_EQ(substance.thresholds(1).reporting_threshold().value(), "0.001");
  EXPECT_EQ(substance.thresholds(2).reporting_threshold().value(), "0.001");
  EXPECT_FALSE(substance.thresholds(3).has_reporting_threshold()) << "of what?";
  EXPECT_EQ(part.positive_tolerance().value(), "0.1");
  EXPECT_EQ(part.negative_tolerance().value(), "0.025");
  EXPECT_EQ(substance.exemptions(0).identity(), "6(c)");
  EXPECT_THAT(PlacesOf(record), UnorderedElementsAre("BusinessInfo.@mode", "Product.@unitType",
                                                     absl::StrCat(kThreshold, "[0].@reportingThreshold"),
                                                     absl::StrCat(kThreshold, "[3].@reportingThreshold"),
                                                     absl::StrCat(kThreshold, "[4].@reportingThreshold")));
}

TEST(Iec62474, ReadsATreeInGramsAndPercent) { ExpectDeclaration(ImportOne(kDeclaration, "iec62474")); }

TEST(Iec62474, ReadsItOutOfAContainer) {
  ExpectDeclaration(ImportOne(*WriteZip({{"declaration.xml", kDeclaration}}), "iec62474"));
  EXPECT_THAT(Import::Open(*WriteZip({{"a.txt", "x"}}), {}).status(), HasReason("IMPORT_FORMAT"));
  EXPECT_THAT(Import::Open(*WriteZip({{"a.xml", kDeclaration}, {"b.xml", kDeclaration}}), {}).status(),
              HasReason("IMPORT_FORMAT"));
}

TEST(Iec62474, MakesARecordOfEachProduct) {
  const std::string two = absl::StrReplaceAll(kDeclaration, {{"</Product>\n",
                                                              "</Product><Product><ProductID "
                                                              "identifier=\"Q\"/></Product>"}});
  const std::vector<ImportedRecord> records = ImportAll(two, "iec62474");
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(SectionOf<v1::Identity>(records[1], SECTION_TYPE_IDENTITY).model_number(), "Q");
  EXPECT_THAT(records[1].unmapped, IsEmpty());
}

TEST(CatenaX, TurnsPercentagesOfANetMassIntoMasses) {
  const ImportedRecord record = ImportOne(R"({"secondaryMaterialContent": [{
      "unitOfMeasure": {"unitOfMeasureKey": "unit:gram", "materialNetMass": 3000.0},
      "materialNameStandardized": {"materialNameStandardizedValue": "PP"},
      "inorganic": {"secondaryInorganic": {"postConsumerAutomotive": {"mechanicalRecycling": {
          "percentageOfMaterialWeight": 12.5, "isMassBalanced": true}}}}}], "orderNumber": "1"})",
                                          "catena-x-secondary-material");
  const auto content = SectionOf<v1::RecycledContent>(record, SECTION_TYPE_RECYCLED_CONTENT);
  ASSERT_EQ(content.claims_size(), 1);
  EXPECT_EQ(content.claims(0).total_mass_kg().value(), "3");
  EXPECT_EQ(content.claims(0).post_consumer_mass_kg().value(), "0.375");
  EXPECT_EQ(content.claims(0).post_consumer_sources(0).sector(), v1::END_OF_LIFE_SECTOR_VEHICLES);
  EXPECT_EQ(content.claims(0).chain_of_custody_model(), v1::CHAIN_OF_CUSTODY_MODEL_MASS_BALANCE);
  EXPECT_THAT(PlacesOf(record), ElementsAre("orderNumber"));
}

TEST(CatenaX, ReadsAFootprint) {
  const ImportedRecord record = ImportOne(R"({"scopeOfPcfForm": [{"partialFullPcf": "Cradle-to-gate"}],
      "productLifeCycleStagesAndEmissions": [{"productionStage": [{"pcfExcludingBiogenicUptake": 2.9}]}],
      "pcfAssessmentAndMethodology": [{"dataSourcesAndQuality": [{"primaryDataShare": 56.12}],
        "pcfAssessmentInformation": [{"time": [{"referencePeriodStart": "2022-01-01T00:00:01Z"}]}]}],
      "companyAndProductInformation": [{"productInformation": [{"declaredUnitOfMeasurement": "liter",
        "productClassifications": ["urn:gtin:4712345060507", "other"], "productMassPerDeclaredUnit": 0.456}]}]})",
                                          "catena-x-pcf");
  const auto footprint = SectionOf<v1::CarbonFootprint>(record, SECTION_TYPE_CARBON_FOOTPRINT);
  EXPECT_EQ(footprint.kg_co2e().value(), "2.9");
  EXPECT_EQ(footprint.primary_data_share().value(), "0.5612");
  EXPECT_EQ(footprint.declared_unit(), v1::DECLARED_UNIT_LITRE);
  EXPECT_EQ(footprint.product_mass_kg().value(), "0.456");
  EXPECT_EQ(footprint.reference_period().start(), "2022-01-01");
  EXPECT_EQ(SectionOf<v1::Identity>(record, SECTION_TYPE_IDENTITY).gtin(), "04712345060507");
  EXPECT_THAT(record.unmapped, SizeIs(1));
}

TEST(CatenaX, ReadsPassportsWithPartsPerMillion) {
  const ImportedRecord record = ImportOne(R"({"specVersion": "urn:io.catenax.battery.battery_pass:6.1.0",
      "characteristics": {"physicalDimension": {"weight": {"value": 20.0, "unit": "unit:gram"}}},
      "identification": {"identification": {"type": {"nameAtManufacturer": "Pack"},
         "codes": [{"key": "TARIC", "value": "8507 60 00"}], "serial": [{"key": "partInstanceId", "value": "S-1"}]}},
      "materials": {"composition": [{"unit": "unit:partPerMillion", "concentration": 5.3,
         "id": [{"type": "CAS", "name": "Lithium", "id": "7439-93-2"}]}]}})",
                                          "catena-x-passport");
  const auto identity = SectionOf<v1::Identity>(record, SECTION_TYPE_IDENTITY);
  EXPECT_EQ(identity.mass_kg().value(), "0.02");
  EXPECT_EQ(identity.serial(), "S-1");
  EXPECT_EQ(identity.granularity(), v1::GRANULARITY_ITEM);
  EXPECT_EQ(identity.categories(0).value(), "85076000");
  const auto composition = SectionOf<v1::Composition>(record, SECTION_TYPE_COMPOSITION);
  EXPECT_EQ(composition.nodes(0).mass_fraction().value(), "0.0000053");
  EXPECT_THAT(record.unmapped, IsEmpty());
}

TEST(CatenaX, ReadsWhatMustBeRemoved) {
  const ImportedRecord record = ImportOne(R"({"depollutionRequirement": {"fluid": {"fuel": {"isPresent": false}}},
      "mandatoryRemoval": {"tyre": {"isPresent": true, "partDetail": {"number": 4, "location": "wheels",
      "removalInstruction": "pull"}}, "window": {"isPresent": true}}})",
                                          "catena-x-dismantling");
  const auto dismantling = SectionOf<v1::Dismantling>(record, SECTION_TYPE_DISMANTLING);
  ASSERT_EQ(dismantling.removal_items_size(), 2);
  EXPECT_EQ(dismantling.removal_items(0).code(), v1::REMOVAL_ITEM_CODE_FUEL);
  EXPECT_EQ(dismantling.removal_items(1).quantity(), 4U);
  EXPECT_THAT(PlacesOf(record), ElementsAre("mandatoryRemoval.window.isPresent"));
}

TEST(CatenaX, NamesThePartsOfABillByTheirOwnTwins) {
  const std::vector<ImportedRecord> records = ImportAll(
      R"({"policies": 1, "https://catenax.io/schema/TestDataContainer/1.0.0": [
      {"catenaXId": "urn:uuid:a", "urn:x#PartAsPlanned": [{"partTypeInformation": {"nameAtManufacturer": "Wheel"}}]},
      {"catenaXId": "urn:uuid:b", "urn:x#SingleLevelBomAsPlanned": [{"catenaXId": "urn:uuid:b", "childItems": [
        {"catenaXId": "urn:uuid:a", "quantity": {"value": 4, "unit": "unit:piece"}}]}]}]})",
      "catena-x-twins");
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_THAT(PlacesOf(records[0]), ElementsAre("policies"));
  const auto bill = SectionOf<v1::BillOfMaterials>(records[1], SECTION_TYPE_BILL_OF_MATERIALS);
  ASSERT_EQ(bill.items_size(), 1);
  EXPECT_EQ(bill.items(0).name().en(), "Wheel");
  EXPECT_EQ(bill.items(0).quantity().value(), "4");
  EXPECT_EQ(bill.items(0).unit(), v1::QUANTITY_UNIT_PIECE);
}

TEST(BatteryPass, RefusesNumbersThatNoBatteryHas) {
  const ImportedRecord record = ImportOne(R"({"batteryChemistry": {"clearName": "NMC"}, "batteryMaterials": [
      {"batteryMaterialIdentifier": "7439-93-2", "batteryMaterialMass": 1.6111172E38, "batteryMaterialName": "Lithium"},
      {"batteryMaterialIdentifier": "7440-48-4", "batteryMaterialMass": 1.5, "batteryMaterialName": "Cobalt"}]})",
                                          "battery-pass-1.2");
  ASSERT_THAT(record.problems, SizeIs(1));
  EXPECT_EQ(record.problems[0].field, "batteryMaterials[0].batteryMaterialMass");
  EXPECT_EQ(record.problems[0].reason, "NUMBER_RANGE");
  EXPECT_EQ(SectionOf<v1::Composition>(record, SECTION_TYPE_COMPOSITION).nodes(1).mass_kg().value(), "1.5");
}

TEST(BatteryPass, ReadsStateHazardsAndCriticalMaterials) {
  std::string condition = R"({"batteryTechicalProperties": {"expectedLifetime": 8},
      "batteryCondition": {"powerFade": 20, "stateOfCharge": {"stateOfChargeValue": 50,
        "lastUpdate": "2025-01-31T14:06:29+01:00"}, "numberOfFullCycles": {"numberOfFullCyclesValue": 7,
        "lastUpdate": "2025-01-31T14:06:29+01:00"}}})";
  const ImportedRecord state = ImportOne(condition, "battery-pass-1.2");
  EXPECT_THAT(state.unmapped, IsEmpty());
  const auto item = SectionOf<v1::ItemState>(state, record::v1::SECTION_TYPE_ITEM_STATE);
  EXPECT_EQ(item.as_of(), "2025-01-31T13:06:29Z");
  EXPECT_EQ(item.remaining_power_fraction().value(), "0.8");
  condition.replace(condition.rfind("2025-01-31"), 10, "2025-02-01");
  const ImportedRecord mixed = ImportOne(condition, "battery-pass-1.2");
  EXPECT_EQ(mixed.unmapped.size(), 2U) << "two times are none";
  EXPECT_EQ(SectionOf<v1::ItemState>(mixed, record::v1::SECTION_TYPE_ITEM_STATE).as_of(), "");
  const ImportedRecord materials = ImportOne(R"({"hazardousSubstances": [{"hazardousSubstanceClass": "AcuteToxicity",
      "hazardousSubstanceLocation": {"componentName": "Anode"}}], "batteryMaterials": [{"isCriticalRawMaterial": true,
      "batteryMaterialIdentifier": "7439-93-2", "batteryMaterialMass": 1.5, "batteryMaterialName": "Lithium"}]})",
                                             "battery-pass-1.2");
  EXPECT_THAT(materials.unmapped, IsEmpty());
  const auto critical = SectionOf<v1::CriticalRawMaterials>(materials, record::v1::SECTION_TYPE_CRITICAL_RAW_MATERIALS);
  EXPECT_EQ(critical.materials(0).element(), "Li");
  EXPECT_EQ(critical.materials(0).mass_kg().value(), "1.5");
  const auto hazards = SectionOf<v1::HazardSummary>(materials, record::v1::SECTION_TYPE_HAZARD_SUMMARY);
  EXPECT_EQ(hazards.hazard_classes(0).location().en(), "Anode");
}

TEST(OpenEpcis, ReadsTheSamePassportInThreeSpellings) {
  for (const absl::string_view document :
       {R"({"@context": ["https://example.org"], "id": "https://id.gs1.org/01/09506000134352/21/A-1",
          "type": "gs1:Product",
          "gs1:gtin": "09506000134352", "gs1:productName": [{"@value": "Pack", "@language": "en"}],
          "eubat:batteryModelIdentifier": "M", "gs1:netWeight": {"gs1:value": "450", "gs1:unitCode": "KGM"},
          "schema:status": {"@id": "eubat:Original"},
          "eubat:hasMaterialComposition": [{"schema:name": {"@value": "Lithium", "@language": "en"},
            "eubat:casNumber": "7439-93-2", "schema:weightPercentage": 4.2}]})",
        R"({"digitalProductPassportId": "https://id.gs1.org/01/09506000134352/21/A-1",
          "uniqueProductIdentifier": "https://id.gs1.org/01/09506000134352/21/A-1",
          "gtin": "09506000134352", "productName": [{"value": "Pack", "language": "en"}],
          "batteryModelIdentifier": "M", "netWeight": {"value": 450, "unitCode": "KGM"}, "status": "https://x/Original",
          "materialComposition": [{"name": "Lithium", "casNumber": "7439-93-2", "weightPercentage": 4.2}]})",
        R"({"digitalProductPassportId": "https://id.gs1.org/01/09506000134352/21/A-1",
          "uniqueProductIdentifier": "https://id.gs1.org/01/09506000134352/21/A-1", "elements": [
          {"elementId": "gtin", "objectType": "SingleValuedDataElement", "value": "09506000134352"},
          {"elementId": "productName", "value": [{"value": "Pack", "language": "en"}]},
          {"elementId": "batteryModelIdentifier", "value": "M"}, {"elementId": "status", "value": "https://x/Original"},
          {"elementId": "netWeight", "elements": [{"elementId": "value", "value": 450},
             {"elementId": "unitCode", "value": "KGM"}]},
          {"elementId": "hasMaterialComposition", "value": [[{"elementId": "name", "value": "Lithium"},
             {"elementId": "casNumber", "value": "7439-93-2"},
             {"elementId": "weightPercentage", "value": "4.2"}]]}]})"}) {
    const ImportedRecord record = ImportOne(document, "openepcis");
    EXPECT_THAT(PlacesOf(record), IsEmpty());
    EXPECT_THAT(record.problems, IsEmpty());
    const auto identity = SectionOf<v1::Identity>(record, SECTION_TYPE_IDENTITY);
    EXPECT_EQ(identity.gtin(), "09506000134352");
    EXPECT_EQ(identity.serial(), "A-1") << "the link says it";
    EXPECT_EQ(identity.granularity(), v1::GRANULARITY_ITEM);
    EXPECT_EQ(identity.name().en(), "Pack");
    EXPECT_EQ(identity.mass_kg().value(), "450");
    EXPECT_EQ(identity.product_status(), v1::PRODUCT_STATUS_ORIGINAL);
    const auto composition = SectionOf<v1::Composition>(record, SECTION_TYPE_COMPOSITION);
    EXPECT_EQ(composition.nodes(0).mass_fraction().value(), "0.042");
    EXPECT_EQ(composition.nodes(0).identifiers(0).value(), "7439-93-2");
  }
}

TEST(Import, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Import::Open("", {}).status(), HasReason("IMPORT_FORMAT"));
  EXPECT_THAT(Import::Open("{\"a\": 1}", {}).status(), HasReason("IMPORT_FORMAT"));
  EXPECT_THAT(Import::Open("<a/>", {}).status(), HasReason("IMPORT_FORMAT"));
  ImportOptions options;
  options.format = "pdf";
  EXPECT_THAT(Import::Open("{}", options).status(), HasReason("IMPORT_FORMAT"));
  options.format = "";
  options.fields = {{"identity.colour", "red"}};
  EXPECT_THAT(Import::Open("a,b\n", options).status(), HasReason("FIELD_PATH"));
}

absl::Status RunOf(const std::string& document) {
  const absl::StatusOr<std::unique_ptr<Import>> import = Import::Open(document, {});
  EXPECT_TRUE(import.ok()) << import.status();
  return (*import)->Run([](ImportedRecord&) { return absl::OkStatus(); });
}

// Found: a composition beside the product was read as a product without one.
TEST(Iec62474, RefusesACompositionOutsideItsProduct) {
  const std::string moved =
      absl::StrReplaceAll(kDeclaration, {{"<Composition>", "</Product><Composition>"}, {"</Product>\n", "\n"}});
  EXPECT_THAT(RunOf(moved), HasReason("COMPOSITION_PLACE"));
}

// Found: version 8.0.0 of an aspect was read as if it were 7.0.0.
TEST(CatenaX, RefusesAnotherMajorVersionOfAnAspect) {
  const auto passport = [](const char* aspect) {
    return absl::StrCat(R"({"metadata": {"specVersion": "urn:io.catenax.generic.)", aspect,
                        R"("}, "identification": {"partTypeInformation": {"manufacturerPartId": "P"}}})");
  };
  EXPECT_TRUE(RunOf(passport("digital_product_passport:7.0.0")).ok());
  EXPECT_TRUE(RunOf(passport("digital_product_passport:7.2.1#DigitalProductPassport")).ok());
  const absl::Status status = RunOf(passport("digital_product_passport:8.0.0"));
  EXPECT_THAT(status, HasReason("ASPECT_VERSION"));
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("digital_product_passport"), HasSubstr("8.0.0")));
  EXPECT_THAT(RunOf(passport("digital_product_passport:70.0.0")), HasReason("ASPECT_VERSION"));
  EXPECT_THAT(RunOf(R"({"specVersion": "urn:io.catenax.battery.battery_pass:7.0.0"})"), HasReason("ASPECT_VERSION"));
}

}  // namespace
}  // namespace meguri::passport
