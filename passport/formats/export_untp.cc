// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/export_untp.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "passport/formats/document.h"
#include "passport/formats/export_take.h"
#include "passport/formats/json_node.h"
#include "passport/rules/web_reference.h"

namespace meguri::passport {
namespace {

constexpr char kKilogram[] = "KGM";
constexpr char kMillimetre[] = "MMT";

constexpr CodeRow kGranularities[] = {
    {"model", "GRANULARITY_MODEL"}, {"batch", "GRANULARITY_BATCH"}, {"item", "GRANULARITY_ITEM"}};
// UN/ECE Recommendation 20.
constexpr CodeRow kUnits[] = {{"H87", "DECLARED_UNIT_PIECE"},          {"KGM", "DECLARED_UNIT_KILOGRAM"},
                              {"LTR", "DECLARED_UNIT_LITRE"},          {"MTQ", "DECLARED_UNIT_CUBIC_METRE"},
                              {"MTK", "DECLARED_UNIT_SQUARE_METRE"},   {"KWH", "DECLARED_UNIT_KILOWATT_HOUR"},
                              {"TKM", "DECLARED_UNIT_TONNE_KILOMETRE"}};
constexpr CodeRow kBoundaries[] = {{"CradleToGate", "SYSTEM_BOUNDARY_CRADLE_TO_GATE"},
                                   {"CradleToGrave", "SYSTEM_BOUNDARY_CRADLE_TO_GRAVE"}};

// Standards whose issuer is known: UNTP wants to know it.
struct StandardRow {
  absl::string_view enumerator;
  const char* name;
  const char* party;
  const char* party_uri;
};
constexpr StandardRow kStandards[] = {{"FOOTPRINT_STANDARD_ISO_14067", "ISO 14067",
                                       "International Organization for Standardization", "https://www.iso.org/"},
                                      {"FOOTPRINT_STANDARD_GHG_PROTOCOL_PRODUCT", "GHG Protocol Product Standard",
                                       "Greenhouse Gas Protocol", "https://ghgprotocol.org/"}};

JsonNode TypeOf(std::initializer_list<const char*> names) {
  JsonNode type = JsonNode::Array();
  for (const char* name : names) {
    type.Add(JsonNode::Text(name));
  }
  return type;
}

JsonNode ObjectOf(const char* type) {
  JsonNode object = JsonNode::Object();
  object.Set("type", TypeOf({type}));
  return object;
}

void SetText(JsonNode& object, const char* name, const absl::optional<std::string>& text) {
  if (text.has_value()) {
    object.Set(name, *text);
  }
}

void SetNumber(JsonNode& object, const char* name, const absl::optional<std::string>& number) {
  if (number.has_value()) {
    object.Set(name, JsonNode::Number(*number));
  }
}

void SetMeasure(JsonNode& object, const char* name, const absl::optional<std::string>& number, const char* unit) {
  if (number.has_value()) {
    JsonNode measure = JsonNode::Object();
    measure.Set("value", JsonNode::Number(*number)).Set("unit", unit);
    object.Set(name, std::move(measure));
  }
}

// A list or object that is empty, but for its type, is left out.
void SetUnlessEmpty(JsonNode& object, const char* name, JsonNode value, size_t empty_size) {
  if (value.size() > empty_size) {
    object.Set(name, std::move(value));
  }
}

// The URI of a file, if it is one. Null is fine.
void SetLink(JsonNode& object, const char* name, InputNode* media) {
  const InputNode* uri = DocumentDraft::At(media, "uri");
  if (uri != nullptr && IsUri(uri->text)) {
    JsonNode link = ObjectOf("Link");
    link.Set("linkURL", *TakeText(media, "uri"));
    object.Set(name, std::move(link));
  }
}

JsonNode Party(absl::string_view participant_id) {
  JsonNode party = JsonNode::Object();
  party.Set("id", ParticipantUri(participant_id)).Set("name", participant_id).Set("registeredId", participant_id);
  return party;
}

// Makes the passport of one record, part by part.
class UntpPassport {
 public:
  explicit UntpPassport(ExportSource& record) : record_(record), identity_(record.sections().Find("identity")) {}

