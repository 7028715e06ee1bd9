// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "CLI/App.hpp"
#include "client/cli/session.h"

// One function a command, each in the file of its name: adds the command to `parent`.
namespace meguri::client {

void AddInit(CLI::App& parent, Session& session);
void AddRecordPublish(CLI::App& parent, const char* name, Message about, Session& session);
void AddRecordGet(CLI::App& parent, Session& session);
void AddRecordList(CLI::App& parent, Session& session);
void AddRecordHistory(CLI::App& parent, Session& session);
void AddRecordExport(CLI::App& parent, Session& session);
void AddRecordEvidence(CLI::App& parent, Session& session);
void AddRecordResolve(CLI::App& parent, Session& session);
void AddRecordUpdate(CLI::App& parent, Session& session);
void AddRecordWithdraw(CLI::App& parent, Session& session);
void AddEnquirySend(CLI::App& parent, Session& session);
void AddEnquiryList(CLI::App& parent, Session& session);
void AddEnquiryShow(CLI::App& parent, Session& session);
void AddEnquiryAnswer(CLI::App& parent, Session& session);
void AddImport(CLI::App& parent, Session& session);
void AddTemplate(CLI::App& parent, Session& session);
void AddVerify(CLI::App& parent, Session& session);
void AddEvidenceVerify(CLI::App& parent, Session& session);
void AddFeedCheckpoint(CLI::App& parent, Session& session);
void AddFeedFollow(CLI::App& parent, Session& session);
void AddFeedUnfollow(CLI::App& parent, Session& session);
void AddFeedList(CLI::App& parent, Session& session);
void AddFeedEvidence(CLI::App& parent, Session& session);
void AddPeerList(CLI::App& parent, Session& session);
void AddMemberEnrol(CLI::App& parent, Session& session);
void AddMemberList(CLI::App& parent, Session& session);
void AddMemberShow(CLI::App& parent, Session& session);
void AddMemberSuspend(CLI::App& parent, Session& session);
void AddMemberActivate(CLI::App& parent, Session& session);
void AddMemberLeave(CLI::App& parent, Session& session);
void AddMemberUpdate(CLI::App& parent, Session& session);
void AddMemberRevokeKey(CLI::App& parent, Session& session);
void AddKeyShow(CLI::App& parent, Session& session);
void AddKeyGenerate(CLI::App& parent, Session& session);
void AddKeyRotate(CLI::App& parent, Session& session);
void AddClientShow(CLI::App& parent, Session& session);
void AddDismantle(CLI::App& parent, Session& session);
void AddSubstanceWatch(CLI::App& parent, Session& session);
void AddNodeStatus(CLI::App& parent, Session& session);
void AddAuditList(CLI::App& parent, Session& session);
void AddAuditExport(CLI::App& parent, Session& session);
void AddAuditVerify(CLI::App& parent, Session& session);
void AddOfferPublish(CLI::App& parent, Session& session);
void AddOfferList(CLI::App& parent, Session& session);
void AddOfferShow(CLI::App& parent, Session& session);
void AddOfferEnd(CLI::App& parent, Session& session);
void AddAccessRequest(CLI::App& parent, Session& session);
void AddAccessRequests(CLI::App& parent, Session& session);
void AddAccessApprove(CLI::App& parent, Session& session);
void AddAccessGrants(CLI::App& parent, Session& session);
void AddAccessSuspend(CLI::App& parent, Session& session);
void AddAccessResume(CLI::App& parent, Session& session);
void AddAccessRevoke(CLI::App& parent, Session& session);
void AddAccessAgree(CLI::App& parent, Session& session);
void AddAccessExplain(CLI::App& parent, Session& session);
void AddVersion(CLI::App& parent, Session& session);
void AddCompletion(CLI::App& parent, Session& session);

}  // namespace meguri::client
