// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "meguri/passport/v1/dismantling.pb.h"
#include "meguri/passport/v1/hazard_summary.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/formats/json.h"
#include "passport/formats/product_list.h"

namespace meguri::passport {

enum class CardLanguage { kJapanese, kEnglish };

// A record from which a card was made.
struct CardSource {
  std::string record_id;  // 32 hexadecimal digits
  uint64_t version = 0;
  std::string publisher;    // participant ID
  std::string issued;       // RFC 3339, as the publisher says
  std::string header_hash;  // 64 hexadecimal digits
  std::string kept;         // own, replica or publisher
  bool frozen = false;      // the publisher contradicted itself: trust neither
};

// What a recycler needs at the bench of one product. What its passport leaves to its batch or model comes from there.
struct DismantlingCard {
  ListedProduct listed;             // as it was scanned or listed
  std::vector<CardSource> sources;  // at least one, the product's own first
  v1::Identity identity;
  absl::optional<v1::Dismantling> dismantling;  // nullopt: not there, or not open to the reader
  absl::optional<v1::HazardSummary> hazards;
  // Asked for, and no record is of it: this card is that of the batch or of the model.
  std::string missing_serial;
  std::string missing_lot;
};

// Whom the card speaks of: "item SN-1", "batch L7", "model".
std::string CardSubject(const DismantlingCard& card, CardLanguage language);

// "Card of the model: serial X has no record of its own here." Empty if what was asked for has one.
std::string CardLimits(const DismantlingCard& card, CardLanguage language);

// The steps so that each comes after those it depends on, else by seq. A cycle, which no rule lets pass, ends in seq.
std::vector<v1::DismantlingStep> StepsInOrder(const v1::Dismantling& dismantling);

// The card for a program: identifier, count, card_of (model, batch, item), missing_serial and missing_lot if there are,
// records, identity, hazards, ppe, tools, removal_items, total_time_s, steps.
Json DismantlingCardJson(const DismantlingCard& card);

// The card on paper: one HTML page without scripts and without anything from elsewhere, hazards first, a box to tick at
// each step. All text from the record is escaped.
std::string DismantlingCardHtml(const DismantlingCard& card, CardLanguage language);

}  // namespace meguri::passport
