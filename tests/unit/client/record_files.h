// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "client/sign.h"
#include "tests/testing/fakes.h"
#include "tests/unit/certs/record_files.h"

// Signed records and Member records, for tests of this folder.
namespace meguri::client::testing {

using certs::testing::AllSlots;
using certs::testing::KeyIdOf;
using certs::testing::Member;
using certs::testing::MemberRecord;
using certs::testing::Operator;
using certs::testing::Participant;
using certs::testing::ProofIn;
using certs::testing::SmallRecord;
using certs::testing::ValueOf;

// `draft` sealed and signed by `key` for `publisher`.
inline record::v1::Publication Signed(const VersionDraft& draft, const std::string& publisher,
                                      const certs::SigningKey& key, Random& random) {
  record::v1::Publication publication = ValueOf(Seal(draft, Participant(publisher), certs::testing::Now(), random));
  const absl::Status status = Sign({&publication}, KeyIdOf(publisher, key), key, random);
  Invariant(status.ok(), status.ToString());
  return publication;
}

}  // namespace meguri::client::testing
