// SPDX-License-Identifier: Apache-2.0
// The card on paper.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "passport/formats/dismantling_card.h"
#include "passport/formats/dismantling_words.h"

namespace meguri::passport {
namespace {

constexpr char kStyle[] = R"css(
@page { size: A4; margin: 12mm; }
body { font: 11pt/1.45 "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", sans-serif; color: #000;
  max-width: 186mm; margin: 0 auto; padding: 4mm; }
h1 { font-size: 17pt; margin: 0 0 1mm; } h2 { font-size: 12pt; margin: 5mm 0 1.5mm; border-bottom: 0.5mm solid #000; }
.keys { margin: 0; font-variant-numeric: tabular-nums; }
.danger { border: 1.2mm solid #000; padding: 2mm 3mm; margin: 3mm 0; break-inside: avoid; }
.danger h2 { border: 0; margin: 0 0 1mm; font-size: 14pt; }
.signs { display: flex; flex-wrap: wrap; gap: 2mm; padding: 0; margin: 0; list-style: none; }
.signs li { border: 0.4mm solid #000; padding: 0.5mm 2mm; font-weight: bold; }
.signs small { font-weight: normal; }
table { border-collapse: collapse; width: 100%; } th, td { border: 0.25mm solid #555; padding: 1mm 1.5mm;
  vertical-align: top; text-align: left; } th { background: #eee; } tr { break-inside: avoid; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.box { display: inline-block; width: 4.5mm; height: 4.5mm; border: 0.4mm solid #000; }
.warning { font-weight: bold; }
footer { margin-top: 6mm; font-size: 8pt; color: #333; overflow-wrap: anywhere; }
)css";

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

// One sheet in one language.
class Sheet {
 public:
  Sheet(const DismantlingCard& card, CardLanguage language)
      : card_(card), is_japanese_(language == CardLanguage::kJapanese) {}

  std::string Write() {
    Add("<!DOCTYPE html>\n<html lang=\"", is_japanese_ ? "ja" : "en", "\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
        Of(card_.identity.name()), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n");
    WriteHead();
    WriteDangers();
    if (card_.dismantling.has_value()) {
      WriteRemovalItems(*card_.dismantling);
      WritePreparation(*card_.dismantling);
      WriteSteps(*card_.dismantling);
    } else {
      Add("<p class=\"warning\">",
          Say("このパスポートに、閲覧できる解体情報はありません。",
              "This passport holds no dismantling information that you may read."),
          "</p>\n");
    }
    WriteFoot();
    Add("</body>\n</html>\n");
    return std::move(html_);
  }

 private:
  template <typename... Pieces>
  void Add(const Pieces&... pieces) {
    absl::StrAppend(&html_, pieces...);
  }
  CardLanguage Language() const { return is_japanese_ ? CardLanguage::kJapanese : CardLanguage::kEnglish; }
  absl::string_view Say(absl::string_view ja, absl::string_view en) const { return is_japanese_ ? ja : en; }
  // The text in the language of the sheet, or in the other one.
  std::string Of(const v1::Text& text) const {
    const std::string& first = is_japanese_ ? text.ja() : text.en();
    return Escaped(first.empty() ? (is_japanese_ ? text.en() : text.ja()) : first);
  }
  std::string Of(const Word& word) const { return Escaped(is_japanese_ ? word.ja : word.en); }
  std::string Minutes(uint64_t seconds) const {
    return seconds < 60 ? absl::StrCat(seconds, Say(" 秒", " s"))
                        : absl::StrCat((seconds + 59) / 60, Say(" 分", " min"));
  }

  void WriteHead() {
    const v1::Identity& identity = card_.identity;
    Add("<h1>", Of(identity.name()), "</h1>\n<p class=\"keys\">");
    std::vector<std::string> keys;
    const auto add = [&](absl::string_view label, absl::string_view value) {
      if (!value.empty()) {
        keys.push_back(absl::StrCat(Escaped(label), " <b>", Escaped(value), "</b>"));
      }
    };
    add(Say("型番", "Model"), identity.model_number());
    add("GTIN", identity.gtin());
    add(Say("ロット", "Lot"), identity.lot());
    add(Say("シリアル", "Serial"), identity.serial());
    add(Say("カードの対象", "Card of"), CardSubject(card_, Language()));
    add(Say("リスト上の数", "On the list"), card_.listed.count > 1 ? absl::StrCat(card_.listed.count) : "");
    add(Say("質量", "Mass"), identity.has_mass_kg() ? absl::StrCat(identity.mass_kg().value(), " kg") : "");
    Add(absl::StrJoin(keys, " &nbsp; "), "</p>\n");
    const std::string limits = CardLimits(card_, Language());
    if (!limits.empty()) {
      Add("<p class=\"warning\">", Escaped(limits), "</p>\n");
    }
    for (const CardSource& source : card_.sources) {
      if (source.frozen) {
        Add("<p class=\"warning\">",
            Say("発行者が矛盾する署名をしています。この内容を信用しないでください。",
                "The publisher signed contradicting versions: do not rely on this sheet."),
            "</p>\n");
        return;
      }
    }
  }

  // Everything that can hurt, before anything else.
  void WriteDangers() {
    std::vector<std::string> signs;
    const auto add = [&](const std::string& words, absl::string_view sign) {
      const std::string item =
          absl::StrCat("<li>", words, sign.empty() ? "" : absl::StrCat(" <small>", sign, "</small>"), "</li>");
      if (!words.empty() && std::find(signs.begin(), signs.end(), item) == signs.end()) {
        signs.push_back(item);
      }
    };
    std::string notes;
    if (card_.dismantling.has_value()) {
      const v1::Dismantling& dismantling = *card_.dismantling;
      if (dismantling.lithium_ion()) {
        add(std::string(Say("リチウムイオン電池(発火)", "Lithium-ion battery (fire)")), "W021");
      }
      for (const v1::DismantlingStep& step : dismantling.steps()) {
        for (const int hazard : step.hazards()) {
          const Word word = WordOf(static_cast<v1::Hazard>(hazard));
          add(Of(word), word.sign);
        }
      }
      AppendParagraph(Of(dismantling.safety().measures()), notes);
    }
    if (card_.hazards.has_value()) {
      for (const v1::HazardClass& hazard : card_.hazards->hazard_classes()) {
        add(Escaped(hazard.hazard_class()), Escaped(hazard.hazard_statement()));
      }
      for (const v1::SvhcEntry& svhc : card_.hazards->svhc()) {
        AppendParagraph(absl::StrCat(Of(svhc.name()), ": ", Of(svhc.safe_use())), notes);
      }
      AppendParagraph(Of(card_.hazards->safe_use()), notes);
    }
    if (signs.empty() && notes.empty()) {
      return;
    }
    Add("<section class=\"danger\">\n<h2>", Say("危険", "Hazards"), "</h2>\n<ul class=\"signs\">",
        absl::StrJoin(signs, ""), "</ul>\n", notes, "</section>\n");
  }

  static void AppendParagraph(const std::string& text, std::string& html) {
    if (!text.empty()) {
      absl::StrAppend(&html, "<p>", text, "</p>\n");
    }
  }

  void WriteRemovalItems(const v1::Dismantling& dismantling) {
    std::string rows;
    for (const v1::RemovalItem& item : dismantling.removal_items()) {
      if (!item.present()) {
        continue;
      }
      absl::StrAppend(&rows, "<tr><td><span class=\"box\"></span></td><td>", Of(WordOf(item.code())), "</td><td>",
                      Of(item.location()), "</td><td class=\"number\">",
                      item.quantity() > 0 ? absl::StrCat(item.quantity()) : "", "</td><td>", Of(item.instruction()),
                      item.has_treatment() ? absl::StrCat("<br>", Of(item.treatment())) : "", "</td></tr>\n");
    }
    if (!rows.empty()) {
      Add("<h2>", Say("先に取り外すもの", "To be removed and treated apart"), "</h2>\n<table>\n<tr><th></th><th>",
          Say("対象", "Item"), "</th><th>", Say("場所", "Where"), "</th><th>", Say("数", "Pieces"), "</th><th>",
          Say("方法と処理", "How, and treatment"), "</th></tr>\n", rows, "</table>\n");
    }
  }

  void WritePreparation(const v1::Dismantling& dismantling) {
    std::vector<std::string> equipment;
    std::vector<std::string> tools;
    const auto add = [](std::string words, std::vector<std::string>& list) {
      if (!words.empty() && std::find(list.begin(), list.end(), words) == list.end()) {
        list.push_back(std::move(words));
      }
    };
    for (const v1::DismantlingStep& step : StepsInOrder(dismantling)) {
      for (const int ppe : step.ppe()) {
        const Word word = WordOf(static_cast<v1::ProtectiveEquipment>(ppe));
        add(absl::StrCat(Of(word), word.sign.empty() ? "" : absl::StrCat(" (", word.sign, ")")), equipment);
      }
      for (const v1::Tool& tool : step.tools()) {
        add(absl::StrCat(Of(tool.name()),
                         tool.standard().empty() ? "" : absl::StrCat(" [", Escaped(tool.standard()), "]")),
            tools);
      }
    }
    Add("<h2>", Say("準備", "Have ready"), "</h2>\n<p>", Say("保護具: ", "Protective equipment: "),
        equipment.empty() ? std::string(Say("指定なし", "none stated")) : absl::StrJoin(equipment, ", "), "</p>\n<p>",
        Say("工具: ", "Tools: "),
        tools.empty() ? std::string(Say("指定なし", "none stated")) : absl::StrJoin(tools, ", "), "</p>\n");
    const std::string removability = Of(WordOf(dismantling.battery_removability()));
    if (!removability.empty()) {
      Add("<p>", removability, "</p>\n");
    }
  }

  void WriteSteps(const v1::Dismantling& dismantling) {
    uint64_t total = 0;
    for (const v1::DismantlingStep& step : dismantling.steps()) {
      total += step.time_s();
    }
    Add("<h2>", Say("手順", "Steps"), " (", dismantling.steps_size(), ", ", Minutes(total),
        ")</h2>\n<table>\n<tr><th></th><th>", Say("番号", "No."), "</th><th>", Say("対象と作業", "What to do"),
        "</th><th>", Say("締結・工具", "Fasteners, tools"), "</th><th>", Say("時間", "Time"), "</th></tr>\n");
    for (const v1::DismantlingStep& step : StepsInOrder(dismantling)) {
      WriteStep(step);
    }
    Add("</table>\n");
  }

  void WriteStep(const v1::DismantlingStep& step) {
    std::vector<std::string> hazards;
    for (const int hazard : step.hazards()) {
      hazards.push_back(Of(WordOf(static_cast<v1::Hazard>(hazard))));
    }
    std::vector<std::string> means;
    for (const v1::Fastener& fastener : step.fasteners()) {
      means.push_back(absl::StrCat(Of(WordOf(fastener.type())), " × ", fastener.count(),
                                   fastener.standard().empty() ? "" : absl::StrCat(" ", Escaped(fastener.standard()))));
    }
    for (const v1::Tool& tool : step.tools()) {
      means.push_back(Of(tool.name()));
    }
    Add("<tr><td><span class=\"box\"></span></td><td class=\"number\">", step.seq(), "</td><td><b>",
        Of(step.target_component()), "</b> ", Of(WordOf(step.action())));
    if (step.has_instruction()) {
      Add("<br>", Of(step.instruction()));
    }
    if (!hazards.empty() || step.has_warning()) {
      Add("<br><span class=\"warning\">⚠ ", absl::StrJoin(hazards, ", "),
          hazards.empty() || !step.has_warning() ? "" : ": ", Of(step.warning()), "</span>");
    }
    Add("</td><td>", absl::StrJoin(means, "<br>"), "</td><td class=\"number\">",
        step.time_s() > 0 ? Minutes(step.time_s()) : "", "</td></tr>\n");
  }

  void WriteFoot() {
    Add("<footer>\n");
    for (const CardSource& source : card_.sources) {
      Add("<p>", Say("記録", "Record"), " ", Escaped(source.record_id), " ", Say("版", "version"), " ", source.version,
          ", ", Escaped(source.publisher), ", ", Escaped(source.issued), ", SHA-256 ", Escaped(source.header_hash),
          "</p>\n");
    }
    Add("</footer>\n");
  }

  const DismantlingCard& card_;
  const bool is_japanese_;
  std::string html_;
};

}  // namespace

std::string DismantlingCardHtml(const DismantlingCard& card, CardLanguage language) {
  return Sheet(card, language).Write();
}

}  // namespace meguri::passport
