// SPDX-License-Identifier: Apache-2.0
#include "node/policy/decision.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace meguri::node {
namespace {

using record::FeedName;
using record::v1::Audience;

constexpr char kNation[] = "JP";

bool IsPublisher(const Reader& reader, const record::ParticipantId& publisher) {
  return reader.participant.has_value() && *reader.participant == publisher;
}

// An authority of the nation is one of each prefecture too; the reverse does not hold.
bool CoversJurisdiction(const Reader& reader, absl::string_view jurisdiction) {
  return absl::c_linear_search(reader.jurisdictions, jurisdiction) ||
         absl::c_linear_search(reader.jurisdictions, kNation);
}

bool Names(absl::Span<const std::string> names, const Reader& reader) {
  return reader.participant.has_value() && absl::c_linear_search(names, reader.participant->text());
}

bool HasGrants(const Reader& reader) { return reader.active && reader.grants != nullptr; }

// What decides about a section for partners: of the offers that name it the one that the reader is closest to.
GrantVerdict JudgePartner(const Reader& reader, const RecordScope& record, uint32_t slot) {
  GrantVerdict closest;
  for (const OfferedSlots& offered : record.offers) {
    if ((offered.slots >> slot & 1U) == 0) {
      continue;
    }
    const GrantVerdict verdict = JudgeOffer(*reader.grants, record.publisher, offered.offer, reader.asker);
    if (IsCloser(verdict, closest)) {
      closest = verdict;
    }
  }
  return closest;
}

// One row per way in; the first that fits decides.
struct Rule {
  Audience audience;
  absl::string_view name;
  absl::string_view why;
  bool (*fits)(const Reader& reader, const RecordScope& record);
};

constexpr Rule kRules[] = {
    {record::v1::AUDIENCE_PUBLIC, "allow-public", "The section is open to anyone.",
     [](const Reader&, const RecordScope&) { return true; }},
    {record::v1::AUDIENCE_MEMBERS, "allow-member", "The reader is an active member.",
     [](const Reader& reader, const RecordScope&) { return reader.active; }},
    {record::v1::AUDIENCE_RECYCLERS, "allow-recycler-of-group",
     "The reader is an active member with the recycler role for the record's product group.",
     [](const Reader& reader, const RecordScope& record) {
       return reader.active && !record.product_group.empty() &&
              absl::c_linear_search(reader.recycler_groups, record.product_group);
     }},
    {record::v1::AUDIENCE_AUTHORITIES, "allow-authority-of-jurisdiction",
     "The reader is an active member with the authority role for one of the record's jurisdictions.",
     [](const Reader& reader, const RecordScope& record) {
       return reader.active && absl::c_any_of(record.jurisdictions, [&](const std::string& jurisdiction) {
                return CoversJurisdiction(reader, jurisdiction);
              });
     }},
    {record::v1::AUDIENCE_ADDRESSEES, "allow-addressee", "The record is addressed to the reader.",
     [](const Reader& reader, const RecordScope& record) { return reader.active && Names(record.addressees, reader); }},
    {record::v1::AUDIENCE_SUBJECT, "allow-subject", "The record is about a record of the reader.",
     [](const Reader& reader, const RecordScope& record) { return reader.active && Names(record.subjects, reader); }},
};

Decision DecideSection(const Reader& reader, const RecordScope& record, const SectionFacts& section) {
  const auto decided = [&section](bool allowed, absl::string_view rule, absl::string_view why) {
    Decision decision;
    decision.slot = section.slot;
    decision.allowed = allowed;
    decision.rule = rule;
    decision.why = why;
    return decision;
  };
  if (IsPublisher(reader, record.publisher)) {
    return decided(true, "allow-owner", "The reader published the record.");
  }
  for (const Rule& rule : kRules) {
    if (section.audiences.Has(rule.audience) && rule.fits(reader, record)) {
      return decided(true, rule.name, rule.why);
    }
  }
  if (section.audiences.Has(record::v1::AUDIENCE_PARTNERS) && HasGrants(reader)) {
    const GrantVerdict verdict = JudgePartner(reader, record, section.slot);
    if (verdict.grant != nullptr) {
      Decision decision = decided(verdict.allowed, verdict.rule, GrantExplanation(verdict.rule));
      decision.grant = verdict.grant->id;
      decision.purpose = static_cast<uint32_t>(verdict.grant->purpose);
      decision.deliveries = verdict.grant->deliveries;
      decision.deliveries_max = verdict.grant->deliveries_max;
      return decision;
    }
  }
  if (reader.participant.has_value() && !reader.registered) {
    return decided(false, "deny-not-registered", "The registry here names no such member.");
  }
  if (reader.participant.has_value() && !reader.active) {
    return decided(false, "deny-not-active",
                   "The reader is suspended, has left, or the registry here is too old to know.");
  }
  return decided(false, "deny-by-default", "No audience of the section fits the reader.");
}

FeedName MakeFeed(absl::string_view kind, absl::string_view scope) {
  absl::StatusOr<FeedName> name = FeedName::Parse(absl::StrCat(kind, "/", scope));
  Invariant(name.ok(), "scopes are checked when a record is published");
  return *std::move(name);
}

// The narrow feeds that one audience opens.
std::vector<FeedName> ScopedFeeds(const RecordScope& record, Audience audience) {
  std::vector<FeedName> feeds;
  switch (audience) {
    case record::v1::AUDIENCE_RECYCLERS:
      if (!record.product_group.empty()) {
        feeds.push_back(MakeFeed("recyclers", record.product_group));
      }
      break;
    case record::v1::AUDIENCE_AUTHORITIES:
      for (const std::string& jurisdiction : record.jurisdictions) {
        feeds.push_back(MakeFeed("authorities", jurisdiction));
      }
      break;
    case record::v1::AUDIENCE_ADDRESSEES:
      for (const std::string& addressee : record.addressees) {
        feeds.push_back(MakeFeed("to", addressee));
      }
      break;
    case record::v1::AUDIENCE_SUBJECT:
      for (const std::string& subject : record.subjects) {
        feeds.push_back(MakeFeed("to", subject));
      }
      break;
    default:
      break;
  }
  return feeds;
}

constexpr Audience kScopedAudiences[] = {record::v1::AUDIENCE_RECYCLERS, record::v1::AUDIENCE_AUTHORITIES,
                                         record::v1::AUDIENCE_ADDRESSEES, record::v1::AUDIENCE_SUBJECT};

}  // namespace

