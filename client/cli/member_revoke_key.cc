// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/grammar.h"
#include "certs/key_change.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/member_change.h"
#include "client/cli/member_record.h"
#include "record/public_key.h"

namespace meguri::client {
namespace {

constexpr size_t kKeyIdDigitsMin = 8;

struct Arguments {
  std::string participant;
  std::string key_id;
  std::string at;
  bool yes = false;
};

absl::StatusOr<uint64_t> TimeIn(const Arguments& arguments, const Session& session) {
  absl::Time time = session.clock().Now();
  std::string error;
  if (!arguments.at.empty() && (!absl::ParseTime(absl::RFC3339_full, arguments.at, &time, &error) ||
                                time <= absl::UnixEpoch() || time > session.clock().Now())) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 session.Say(Message::kBadTime, {certs::Quoted(arguments.at)}));
  }
  return static_cast<uint64_t>(absl::ToUnixMillis(time));
}

// The one key of `entry` whose ID begins with what was given.
absl::StatusOr<registry::v1::MemberKey*> KeyIn(registry::v1::MemberEntry& entry, const record::ParticipantId& owner,
                                               const Arguments& arguments, Session& session) {
  MEGURI_ASSIGN_OR_RETURN(const Context* context, session.context());
  std::vector<registry::v1::MemberKey*> found;
  for (registry::v1::MemberKey& key : *entry.mutable_keys()) {
    const std::string id = record::KeyId(context->settings.federation, owner, key.public_key()).ToHex();
    if (arguments.key_id.size() >= kKeyIdDigitsMin && absl::StartsWith(id, arguments.key_id)) {
      found.push_back(&key);
    }
  }
  if (found.size() != 1) {
    return Error(absl::StatusCode::kInvalidArgument, "USAGE",
                 session.Say(Message::kNotOneKey, {certs::Quoted(arguments.key_id), owner.text()}));
  }
  return found.front();
}

bool IsPinned(const certs::TrustBundle& bundle, const registry::v1::MemberKey& key) {
  for (const auto* pinned : {&bundle.message().registry_record_keys(), &bundle.message().registry_feed_keys()}) {
    for (const registry::v1::MemberKey& one : *pinned) {
      if (one.public_key() == key.public_key()) {
        return true;
      }
    }
  }
  return false;
}

absl::Status RevokeKey(Session& session, const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId participant, ParseParticipantArgument(arguments.participant));
  MEGURI_ASSIGN_OR_RETURN(const uint64_t revoked_ms, TimeIn(arguments, session));
  MEGURI_ASSIGN_OR_RETURN(const certs::TrustBundle* bundle, session.trust_bundle());
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, participant));
  registry::v1::MemberEntry next = member.entry;
  MEGURI_ASSIGN_OR_RETURN(registry::v1::MemberKey* const key, KeyIn(next, participant, arguments, session));
  if (IsPinned(*bundle, *key)) {
    return Error(absl::StatusCode::kFailedPrecondition, "PINNED_KEY", session.Say(Message::kPinnedKey));
  }
  if (key->revoked_ms() == 0 || key->revoked_ms() > revoked_ms) {
    key->set_revoked_ms(revoked_ms);
  }
  if (certs::KeyInForce(next, key->purpose(), session.clock().Now()) == nullptr) {
    session.Note(session.Say(Message::kNoKeyLeft, {participant.text()}));
  }
  return ChangeMember(session, member, next, arguments.yes);
}

}  // namespace

void AddMemberRevokeKey(Command parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command = AddVerb(parent, "revoke-key", Message::kAboutMemberRevokeKey, session);
  command.Option("ID", arguments->participant, session.Say(Message::kAboutMemberId)).Required();
  command.Option("KEY", arguments->key_id, session.Say(Message::kAboutKeyId)).Required();
  command.Option("--at", arguments->at, session.Say(Message::kAboutRevokedAt)).TypeName("TIME");
  command.Flag("--yes", arguments->yes, session.Say(Message::kAboutYes));
  OnCall(command, session, arguments, &RevokeKey);
}

}  // namespace meguri::client
