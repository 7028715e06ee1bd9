// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "certs/change_request.h"
#include "certs/key_change.h"
#include "record/hash.h"
#include "tests/fuzz/fixed_federation.h"

namespace meguri::fuzz {

// The entry that the seeds of change_request change.
inline certs::CurrentEntry EntryToChange(const record::Signer& record_signer) {
  certs::CurrentEntry current;
  current.entry.set_participant_id(kOperator);
  current.entry.mutable_name()->set_ja("ほしモビリティ");
  current.entry.set_kind(registry::v1::MEMBER_KIND_COMPANY_SME);
  current.entry.set_status(registry::v1::MEMBER_STATUS_ACTIVE);
  current.entry.mutable_hosting()->set_node_identity("spiffe://ce.example/member/0188/7123456789012/node/main");
  *current.entry.add_keys() = certs::ToMemberKey(record_signer, registry::v1::KEY_PURPOSE_RECORD);
  current.header_hash = record::Sha256("present version");
  return current;
}

}  // namespace meguri::fuzz