Reader ReaderOf(const certs::Registry& registry, const record::ParticipantId& participant, bool registry_is_stale) {
  Reader reader;
  reader.participant = participant;
  reader.registered = registry.Find(participant) != nullptr;
  reader.active = !registry_is_stale && registry.IsActive(participant);
  if (reader.active) {
    reader.recycler_groups = registry.ScopesOf(participant, registry::v1::ROLE_KIND_RECYCLER);
    reader.jurisdictions = registry.ScopesOf(participant, registry::v1::ROLE_KIND_AUTHORITY);
  }
  return reader;
}

void AddGrants(std::shared_ptr<const ReaderGrants> grants, const certs::Registry& registry, absl::Time now,
               passport::v1::AccessPurpose purpose, Reader& reader) {
  reader.asker.now = now;
  reader.asker.purpose = purpose;
  reader.grants = std::move(grants);
  if (!HasGrants(reader) || !reader.grants->has_roles) {
    return;
  }
  reader.asker.roles = RolesOf(registry, *reader.participant);
}

std::vector<RoleInScope> RolesOf(const certs::Registry& registry, const record::ParticipantId& participant) {
  std::vector<RoleInScope> roles;
  const registry::v1::MemberEntry* entry = registry.Find(participant);
  if (entry == nullptr) {
    return roles;
  }
  for (const registry::v1::Role& role : entry->roles()) {
    roles.push_back({role.kind(), ""});
    for (const std::string& scope : role.scopes()) {
      roles.push_back({role.kind(), scope});
    }
  }
  return roles;
}

std::vector<Decision> Decide(const Reader& reader, const RecordScope& record, absl::Span<const SectionFacts> sections) {
  std::vector<Decision> decisions;
  decisions.reserve(sections.size());
  for (const SectionFacts& section : sections) {
    decisions.push_back(DecideSection(reader, record, section));
  }
  return decisions;
}

uint64_t AllowedSlots(const Reader& reader, const RecordScope& record, absl::Span<const SectionFacts> sections) {
  uint64_t slots = 0;
  for (const SectionFacts& section : sections) {
    if (DecideSection(reader, record, section).allowed) {
      slots |= uint64_t{1} << section.slot;
    }
  }
  return slots;
}

bool MayFollow(const Reader& reader, const record::ParticipantId& publisher, const record::FeedName& name) {
  // It names rows, which are asked for one by one, and no records.
  if (name == FeedName::Audit()) {
    return false;
  }
  if (IsPublisher(reader, publisher)) {
    return true;
  }
  const absl::string_view kind = name.kind();
  if (kind == "public" || kind == "registry") {
    return true;
  }
  if (!reader.active) {
    return false;
  }
  if (kind == "members" || kind == "heads") {
    return true;
  }
  if (kind == "recyclers") {
    return absl::c_linear_search(reader.recycler_groups, name.scope());
  }
  if (kind == "authorities") {
    return CoversJurisdiction(reader, name.scope());
  }
  if (kind == "offer") {
    return GrantToFollow(reader, publisher, name).allowed;
  }
  return kind == "to" && reader.participant.has_value() && reader.participant->text() == name.scope();
}

GrantVerdict GrantToFollow(const Reader& reader, const record::ParticipantId& publisher, const record::FeedName& name) {
  return HasGrants(reader) && name.kind() == "offer" ? JudgeOffer(*reader.grants, publisher, name.scope(), reader.asker)
                                                     : GrantVerdict();
}