  std::string Make() {
    JsonNode credential = JsonNode::Object();
    credential.Set("type", TypeOf({"DigitalProductPassport", "VerifiableCredential"}));
    credential.Set("@context", TypeOf({"https://www.w3.org/ns/credentials/v2",
                                       "https://test.uncefact.org/vocabulary/untp/dpp/0.6.1/"}));
    credential.Set("id", RecordUri(record_.header().record_id()));
    const std::string& publisher = record_.header().publisher().text();
    JsonNode issuer = ObjectOf("CredentialIssuer");
    issuer.Set("id", ParticipantUri(publisher)).Set("name", publisher);
    credential.Set("issuer", std::move(issuer));
    SetValidity(credential);
    credential.Set("credentialSubject", Subject());
    return credential.Print();
  }

 private:
  // UNTP wants points in time: a day begins and ends in UTC. Without a day, it is valid from when it was issued.
  void SetValidity(JsonNode& credential) {
    const absl::optional<std::string> from = TakeText(identity_, "valid_from");
    const absl::optional<std::string> until = TakeText(identity_, "valid_until");
    const absl::Time issued = absl::FromUnixMillis(static_cast<int64_t>(record_.header().message().issue_time_ms()));
    credential.Set("validFrom", from.has_value() ? absl::StrCat(*from, "T00:00:00Z")
                                                 : absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", issued, absl::UTCTimeZone()));
    if (until.has_value()) {
      credential.Set("validUntil", absl::StrCat(*until, "T23:59:59Z"));
    }
  }

  JsonNode Subject() {
    JsonNode subject = ObjectOf("ProductPassport");
    subject.Set("product", Product());
    SetText(subject, "granularityLevel", TakeCode(identity_, "granularity", kGranularities));
    SetEmissions(subject);
    SetCircularity(subject);
    SetUnlessEmpty(subject, "materialsProvenance", Materials(), 0);
    return subject;
  }

  JsonNode Product() {
    JsonNode product = ObjectOf("Product");
    const std::string gtin = TakeText(identity_, "gtin").value_or("");
    const std::string lot = TakeText(identity_, "lot").value_or("");
    const std::string serial = TakeText(identity_, "serial").value_or("");
    product.Set("id", TakeProductUri(identity_, record_.header().record_id()));
    product.Set("name", TakeEnglish(identity_, "name").value_or(""));
    if (!gtin.empty()) {
      product.Set("registeredId", gtin);
      JsonNode scheme = ObjectOf("IdentifierScheme");
      scheme.Set("id", "https://id.gs1.org/01/").Set("name", "Global Trade Identification Number (GTIN)");
      product.Set("idScheme", std::move(scheme));
    }
    SetText(product, "batchNumber", NotEmpty(lot));
    SetLink(product, "productImage", FirstOf(identity_, "images"));
    SetText(product, "description", TakeEnglish(identity_, "description"));
    SetUnlessEmpty(product, "productCategory", Categories(), 0);
    if (const auto manufacturer = TakeText(identity_, "manufacturer_id")) {
      product.Set("producedByParty", Party(*manufacturer));
    }
    SetFacility(product);
    SetText(product, "productionDate", TakeText(identity_, "produced_on"));
    SetText(product, "countryOfProduction", TakeText(identity_, "country_of_production"));
    SetText(product, "serialNumber", NotEmpty(serial));
    SetDimensions(product);
    return product;
  }

  static absl::optional<std::string> NotEmpty(const std::string& text) {
    return text.empty() ? absl::nullopt : absl::make_optional(text);
  }

  // Of the schemes of categories, UNTP's own example shows CPC as a URI.
  JsonNode Categories() {
    constexpr char kCpc[] = "https://unstats.un.org/unsd/classifications/Econ/cpc/";
    JsonNode categories = JsonNode::Array();
    for (InputNode& category : ListAt(identity_, "categories").children) {
      if (!Implies(&category, "scheme", "CATEGORY_SCHEME_CPC")) {
        continue;
      }
      if (const auto code = TakeText(&category, "value")) {
        JsonNode classification = ObjectOf("Classification");
        classification.Set("id", absl::StrCat(kCpc, *code)).Set("code", *code).Set("name", *code);
        classification.Set("schemeID", kCpc).Set("schemeName", "UN Central Product Classification (CPC)");
        categories.Add(std::move(classification));
      }
    }
    return categories;
  }

  void SetFacility(JsonNode& product) {
    InputNode* facility = FirstOf(record_.sections().Find("facility"), "facilities");
    InputNode* identifier = FirstOf(facility, "identifiers");
    const bool is_gln = Implies(identifier, "scheme", "FACILITY_IDENTIFIER_SCHEME_GLN");
    if (!is_gln && !Implies(identifier, "scheme", "FACILITY_IDENTIFIER_SCHEME_URI")) {
      return;
    }
    const std::string value = TakeText(identifier, "value").value_or("");
    JsonNode made_at = JsonNode::Object();
    made_at.Set("id", is_gln ? Gs1Uri({{"414", value}}) : value);
    made_at.Set("name", TakeEnglish(facility, "name").value_or(value)).Set("registeredId", value);
    product.Set("producedAtFacility", std::move(made_at));
  }

  void SetDimensions(JsonNode& product) {
    JsonNode dimensions = ObjectOf("Dimension");
    SetMeasure(dimensions, "weight", TakeNumber(identity_, "mass_kg"), kKilogram);
    SetMeasure(dimensions, "length", TakeNumber(identity_, "dimensions.length_mm"), kMillimetre);
    SetMeasure(dimensions, "width", TakeNumber(identity_, "dimensions.width_mm"), kMillimetre);
    SetMeasure(dimensions, "height", TakeNumber(identity_, "dimensions.height_mm"), kMillimetre);
    SetUnlessEmpty(product, "dimensions", std::move(dimensions), 1);
  }

  // UNTP says kg CO2e for one declared unit, and wants all four figures.
  void SetEmissions(JsonNode& subject) {
    InputNode* footprint = record_.sections().Find("carbon_footprint");
    const InputNode* unit = DocumentDraft::At(footprint, "declared_unit");
    const InputNode* amount = DocumentDraft::At(footprint, "declared_amount");
    const bool fits = unit != nullptr && amount != nullptr && amount->text == "1" &&
                      unit->text != "DECLARED_UNIT_MEGAJOULE" && DocumentDraft::At(footprint, "boundary") != nullptr &&
                      HasNumber(footprint, "kg_co2e") && HasNumber(footprint, "primary_data_share");
    if (!fits) {
      return;
    }
    JsonNode emissions = ObjectOf("EmissionsPerformance");
    SetNumber(emissions, "carbonFootprint", TakeNumber(footprint, "kg_co2e"));
    SetText(emissions, "declaredUnit", TakeCode(footprint, "declared_unit", kUnits));
    Implies(footprint, "declared_amount", "1");
    SetText(emissions, "operationalScope", TakeCode(footprint, "boundary", kBoundaries));
    SetNumber(emissions, "primarySourcedRatio", TakeNumber(footprint, "primary_data_share"));
    SetStandard(emissions, footprint);
    subject.Set("emissionsScorecard", std::move(emissions));
  }

  // UNTP has room for one.
  static void SetStandard(JsonNode& emissions, InputNode* footprint) {
    for (InputNode& standard : ListAt(footprint, "standards").children) {
      for (const StandardRow& row : kStandards) {
        if (standard.text != row.enumerator) {
          continue;
        }
        standard.fate = Fate::kMapped;
        JsonNode party = JsonNode::Object();
        party.Set("id", row.party_uri).Set("name", row.party);
        JsonNode reference = ObjectOf("Standard");
        reference.Set("name", row.name).Set("issuingParty", std::move(party));
        emissions.Set("reportingStandard", std::move(reference));
        return;
      }
    }
  }

  // The indicator of materials is left: UNTP's formula is another one than that of our section.
  void SetCircularity(JsonNode& subject) {
    JsonNode circularity = ObjectOf("CircularityPerformance");
    SetLink(circularity, "recyclingInformation", FirstOf(record_.sections().Find("consumer_return"), "documents"));
    InputNode* durability = record_.sections().Find("durability");
    SetLink(circularity, "repairInformation", DocumentDraft::At(durability, "repair_manual"));
    SetNumber(circularity, "recyclableContent",
              TakeNumber(record_.sections().Find("composition_summary"), "recyclable_fraction"));
    if (InputNode* claim = ClaimOf("CLAIM_SCOPE_PRODUCT", {})) {
      SetNumber(circularity, "recycledContent", TakeShare(claim));
    }
    SetNumber(circularity, "utilityFactor", TakeNumber(durability, "circularity.lifetime_ratio"));
    SetUnlessEmpty(subject, "circularityScorecard", std::move(circularity), 1);
  }

  // The only claim of that scope about one of these subjects; null if there are several, as none is then the figure.
  InputNode* ClaimOf(absl::string_view scope, const std::vector<std::string>& subjects) {
    InputNode* found = nullptr;
    for (InputNode& claim : ListAt(record_.sections().Find("recycled_content"), "claims").children) {
      const InputNode* its_scope = claim.Find("scope");
      const InputNode* subject = claim.Find("subject");
      const bool is_it = its_scope != nullptr && its_scope->text == scope &&
                         (subjects.empty() || (subject != nullptr && std::find(subjects.begin(), subjects.end(),
                                                                               subject->text) != subjects.end()));
      if (is_it && found != nullptr) {
        return nullptr;
      }
      found = is_it ? &claim : found;
    }
    return found;
  }

  // As declared, else as it follows from the masses.
  static absl::optional<std::string> TakeShare(InputNode* claim) {
    absl::optional<std::string> share = TakeNumber(claim, "recycled_fraction");
    if (!share.has_value()) {
      share = TakeNumber(claim, "recomputed_recycled_fraction.value");
    }
    if (share.has_value()) {
      for (const char* path : {"scope", "subject"}) {
        if (InputNode* leaf = claim->Find(path)) {
          leaf->fate = Fate::kImplied;
        }
      }
    }
    return share;
  }

  // What everybody may know of the composition; else the first level of the composition, whose shares are of the whole.
  JsonNode Materials() {
    JsonNode materials = JsonNode::Array();
    InputNode& shares = ListAt(record_.sections().Find("composition_summary"), "shares");
    InputNode& nodes = ListAt(record_.sections().Find("composition"), "nodes");
    for (InputNode& share : shares.children.empty() ? nodes.children : shares.children) {
      materials.Add(Material(share));
    }
    return materials;
  }

  JsonNode Material(InputNode& share) {
    JsonNode material = ObjectOf("Material");
    std::vector<std::string> names;
    for (const char* path : {"name.en", "name.ja", "polymer_symbol", "iso_1043_symbol"}) {
      const InputNode* name = DocumentDraft::At(&share, path);
      if (name != nullptr && !name->text.empty()) {
        names.push_back(name->text);
      }
    }
    material.Set("name", NameOf(share));
    SetNumber(material, "massFraction", TakeNumber(&share, "mass_fraction"));
    SetMeasure(material, "mass", TakeNumber(&share, "mass_kg"), kKilogram);
    if (InputNode* claim = names.empty() ? nullptr : ClaimOf("CLAIM_SCOPE_MATERIAL", names)) {
      SetNumber(material, "recycledMassFraction", TakeShare(claim));
    }
    return material;
  }

  static std::string NameOf(InputNode& share) {
    absl::optional<std::string> name = TakeEnglish(&share, "name");
    for (const char* path : {"polymer_symbol", "iso_1043_symbol", "family"}) {
      if (!name.has_value()) {
        name = TakeText(&share, path);
      }
    }
    const std::string text = name.value_or("");
    absl::string_view family = text;
    return absl::ConsumePrefix(&family, "MATERIAL_FAMILY_") ? absl::AsciiStrToLower(family) : text;
  }

  ExportSource& record_;
  InputNode* const identity_;
};

}  // namespace

absl::StatusOr<std::string> WriteUntpPassport(ExportSources& records) {
  std::string passport;
  MEGURI_RETURN_IF_ERROR(records.ForEach([&passport](ExportSource& record) {
    passport = UntpPassport(record).Make();
    return absl::OkStatus();
  }));
  return passport;
}

}  // namespace meguri::passport
