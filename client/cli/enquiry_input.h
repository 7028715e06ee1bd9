// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/cli/command.h"
#include "client/cli/session.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/enquiry.pb.h"
#include "meguri/passport/v1/text.pb.h"

namespace meguri::client {

// What the flags of an enquiry and of an answer have in common.
struct EnquiryFlags {
  std::string mass;
  std::string deliver_from;
  std::string deliver_until;
  std::string valid_until;
  std::string message;
  std::string contact;
  std::string email;
  std::string telephone;
  bool dry_run = false;
};

void AddEnquiryFlags(Command command, EnquiryFlags& flags, const Session& session);

// `text` in the language of the session: who writes Japanese uses the program in Japanese.
passport::v1::Text TextOf(const Session& session, const std::string& text);
passport::v1::Contact ContactOf(const Session& session, const EnquiryFlags& flags);
// The date two weeks from now, or what `flags` say.
std::string ValidUntil(const Session& session, const EnquiryFlags& flags);

// Signs a record with this one section for `addressee` alone and publishes it.
absl::Status SendTo(Session& session, const std::string& addressee, uint32_t record_type, uint32_t section_type,
                    const google::protobuf::Message& payload, bool dry_run);

}  // namespace meguri::client
