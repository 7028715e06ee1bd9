// SPDX-License-Identifier: Apache-2.0
#include "node/witness/witness_memory.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "meguri/witness/v1/contradiction.pb.h"
#include "record/checkpoint.h"
#include "record/cosignature.h"
#include "storage/key_layout.h"
#include "storage/value.h"

namespace meguri::node {
namespace {

using storage::Family;

constexpr char kWitnessed = 'W';
constexpr char kContradiction = 'X';
constexpr size_t kOriginParts = 6;  // federation / meguri / ICD / identifier / epoch / name

class MemoryCheck {
 public:
  MemoryCheck(const storage::StoreReader& store, const record::ParticipantId& witness, const record::PublicKey& key)
      : store_(store), witness_(witness), key_(key) {}

  std::vector<std::string> Run() {
    const std::unique_ptr<storage::Cursor> cursor = store_.NewCursor(Family::kLookup, "");
    for (; cursor->Valid(); cursor->Next()) {
      const absl::string_view key = cursor->key();
      absl::Status checked;
      if (!key.empty() && key.front() == kWitnessed) {
        checked = CheckWitnessed(key.substr(1), cursor->value());
      } else if (!key.empty() && key.front() == kContradiction) {
        checked = CheckContradiction(key, cursor->value());
      } else if (key.empty() || key.front() != static_cast<char>(storage::KeyKind::kReserved)) {
        checked = storage::ValueDamaged("kind of a key");
      }
      Note(checked, key);
    }
    Note(cursor->status(), "");
    return std::move(problems_);
  }

 private:
  void Note(const absl::Status& status, absl::string_view key) {
    if (status.ok()) {
      return;
    }
    // No backup helps: an old one has forgotten what was cosigned since.
    const absl::string_view what = ReasonOf(status) == "VALUE_DAMAGED"
                                       ? "what lies there cannot be read; have the operator revoke this witness's key, "
                                         "and begin with a new one"
                                       : absl::string_view(status.message());
    problems_.push_back(absl::StrCat("witness, key ", ToHex(key), ": ", what));
  }

  // The head of a note that this witness has cosigned. A line by a key before this one cannot be checked here.
  absl::StatusOr<record::Checkpoint> OpenCosigned(absl::string_view note, absl::string_view origin) const {
    MEGURI_ASSIGN_OR_RETURN(record::Checkpoint head, record::ReadOpenedCheckpoint(note, origin));
    const std::string name = record::WitnessName(origin.substr(0, origin.find('/')), witness_);
    MEGURI_RETURN_IF_ERROR(record::OpenCosignatures(note, {{name, key_}}).status());
    if (!record::KeepSignaturesOf(note, name).ok()) {
      return Error(absl::StatusCode::kDataLoss, "COSIGNATURE",
                   absl::StrCat("the head of ", origin, " has no cosignature of ", witness_.text()));
    }
    return head;
  }

  absl::Status CheckWitnessed(absl::string_view origin, absl::string_view stored) {
    MEGURI_ASSIGN_OR_RETURN(const absl::string_view note, storage::UnwrapValue(stored));
    if (!PublisherOf(origin).has_value()) {
      return storage::ValueDamaged("name of a feed");
    }
    MEGURI_ASSIGN_OR_RETURN(newest_[std::string(origin)], OpenCosigned(note, origin));
    return absl::OkStatus();
  }

  // Comes after all that was cosigned: its keys are greater.
  absl::Status CheckContradiction(absl::string_view key, absl::string_view stored) {
    const absl::optional<ContradictionKeyParts> parts = ParseContradictionKey(key);
    witness::v1::Contradiction contradiction;
    MEGURI_RETURN_IF_ERROR(storage::UnwrapMessage(stored, "contradiction", contradiction));
    if (!parts.has_value() || !PublisherOf(parts->origin).has_value() || contradiction.checkpoints_size() != 2) {
      return storage::ValueDamaged("contradiction");
    }
    MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint known, OpenCosigned(contradiction.checkpoints(0), parts->origin));
    MEGURI_ASSIGN_OR_RETURN(const record::Checkpoint brought,
                            record::ReadOpenedCheckpoint(contradiction.checkpoints(1), parts->origin));
    if (brought == known) {
      return Error(absl::StatusCode::kDataLoss, "NO_CONTRADICTION",
                   absl::StrCat("what is kept against ", parts->origin, " is one head and no other"));
    }
    const auto newest = newest_.find(parts->origin);
    if (newest == newest_.end() || newest->second.size < known.size ||
        (newest->second.size == known.size && newest->second.root != known.root)) {
      return Error(absl::StatusCode::kDataLoss, "WITNESS_FORGOT",
                   absl::StrCat("a head of ", parts->origin, " with ", known.size,
                                " entries was cosigned, and is not what is remembered as the newest"));
    }
    return absl::OkStatus();
  }

  const storage::StoreReader& store_;
  const record::ParticipantId& witness_;
  const record::PublicKey& key_;
  std::map<std::string, record::Checkpoint> newest_;  // by origin
  std::vector<std::string> problems_;
};

}  // namespace

std::string WitnessedKey(absl::string_view origin) { return absl::StrCat(absl::string_view(&kWitnessed, 1), origin); }

std::string ContradictionPrefix() { return std::string(1, kContradiction); }

std::string ContradictionKey(absl::string_view origin, uint64_t number) {
  std::string key = absl::StrCat(ContradictionPrefix(), origin, absl::string_view("\0", 1));
  AppendU64(number, key);
  return key;
}

absl::optional<ContradictionKeyParts> ParseContradictionKey(absl::string_view key) {
  const size_t end = key.find('\0');
  if (!absl::ConsumePrefix(&key, ContradictionPrefix()) || end == absl::string_view::npos ||
      key.size() != end + sizeof(uint64_t)) {
    return absl::nullopt;
  }
  return ContradictionKeyParts{std::string(key.substr(0, end - 1)), ReadU64(key.substr(end))};
}

absl::optional<record::ParticipantId> PublisherOf(absl::string_view origin) {
  const std::vector<std::string> parts = absl::StrSplit(origin, absl::MaxSplits('/', kOriginParts - 1));
  if (parts.size() != kOriginParts || parts[1] != "meguri") {
    return absl::nullopt;
  }
  absl::StatusOr<record::ParticipantId> publisher = record::ParticipantId::Parse(absl::StrCat(parts[2], ":", parts[3]));
  return publisher.ok() ? absl::make_optional(*std::move(publisher)) : absl::nullopt;
}

std::vector<std::string> CheckWitnessMemory(const storage::StoreReader& store, const record::ParticipantId& witness,
                                            const record::PublicKey& key) {
  return MemoryCheck(store, witness, key).Run();
}

}  // namespace meguri::node
