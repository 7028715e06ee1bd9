// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "record/batch.h"
#include "record/dsse.h"
#include "record/merkle.h"
#include "record/section.h"
#include "tests/vectors/golden.h"

namespace meguri::vectors {
namespace {

using record::Hash;
using record::v1::Section;

Json KeyOf(absl::string_view algorithm, absl::string_view participant, absl::string_view spki) {
  const record::ParticipantId id = record::ParticipantId::Parse(participant).value();
  return Json::Object({{"algorithm", algorithm},
                       {"participant_id", participant},
                       {"spki_hex", Json::Hex(spki)},
                       {"key_id_hex", Json::Hex(record::KeyId(kFederation, id, spki).view())}});
}

Json FieldsOf(const record::v1::Header& header) {
  Json::Members fields = {{"format_version", uint64_t{header.format_version()}},
                          {"record_id_hex", Json::Hex(header.record_id())},
                          {"version", header.version()},
                          {"record_type", static_cast<uint64_t>(header.record_type())},
                          {"publisher", header.publisher()},
                          {"issue_time_ms", header.issue_time_ms()}};
  if (!header.previous_header_hash().empty()) {
    fields.emplace_back("previous_header_hash_hex", Json::Hex(header.previous_header_hash()));
  }
  std::vector<Json> digests;
  for (const std::string& digest : header.section_digests()) {
    digests.push_back(Json::Hex(digest));
  }
  fields.emplace_back("section_digests_hex", std::move(digests));
  if (header.has_tombstone()) {
    fields.emplace_back(
        "tombstone", Json::Object({{"reason", static_cast<uint64_t>(header.tombstone().reason())},
                                   {"successor_record_id_hex", Json::Hex(header.tombstone().successor_record_id())}}));
  }
  return Json::Object(std::move(fields));
}

// The preimage written out here once more, apart from record/section.cc.
std::string SectionPreimage(const record::Header& header, const Section& section) {
  std::string preimage("meguri/section/v1\0", 18);
  AppendU16(static_cast<uint16_t>(header.publisher().text().size()), preimage);
  absl::StrAppend(&preimage, header.publisher().text(), header.record_id().view());
  AppendU64(header.version(), preimage);
  absl::StrAppend(&preimage, section.salt());
  AppendU32(section.type(), preimage);
  AppendU32(section.audiences(), preimage);
  AppendU64(section.payload().size(), preimage);
  absl::StrAppend(&preimage, section.payload());
  return preimage;
}

Hash DigestOf(const GoldenRecord& record, const Section& section) {
  return record::SectionDigest(record.header.publisher(), record.header.record_id(), record.header.version(), section);
}

Json SectionsOf(const GoldenRecord& record) {
  std::vector<Json> sections;
  sections.reserve(record.sections.size());
  for (const Section& section : record.sections) {
    sections.push_back(Json::Object({{"slot", uint64_t{section.slot()}},
                                     {"type", uint64_t{section.type()}},
                                     {"audiences", uint64_t{section.audiences()}},
                                     {"salt_hex", Json::Hex(section.salt())},
                                     {"payload_hex", Json::Hex(section.payload())},
                                     {"preimage_hex", Json::Hex(SectionPreimage(record.header, section))},
                                     {"digest_hex", Json::Hex(DigestOf(record, section).view())}}));
  }
  return Json(std::move(sections));
}

Json SignatureOf(const record::v1::BatchSignature& signature) {
  std::vector<Json> path;
  for (const std::string& hash : signature.path()) {
    path.push_back(Json::Hex(hash));
  }
  return Json::Object({{"key_id_hex", Json::Hex(signature.key_id())},
                       {"size", signature.size()},
                       {"index", signature.index()},
                       {"path_hex", std::move(path)},
                       {"signature_hex", Json::Hex(signature.signature())}});
}

Json RecordOf(const GoldenRecord& record) {
  return Json::Object({{"name", record.name},
                       {"header_fields", FieldsOf(record.header.message())},
                       {"header_hex", Json::Hex(record.header.bytes())},
                       {"header_hash_hex", Json::Hex(record.header.hash().view())},
                       {"sections", SectionsOf(record)},
                       {"signature", SignatureOf(record.signature)},
                       {"envelope_hex", Json::Hex(EnvelopeOf(record, UINT64_MAX).SerializeAsString())}});
}

// The root that a leaf's path leads to; in a tree of a power of two every bit of the index picks a side.
Hash RootOf(const GoldenRecord& record) {
  Hash hash = record::LeafHash(record.header.hash().view());
  uint64_t index = record.signature.index();
  for (const std::string& bytes : record.signature.path()) {
    const Hash sibling = Hash::Parse(bytes).value();
    hash = index % 2 == 0 ? record::NodeHash(hash, sibling) : record::NodeHash(sibling, hash);
    index /= 2;
  }
  return hash;
}

Json BatchOf(const Golden& golden, const std::vector<size_t>& batch) {
  std::vector<Json> names;
  names.reserve(batch.size());
  for (const size_t position : batch) {
    names.emplace_back(golden.records[position].name);
  }
  const GoldenRecord& first = golden.records[batch.front()];
  const Hash root = RootOf(first);
  return Json::Object({{"records", std::move(names)},
                       {"size", first.signature.size()},
                       {"root_hex", Json::Hex(root.view())},
                       {"signed_bytes_hex", Json::Hex(BatchSignedBytes(golden.key_id, first.signature.size(), root))},
                       {"signature_hex", Json::Hex(first.signature.signature())}});
}

// Envelopes of one record as different readers get them.
Json ViewsOf(const GoldenRecord& record) {
  const std::pair<const char*, std::vector<uint32_t>> views[] = {
      {"anyone", {record::v1::SECTION_TYPE_IDENTITY}},
      {"recycler", {record::v1::SECTION_TYPE_IDENTITY, record::v1::SECTION_TYPE_COMPOSITION}},
      {"nobody", {}}};
  std::vector<Json> list;
  for (const auto& [reader, types] : views) {
    const uint64_t slots = SlotsOf(record, types);
    list.push_back(Json::Object({{"reader", reader},
                                 {"record", record.name},
                                 {"slots", slots},
                                 {"envelope_hex", Json::Hex(EnvelopeOf(record, slots).SerializeAsString())}}));
  }
  return Json(std::move(list));
}

Json SignedBodyOf(const Golden& golden) {
  record::v1::SignedBody signed_body;
  signed_body.set_payload_type("application/vnd.meguri.example.v1");
  signed_body.set_body("example");
  const absl::Status added = record::AddSignature(golden.key_id, *golden.record_signer, signed_body);
  Invariant(added.ok(), added.message());
  return Json::Object({{"payload_type", signed_body.payload_type()},
                       {"body_hex", Json::Hex(signed_body.body())},
                       {"signed_bytes_hex", Json::Hex(record::DssePae(signed_body.payload_type(), signed_body.body()))},
                       {"key_id_hex", Json::Hex(signed_body.signatures(0).key_id())},
                       {"signature_hex", Json::Hex(signed_body.signatures(0).signature())},
                       {"signed_body_hex", Json::Hex(signed_body.SerializeAsString())}});
}

}  // namespace

Json RecordVectors(const Golden& golden) {
  std::vector<Json> records;
  records.reserve(golden.records.size());
  for (const GoldenRecord& record : golden.records) {
    records.push_back(RecordOf(record));
  }
  records.push_back(RecordOf(P256Record()));
  std::vector<Json> batches;
  batches.reserve(golden.batches.size());
  for (const std::vector<size_t>& batch : golden.batches) {
    batches.push_back(BatchOf(golden, batch));
  }
  return Json::Object(
      {{"about", "Golden bytes of docs/format/record.md. Names that end in _hex hold bytes in hexadecimal."},
       {"federation", kFederation},
       {"keys", std::vector<Json>{KeyOf("ed25519", kPublisher, golden.record_signer->public_key().spki()),
                                  KeyOf("ecdsa-p256", kP256Publisher, P256Spki())}},
       {"records", std::move(records)},
       {"batches", std::move(batches)},
       {"views", ViewsOf(golden.Find("product-1"))},
       {"signed_bodies", std::vector<Json>{SignedBodyOf(golden)}}});
}

}  // namespace meguri::vectors
