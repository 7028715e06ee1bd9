// SPDX-License-Identifier: Apache-2.0
#include "client/cli/record_key.h"

#include <string>
#include <vector>

#include "base/status_macros.h"
#include "certs/key_change.h"
#include "certs/key_files.h"
#include "client/cli/member_record.h"

namespace meguri::client {

absl::StatusOr<std::unique_ptr<certs::SigningKey>> LoadRecordKey(Session& session, const Context& context) {
  const std::vector<std::string> files = certs::KeyFilesOf(context.record_key_path);
  if (files.size() < 2) {
    return certs::SigningKey::Load(files.empty() ? context.record_key_path : files.front());
  }
  MEGURI_ASSIGN_OR_RETURN(const certs::VerifiedMember member, GetVerifiedMember(session, context.settings.member));
  const registry::v1::MemberKey* in_force =
      certs::KeyInForce(member.entry, registry::v1::KEY_PURPOSE_RECORD, session.clock().Now());
  if (in_force != nullptr) {
    absl::StatusOr<std::unique_ptr<certs::SigningKey>> key =
        certs::LoadKeyOf(context.record_key_path, in_force->public_key());
    if (key.ok() || !absl::IsNotFound(key.status())) {
      return key;
    }
  }
  return certs::SigningKey::Load(files.front());
}

}  // namespace meguri::client
