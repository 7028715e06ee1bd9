// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "client/cli/language.h"
#include "client/cli/session.h"
#include "meguri/admin/v1/admin_service.pb.h"
#include "meguri/audit/v1/row.pb.h"
#include "meguri/feed/v1/cosigned.pb.h"
#include "meguri/passport/v1/access.pb.h"
#include "meguri/registry/v1/member.pb.h"

// How values of the contract are written in tables.
namespace meguri::client {

// "2026-04-01T09:00:00Z"; "" for 0.
std::string TimeOf(uint64_t unix_ms);
// "12 by 3 of 4 at 2026-04-01T09:00:00Z"; "" of a feed that has no witnesses.
std::string CosignedText(const Session& session, const feed::v1::CosignedHead& cosigned);
// "product_passport"; "record type 77" if this version does not know it.
std::string RecordTypeName(uint32_t type);
// "identity"; "section type 77" if this version does not know it.
std::string SectionTypeName(uint32_t type);
// "RECYCLERS, AUTHORITIES"; the number if it is no set of audiences.
std::string AudiencesName(uint32_t audiences);
// In English "company-sme", "active", "catching-up": the words that flags take.
std::string KindName(Language language, registry::v1::MemberKind kind);
std::string StatusName(Language language, registry::v1::MemberStatus status);
std::string FollowStateName(Language language, admin::v1::FollowState state);
// "recycler:battery,electronics".
std::string RoleName(Language language, const registry::v1::Role& role);
// Of what is offered and granted.
std::string PurposeName(Language language, passport::v1::AccessPurpose purpose);
std::string GrantStateName(Language language, passport::v1::GrantState state);
std::string OnwardRuleName(Language language, passport::v1::OnwardRule rule);
std::string DecisionName(Language language, audit::v1::Decision decision);
std::string AutoApprovalName(Language language, passport::v1::AutoApproval approval);
std::string RoleScopeName(Language language, const passport::v1::RoleScope& role);
// In the language if there is one, else in the other.
std::string NameIn(Language language, const registry::v1::Name& name);

}  // namespace meguri::client
