// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "bench/load/figures.h"
#include "certs/signing_key.h"

namespace meguri::bench {
namespace {

constexpr size_t kBlock = 4096;

struct Arguments {
  std::string folder;
  size_t count = 5000;
  size_t threads = 2;
};

// A file of its own for one measurement, removed with the object.
class ScratchFile {
 public:
  ScratchFile(const std::string& folder, size_t bytes)
      : path_(absl::StrCat(folder, "/fdatasync")), file_(::open(path_.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600)) {
    good_ = file_ >= 0 && ::posix_fallocate(file_, 0, static_cast<off_t>(bytes)) == 0 && ::fsync(file_) == 0;
  }
  ~ScratchFile() {
    ::close(file_);
    ::unlink(path_.c_str());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  void WriteAndSync(const std::string& bytes, size_t at) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    good_ = good_ && written == static_cast<ssize_t>(bytes.size()) && ::fdatasync(file_) == 0;
  }
  bool good() const { return good_; }

 private:
  const std::string path_;
  const int file_;
  bool good_ = false;
};

// Into a file that has its blocks already: what a log can reach at best.
absl::StatusOr<Figures> Fdatasync(const Arguments& arguments) {
  ScratchFile file(arguments.folder, arguments.count * kBlock);
  const std::string block(kBlock, 'm');
  Latencies latencies;
  const absl::Time begin = absl::Now();
  for (size_t i = 0; i < arguments.count; ++i) {
    const absl::Time before = absl::Now();
    file.WriteAndSync(block, i * kBlock);
    latencies.Add(absl::Now() - before);
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  if (!file.good()) {
    return Error(absl::StatusCode::kUnavailable, "DISK", "The scratch file could not be written.");
  }
  Figures figures = {{"rate", static_cast<double>(arguments.count) / seconds}};
  latencies.AddTo(figures, "");
  return figures;
}

absl::StatusOr<Figures> Verify(const Arguments& arguments) {
  MEGURI_ASSIGN_OR_RETURN(const auto key, certs::SigningKey::Generate(record::KeyAlgorithm::kEd25519));
  const std::string message(128, 'm');  // about what is signed of a batch
  MEGURI_ASSIGN_OR_RETURN(const std::string signature, key->Sign(message));
  std::vector<std::thread> threads;
  threads.reserve(arguments.threads);
  const absl::Time begin = absl::Now();
  for (size_t t = 0; t < arguments.threads; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < arguments.count; ++i) {
        Invariant(key->public_key().Verify(message, signature).ok(), "a fresh signature holds");
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  return Figures{{"rate", static_cast<double>(arguments.count * arguments.threads) / seconds}};
}

}  // namespace

void AddFdatasync(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("fdatasync", "Writes and syncs blocks of 4 KiB, one after the other");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--folder", arguments->folder, "On the disk of the stores")->required();
  command.add_option("--count", arguments->count, "Blocks");
  command.callback([arguments, &chosen] { chosen = [arguments] { return Fdatasync(*arguments); }; });
}

void AddVerify(CLI::App& app, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("verify", "Checks Ed25519 signatures on every core");
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("--count", arguments->count, "Signatures a thread");
  command.add_option("--threads", arguments->threads, "Threads");
  command.callback([arguments, &chosen] { chosen = [arguments] { return Verify(*arguments); }; });
}

}  // namespace meguri::bench
