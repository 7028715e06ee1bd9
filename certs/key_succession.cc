// SPDX-License-Identifier: Apache-2.0
#include "certs/key_succession.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/key_change.h"
#include "certs/key_endorsement.h"
#include "certs/key_files.h"
#include "certs/key_history.h"
#include "certs/registry.h"

namespace meguri::certs {
namespace {

using registry::v1::MemberEntry;
using registry::v1::MemberKey;

struct FreshKey {
  std::string file;
  std::unique_ptr<SigningKey> key;
};

// The newest key of the line if the registry does not have it yet, else a new one.
absl::StatusOr<FreshKey> WaitingKey(const Succession& succession) {
  const std::vector<std::string> files = KeyFilesOf(succession.key_file);
  if (!files.empty()) {
    MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> newest, SigningKey::Load(files.back()));
    if (FindKey(succession.current.entry, newest->public_key().spki()) == nullptr) {
      return FreshKey{files.back(), std::move(newest)};
    }
  }
  MEGURI_ASSIGN_OR_RETURN(std::string file, NextKeyFile(succession.key_file));
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<SigningKey> key, SigningKey::Generate(succession.algorithm));
  MEGURI_RETURN_IF_ERROR(key->SaveTo(file));
  return FreshKey{std::move(file), std::move(key)};
}

absl::Status CheckTimes(const Succession& succession, absl::Time begin) {
  if (succession.old_end.has_value() && *succession.old_end <= begin) {
    return InvalidInput(
        {{"--old-ends", "FLAG", absl::FormatTime(*succession.old_end, absl::UTCTimeZone()),
          absl::StrCat("a time after ", absl::FormatTime(begin, absl::UTCTimeZone()), ", when the new key is in force"),
          "let the old key last until the new one is registered",
          "--old-ends は新しい鍵が有効になる時刻より後にしてください。"}});
  }
  return absl::OkStatus();
}

// The last key of `entry` follows `before`, which is null if it is lost.
absl::Status SayOrigin(const Succession& succession, const SigningKey* before, MemberEntry& entry) {
  MemberKey& next = *entry.mutable_keys(entry.keys_size() - 1);
  if (before == nullptr) {
    next.set_origin(registry::v1::KEY_ORIGIN_RECOVERY);
    return absl::OkStatus();
  }
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId member, record::ParticipantId::Parse(entry.participant_id()));
  next.set_origin(registry::v1::KEY_ORIGIN_ENDORSED);
  MEGURI_ASSIGN_OR_RETURN(*next.mutable_endorsement(), EndorseKey(succession.federation, member, *before, next));
  MEGURI_ASSIGN_OR_RETURN(const bool is_recovery,
                          CheckNewKeys(succession.federation, &succession.current.entry, entry));
  if (is_recovery) {
    return Error(absl::StatusCode::kInvalidArgument, "KEY_NOT_ENDORSED",
                 "The old key has ended before the new one is in force, so it cannot vouch for it: let the new one "
                 "begin earlier.");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SigningKey>> LoadKeyInForce(const MemberEntry& entry, registry::v1::KeyPurpose purpose,
                                                           const std::string& first_file, absl::Time now) {
  const MemberKey* key = KeyInForce(entry, purpose, now);
  if (key == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_KEY_IN_FORCE",
                 "The registry has no key of this member in force; ask the operator to enrol it again.");
  }
  return LoadKeyOf(first_file, key->public_key());
}

absl::StatusOr<record::KeyAlgorithm> ParseKeyAlgorithm(absl::string_view text) {
  if (text == "ed25519") {
    return record::KeyAlgorithm::kEd25519;
  }
  if (text == "p256") {
    return record::KeyAlgorithm::kEcdsaP256;
  }
  return InvalidInput({{"--key-algorithm", "FLAG", absl::StrCat("'", text, "'"), "ed25519 or p256",
                        "correct --key-algorithm", "--key-algorithm の値が正しくありません。"}});
}

absl::StatusOr<SuccessorRequest> RequestSuccessor(const Succession& succession, absl::Time now) {
  const absl::Time begin = succession.begin.value_or(now);
  MEGURI_RETURN_IF_ERROR(CheckTimes(succession, begin));
  const MemberEntry& current = succession.current.entry;
  // Whoever cannot sign for the member makes no key either, unless it keeps that one key for it.
  std::unique_ptr<SigningKey> signer;
  if (!succession.record_key_file.empty()) {
    MEGURI_ASSIGN_OR_RETURN(signer,
                            LoadKeyInForce(current, registry::v1::KEY_PURPOSE_RECORD, succession.record_key_file, now));
  }
  std::unique_ptr<SigningKey> before;
  if (!succession.is_recovery) {
    MEGURI_ASSIGN_OR_RETURN(before, LoadKeyInForce(current, succession.purpose, succession.key_file, now));
  }
  MEGURI_ASSIGN_OR_RETURN(const FreshKey fresh, WaitingKey(succession));
  MemberEntry entry = current;
  AddSuccessor(entry, ToMemberKey(*fresh.key, succession.purpose), begin, succession.old_end);
  MEGURI_RETURN_IF_ERROR(SayOrigin(succession, before.get(), entry));
  MEGURI_RETURN_IF_ERROR(CheckMemberEntry(succession.federation, entry));
  MEGURI_ASSIGN_OR_RETURN(
      std::string bytes,
      signer == nullptr
          ? DraftChangeRequest(entry, succession.federation, succession.current, {fresh.key.get()})
          : SignChangeRequest(entry, succession.federation, succession.current, {signer.get(), fresh.key.get()}, now));
  return SuccessorRequest{fresh.file, std::move(bytes)};
}

}  // namespace meguri::certs
