// SPDX-License-Identifier: Apache-2.0
#include "passport/rules/enquiry.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "passport/rules/calendar_date.h"
#include "passport/rules/finding.h"

namespace meguri::passport {
namespace {

const Path kEnquiryPath("sections.enquiry");
const Path kAnswerPath("sections.enquiry_answer");

// Wherever the publisher is, its day has not begun before this one.
absl::CivilDay FirstDayOf(const record::Header& header) {
  const absl::Time issued = absl::FromUnixMillis(static_cast<int64_t>(header.message().issue_time_ms()));
  return absl::ToCivilDay(issued - absl::Hours(12), absl::UTCTimeZone());
}

void CheckStillValid(const record::Header& header, const std::string& valid_until, const Path& path,
                     Findings& findings) {
  const absl::optional<absl::CivilDay> day = ParseDate(valid_until);
  if (day.has_value() && *day < FirstDayOf(header)) {
    Report(findings, path.At("valid_until"), "ENQUIRY_EXPIRED", Quoted(valid_until),
           {"a day that is not over when the record is issued", "give the other side time to answer",
            "有効期限が発行日より前になっています。"});
  }
}

void CheckIsOther(const record::Header& header, const std::string& party, std::string field, Findings& findings) {
  if (party == header.publisher().text()) {
    Report(findings, std::move(field), "ENQUIRY_TO_ONESELF", Quoted(party),
           {"another member", "name the other side", "相手方の会員を指定してください。"});
  }
}

void RequireInOffer(bool present, absl::string_view field, const Path& path, Findings& findings) {
  if (!present) {
    Report(findings, path.At(field), "ENQUIRY_OFFER", "nothing",
           {"the mass that can be had and the day until which the offer stands", "fill it in",
            "オファーには提供可能質量と有効期限が必要です。"});
  }
}

void RefuseOutsideOffer(bool present, absl::string_view field, const Path& path, Findings& findings) {
  if (present) {
    Report(findings, path.At(field), "ENQUIRY_NO_OFFER", "a value beside a verdict that offers nothing",
           {"nothing, or the verdict ENQUIRY_VERDICT_OFFER", "leave it out, or make it an offer",
            "オファー以外の回答に価格・質量・条件は記載できません。"});
  }
}

}  // namespace

void CheckNeed(absl::string_view value, const Path& path, Findings& findings) {
  if (value.size() > kNeedBytesMax || absl::StrContains(value, "\n")) {
    Report(findings, path.ToString(), "ENQUIRY_NEED", Quoted(value),
           {absl::StrCat("one line of at most ", kNeedBytesMax, " bytes"), "shorten it; the message may say more",
            absl::StrCat("1行、", kNeedBytesMax, "バイト以下で記載してください。")});
  }
}

void CheckRecordReference(const v1::RecordReference& reference, const Path& path, Findings& findings) {
  if (reference.version() == 0) {
    Report(findings, path.At("version"), "ENQUIRY_REFERENCE", "no version",
           {"the version that was read, from 1 on", "take it from the record", "参照する版の番号が必要です。"});
  }
}

void CheckEnquiry(const v1::Enquiry& enquiry, const Path& path, Findings& findings) {
  if (!enquiry.has_material() && enquiry.need().empty()) {
    Report(findings, path.ToString(), "ENQUIRY_SUBJECT", "neither a material nor a need",
           {"one of them", "name the record that you ask about, or describe what you need",
            "対象の素材記録または要求内容のどちらかが必要です。"});
  }
  CheckDateOrder(enquiry.deliver_from(), enquiry.deliver_until(), path.Field("deliver_until"), findings);
}

void CheckEnquiryAnswer(const v1::EnquiryAnswer& answer, const Path& path, Findings& findings) {
  CheckDateOrder(answer.deliver_from(), answer.deliver_until(), path.Field("deliver_until"), findings);
  if (answer.verdict() == v1::ENQUIRY_VERDICT_OFFER) {
    RequireInOffer(answer.has_available_mass_kg(), "available_mass_kg", path, findings);
    RequireInOffer(!answer.valid_until().empty(), "valid_until", path, findings);
  } else {
    RefuseOutsideOffer(answer.has_available_mass_kg(), "available_mass_kg", path, findings);
    RefuseOutsideOffer(answer.has_price(), "price", path, findings);
    RefuseOutsideOffer(answer.has_terms(), "terms", path, findings);
  }
  if (answer.verdict() == v1::ENQUIRY_VERDICT_QUESTION && !answer.has_message()) {
    Report(findings, path.At("message"), "ENQUIRY_QUESTION", "no message",
           {"what is asked", "write the question", "質問の内容が必要です。"});
  }
}

void CheckValidWhenIssued(const record::Header& header, const RecordContent& content, Findings& findings) {
  if (content.enquiry != nullptr) {
    CheckStillValid(header, content.enquiry->valid_until(), kEnquiryPath, findings);
  }
  if (content.enquiry_answer != nullptr) {
    CheckStillValid(header, content.enquiry_answer->valid_until(), kAnswerPath, findings);
  }
}

void CheckOtherParty(const record::Header& header, const RecordContent& content, Findings& findings) {
  if (content.enquiry != nullptr) {
    CheckIsOther(header, content.enquiry->seller_id(), kEnquiryPath.At("seller_id"), findings);
  }
  if (content.enquiry_answer != nullptr) {
    CheckIsOther(header, content.enquiry_answer->enquiry().publisher_id(),
                 kAnswerPath.Field("enquiry").At("publisher_id"), findings);
  }
}

}  // namespace meguri::passport
