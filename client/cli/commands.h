// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/cli/command.h"

// One function a command, each in the file of its name: adds the command to `parent`.
namespace meguri::client {

void AddInit(Command parent, Session& session);
void AddRecordPublish(Command parent, const char* name, Message about, Session& session);
void AddRecordGet(Command parent, Session& session);
void AddRecordList(Command parent, Session& session);
void AddRecordHistory(Command parent, Session& session);
void AddRecordExport(Command parent, Session& session);
void AddRecordEvidence(Command parent, Session& session);
void AddRecordResolve(Command parent, Session& session);
void AddRecordUpdate(Command parent, Session& session);
void AddRecordWithdraw(Command parent, Session& session);
void AddEnquirySend(Command parent, Session& session);
void AddEnquiryList(Command parent, Session& session);
void AddEnquiryShow(Command parent, Session& session);
void AddEnquiryAnswer(Command parent, Session& session);
void AddImport(Command parent, Session& session);
void AddTemplate(Command parent, Session& session);
void AddVerify(Command parent, Session& session);
void AddEvidenceExport(Command parent, Session& session);
void AddEvidenceList(Command parent, Session& session);
void AddEvidenceVerify(Command parent, Session& session);
void AddFeedCheckpoint(Command parent, Session& session);
void AddFeedFollow(Command parent, Session& session);
void AddFeedUnfollow(Command parent, Session& session);
void AddFeedList(Command parent, Session& session);
void AddFeedEvidence(Command parent, Session& session);
void AddPeerList(Command parent, Session& session);
void AddMemberEnrol(Command parent, Session& session);
void AddMemberSign(Command parent, Session& session);
void AddMemberList(Command parent, Session& session);
void AddMemberShow(Command parent, Session& session);
void AddMemberSuspend(Command parent, Session& session);
void AddMemberActivate(Command parent, Session& session);
void AddMemberLeave(Command parent, Session& session);
void AddMemberUpdate(Command parent, Session& session);
void AddMemberRevokeKey(Command parent, Session& session);
void AddKeyShow(Command parent, Session& session);
void AddKeyGenerate(Command parent, Session& session);
void AddKeyRotate(Command parent, Session& session);
void AddClientShow(Command parent, Session& session);
void AddDismantle(Command parent, Session& session);
void AddSubstanceWatch(Command parent, Session& session);
void AddNodeStatus(Command parent, Session& session);
void AddAuditList(Command parent, Session& session);
void AddAuditOnward(Command parent, Session& session);
void AddAuditExport(Command parent, Session& session);
void AddAuditVerify(Command parent, Session& session);
void AddOfferPublish(Command parent, Session& session);
void AddOfferList(Command parent, Session& session);
void AddOfferShow(Command parent, Session& session);
void AddOfferEnd(Command parent, Session& session);
void AddAccessRequest(Command parent, Session& session);
void AddAccessRequests(Command parent, Session& session);
void AddAccessApprove(Command parent, Session& session);
void AddAccessGrants(Command parent, Session& session);
void AddAccessSuspend(Command parent, Session& session);
void AddAccessResume(Command parent, Session& session);
void AddAccessRevoke(Command parent, Session& session);
void AddAccessAgree(Command parent, Session& session);
void AddAccessExplain(Command parent, Session& session);
void AddErasureRequest(Command parent, Session& session);
void AddErasureList(Command parent, Session& session);
void AddErasureShow(Command parent, Session& session);
void AddErasureExport(Command parent, Session& session);
void AddErasureVerify(Command parent, Session& session);
void AddVersion(Command parent, Session& session);
void AddCompletion(Command parent, Session& session);

}  // namespace meguri::client
