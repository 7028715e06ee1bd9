// SPDX-License-Identifier: Apache-2.0
#include "node/app/store_check.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/signing_key.h"
#include "node/app/config.h"
#include "node/witness/witness_memory.h"
#include "record/participant_id.h"
#include "record/system_random.h"
#include "storage/anchor.h"
#include "storage/fsck_anchor.h"
#include "storage/fsck_findings.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/sealed/open.h"

namespace meguri::node {
namespace {

bool Exists(const std::string& path) {
  std::error_code failed;
  return std::filesystem::exists(path, failed);
}

// The anchor in `path`; an empty one, which tells the same, if none was ever written.
absl::StatusOr<std::unique_ptr<storage::AnchorReader>> OpenAnchor(const std::string& path) {
  absl::StatusOr<std::unique_ptr<storage::AnchorReader>> anchor = storage::OpenAnchorFileToRead(path);
  return absl::IsNotFound(anchor.status()) ? std::unique_ptr<storage::AnchorReader>(storage::MakeMemoryAnchor())
                                           : std::move(anchor);
}

// What is wrong with what this node remembers as a witness. Nothing if it never was one.
absl::StatusOr<std::vector<std::string>> CheckWitness(const Folder& folder) {
  if (!storage::RocksdbStoreExists(folder.witness_store())) {
    return Exists(folder.witness_anchor())
               ? std::vector<std::string>{absl::StrCat("the store of the witness, ", folder.witness_store(),
                                                       ", is gone: begin with a new key (docs/operations.md)")}
               : std::vector<std::string>();
  }
  MEGURI_ASSIGN_OR_RETURN(const std::shared_ptr<const certs::SigningKey> key,
                          certs::SigningKey::Load(folder.witness_key()));
  MEGURI_ASSIGN_OR_RETURN(const Config config, Config::Load(folder.root(), {}, [](const std::string&) {
                            return absl::optional<std::string>();
                          }));
  MEGURI_ASSIGN_OR_RETURN(const record::ParticipantId witness, record::ParticipantId::Parse(config.Get("participant")));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::StoreReader> store,
                          storage::OpenRocksdbStoreToRead(folder.witness_store()));
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::AnchorReader> anchor, OpenAnchor(folder.witness_anchor()));
  const storage::Findings::Progress unseen;
  storage::Findings findings(unseen);
  storage::CheckAnchor(*store, *anchor, {}, findings);
  for (const std::string& problem : CheckWitnessMemory(*store, witness, key->public_key())) {
    findings.AddProblem(problem);
  }
  return findings.Finish().problems;
}

}  // namespace

// The key of page tokens is made by the first start, after the store and before anybody is served. It belongs to what
// is restored together with the other keys, so a folder without its store tells that one was there.
bool HasServed(const Folder& folder) { return Exists(folder.token_key()) || Exists(folder.anchor()); }

storage::SectionKeyFiles SectionKeysIn(const Folder& folder) {
  return {folder.section_keys(), {folder.epoch_key(0), folder.epoch_key(1)}};
}

absl::Status CheckStoreNotLost(const Folder& folder) {
  if (storage::RocksdbStoreExists(folder.store()) || !HasServed(folder)) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kDataLoss, "STORE_LOST",
               absl::StrCat("This node has served before, and its store ", folder.store(),
                            " is gone: a new one would roll back its feeds. Restore a backup of store and ANCHOR, both "
                            "of one moment."));
}

absl::StatusOr<storage::FsckReport> CheckStore(const Folder& folder,
                                               const std::function<void(uint64_t, uint64_t)>& progress) {
  const bool has_store = storage::RocksdbStoreExists(folder.store());
  if (!has_store && !Exists(folder.config()) && !HasServed(folder)) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_NODE",
                 absl::StrCat("There is no node in the folder '", folder.root(), "'; name that of one with --data."));
  }
  if (const absl::Status lost = CheckStoreNotLost(folder); !lost.ok()) {
    storage::FsckReport report;
    report.problems.emplace_back(lost.message());
    return report;
  }
  if (!has_store) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "STORE_MISSING",
        absl::StrCat("The node in ", folder.root(),
                     " has not served yet, so there is nothing to check: `meguri-node serve` makes its store."));
  }
  MEGURI_ASSIGN_OR_RETURN(std::unique_ptr<storage::StoreReader> opened,
                          storage::OpenRocksdbStoreToRead(folder.store()));
  record::SystemRandom random;
  const auto sealed = storage::OpenSealedToRead(std::move(opened), SectionKeysIn(folder), random);
  if (absl::IsDataLoss(sealed.status())) {
    storage::FsckReport report;
    report.problems.emplace_back(sealed.status().message());
    return report;
  }
  MEGURI_RETURN_IF_ERROR(sealed.status());
  MEGURI_ASSIGN_OR_RETURN(const std::unique_ptr<storage::AnchorReader> anchor, OpenAnchor(folder.anchor()));
  MEGURI_ASSIGN_OR_RETURN(storage::FsckReport report, storage::Fsck(*sealed->store, anchor.get(), progress));
  MEGURI_ASSIGN_OR_RETURN(const std::vector<std::string> of_witness, CheckWitness(folder));
  report.problems.insert(report.problems.end(), of_witness.begin(), of_witness.end());
  return report;
}

}  // namespace meguri::node
