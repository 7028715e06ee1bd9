// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "meguri/record/v1/record.pb.h"
#include "record/hash.h"
#include "record/header.h"
#include "record/participant_id.h"
#include "tests/unit/record/raw_signer.h"
#include "tests/vectors/json.h"

// The golden bytes of our own format, derived from fixed seeds. write_vectors writes them to files once; golden_test
// derives them again and compares.
namespace meguri::vectors {

inline constexpr char kFederation[] = "ce.example";
inline constexpr char kPublisher[] = "0188:7123456789012";
inline constexpr char kP256Publisher[] = "0088:9520123456788";

// A signed record with all its sections.
struct GoldenRecord {
  std::string name;
  record::Header header;
  std::vector<record::v1::Section> sections;
  record::v1::BatchSignature signature;
};

// What the files are made of.
struct Golden {
  record::ParticipantId publisher;
  std::unique_ptr<record::RawSigner> record_signer;
  std::unique_ptr<record::RawSigner> feed_signer;
  record::Hash key_id;
  std::vector<GoldenRecord> records;         // in the order in which they are published
  std::vector<std::vector<size_t>> batches;  // positions in `records`

  const GoldenRecord& Find(absl::string_view name) const;
};

Golden MakeGolden();

// A record of a member whose key is P-256.
GoldenRecord P256Record();
std::string P256Spki();

// The slots of the sections whose type is among `types`.
uint64_t SlotsOf(const GoldenRecord& record, const std::vector<uint32_t>& types);
// The envelope that opens `slots`.
record::v1::Envelope EnvelopeOf(const GoldenRecord& record, uint64_t slots);
// The bytes that a batch signature is over.
std::string BatchSignedBytes(const record::Hash& key_id, uint64_t size, const record::Hash& root);

Json RecordVectors(const Golden& golden);
Json FeedVectors(const Golden& golden);
// A feed with a header of a newer format, and what a follower must refuse of such headers all the same.
Json NewerVectors(const Golden& golden);
Json AuditVectors(const Golden& golden);
Json HeadsVectors(const Golden& golden);
Json ReceiptVectors(const Golden& golden);
Json ErasureVectors(const Golden& golden);
Json RefusedVectors(const Golden& golden);

// File name and contents of every golden file.
std::vector<std::pair<std::string, std::string>> GoldenFiles();

}  // namespace meguri::vectors