absl::string_view RuleToFollow(const record::FeedName& name) {
  const absl::string_view kind = name.kind();
  if (kind == "public" || kind == "registry" || kind == "heads") {
    return "";
  }
  if (kind == "members") {
    return "allow-member";
  }
  if (kind == "recyclers") {
    return "allow-recycler-of-group";
  }
  if (kind == "authorities") {
    return "allow-authority-of-jurisdiction";
  }
  if (kind == "offer") {
    return "allow-grant";
  }
  return kind == "to" ? "allow-addressee" : "allow-owner";
}

FeedSlots OfferFeedFor(absl::Span<const SectionFacts> sections, const OfferTerms& offer) {
  uint64_t wider = 0;
  uint64_t opened = 0;
  for (const SectionFacts& section : sections) {
    const uint64_t bit = uint64_t{1} << section.slot;
    if (section.audiences.Has(record::v1::AUDIENCE_PUBLIC) || section.audiences.Has(record::v1::AUDIENCE_MEMBERS)) {
      wider |= bit;
    } else if (IsIndexedIn(offer, section)) {
      opened |= bit;
    }
  }
  return {MakeFeed("offer", offer.id), opened == 0 ? 0 : opened | wider};
}

namespace {

// The slots that the feeds of scoped audiences open, without those that every member may read.
absl::btree_map<FeedName, uint64_t> ScopedSlots(const RecordScope& record, absl::Span<const SectionFacts> sections) {
  absl::btree_map<FeedName, uint64_t> scoped;
  for (const SectionFacts& section : sections) {
    for (const Audience audience : kScopedAudiences) {
      if (section.audiences.Has(audience)) {
        for (const FeedName& feed : ScopedFeeds(record, audience)) {
          scoped[feed] |= uint64_t{1} << section.slot;
        }
      }
    }
  }
  return scoped;
}

}  // namespace

std::vector<FeedSlots> FeedsFor(const RecordScope& record, absl::Span<const SectionFacts> sections,
                                const OfferRefs& offers) {
  uint64_t public_slots = 0;
  uint64_t members_slots = 0;
  uint64_t all_slots = 0;
  for (const SectionFacts& section : sections) {
    const uint64_t bit = uint64_t{1} << section.slot;
    all_slots |= bit;
    if (section.audiences.Has(record::v1::AUDIENCE_PUBLIC)) {
      public_slots |= bit;
    }
    if (section.audiences.Has(record::v1::AUDIENCE_MEMBERS)) {
      members_slots |= bit;
    }
  }
  // A feed names everything that its readers may read, so that it can be followed alone.
  members_slots |= public_slots;
  std::vector<FeedSlots> feeds;
  for (const auto& [feed, slots] : ScopedSlots(record, sections)) {
    if ((slots | members_slots) != members_slots) {
      feeds.push_back({feed, slots | members_slots});
    }
  }
  for (const std::shared_ptr<const OfferTerms>& offer : offers) {
    FeedSlots feed = OfferFeedFor(sections, *offer);
    if (feed.slots != 0) {
      feeds.push_back(std::move(feed));
    }
  }
  if (all_slots != members_slots) {
    feeds.push_back({FeedName::Owner(), all_slots});
  }
  if (members_slots != public_slots) {
    feeds.push_back({FeedName::Members(), members_slots});
  }
  if (public_slots != 0) {
    feeds.push_back({FeedName::Public(), public_slots});
  }
  std::sort(feeds.begin(), feeds.end(), [](const FeedSlots& a, const FeedSlots& b) { return a.feed < b.feed; });
  return feeds;
}

bool IsIndexedIn(const OfferTerms& offer, const SectionFacts& section) {
  return section.audiences.Has(record::v1::AUDIENCE_PARTNERS) && !section.audiences.Has(record::v1::AUDIENCE_PUBLIC) &&
         !section.audiences.Has(record::v1::AUDIENCE_MEMBERS) && offer.section_types.contains(section.type);
}

std::vector<record::FeedName> IndexFeedsFor(const RecordScope& record, record::AudienceSet audiences) {
  if (audiences.Has(record::v1::AUDIENCE_PUBLIC)) {
    return {FeedName::Public()};
  }
  if (audiences.Has(record::v1::AUDIENCE_MEMBERS)) {
    return {FeedName::Members()};
  }
  std::vector<FeedName> feeds;
  for (const Audience audience : kScopedAudiences) {
    if (audiences.Has(audience)) {
      const std::vector<FeedName> scoped = ScopedFeeds(record, audience);
      feeds.insert(feeds.end(), scoped.begin(), scoped.end());
    }
  }
  if (feeds.empty()) {
    return {FeedName::Owner()};
  }
  std::sort(feeds.begin(), feeds.end());
  feeds.erase(std::unique(feeds.begin(), feeds.end()), feeds.end());
  return feeds;
}

}  // namespace meguri::node
