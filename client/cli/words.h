// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "client/cli/messages.h"
#include "client/cli/session.h"
#include "meguri/admin/v1/admin_service.pb.h"
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
// "company-sme", "active", "recycler", "catching-up".
std::string KindName(registry::v1::MemberKind kind);
std::string StatusName(registry::v1::MemberStatus status);
std::string FollowStateName(admin::v1::FollowState state);
// "recycler:battery,electronics".
std::string RoleName(const registry::v1::Role& role);
// In the language if there is one, else in the other.
// Of what is offered and granted.
std::string PurposeName(passport::v1::AccessPurpose purpose);
std::string GrantStateName(passport::v1::GrantState state);
std::string OnwardRuleName(passport::v1::OnwardRule rule);
std::string AutoApprovalName(passport::v1::AutoApproval approval);
std::string RoleScopeName(const passport::v1::RoleScope& role);
std::string NameIn(Language language, const registry::v1::Name& name);

}  // namespace meguri::client
