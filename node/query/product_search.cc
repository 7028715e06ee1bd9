// SPDX-License-Identifier: Apache-2.0
#include "node/query/product_search.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/record/v1/record.pb.h"
#include "passport/terms/term_sink.h"
#include "record/header.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

using Records = std::vector<RecordView>;

passport::AnyOf Word(absl::string_view field, absl::string_view value) {
  return {passport::NormalisedTerm(field, value)};
}

// As it is written, and in half-width letters.
passport::AnyOf Words(absl::string_view field, absl::string_view value) {
  passport::AnyOf words = Word(field, value);
  const record::IndexTerm half = passport::NormalisedTerm(field, HalfWidth(value));
  if (half != words.front()) {
    words.push_back(half);
  }
  return words;
}

absl::Status Ambiguous(absl::string_view what) {
  return Error(absl::StatusCode::kFailedPrecondition, "AMBIGUOUS_MODEL",
               absl::StrCat(what, ": say which by maker, serial number or GTIN."));
}

// Looks for the product behind a plate.
class ModelSearch {
 public:
  ModelSearch(const Identifier& sought, FindRecords find) : sought_(sought), find_(find) {}

  absl::StatusOr<FoundRecords> Run() const {
    MEGURI_ASSIGN_OR_RETURN(Records models, FindOfMaker({Model(), Word("granularity", "model")}));
    if (!sought_.serial.empty()) {
      MEGURI_ASSIGN_OR_RETURN(Records items, FindItems(models));
      if (!items.empty()) {
        return Decide(std::move(items), "items of that model have this serial number", "");
      }
    }
    if (!models.empty()) {
      return Decide(std::move(models), "products have this model number", sought_.serial);
    }
    FoundRecords named;
    MEGURI_ASSIGN_OR_RETURN(named.records, FindOfMaker({Model()}));
    if (!named.records.empty()) {
      named.doubt = Ambiguous("The model has no record of its own here, only lots or items of it have");
    }
    return named;
  }

 private:
  // A plate may show what the passport has as the manufacturer's part number.
  passport::AnyOf Model() const {
    passport::AnyOf words = Words("model", sought_.model);
    for (record::IndexTerm& term : Words("identifier", sought_.model)) {
      words.push_back(std::move(term));
    }
    return words;
  }

  static FoundRecords Decide(Records records, absl::string_view what, const std::string& missing_serial) {
    FoundRecords named;
    if (records.size() > 1) {
      named.doubt = Ambiguous(absl::StrCat(records.size(), " ", what));
    } else {
      named.missing_serial = missing_serial;
    }
    named.records = std::move(records);
    return named;
  }

  // An item need not repeat its model's number: it has the GTIN or names the model as its parent.
  absl::StatusOr<Records> FindItems(const Records& models) const {
    const passport::AnyOf serial = Words("serial", sought_.serial);
    MEGURI_ASSIGN_OR_RETURN(Records items, FindOfMaker({Model(), serial}));
    for (const RecordView& model : models) {
      MEGURI_ASSIGN_OR_RETURN(const passport::v1::Identity identity, IdentityOf(model));
      MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(model.envelope.header()));
      std::vector<passport::AnyOf> ties = {Word("parent", header.record_id().ToHex())};
      if (!identity.gtin().empty()) {
        ties.push_back(Word("gtin", identity.gtin()));
      }
      for (const passport::AnyOf& tie : ties) {
        MEGURI_ASSIGN_OR_RETURN(Records more, find_({tie, serial}));
        AddNew(std::move(more), items);
      }
    }
    return items;
  }

  static void AddNew(Records more, Records& records) {
    for (RecordView& record : more) {
      const bool is_known = std::any_of(records.begin(), records.end(), [&](const RecordView& known) {
        return known.header_hash == record.header_hash;
      });
      if (!is_known) {
        records.push_back(std::move(record));
      }
    }
  }

  absl::StatusOr<Records> FindOfMaker(std::vector<passport::AnyOf> terms) const {
    MEGURI_ASSIGN_OR_RETURN(Records found, find_(std::move(terms)));
    Records records;
    for (RecordView& record : found) {
      MEGURI_ASSIGN_OR_RETURN(const bool is_of_maker, IsOfMaker(record));
      if (is_of_maker) {
        records.push_back(std::move(record));
      }
    }
    return records;
  }

  absl::StatusOr<bool> IsOfMaker(const RecordView& record) const {
    const absl::string_view maker = absl::StripAsciiWhitespace(sought_.maker);
    if (maker.empty()) {
      return true;
    }
    MEGURI_ASSIGN_OR_RETURN(const passport::v1::Identity identity, IdentityOf(record));
    MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(record.envelope.header()));
    return header.publisher().text() == maker || identity.manufacturer_id() == maker ||
           absl::EqualsIgnoreCase(identity.brand().ja(), maker) || absl::EqualsIgnoreCase(identity.brand().en(), maker);
  }

  const Identifier& sought_;
  const FindRecords find_;
};

}  // namespace

absl::StatusOr<passport::v1::Identity> IdentityOf(const RecordView& record) {
  for (const std::string& bytes : record.envelope.sections()) {
    record::v1::Section section;
    passport::v1::Identity identity;
    if (!section.ParseFromString(bytes)) {
      return storage::ValueDamaged("record");
    }
    if (section.type() == record::v1::SECTION_TYPE_IDENTITY && identity.ParseFromString(section.payload())) {
      return identity;
    }
  }
  return passport::v1::Identity();
}

absl::StatusOr<FoundRecords> FindByGtin(const Identifier& identifier, FindRecords find) {
  const passport::AnyOf gtin = Word("gtin", identifier.gtin);
  FoundRecords named;
  if (!identifier.serial.empty()) {
    MEGURI_ASSIGN_OR_RETURN(named.records, find({gtin, Word("serial", identifier.serial)}));
    if (!named.records.empty()) {
      return named;
    }
    named.missing_serial = identifier.serial;
  }
  if (!identifier.lot.empty()) {
    MEGURI_ASSIGN_OR_RETURN(named.records, find({gtin, Word("lot", identifier.lot), Word("granularity", "batch")}));
    if (!named.records.empty()) {
      return named;
    }
    named.missing_lot = identifier.lot;
  }
  MEGURI_ASSIGN_OR_RETURN(named.records, find({gtin, Word("granularity", "model")}));
  return named;
}

absl::StatusOr<FoundRecords> FindByModel(const Identifier& identifier, FindRecords find) {
  return ModelSearch(identifier, find).Run();
}

}  // namespace meguri::node
