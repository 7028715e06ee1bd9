// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "bench/micro/sample.h"
#include "benchmark/benchmark.h"
#include "record/batch.h"
#include "record/header.h"
#include "record/merkle.h"
#include "record/section.h"

namespace meguri::bench {
namespace {

constexpr size_t kBatch = 256;

// What verifying costs per record of a batch of 256: header, hash, path, and a 256th of a signature check.
void VerifyRecordOfBatch(benchmark::State& state) {
  Sample sample;
  const std::vector<record::v1::Publication> batch = Must(sample.records().NextBatch(kBatch));
  for (auto _ : state) {
    record::VerifiedRoots roots;
    for (const record::v1::Publication& publication : batch) {
      const record::Header header = Must(record::Header::Parse(publication.envelope().header()));
      const absl::Status verified =
          record::VerifyBatchSignature(header.hash(), publication.envelope().signature(), sample.key(), &roots);
      Invariant(verified.ok(), verified.ToString());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(VerifyRecordOfBatch);

void ParseHeader(benchmark::State& state) {
  Sample sample;
  const std::string bytes = Must(sample.records().NextBatch(1))[0].envelope().header();
  for (auto _ : state) {
    benchmark::DoNotOptimize(Must(record::Header::Parse(bytes)));
  }
}
BENCHMARK(ParseHeader);

void VerifyEd25519(benchmark::State& state) {
  Sample sample;
  const auto key = Must(certs::SigningKey::Generate(record::KeyAlgorithm::kEd25519));
  const std::string message(128, 'm');
  const std::string signature = Must(key->Sign(message));
  for (auto _ : state) {
    benchmark::DoNotOptimize(key->public_key().Verify(message, signature).ok());
  }
}
BENCHMARK(VerifyEd25519);

// Argument: bytes of the payload.
void DigestSection(benchmark::State& state) {
  Sample sample;
  record::v1::Section section = Must(sample.records().NextBatch(1))[0].envelope().sections(0);
  section.set_payload(std::string(static_cast<size_t>(state.range(0)), 'm'));
  const record::RecordId record_id = record::RecordId::Make(sample.random());
  for (auto _ : state) {
    benchmark::DoNotOptimize(record::SectionDigest(sample.feed().key.publisher, record_id, 1, section));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(DigestSection)->Arg(4096);

void AppendToFrontier(benchmark::State& state) {
  const record::Hash leaf = record::LeafHash("an entry");
  record::Frontier frontier;
  for (auto _ : state) {
    frontier.Append(leaf);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(AppendToFrontier);

// From one batch below the end of a tree of a million leaves to its end, made and checked.
void ProveConsistency(benchmark::State& state) {
  constexpr uint64_t kSize = 1'000'000;
  std::vector<std::vector<record::Hash>> levels(21);
  record::Frontier frontier;
  record::Hash root_before;
  for (uint64_t i = 0; i < kSize; ++i) {
    frontier.Append(record::LeafHash(std::to_string(i)),
                    [&](uint32_t level, uint64_t, const record::Hash& hash) { levels[level].push_back(hash); });
    if (frontier.size() == kSize - kBatch) {
      root_before = frontier.Root();
    }
  }
  const auto read = [&](uint32_t level, uint64_t index) -> absl::StatusOr<record::Hash> {
    return levels[level][index];
  };
  for (auto _ : state) {
    const std::vector<record::Hash> path = Must(record::ConsistencyProof(kSize - kBatch, kSize, read));
    const absl::Status verified = record::VerifyConsistency(kSize - kBatch, root_before, kSize, frontier.Root(), path);
    Invariant(verified.ok(), verified.ToString());
  }
}
BENCHMARK(ProveConsistency);

}  // namespace
}  // namespace meguri::bench
