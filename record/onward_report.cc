// SPDX-License-Identifier: Apache-2.0
#include "record/onward_report.h"

#include <tuple>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "record/limits.h"
#include "record/participant_id.h"
#include "record/wire.h"

namespace meguri::record {
namespace {

constexpr size_t kDomainNameMax = 253;
constexpr size_t kParticipantMax = 40;  // participant IDs are parsed besides
constexpr uint32_t kMonthsInYear = 12;
constexpr uint32_t kYearFactor = 100;
constexpr uint32_t kYearMin = 1970;
constexpr uint32_t kYearMax = 9999;

using Kind = WireField::Kind;

constexpr WireField kRowFields[] = {
    {.number = 1, .kind = Kind::kBytes, .required = true, .size_min = kRecordIdSize, .size_max = kRecordIdSize},
    {.number = 2, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 3, .kind = Kind::kVarint, .required = true, .value_max = UINT32_MAX},
    {.number = 4, .kind = Kind::kVarint},
    {.number = 5, .kind = Kind::kVarint, .required = true},
    {.number = 6, .kind = Kind::kVarint, .required = true},
    {.number = 7, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
    {.number = 8, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
};
constexpr WireMessage kRow = {"OnwardRow", kRowFields};

constexpr WireField kReportFields[] = {
    {.number = 1, .kind = Kind::kVarint, .required = true, .value_max = kOnwardReportFormatVersion},
    {.number = 2, .kind = Kind::kUtf8, .required = true, .size_max = kDomainNameMax},
    {.number = 3, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 4, .kind = Kind::kUtf8, .required = true, .size_max = kParticipantMax},
    {.number = 5, .kind = Kind::kVarint, .required = true, .value_max = UINT32_MAX},
    {.number = 6,
     .kind = Kind::kMessage,
     .required = true,
     .repeated = true,
     .count_max = kOnwardRowsMax,
     .message = &kRow},
    {.number = 7, .kind = Kind::kVarint},
    {.number = 8, .kind = Kind::kVarint, .required = true, .value_max = kTimeMsMax},
};
constexpr WireMessage kReport = {"OnwardReport", kReportFields};

absl::Status Refuse(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "ONWARD_FORM", message);
}

bool IsMonth(uint32_t month) {
  const uint32_t year = month / kYearFactor;
  const uint32_t of_year = month % kYearFactor;
  return year >= kYearMin && year <= kYearMax && of_year >= 1 && of_year <= kMonthsInYear;
}

absl::Status CheckRow(const audit::v1::OnwardRow& row, const audit::v1::OnwardReport& report) {
  if (!ParticipantId::Parse(row.reader()).ok() || row.reader() == report.holder() || row.reader() == report.owner()) {
    return Refuse("the reader of a row is not another member");
  }
  if (row.to() <= row.from() || row.last_ms() < row.first_ms()) {
    return Refuse("a row ends before it begins");
  }
  return absl::OkStatus();
}

absl::Status CheckRules(const audit::v1::OnwardReport& report) {
  if (!ParticipantId::Parse(report.holder()).ok() || !ParticipantId::Parse(report.owner()).ok() ||
      report.holder() == report.owner()) {
    return Refuse("holder and owner are not two participant IDs");
  }
  if (!IsMonth(report.month())) {
    return Refuse(absl::StrCat(report.month(), " is no month: 202611 is November 2026"));
  }
  if (absl::FromUnixMillis(static_cast<int64_t>(report.time_ms())) < BeginOf(NextMonth(report.month()))) {
    return Refuse("it was signed before the month was over");
  }
  if (report.rows_left_out() > 0 && static_cast<size_t>(report.rows_size()) < kOnwardRowsMax) {
    return Refuse("rows were left out, although there is room for more");
  }
  for (int i = 0; i < report.rows_size(); ++i) {
    const audit::v1::OnwardRow& row = report.rows(i);
    MEGURI_RETURN_IF_ERROR(CheckRow(row, report));
    const auto name = [](const audit::v1::OnwardRow& of) { return std::tie(of.offer_id(), of.reader()); };
    if (i > 0) {
      const audit::v1::OnwardRow& before = report.rows(i - 1);
      const bool is_in_order =
          name(before) < name(row) || (name(before) == name(row) && before.purpose() < row.purpose());
      if (!is_in_order) {
        return Refuse("rows are not in ascending order of offer, reader and purpose");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t MonthOf(absl::Time time) {
  const absl::CivilMonth month = absl::ToCivilMonth(time, absl::UTCTimeZone());
  return static_cast<uint32_t>(month.year()) * kYearFactor + static_cast<uint32_t>(month.month());
}

uint32_t NextMonth(uint32_t month) {
  return month % kYearFactor < kMonthsInYear ? month + 1 : (month / kYearFactor + 1) * kYearFactor + 1;
}

absl::Time BeginOf(uint32_t month) {
  const absl::CivilMonth civil(static_cast<int64_t>(month / kYearFactor), static_cast<int>(month % kYearFactor));
  return IsMonth(month) ? absl::FromCivil(civil, absl::UTCTimeZone()) : absl::InfiniteFuture();
}

absl::StatusOr<audit::v1::OnwardReport> ParseOnwardReport(absl::string_view body) {
  if (body.size() > kOnwardReportBytesMax) {
    return Refuse(absl::StrCat("it has at most ", kOnwardReportBytesMax, " bytes, not ", body.size()));
  }
  MEGURI_RETURN_IF_ERROR(CheckFormatVersion(body, kReport.name, kOnwardReportFormatVersion));
  MEGURI_RETURN_IF_ERROR(CheckWire(body, kReport));
  audit::v1::OnwardReport report;
  if (!report.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Error(absl::StatusCode::kInvalidArgument, "WIRE_GRAMMAR", "OnwardReport: not a protobuf message");
  }
  MEGURI_RETURN_IF_ERROR(CheckRules(report));
  return report;
}

absl::StatusOr<std::string> EncodeOnwardReport(const audit::v1::OnwardReport& report) {
  std::string body;
  {
    google::protobuf::io::StringOutputStream stream(&body);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    report.SerializePartialToCodedStream(&coded);
  }
  MEGURI_RETURN_IF_ERROR(ParseOnwardReport(body).status());
  return body;
}

}  // namespace meguri::record
