// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "certs/strict_parse.h"
#include "client/sign.h"
#include "client/verify.h"
#include "record/audience.h"
#include "record/section.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/federation.h"

// Signed records and Member records, for tests of this folder.
namespace meguri::client::testing {

using certs::testing::KeyIdOf;
using certs::testing::Member;
using certs::testing::Operator;
using certs::testing::Participant;
using certs::testing::ValueOf;

// `draft` sealed and signed by `key` for `publisher`.
inline record::v1::Publication Signed(const VersionDraft& draft, const std::string& publisher,
                                      const certs::SigningKey& key, Random& random) {
  record::v1::Publication publication = ValueOf(Seal(draft, Participant(publisher), certs::testing::Now(), random));
  const absl::Status status = Sign({&publication}, KeyIdOf(publisher, key), key, random);
  Invariant(status.ok(), status.ToString());
  return publication;
}

// The Member record of `entry`, as `key` signs it in the operator's name.
inline record::v1::Envelope MemberRecord(const registry::v1::MemberEntry& entry, const certs::SigningKey& key,
                                         Random& random) {
  passport::RecordDraft draft;
  draft.record_type = record::v1::RECORD_TYPE_MEMBER;
  draft.sections.push_back({record::v1::SECTION_TYPE_MEMBER, record::AudienceSet::Of({record::v1::AUDIENCE_PUBLIC}),
                            certs::SerializeForSigning(entry)});
  return Signed(ValueOf(FirstVersion(draft, random)), certs::testing::kOperator, key, random).envelope();
}

// A small record of `member`.
inline record::v1::Envelope SmallRecord(const Member& member, Random& random) {
  passport::RecordDraft draft;
  draft.record_type = record::v1::RECORD_TYPE_PRODUCT_PASSPORT;
  draft.sections.push_back(
      {record::v1::SECTION_TYPE_OWNER_NOTE, record::AudienceSet::Of({record::v1::AUDIENCE_OWNER}), "a note"});
  return Signed(ValueOf(FirstVersion(draft, random)), member.id, *member.record_key, random).envelope();
}

}  // namespace meguri::client::testing
