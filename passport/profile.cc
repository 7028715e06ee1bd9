// SPDX-License-Identifier: Apache-2.0
#include "passport/profile.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "meguri/profile/v1/profile.pb.h"
#include "passport/rules/embedded_texts.h"
#include "passport/rules/identity_keys.h"
#include "passport/rules/jurisdiction.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

constexpr size_t kSlotCounts[] = {8, 16, 32, 64};
constexpr char kDefaultJurisdiction[] = "JP";

// Keeps the first complaint of protobuf's text parser, which would print it otherwise.
class FirstComplaint final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) {
      text_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status Refuse(absl::string_view profile, absl::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, "PROFILE_RULE", absl::StrCat("profile ", profile, ": ", what));
}

record::AudienceSet SetOf(const google::protobuf::RepeatedField<int>& audiences) {
  uint32_t bits = 0;
  for (const int audience : audiences) {
    bits |= 1U << static_cast<unsigned>(audience);
  }
  return record::AudienceSet::Parse(bits).value_or(record::AudienceSet());
}

GranularitySet SetOfGranularities(const google::protobuf::RepeatedField<int>& granularities) {
  GranularitySet set;
  for (const int granularity : granularities) {
    set.Add(static_cast<v1::Granularity>(granularity));
  }
  return set;
}

absl::StatusOr<SectionPolicy> MakePolicy(const profile::v1::Profile& profile, const profile::v1::SectionPolicy& file) {
  const SectionKind* kind = FindSectionKind(static_cast<uint32_t>(file.type()));
  if (kind == nullptr || !kind->understood()) {
    return Refuse(profile.name(), absl::StrCat("section type ", file.type(), " is not understood"));
  }
  SectionPolicy policy{kind->type,
                       SetOf(file.audiences()),
                       SetOf(file.locked()),
                       file.law(),
                       SetOfGranularities(file.required()),
                       SetOfGranularities(file.recommended())};
  if (policy.audiences.bits() == 0) {
    return Refuse(profile.name(), absl::StrCat(kind->name, " has no audiences"));
  }
  if (policy.locked.bits() != 0 && (!policy.locked.IsWithin(policy.audiences) || policy.law.empty())) {
    return Refuse(profile.name(),
                  absl::StrCat(kind->name, " is locked to what is not among its audiences, or by no law"));
  }
  return policy;
}

absl::Status CheckProfile(const Profile& profile) {
  const RecordKind* kind = FindRecordKind(profile.record_type);
  if (kind == nullptr || !kind->understood()) {
    return Refuse(profile.name, "the record type is not understood");
  }
  if (std::find(std::begin(kSlotCounts), std::end(kSlotCounts), profile.slot_count) == std::end(kSlotCounts) ||
      profile.sections.size() > profile.slot_count) {
    return Refuse(profile.name, "the slot count is not 8, 16, 32 or 64, or the sections do not fit");
  }
  uint32_t before = 0;
  for (const SectionPolicy& policy : profile.sections) {
    const bool allowed = std::find(kind->allowed.begin(), kind->allowed.end(), policy.type) != kind->allowed.end();
    if (policy.type <= before || !allowed) {
      return Refuse(profile.name, absl::StrCat("section type ", policy.type, " is out of order or foreign"));
    }
    before = policy.type;
  }
  for (const std::string& group : profile.product_groups) {
    if (!IsProductGroup(group)) {
      return Refuse(profile.name, absl::StrCat(group, " is no product group"));
    }
  }
  for (const std::string& jurisdiction : profile.jurisdictions) {
    if (!IsJurisdiction(jurisdiction)) {
      return Refuse(profile.name, absl::StrCat(jurisdiction, " is no jurisdiction"));
    }
  }
  return absl::OkStatus();
}

// The profile of records that no data file covers.
Profile GeneralProfile(const RecordKind& kind) {
  Profile profile{std::string(kind.name), kind.type, {}, kind.slot_count, {}, {kDefaultJurisdiction}};
  for (const uint32_t type : kind.allowed) {
    const bool required = std::find(kind.required.begin(), kind.required.end(), type) != kind.required.end();
    profile.sections.push_back({type, FindSectionKind(type)->audiences, record::AudienceSet(), "",
                                required ? GranularitySet::All() : GranularitySet(), GranularitySet()});
  }
  return profile;
}

bool IsGeneral(const Profile& profile, uint32_t record_type) {
  return profile.record_type == record_type && profile.product_groups.empty();
}

std::vector<Profile> MakeProfiles() {
  std::vector<Profile> profiles;
  for (const EmbeddedText& file : ProfileTexts()) {
    absl::StatusOr<Profile> profile = ParseProfile(file.text);
    Invariant(profile.ok() && profile->name == file.name, absl::StrCat(file.name, ": ", profile.status().ToString()));
    profiles.push_back(*std::move(profile));
  }
  for (const RecordKind& kind : RecordKinds()) {
    const bool covered = std::any_of(profiles.begin(), profiles.end(),
                                     [&kind](const Profile& profile) { return IsGeneral(profile, kind.type); });
    if (kind.understood() && !covered) {
      profiles.push_back(GeneralProfile(kind));
    }
  }
  return profiles;
}

}  // namespace

GranularitySet GranularitySet::All() {
  GranularitySet all;
  for (int number = 1; number <= v1::Granularity_MAX; ++number) {
    all.Add(static_cast<v1::Granularity>(number));
  }
  return all;
}

bool GranularitySet::Has(v1::Granularity granularity) const {
  return granularity == v1::GRANULARITY_UNSPECIFIED ? !empty() : (bits_ >> granularity & 1U) != 0;
}

const SectionPolicy* Profile::Find(uint32_t section_type) const {
  const auto policy = std::find_if(sections.begin(), sections.end(), [section_type](const SectionPolicy& candidate) {
    return candidate.type == section_type;
  });
  return policy == sections.end() ? nullptr : &*policy;
}

absl::StatusOr<Profile> ParseProfile(absl::string_view text) {
  profile::v1::Profile file;
  FirstComplaint complaint;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&complaint);
  google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&input, &file)) {
    return Error(absl::StatusCode::kInvalidArgument, "PROFILE_SYNTAX", complaint.text());
  }
  Profile profile{file.name(),
                  static_cast<uint32_t>(file.record_type()),
                  {file.product_groups().begin(), file.product_groups().end()},
                  file.slot_count(),
                  {},
                  {file.jurisdictions().begin(), file.jurisdictions().end()}};
  for (const profile::v1::SectionPolicy& section : file.sections()) {
    MEGURI_ASSIGN_OR_RETURN(SectionPolicy policy, MakePolicy(file, section));
    profile.sections.push_back(std::move(policy));
  }
  MEGURI_RETURN_IF_ERROR(CheckProfile(profile));
  return profile;
}

absl::Span<const Profile> Profiles() {
  // Never destroyed: threads may still validate while the program ends.
  static const std::vector<Profile>& profiles = *new std::vector<Profile>(MakeProfiles());
  return profiles;
}

const Profile* FindProfile(uint32_t record_type, absl::string_view product_group) {
  const Profile* general = nullptr;
  for (const Profile& profile : Profiles()) {
    const auto& groups = profile.product_groups;
    if (profile.record_type != record_type) {
      continue;
    }
    if (groups.empty()) {
      general = &profile;
    } else if (std::find(groups.begin(), groups.end(), product_group) != groups.end()) {
      return &profile;
    }
  }
  return general;
}

}  // namespace meguri::passport
