// SPDX-License-Identifier: Apache-2.0
#include "certs/entry_text.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"

namespace meguri::certs {
namespace {

using google::protobuf::RepeatedPtrField;
using registry::v1::MemberEntry;
using registry::v1::Permit;
using registry::v1::Role;

absl::Status BadFlag(absl::string_view flag, absl::string_view found, absl::string_view expected) {
  return InvalidInput({{std::string(flag), "FLAG", absl::StrCat("'", found, "'"), std::string(expected),
                        absl::StrCat("correct ", flag), absl::StrCat(flag, " の値が正しくありません。")}});
}

// The values of an enum as a person writes them: ROLE_KIND_MATERIAL_MAKER is material-maker.
template <typename Enum>
absl::StatusOr<Enum> ParseEnum(const google::protobuf::EnumDescriptor& descriptor, absl::string_view prefix,
                               absl::string_view flag, absl::string_view text) {
  const std::string name = absl::StrCat(prefix, absl::AsciiStrToUpper(absl::StrReplaceAll(text, {{"-", "_"}})));
  const google::protobuf::EnumValueDescriptor* value = descriptor.FindValueByName(name);
  if (value == nullptr || value->number() == 0) {
    std::vector<std::string> names;
    for (int i = 1; i < descriptor.value_count(); ++i) {
      names.push_back(absl::StrReplaceAll(
          absl::AsciiStrToLower(absl::string_view(descriptor.value(i)->name()).substr(prefix.size())), {{"_", "-"}}));
    }
    return BadFlag(flag, text, absl::StrCat("one of ", absl::StrJoin(names, ", ")));
  }
  return static_cast<Enum>(value->number());
}

const Permit* PermitFor(const RepeatedPtrField<Role>& roles, registry::v1::RoleKind kind) {
  for (const Role& role : roles) {
    if (role.kind() == kind && role.has_permit()) {
      return &role.permit();
    }
  }
  return nullptr;
}

absl::Status SetRoles(const EntryText& text, MemberEntry& entry) {
  if (!text.roles.empty()) {
    const RepeatedPtrField<Role> before = entry.roles();
    entry.clear_roles();
    for (const std::string& words : text.roles) {
      if (words.empty()) {
        continue;
      }
      MEGURI_ASSIGN_OR_RETURN(Role role, ParseRole(words));
      if (const Permit* permit = PermitFor(before, role.kind()); permit != nullptr) {
        *role.mutable_permit() = *permit;
      }
      *entry.add_roles() = std::move(role);
    }
  }
  if (text.permit.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const Permit permit, ParsePermit(*text.permit));
    bool has_recycler = false;
    for (Role& role : *entry.mutable_roles()) {
      if (role.kind() == registry::v1::ROLE_KIND_RECYCLER) {
        *role.mutable_permit() = permit;
        has_recycler = true;
      }
    }
    if (!has_recycler) {
      return BadFlag("--permit", *text.permit, "--role recycler:<product group> with it");
    }
  }
  return absl::OkStatus();
}

void SetList(const std::vector<std::string>& values, RepeatedPtrField<std::string>& list) {
  if (values.empty()) {
    return;
  }
  list.Clear();
  for (const std::string& value : values) {
    if (!value.empty()) {
      *list.Add() = value;
    }
  }
}

}  // namespace

absl::Status ApplyTo(MemberEntry& entry, const EntryText& text) {
  if (text.kind.has_value()) {
    MEGURI_ASSIGN_OR_RETURN(const registry::v1::MemberKind kind, ParseMemberKind(*text.kind));
    entry.set_kind(kind);
  }
  if (text.name_ja.has_value()) {
    entry.mutable_name()->set_ja(*text.name_ja);
  }
  if (text.name_en.has_value()) {
    entry.mutable_name()->set_en(*text.name_en);
  }
  if (text.name_kana.has_value()) {
    entry.mutable_name()->set_kana(*text.name_kana);
  }
  MEGURI_RETURN_IF_ERROR(SetRoles(text, entry));
  if (!text.addresses.empty()) {
    SetList(text.addresses, *entry.mutable_hosting()->mutable_addresses());
  }
  SetList(text.prefixes, *entry.mutable_gs1_company_prefixes());
  SetList(text.domains, *entry.mutable_link_domains());
  SetList(text.name_spaces, *entry.mutable_id_name_spaces());
  return absl::OkStatus();
}

absl::StatusOr<Role> ParseRole(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  Role role;
  MEGURI_ASSIGN_OR_RETURN(const auto kind, ParseEnum<registry::v1::RoleKind>(*registry::v1::RoleKind_descriptor(),
                                                                             "ROLE_KIND_", "--role", parts[0]));
  role.set_kind(kind);
  if (parts.size() == 2) {
    for (const absl::string_view scope : absl::StrSplit(parts[1], ',')) {
      role.add_scopes(std::string(scope));
    }
  }
  return role;
}

absl::StatusOr<Permit> ParsePermit(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '|');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || parts[2].empty()) {
    return BadFlag("--permit", text, "type|number|issuer, for example 産廃処分|01320000001|13");
  }
  Permit permit;
  permit.set_type(parts[0]);
  permit.set_number(parts[1]);
  permit.set_issuer(parts[2]);
  return permit;
}

absl::StatusOr<registry::v1::MemberKind> ParseMemberKind(const std::string& text) {
  return ParseEnum<registry::v1::MemberKind>(*registry::v1::MemberKind_descriptor(), "MEMBER_KIND_", "--kind", text);
}

}  // namespace meguri::certs
