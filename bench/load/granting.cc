// SPDX-License-Identifier: Apache-2.0
#include "bench/load/granting.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/admin/v1/admin_service.pb.h"
#include "record/audience.h"
#include "record/header.h"

namespace meguri::bench {
namespace {

constexpr size_t kAtOnce = 256;  // records in a request
constexpr char kExpires[] = "2030-12-31T00:00:00Z";
constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr absl::Duration kArrivalMax = absl::Minutes(5);

passport::RecordDraft OneSection(record::v1::RecordType record_type, record::v1::SectionType section_type,
                                 record::v1::Audience audience, const google::protobuf::Message& payload,
                                 std::vector<std::string> addressees) {
  passport::RecordDraft draft;
  draft.record_type = record_type;
  draft.sections = {
      {static_cast<uint32_t>(section_type), record::AudienceSet::Of({audience}), payload.SerializeAsString()}};
  draft.addressees = std::move(addressees);
  return draft;
}

absl::StatusOr<passport::v1::SignedVersion> NameOf(const record::v1::Publication& publication) {
  MEGURI_ASSIGN_OR_RETURN(const record::Header header, record::Header::Parse(publication.envelope().header()));
  passport::v1::SignedVersion name;
  name.set_record_id(header.record_id().ToHex());
  name.set_header_hash(header.hash().ToHex());
  return name;
}

// Until the owner's node has `count` things that the reader has written to it.
absl::Status AwaitLetters(const Side& owner, const Side& reader, size_t count) {
  const std::string feed = absl::StrCat("to/", owner.member());
  const absl::Time begin = absl::Now();
  while (absl::Now() - begin < kArrivalMax) {
    MEGURI_ASSIGN_OR_RETURN(const admin::v1::ListFollowsResponse answer, owner.node().ListFollows({}));
    for (const admin::v1::FollowStatus& follow : answer.follows()) {
      if (follow.publisher() == reader.member() && follow.feed() == feed && follow.size() >= count) {
        return absl::OkStatus();
      }
    }
    absl::SleepFor(kLook);
  }
  return Error(absl::StatusCode::kDeadlineExceeded, "AGREEMENTS_SLOW", "The agreements did not arrive in time.");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Side>> Side::Make(const std::string& home) {
  auto side = std::make_unique<Side>();
  MEGURI_ASSIGN_OR_RETURN(side->caller_, Caller::Make(home));
  MEGURI_ASSIGN_OR_RETURN(side->records_, side->caller_->MakeRecords(kPayloadBytesDefault));
  side->node_ = side->caller_->Connect();
  return side;
}

absl::StatusOr<std::vector<record::v1::Publication>> Side::Publish(std::vector<passport::RecordDraft> contents) const {
  std::vector<record::v1::Publication> published;
  for (auto next = contents.begin(); next != contents.end();) {
    const auto end = next + std::min<ptrdiff_t>(kAtOnce, contents.end() - next);
    std::vector<passport::RecordDraft> some(std::make_move_iterator(next), std::make_move_iterator(end));
    MEGURI_ASSIGN_OR_RETURN(const record::v1::PublishRequest request, records_->RequestOf(std::move(some)));
    MEGURI_RETURN_IF_ERROR(node_->Publish(request).status());
    published.insert(published.end(), request.publications().begin(), request.publications().end());
    next = end;
  }
  return published;
}

passport::RecordDraft OfferOf(const passport::v1::Selector& selector) {
  passport::v1::Offer offer;
  offer.mutable_title()->set_en("Measured");
  *offer.mutable_selector() = selector;
  offer.add_section_types(record::v1::SECTION_TYPE_MATERIAL_PROPERTIES);
  offer.add_purposes(passport::v1::ACCESS_PURPOSE_RECYCLING);
  offer.set_expires(kExpires);
  offer.set_onward(passport::v1::ONWARD_RULE_NONE);
  offer.set_auto_approval(passport::v1::AUTO_APPROVAL_OFF);
  return OneSection(record::v1::RECORD_TYPE_OFFER, record::v1::SECTION_TYPE_OFFER, record::v1::AUDIENCE_MEMBERS, offer,
                    {});
}

absl::StatusOr<std::vector<record::v1::Publication>> GrantAndAgree(const Side& owner, const Side& reader,
                                                                   const std::vector<record::v1::Publication>& offers,
                                                                   size_t each) {
  std::vector<passport::RecordDraft> contents;
  for (const record::v1::Publication& offer : offers) {
    passport::v1::Grant grant;
    MEGURI_ASSIGN_OR_RETURN(*grant.mutable_offer(), NameOf(offer));
    grant.set_grantee_id(reader.member());
    grant.set_purpose(passport::v1::ACCESS_PURPOSE_RECYCLING);
    grant.set_expires(kExpires);
    grant.set_state(passport::v1::GRANT_STATE_ACTIVE);
    contents.insert(contents.end(), each,
                    OneSection(record::v1::RECORD_TYPE_GRANT, record::v1::SECTION_TYPE_GRANT,
                               record::v1::AUDIENCE_ADDRESSEES, grant, {reader.member()}));
  }
  MEGURI_ASSIGN_OR_RETURN(std::vector<record::v1::Publication> grants, owner.Publish(std::move(contents)));
  contents.clear();
  for (size_t i = 0; i < grants.size(); ++i) {
    passport::v1::Agreement agreement;
    agreement.set_owner_id(owner.member());
    MEGURI_ASSIGN_OR_RETURN(*agreement.mutable_grant(), NameOf(grants[i]));
    MEGURI_ASSIGN_OR_RETURN(*agreement.mutable_offer(), NameOf(offers[i / each]));
    contents.push_back(OneSection(record::v1::RECORD_TYPE_AGREEMENT, record::v1::SECTION_TYPE_AGREEMENT,
                                  record::v1::AUDIENCE_ADDRESSEES, agreement, {owner.member()}));
  }
  MEGURI_RETURN_IF_ERROR(reader.Publish(std::move(contents)).status());
  MEGURI_RETURN_IF_ERROR(AwaitLetters(owner, reader, grants.size()));
  return grants;
}

}  // namespace meguri::bench
