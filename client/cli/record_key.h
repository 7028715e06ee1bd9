// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "certs/signing_key.h"
#include "client/cli/session.h"

namespace meguri::client {

// The key that signs for the member: the file that client.toml names, unless keys made later lie beside it. Then it is
// that one of them which the registry, verified, has in force; the first file if it has none of them.
absl::StatusOr<std::unique_ptr<certs::SigningKey>> LoadRecordKey(Session& session, const Context& context);

}  // namespace meguri::client
