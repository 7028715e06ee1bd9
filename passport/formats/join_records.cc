// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/join_records.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/protobuf/message.h"
#include "passport/formats/document.h"
#include "passport/formats/json.h"
#include "passport/formats/proto_json.h"
#include "passport/payload.h"
#include "passport/rules/rule.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

class Joining {
 public:
  void Add(RecordPart& part) {
    ImportedRecord& record = part.record;
    if (is_first_) {
      whole_.draft = record.draft;
      whole_.draft.chosen_audiences.clear();
    } else if (record.draft.record_type != whole_.draft.record_type) {
      Disagree(part.file_name, "record_type");
    }
    is_first_ = false;
    const std::vector<uint32_t>& chosen = record.draft.chosen_audiences;
    for (const record::SectionDraft& section : record.draft.sections) {
      AddSection(part.file_name, section, std::find(chosen.begin(), chosen.end(), section.type) != chosen.end());
    }
    AddTexts(record.draft.jurisdictions, whole_.draft.jurisdictions);
    AddTexts(record.draft.addressees, whole_.draft.addressees);
    AddTexts(record.draft.subjects, whole_.draft.subjects);
    for (Violation& problem : record.problems) {
      problem.field = absl::StrCat(part.file_name, ": ", problem.field);
      whole_.problems.push_back(std::move(problem));
    }
    for (UnmappedValue& value : record.unmapped) {
      value.path = absl::StrCat(part.file_name, ": ", value.path);
      whole_.unmapped.push_back(std::move(value));
    }
    whole_.converted.insert(whole_.converted.end(), record.converted.begin(), record.converted.end());
    whole_.mapped += record.mapped;
    whole_.implied += record.implied;
  }

  ImportedRecord Take() && {
    whole_.draft.sections.clear();
    for (auto& [type, section] : sections_) {
      whole_.draft.sections.push_back(std::move(section));
    }
    return std::move(whole_);
  }

 private:
  void AddSection(const std::string& file_name, const record::SectionDraft& part, bool is_chosen) {
    const auto [whole, is_new] = sections_.emplace(part.type, part);
    const SectionKind* kind = FindSectionKind(part.type);
    AddAudiences(file_name, *kind, part, is_chosen, whole->second.audiences);
    if (is_new) {
      return;
    }
    const auto a = DecodePayload(*kind, whole->second.payload);
    const auto b = DecodePayload(*kind, part.payload);
    if (!a.ok() || !b.ok()) {
      return AddProblem(file_name, std::string(kind->name), ReasonOf(a.ok() ? b.status() : a.status()),
                        std::string((a.ok() ? b.status() : a.status()).message()));
    }
    Json fields = MessageToJson(**a);
    AddFields(file_name, MessageToJson(**b), std::string(kind->name), fields);
    const std::unique_ptr<google::protobuf::Message> message(kind->prototype->New());
    Findings findings(1);
    if (!MessageFromJson(fields, std::string(kind->name), *message, findings)) {
      const Violation violation = std::move(findings).Take()[0];
      return AddProblem(file_name, violation.field, violation.reason, violation.found);
    }
    whole->second.payload = message->SerializeAsString();
  }

  // Chosen ones go before what a section has if nobody chose.
  void AddAudiences(const std::string& file_name, const SectionKind& kind, const record::SectionDraft& part,
                    bool is_chosen, record::AudienceSet& whole) {
    std::vector<uint32_t>& chosen = whole_.draft.chosen_audiences;
    const bool was_chosen = std::find(chosen.begin(), chosen.end(), kind.type) != chosen.end();
    if (is_chosen && !was_chosen) {
      whole = part.audiences;
      chosen.push_back(kind.type);
    } else if (is_chosen && !(part.audiences == whole)) {
      Disagree(file_name, absl::StrCat(kind.name, ".$audiences"));
    }
  }

  // Recursion is bounded, as is the depth of payloads.
  void AddFields(const std::string& file_name, const Json& part, const std::string& path, Json& whole) {
    for (const auto& [name, value] : part.items()) {
      const std::string field = absl::StrCat(path, ".", name);
      const auto there = whole.find(name);
      if (there == whole.end()) {
        whole[name] = value;
      } else if (value.is_object()) {
        AddFields(file_name, value, field, *there);
      } else if (value.is_array()) {
        AddElements(value, *there);
      } else if (value != *there) {
        Disagree(file_name, field);
      }
    }
  }

  static void AddElements(const Json& part, Json& whole) {
    for (const Json& element : part) {
      if (std::find(whole.begin(), whole.end(), element) == whole.end()) {
        whole.push_back(element);
      }
    }
  }

  static void AddTexts(const std::vector<std::string>& part, std::vector<std::string>& whole) {
    for (const std::string& text : part) {
      if (std::find(whole.begin(), whole.end(), text) == whole.end()) {
        whole.push_back(text);
      }
    }
  }

  void Disagree(const std::string& file_name, const std::string& path) {
    AddProblem(file_name, path, "PARTS_DISAGREE", "another value than in a file before");
  }

  void AddProblem(const std::string& file_name, const std::string& path, std::string reason, std::string found) {
    whole_.problems.push_back({.field = absl::StrCat(file_name, ": ", path),
                               .reason = std::move(reason),
                               .found = std::move(found),
                               .expected = "what goes with the other files of the record",
                               .cure = "correct one of the files, or import them as records of their own",
                               .message_ja = "ほかのファイルの内容と合いません。"});
  }

  bool is_first_ = true;
  ImportedRecord whole_;
  std::map<uint32_t, record::SectionDraft> sections_;
};

// Whether the offers of that type have together all that the section requires.
bool AreWholeTogether(uint32_t type, const std::vector<RecordPart>& parts) {
  const SectionKind* kind = FindSectionKind(type);
  const std::unique_ptr<google::protobuf::Message> whole(kind->prototype->New());
  for (const RecordPart& part : parts) {
    for (const OfferedSection& offered : part.record.offered) {
      if (offered.section.type == type) {
        const auto message = DecodePayload(*kind, offered.section.payload);
        Invariant(message.ok(), "an offered section was encoded here");
        whole->MergeFrom(**message);
      }
    }
  }
  return HasAllThatIsRequired(type, *whole);
}

}  // namespace

void BeginOfferedTogether(std::vector<RecordPart>& parts) {
  std::set<uint32_t> begun;
  std::set<uint32_t> offered;
  for (const RecordPart& part : parts) {
    for (const record::SectionDraft& section : part.record.draft.sections) {
      begun.insert(section.type);
    }
    for (const OfferedSection& offer : part.record.offered) {
      offered.insert(offer.section.type);
    }
  }
  for (const uint32_t type : offered) {
    if (!begun.contains(type) && !AreWholeTogether(type, parts)) {
      continue;
    }
    for (RecordPart& part : parts) {
      BeginOffered(part.record, type);
    }
  }
}

ImportedRecord JoinRecords(std::vector<RecordPart> parts) {
  Joining joining;
  for (RecordPart& part : parts) {
    joining.Add(part);
  }
  return std::move(joining).Take();
}

}  // namespace meguri::passport
