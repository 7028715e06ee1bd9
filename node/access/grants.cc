// SPDX-License-Identifier: Apache-2.0
#include "node/access/grants.h"

#include <algorithm>
#include <utility>

#include "node/access/access_record.h"

namespace meguri::node {

void Grants::SetOffer(const std::string& id, const passport::v1::Offer* offer) {
  Offer& known = offers_[id];
  known.has_ended = offer == nullptr;
  if (offer == nullptr) {
    table_.Remove(id);
  } else {
    known.message = *offer;
    auto terms = std::make_shared<OfferTerms>(OfferTerms{id, offer->selector(), {}, TimeOf(offer->expires())});
    terms->section_types.insert(offer->section_types().begin(), offer->section_types().end());
    table_.Add(std::move(terms));
    NoteTurns(offer->not_before(), offer->expires());
  }
  ForgetReadersOf(id);
}

void Grants::SetGrant(const std::string& id, const passport::v1::Grant* grant) {
  Grant& known = grants_[id];
  known.has_ended = grant == nullptr;
  if (grant != nullptr) {
    known.message = *grant;
    of_offer_[grant->offer().record_id()].insert(id);
    NoteTurns(grant->not_before(), grant->expires());
    const absl::StatusOr<record::ParticipantId> grantee = record::ParticipantId::Parse(grant->grantee_id());
    if (grantee.ok()) {
      of_reader_[*grantee].insert(id);
      made_.erase(*grantee);
    } else {
      of_roles_.insert(id);
    }
  }
  Forget(known);
}

void Grants::SetAgreement(const record::ParticipantId& reader, const std::string& id, const std::string& grant) {
  const AgreementKey key(reader, id);
  const auto before = agreements_.find(key);
  if (before != agreements_.end()) {
    const auto agreed = grants_.find(before->second);
    if (agreed != grants_.end()) {
      agreed->second.agreements[reader].erase(id);
    }
    agreements_.erase(before);
  }
  const auto found = grants_.find(grant);
  if (found != grants_.end()) {
    found->second.agreements[reader].insert(id);
    agreements_.emplace(key, grant);
    of_reader_[reader].insert(grant);
  }
  made_.erase(reader);
}

bool Grants::SetDeliveries(const std::string& id, uint64_t deliveries) {
  deliveries_[id] = deliveries;
  const passport::v1::Grant* grant = FindGrant(id);
  if (grant == nullptr || grant->deliveries_max() == 0) {
    return false;
  }
  Forget(grants_.at(id));
  return deliveries >= grant->deliveries_max();
}

const passport::v1::Offer* Grants::FindOffer(const std::string& id) const {
  const auto offer = offers_.find(id);
  return offer == offers_.end() || offer->second.has_ended ? nullptr : &offer->second.message;
}

const passport::v1::Grant* Grants::FindGrant(const std::string& id) const {
  const auto grant = grants_.find(id);
  return grant == grants_.end() || grant->second.has_ended ? nullptr : &grant->second.message;
}

GrantTerms Grants::TermsOf(const std::string& id, const Grant& grant, const record::ParticipantId& reader) const {
  const passport::v1::Grant& message = grant.message;
  GrantTerms terms{id, message.offer().record_id(), owner_};
  if (message.has_grantee_role()) {
    terms.role = RoleInScope{message.grantee_role().kind(), message.grantee_role().scope()};
  }
  terms.purpose = message.purpose();
  terms.state = grant.has_ended ? passport::v1::GRANT_STATE_REVOKED : message.state();
  const auto agreed = grant.agreements.find(reader);
  terms.agreed = agreed != grant.agreements.end() && !agreed->second.empty();
  terms.not_before = TimeOf(message.not_before());
  terms.expires = TimeOf(message.expires());
  terms.deliveries_max = message.deliveries_max();
  const auto delivered = deliveries_.find(id);
  terms.deliveries = delivered == deliveries_.end() ? 0 : delivered->second;
  const auto offer = offers_.find(terms.offer);
  terms.offer_ended = offer == offers_.end() || offer->second.has_ended;
  if (offer != offers_.end()) {
    terms.not_before = std::max(terms.not_before, TimeOf(offer->second.message.not_before()));
    terms.expires = std::min(terms.expires, TimeOf(offer->second.message.expires()));
  }
  return terms;
}

void Grants::AddTo(ReaderGrants& grants, const std::string& id, const record::ParticipantId& reader) const {
  const Grant& grant = grants_.at(id);
  // An agreement to what was granted to somebody else is none.
  if (!grant.message.has_grantee_role() && grant.message.grantee_id() != reader.text()) {
    return;
  }
  GrantTerms terms = TermsOf(id, grant, reader);
  grants.has_roles = grants.has_roles || terms.role.has_value();
  const std::string offer = terms.offer;
  grants.by_offer[offer].push_back(std::move(terms));
}

std::shared_ptr<const ReaderGrants> Grants::Of(const record::ParticipantId& reader) {
  const auto granted = of_reader_.find(reader);
  if (granted == of_reader_.end()) {
    return nullptr;
  }
  std::shared_ptr<const ReaderGrants>& made = made_[reader];
  if (made == nullptr) {
    auto grants = std::make_shared<ReaderGrants>();
    for (const std::string& id : granted->second) {
      AddTo(*grants, id, reader);
    }
    made = std::move(grants);
  }
  return made;
}

ReaderGrants Grants::AllFor(const record::ParticipantId& reader) const {
  absl::btree_set<std::string> ids(of_roles_.begin(), of_roles_.end());
  const auto granted = of_reader_.find(reader);
  if (granted != of_reader_.end()) {
    ids.insert(granted->second.begin(), granted->second.end());
  }
  ReaderGrants grants;
  for (const std::string& id : ids) {
    AddTo(grants, id, reader);
  }
  return grants;
}

void Grants::Forget(const Grant& grant) {
  const absl::StatusOr<record::ParticipantId> grantee = record::ParticipantId::Parse(grant.message.grantee_id());
  if (grantee.ok()) {
    made_.erase(*grantee);
  }
  for (const auto& [reader, records] : grant.agreements) {
    made_.erase(reader);
  }
}

void Grants::ForgetReadersOf(const std::string& offer) {
  const auto granted = of_offer_.find(offer);
  if (granted != of_offer_.end()) {
    for (const std::string& id : granted->second) {
      Forget(grants_.at(id));
    }
  }
}

void Grants::NoteTurns(const std::string& not_before, const std::string& expires) {
  turns_.insert(TimeOf(not_before));
  turns_.insert(TimeOf(expires));
}

bool Grants::TakeTurns(absl::Time now) {
  const auto coming = turns_.upper_bound(now);
  const bool any = coming != turns_.begin();
  turns_.erase(turns_.begin(), coming);
  return any;
}

}  // namespace meguri::node
