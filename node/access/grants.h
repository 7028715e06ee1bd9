// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "meguri/passport/v1/access.pb.h"
#include "node/policy/grant.h"
#include "node/policy/offer.h"
#include "record/participant_id.h"

namespace meguri::node {

// The offers and grants of one member, and who has agreed to which, by what their newest versions say. IDs of records
// are in 32 hexadecimal digits. Thread-compatible.
class Grants {
 public:
  explicit Grants(record::ParticipantId owner) : owner_(std::move(owner)) {}

  // The newest version of a record; nullptr: it has ended.
  void SetOffer(const std::string& id, const passport::v1::Offer* offer);
  void SetGrant(const std::string& id, const passport::v1::Grant* grant);
  // `grant` empty: the agreement has ended, or agrees to nothing of this member.
  void SetAgreement(const record::ParticipantId& reader, const std::string& id, const std::string& grant);
  // So many deliveries were made by the grant `id` in all. Whether that is as many as it allows.
  bool SetDeliveries(const std::string& id, uint64_t deliveries);

  // nullptr if there is none, or it has ended.
  const passport::v1::Offer* FindOffer(const std::string& id) const;
  const passport::v1::Grant* FindGrant(const std::string& id) const;
  const OfferTable& table() const { return table_; }

  // What `reader` was granted. Null: nothing.
  std::shared_ptr<const ReaderGrants> Of(const record::ParticipantId& reader);
  // The same, and what roles were granted that the reader has not agreed to: for explanations.
  ReaderGrants AllFor(const record::ParticipantId& reader) const;

  // Whether a grant or an offer began or ended by the clock since this was last asked.
  bool TakeTurns(absl::Time now);

 private:
  struct Offer {
    passport::v1::Offer message;
    bool has_ended = false;
  };
  struct Grant {
    passport::v1::Grant message;
    bool has_ended = false;
    // By reader the records by which it agreed.
    absl::flat_hash_map<record::ParticipantId, absl::flat_hash_set<std::string>> agreements;
  };
  using AgreementKey = std::pair<record::ParticipantId, std::string>;

  GrantTerms TermsOf(const std::string& id, const Grant& grant, const record::ParticipantId& reader) const;
  void AddTo(ReaderGrants& grants, const std::string& id, const record::ParticipantId& reader) const;
  void NoteTurns(const std::string& not_before, const std::string& expires);
  void Forget(const Grant& grant);
  void ForgetReadersOf(const std::string& offer);

  const record::ParticipantId owner_;
  absl::flat_hash_map<std::string, Offer> offers_;
  absl::flat_hash_map<std::string, Grant> grants_;
  absl::flat_hash_map<std::string, uint64_t> deliveries_;                        // by grant
  absl::flat_hash_map<std::string, absl::flat_hash_set<std::string>> of_offer_;  // grants by offer
  absl::flat_hash_map<AgreementKey, std::string> agreements_;                    // the grants that are agreed to
  // Grants that say something of a reader: those that name it, and those that it has agreed to.
  absl::flat_hash_map<record::ParticipantId, absl::btree_set<std::string>> of_reader_;
  absl::flat_hash_set<std::string> of_roles_;
  OfferTable table_;
  absl::flat_hash_map<record::ParticipantId, std::shared_ptr<const ReaderGrants>> made_;
  absl::btree_set<absl::Time> turns_;  // when something begins or ends
};

}  // namespace meguri::node
