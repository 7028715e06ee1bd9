// SPDX-License-Identifier: Apache-2.0
#include "node/app/witness_work.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "certs/signing_key.h"
#include "certs/witnesses.h"
#include "node/app/config.h"
#include "storage/format.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace meguri::node {
namespace {

constexpr size_t kWitnessCacheBytes = size_t{4} << 20;
constexpr size_t kWitnessBufferBytes = size_t{4} << 20;

}  // namespace

absl::StatusOr<std::string> MakeWitnessKey(const std::string& data_folder) {
  const Folder folder(data_folder);
  MEGURI_ASSIGN_OR_RETURN(const Config config, Config::Load(data_folder, {}, [](const std::string&) {
                            return absl::optional<std::string>();
                          }));
  absl::StatusOr<std::unique_ptr<certs::SigningKey>> key = certs::SigningKey::Load(folder.witness_key());
  if (absl::IsNotFound(key.status())) {
    MEGURI_ASSIGN_OR_RETURN(key, certs::SigningKey::Generate(record::KeyAlgorithm::kEd25519));
    MEGURI_RETURN_IF_ERROR((*key)->SaveTo(folder.witness_key()));
  }
  MEGURI_RETURN_IF_ERROR(key.status());
  return absl::StrCat(config.Get("participant"), "=", ToHex((*key)->public_key().spki()));
}

WitnessWork::WitnessWork(const WitnessSurroundings& around, CosigningHooks hooks, WitnessWatch::Compare compare)
    : around_(around),
      cosigning_(around.registry, around.peers, around.member, around.committer.durable(), around.committer,
                 around.executor, around.clock, std::move(hooks)),
      watch_(around.registry, around.peers, around.member, around.committer.durable(), around.committer,
             around.executor, around.clock, std::move(compare),
             [this](const record::FeedKey& feed, const record::ParticipantId& witness) { TellOfLiar(feed, witness); }) {
}

void WitnessWork::TellOfLiar(const record::FeedKey& feed, const record::ParticipantId& witness) {
  {
    MutexLock lock(mutex_);
    if (!liars_.insert({feed, witness}).second) {
      return;
    }
  }
  around_.log.Error(
      "witness-lied",
      {{"witness", witness.text()},
       {"publisher", feed.publisher.text()},
       {"feed", feed.name.text()},
       {"cure", "have the operator revoke its key; it has cosigned two heads that contradict each other"}});
}

absl::Status WitnessWork::OpenWitness(const Folder& folder) {
  absl::StatusOr<std::shared_ptr<const certs::SigningKey>> key = certs::SigningKey::Load(folder.witness_key());
  if (absl::IsNotFound(key.status())) {
    return Error(absl::StatusCode::kFailedPrecondition, "WITNESS_KEY",
                 absl::StrCat("There is no key of a witness in ", folder.witness_key(),
                              ". Run `meguri-node witness-key`, and have the operator put it into the trust bundle."));
  }
  MEGURI_RETURN_IF_ERROR(key.status());
  // A witness that forgot what it saw would cosign a fork.
  std::error_code error;
  if (std::filesystem::exists(folder.witness_anchor(), error) && !storage::RocksdbStoreExists(folder.witness_store())) {
    return Error(absl::StatusCode::kDataLoss, "STORE_LOST",
                 absl::StrCat("This witness has cosigned heads before, and its store ", folder.witness_store(),
                              " is gone: it could cosign a fork. Have the operator revoke its key, remove the folder ",
                              folder.witness(), " and ", folder.witness_key(), ", and begin with a new key."));
  }
  MEGURI_RETURN_IF_ERROR(MakeFolder(folder.witness()));
  storage::RocksdbOptions options;
  options.block_cache_bytes = kWitnessCacheBytes;
  options.write_buffer_bytes = kWitnessBufferBytes;
  MEGURI_ASSIGN_OR_RETURN(store_, storage::OpenRocksdbStore(folder.witness_store(), options));
  MEGURI_RETURN_IF_ERROR(storage::PrepareFormat(*store_));
  MEGURI_ASSIGN_OR_RETURN(anchor_, storage::OpenAnchorFile(folder.witness_anchor()));
  MEGURI_ASSIGN_OR_RETURN(witness_committer_, storage::Committer::Start(*store_, *anchor_));
  WarnIfNotPinned((*key)->public_key());
  witness_ = std::make_unique<Witness>(around_.member, *std::move(key), around_.registry, *witness_committer_,
                                       around_.clock, [this](const WitnessReport& report) {
                                         around_.log.Error("witness-contradicted",
                                                           {{"publisher", report.feed.publisher.text()},
                                                            {"feed", report.feed.name.text()},
                                                            {"known_size", absl::StrCat(report.known_size)},
                                                            {"size", absl::StrCat(report.size)},
                                                            {"reason", report.reason}});
                                       });
  return absl::OkStatus();
}

void WitnessWork::WarnIfNotPinned(const record::PublicKey& key) const {
  const std::vector<certs::Witness> pinned = certs::WitnessesOf(around_.registry.bundle());
  const bool is_pinned = std::any_of(pinned.begin(), pinned.end(), [&](const certs::Witness& witness) {
    return witness.member == around_.member && witness.key.key.spki() == key.spki() &&
           witness.IsInForce(around_.clock.Now());
  });
  if (!is_pinned) {
    around_.log.Warning("witness-not-pinned",
                        {{"witness", absl::StrCat(around_.member.text(), "=", ToHex(key.spki()))},
                         {"cure",
                          "have the operator add it with meguri-node bundle next --add-witness, and adopt that "
                          "trust bundle; until then nobody asks it"}});
  }
}

void WitnessWork::WatchSoon() {
  if (!around_.executor.Submit([this] { watch_.Step(); })) {
    around_.log.Warning("witness-watch-delayed");
  }
}

}  // namespace meguri::node
