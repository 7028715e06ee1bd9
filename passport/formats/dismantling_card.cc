// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/dismantling_card.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "passport/formats/proto_json.h"

namespace meguri::passport {
namespace {

Json JsonOf(const CardSource& source) {
  return {{"record_id", source.record_id}, {"version", source.version},         {"publisher", source.publisher},
          {"issued", source.issued},       {"header_hash", source.header_hash}, {"kept", source.kept},
          {"frozen", source.frozen}};
}

// What several steps name, each once, in the order in which it is first needed.
void AddOnce(const Json& step, const char* field, Json& all) {
  const auto values = step.find(field);
  if (values == step.end()) {
    return;
  }
  for (const Json& value : *values) {
    if (std::find(all.begin(), all.end(), value) == all.end()) {
      all.push_back(value);
    }
  }
}

std::string NameOf(v1::Granularity granularity) {
  switch (granularity) {
    case v1::GRANULARITY_MODEL:
      return "model";
    case v1::GRANULARITY_BATCH:
      return "batch";
    case v1::GRANULARITY_ITEM:
      return "item";
    default:
      return "";
  }
}

}  // namespace

std::string CardSubject(const DismantlingCard& card, CardLanguage language) {
  const bool is_japanese = language == CardLanguage::kJapanese;
  const v1::Identity& identity = card.identity;
  switch (identity.granularity()) {
    case v1::GRANULARITY_MODEL:
      return is_japanese ? "型番全体" : "model";
    case v1::GRANULARITY_BATCH:
      return absl::StrCat(is_japanese ? "ロット " : "batch ", identity.lot());
    case v1::GRANULARITY_ITEM:
      return absl::StrCat(is_japanese ? "個体 " : "item ", identity.serial());
    default:
      return "";
  }
}

std::string CardLimits(const DismantlingCard& card, CardLanguage language) {
  if (card.missing_serial.empty() && card.missing_lot.empty()) {
    return "";
  }
  const std::string subject = CardSubject(card, language);
  if (language == CardLanguage::kJapanese) {
    const std::string missing = card.missing_serial.empty() ? absl::StrCat("ロット ", card.missing_lot)
                                                            : absl::StrCat("シリアル ", card.missing_serial);
    return absl::StrCat(subject, "のカードです。", missing, " 自体の記録はありません。");
  }
  const std::string missing = card.missing_serial.empty() ? absl::StrCat("lot ", card.missing_lot)
                                                          : absl::StrCat("serial ", card.missing_serial);
  return absl::StrCat("Card of the ", subject, ": ", missing, " has no record of its own here.");
}

std::vector<v1::DismantlingStep> StepsInOrder(const v1::Dismantling& dismantling) {
  std::multimap<uint32_t, const v1::DismantlingStep*> waiting;
  std::set<uint32_t> known;
  for (const v1::DismantlingStep& step : dismantling.steps()) {
    waiting.emplace(step.seq(), &step);
    known.insert(step.seq());
  }
  std::set<uint32_t> done;
  const auto is_ready = [&](const v1::DismantlingStep& step) {
    return std::all_of(step.depends_on().begin(), step.depends_on().end(),
                       [&](uint32_t before) { return done.contains(before) || !known.contains(before); });
  };
  std::vector<v1::DismantlingStep> ordered;
  while (!waiting.empty()) {
    auto next =
        std::find_if(waiting.begin(), waiting.end(), [&](const auto& entry) { return is_ready(*entry.second); });
    if (next == waiting.end()) {
      next = waiting.begin();
    }
    ordered.push_back(*next->second);
    done.insert(next->first);
    waiting.erase(next);
  }
  return ordered;
}

Json DismantlingCardJson(const DismantlingCard& card) {
  Json json = {{"identifier", card.listed.identifier}};
  const auto set = [&](const char* field, const std::string& value) {
    if (!value.empty()) {
      json[field] = value;
    }
  };
  set("maker", card.listed.maker);
  set("serial", card.listed.serial);
  json["count"] = card.listed.count;
  set("card_of", NameOf(card.identity.granularity()));
  set("missing_serial", card.missing_serial);
  set("missing_lot", card.missing_lot);
  json["records"] = Json::array();
  json["identity"] = MessageToJson(card.identity);
  for (const CardSource& source : card.sources) {
    json["records"].push_back(JsonOf(source));
  }
  json["hazard_summary"] = card.hazards.has_value() ? MessageToJson(*card.hazards) : Json();
  json["dismantling_known"] = card.dismantling.has_value();
  if (!card.dismantling.has_value()) {
    return json;
  }
  Json dismantling = MessageToJson(*card.dismantling);
  Json steps = Json::array();
  uint64_t seconds = 0;
  for (const v1::DismantlingStep& step : StepsInOrder(*card.dismantling)) {
    steps.push_back(MessageToJson(step));
    seconds += step.time_s();
  }
  for (const char* field : {"hazards", "ppe", "tools"}) {
    Json all = Json::array();
    for (const Json& step : steps) {
      AddOnce(step, field, all);
    }
    json[field] = std::move(all);
  }
  dismantling.erase("steps");
  json.update(dismantling);
  json["total_time_s"] = seconds;
  json["steps"] = std::move(steps);
  return json;
}

}  // namespace meguri::passport
