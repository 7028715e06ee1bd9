// SPDX-License-Identifier: Apache-2.0
// The golden files say what they said when they were written, and a reader of them alone can verify everything.
#include "tests/vectors/golden.h"

#include <fstream>
#include <sstream>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "record/audit_row.h"
#include "record/batch.h"
#include "record/checkpoint.h"
#include "record/dsse.h"
#include "record/erasure.h"
#include "record/feed.h"
#include "record/heads.h"
#include "record/merkle.h"
#include "record/receipt.h"
#include "record/section.h"
#include "tests/testing/status.h"

namespace meguri::vectors {
namespace {

using record::Hash;
using record::Header;
using record::PublicKey;
using testing::HasReason;
using testing::IsOk;

TEST(GoldenFiles, AreDerivedAgainByteForByte) {
  for (const auto& [name, contents] : GoldenFiles()) {
    std::ifstream file(absl::StrCat(MEGURI_SOURCE_DIR, "/tests/vectors/", name), std::ios::binary);
    std::stringstream written;
    written << file.rdbuf();
    EXPECT_EQ(written.str(), contents) << name << ": changed bytes are a new format and need an ADR";
  }
}

record::v1::Envelope EnvelopeIn(const Json& holder) {
  record::v1::Envelope envelope;
  EXPECT_TRUE(envelope.ParseFromString(holder.bytes("envelope_hex")));
  return envelope;
}

std::vector<Hash> Hashes(const Json& list) {
  std::vector<Hash> hashes;
  for (const Json& item : list.items()) {
    hashes.push_back(item.hash());
  }
  return hashes;
}

class GoldenRecords : public ::testing::Test {
 protected:
  GoldenRecords() : vectors_(ReadVectors("record.json")) {
    for (const Json& key : vectors_["keys"].items()) {
      keys_.emplace(key.hash("key_id_hex"), PublicKey::ParseSpki(key.bytes("spki_hex")).value());
    }
  }
  const Json& Find(absl::string_view name) const {
    for (const Json& record : vectors_["records"].items()) {
      if (record["name"].text() == name) {
        return record;
      }
    }
    Invariant(false, absl::StrCat("there is a record ", name));
    return vectors_;
  }

  const Json vectors_;
  absl::flat_hash_map<Hash, PublicKey> keys_;
};

TEST_F(GoldenRecords, KeyIdsBindFederationAndParticipant) {
  for (const Json& key : vectors_["keys"].items()) {
    const record::ParticipantId participant = record::ParticipantId::Parse(key["participant_id"].text()).value();
    EXPECT_EQ(record::KeyId(vectors_["federation"].text(), participant, key.bytes("spki_hex")), key.hash("key_id_hex"));
  }
}

TEST_F(GoldenRecords, HeadersHaveTheFieldsThatAreListed) {
  for (const Json& record : vectors_["records"].items()) {
    const absl::StatusOr<Header> header = Header::Parse(record.bytes("header_hex"));
    MEGURI_ASSERT_OK(header);
    EXPECT_EQ(header->hash(), record.hash("header_hash_hex"));
    const Json& fields = record["header_fields"];
    EXPECT_EQ(header->record_id().ToHex(), fields["record_id_hex"].text());
    EXPECT_EQ(header->version(), fields["version"].number());
    EXPECT_EQ(header->publisher().text(), fields["publisher"].text());
    EXPECT_EQ(header->message().issue_time_ms(), fields["issue_time_ms"].number());
    EXPECT_EQ(header->message().record_type(), static_cast<int>(fields["record_type"].number()));
    EXPECT_EQ(header->slot_count(), fields["section_digests_hex"].items().size());
    EXPECT_EQ(header->is_tombstone(), fields.Has("tombstone"));
    EXPECT_EQ(header->message().previous_header_hash().empty(), !fields.Has("previous_header_hash_hex"));
  }
}

TEST_F(GoldenRecords, VersionsNameTheOneBefore) {
  EXPECT_EQ(Find("product-2")["header_fields"].hash("previous_header_hash_hex"),
            Find("product-1").hash("header_hash_hex"));
  EXPECT_EQ(Find("product-3")["header_fields"].hash("previous_header_hash_hex"),
            Find("product-2").hash("header_hash_hex"));
}

TEST_F(GoldenRecords, SectionDigestsAreHashesOfTheirPreimages) {
  for (const Json& record : vectors_["records"].items()) {
    const Header header = Header::Parse(record.bytes("header_hex")).value();
    for (const Json& section : record["sections"].items()) {
      EXPECT_EQ(record::Sha256(section.bytes("preimage_hex")), section.hash("digest_hex"));
      EXPECT_EQ(header.message().section_digests(static_cast<int>(section["slot"].number())),
                section.bytes("digest_hex"));
    }
  }
}

TEST_F(GoldenRecords, EnvelopesVerify) {
  for (const Json& record : vectors_["records"].items()) {
    const record::v1::Envelope envelope = EnvelopeIn(record);
    const Header header = Header::Parse(envelope.header()).value();
    const auto key = keys_.find(Hash::Parse(envelope.signature().key_id()).value());
    ASSERT_NE(key, keys_.end());
    EXPECT_THAT(record::VerifyBatchSignature(header.hash(), envelope.signature(), key->second, nullptr), IsOk());
    EXPECT_THAT(record::VerifySections(header, envelope.sections()), IsOk());
    EXPECT_EQ(static_cast<size_t>(envelope.sections_size()), record["sections"].items().size());
  }
}

TEST_F(GoldenRecords, ViewsOpenOnlyTheirSlots) {
  ASSERT_EQ(vectors_["views"].items().size(), 3);
  for (const Json& view : vectors_["views"].items()) {
    const record::v1::Envelope envelope = EnvelopeIn(view);
    const Header header = Header::Parse(envelope.header()).value();
    EXPECT_THAT(record::VerifySections(header, envelope.sections()), IsOk());
    uint64_t slots = 0;
    for (const record::v1::Section& section : envelope.sections()) {
      slots |= uint64_t{1} << section.slot();
    }
    EXPECT_EQ(slots, view["slots"].number()) << view["reader"].text();
  }
}

TEST_F(GoldenRecords, BatchesSignTheirRoot) {
  for (const Json& batch : vectors_["batches"].items()) {
    const record::v1::BatchSignature signature = EnvelopeIn(Find(batch["records"].items().front().text())).signature();
    const Hash key_id = Hash::Parse(signature.key_id()).value();
    const std::string signed_bytes = batch.bytes("signed_bytes_hex");
    EXPECT_EQ(signed_bytes, BatchSignedBytes(key_id, batch["size"].number(), batch.hash("root_hex")));
    EXPECT_THAT(keys_.at(key_id).Verify(signed_bytes, batch.bytes("signature_hex")), IsOk());
    for (const Json& name : batch["records"].items()) {
      const record::v1::BatchSignature leaf = EnvelopeIn(Find(name.text())).signature();
      std::vector<Hash> path;
      for (const std::string& hash : leaf.path()) {
        path.push_back(Hash::Parse(hash).value());
      }
      const Hash leaf_hash = record::LeafHash(Find(name.text()).hash("header_hash_hex").view());
      EXPECT_THAT(record::VerifyInclusion(leaf_hash, leaf.index(), leaf.size(), path, batch.hash("root_hex")), IsOk());
    }
  }
}

TEST_F(GoldenRecords, SignedBodiesVerify) {
  ASSERT_EQ(vectors_["signed_bodies"].items().size(), 1);
  const Json& item = vectors_["signed_bodies"].items().front();
  record::v1::SignedBody signed_body;
  ASSERT_TRUE(signed_body.ParseFromString(item.bytes("signed_body_hex")));
  EXPECT_EQ(signed_body.body(), item.bytes("body_hex"));
  const Hash key_id = item.hash("key_id_hex");
  EXPECT_THAT(record::VerifySignedBody(signed_body, item["payload_type"].text(), key_id, keys_.at(key_id)), IsOk());
  EXPECT_THAT(keys_.at(key_id).Verify(item.bytes("signed_bytes_hex"), item.bytes("signature_hex")), IsOk());
}

// The blocks marked `block` of a document, without their comments and white space.
std::vector<std::string> QuotedIn(absl::string_view document, absl::string_view block) {
  std::ifstream file(absl::StrCat(MEGURI_SOURCE_DIR, "/docs/format/", document));
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      const std::string quoted = line.substr(0, line.find('#'));
      blocks.back() += absl::StrReplaceAll(quoted, {{" ", ""}});
    } else if (line == absl::StrCat("```", block)) {
      inside = true;
      blocks.emplace_back();
    }
  }
  return blocks;
}

TEST(GoldenFiles, HoldEveryByteThatTheDocumentsQuote) {
  std::string golden;
  for (const auto& [name, contents] : GoldenFiles()) {
    golden += contents;
  }
  size_t count = 0;
  for (const char* document : {"record.md", "feed.md", "audit.md", "heads.md"}) {
    for (const std::string& block : QuotedIn(document, "hex")) {
      EXPECT_NE(golden.find(block), std::string::npos) << document << ": " << block;
      EXPECT_GE(block.size(), 64) << document;
      ++count;
    }
  }
  EXPECT_GE(count, 12);
}

TEST(GoldenAudit, RowsStandInTheirFeed) {
  const Json vectors = ReadVectors("audit.json");
  const PublicKey key = PublicKey::ParseSpki(vectors["feed_key_spki_hex"].bytes()).value();
  const auto head = record::OpenCheckpoint(vectors["note"].text(), vectors["origin"].text(), key);
  MEGURI_ASSERT_OK(head);
  EXPECT_EQ(head->size, vectors["rows"].items().size());
  for (const Json& item : vectors["rows"].items()) {
    const auto row = record::AuditRow::Parse(item.bytes("row_hex"));
    MEGURI_ASSERT_OK(row);
    EXPECT_EQ(row->entry().header_hash, item.hash("row_hash_hex"));
    EXPECT_EQ(row->entry().Encode(), item.bytes("entry_hex"));
    EXPECT_THAT(record::VerifyInclusion(record::LeafHash(item.bytes("entry_hex")), row->index(), head->size,
                                        Hashes(item["inclusion_path_hex"]), head->root),
                IsOk());
  }
  for (const Json& item : vectors["refused"].items()) {
    EXPECT_THAT(record::AuditRow::Parse(item.bytes("row_hex")).status(),
                meguri::testing::HasReason(item["reason"].text()))
        << item["name"].text();
  }
}

TEST(GoldenHeads, OpeningsLeadToTheSignedHead) {
  const Json vectors = ReadVectors("heads.json");
  const PublicKey key = PublicKey::ParseSpki(vectors["feed_key_spki_hex"].bytes()).value();
  const auto verify = [&](const Json& item, const std::string& name) {
    record::v1::ProvenOpening proven;
    EXPECT_TRUE(proven.ParseFromString(item.bytes("proven_opening_hex")));
    return record::VerifyOpening(
        proven, vectors["federation"].text(),
        {record::ParticipantId::Parse(vectors["publisher"].text()).value(), record::FeedName::Parse(name).value(), 1},
        {key});
  };
  for (const Json& item : vectors["openings"].items()) {
    const auto committed = verify(item, item["feed"].text());
    MEGURI_ASSERT_OK(committed);
    EXPECT_EQ(committed->head.size, item["size"].number());
    EXPECT_EQ(committed->head.root, item.hash("root_hex"));
    EXPECT_EQ(record::HeadsLabel(committed->head.origin), item.hash("label_hex"));
    EXPECT_EQ(committed->index, 1);
  }
  EXPECT_THAT(vectors["openings"].items(), ::testing::SizeIs(5));
  for (const Json& item : vectors["refused"].items()) {
    EXPECT_THAT(verify(item, vectors["refused_feed"].text()).status(),
                meguri::testing::HasReason(item["reason"].text()))
        << item["name"].text();
  }
}

TEST(GoldenReceipts, HoldForTheirHeadAlone) {
  const Json vectors = ReadVectors("receipt.json");
  const PublicKey key = PublicKey::ParseSpki(vectors["giver_spki_hex"].bytes()).value();
  const auto verify = [&](const Json& item, const std::string& origin) {
    record::v1::Receipt receipt;
    EXPECT_TRUE(receipt.ParseFromString(item.bytes("receipt_hex")));
    return record::VerifyReceipt(receipt, origin, vectors.hash("root_hex"), key);
  };
  MEGURI_EXPECT_OK(verify(vectors, vectors["origin"].text()));
  const Hash key_id = record::KeyId(vectors["federation"].text(),
                                    record::ParticipantId::Parse(vectors["giver"].text()).value(), key.spki());
  EXPECT_EQ(record::ReceiptSignedBytes(key_id, vectors["time_ms"].number(),
                                       {vectors["origin"].text(), vectors["size"].number(), vectors.hash("root_hex")}),
            vectors.bytes("signed_bytes_hex"));
  EXPECT_THAT(vectors["refused"].items(), ::testing::SizeIs(10));
  for (const Json& item : vectors["refused"].items()) {
    EXPECT_THAT(verify(item, item.Has("origin") ? item["origin"].text() : vectors["origin"].text()),
                HasReason(item["reason"].text()))
        << item["name"].text();
  }
}

TEST(GoldenErasures, AreSignedByThoseWhoSayIt) {
  const Json vectors = ReadVectors("erasure.json");
  const auto body_of = [&](const char* name, const char* owner, const char* spki, const char* type) {
    record::v1::SignedBody signed_body;
    EXPECT_TRUE(signed_body.ParseFromString(vectors.bytes(name)));
    const PublicKey key = PublicKey::ParseSpki(vectors.bytes(spki)).value();
    const Hash key_id = record::KeyId(vectors["federation"].text(),
                                      record::ParticipantId::Parse(vectors[owner].text()).value(), key.spki());
    MEGURI_EXPECT_OK(record::VerifySignedBody(signed_body, type, key_id, key));
    return signed_body.body();
  };
  const std::string request =
      body_of("request_hex", "publisher", "publisher_record_spki_hex", record::kErasureRequestPayloadType);
  const std::string ack =
      body_of("acknowledgement_hex", "holder", "holder_feed_spki_hex", record::kErasureAckPayloadType);
  const std::string said =
      body_of("account_hex", "publisher", "publisher_record_spki_hex", record::kErasureAccountPayloadType);
  MEGURI_EXPECT_OK(record::ParseErasureRequest(request));
  MEGURI_EXPECT_OK(record::ParseErasureAck(ack));
  const auto account = record::ParseErasureAccount(said);
  MEGURI_ASSERT_OK(account);
  EXPECT_EQ(said, vectors.bytes("account_body_hex"));
  EXPECT_EQ(account->request_hash(), record::Sha256(request).view());
  ASSERT_EQ(account->holders_size(), 3);
  EXPECT_EQ(account->holders(1).acknowledgement_hash(), record::Sha256(ack).view());
  EXPECT_THAT(vectors["refused"].items(), ::testing::SizeIs(9));
  for (const Json& item : vectors["refused"].items()) {
    EXPECT_THAT(record::ParseErasureAccount(item.bytes("account_hex")), HasReason(item["reason"].text()))
        << item["name"].text();
  }
}

class GoldenFeeds : public ::testing::Test {
 protected:
  GoldenFeeds()
      : vectors_(ReadVectors("feed.json")),
        key_(PublicKey::ParseSpki(vectors_["feed_key"].bytes("spki_hex")).value()) {}
  static std::vector<Hash> LeavesOf(const Json& feed) {
    std::vector<Hash> leaves;
    for (const Json& entry : feed["entries"].items()) {
      leaves.push_back(record::LeafHash(entry.bytes("entry_hex")));
    }
    return leaves;
  }

  const Json vectors_;
  const PublicKey key_;
};

TEST_F(GoldenFeeds, OriginsNameTheirFeed) {
  for (const Json& feed : vectors_["feeds"].items()) {
    const record::FeedKey key = {record::ParticipantId::Parse(vectors_["publisher"].text()).value(),
                                 record::FeedName::Parse(feed["name"].text()).value(), feed["epoch"].number()};
    EXPECT_EQ(record::FeedOrigin(vectors_["federation"].text(), key), feed["origin"].text());
  }
}

TEST_F(GoldenFeeds, EntriesAreIncludedInTheLastRoot) {
  for (const Json& feed : vectors_["feeds"].items()) {
    const std::vector<Hash> leaves = LeavesOf(feed);
    for (size_t i = 0; i < leaves.size(); ++i) {
      const Json& entry = feed["entries"].items()[i];
      const record::FeedEntry parsed = record::FeedEntry::Parse(entry.bytes("entry_hex")).value();
      EXPECT_EQ(parsed.header_hash, entry.hash("header_hash_hex"));
      EXPECT_EQ(parsed.slots, entry["slots"].number());
      EXPECT_EQ(leaves[i], entry.hash("leaf_hash_hex"));
      EXPECT_THAT(record::VerifyInclusion(leaves[i], i, leaves.size(), Hashes(entry["inclusion_path_hex"]),
                                          record::RootOf(leaves)),
                  IsOk());
    }
  }
}

TEST_F(GoldenFeeds, CheckpointsOpenAndFollowEachOther) {
  for (const Json& feed : vectors_["feeds"].items()) {
    const std::vector<Hash> leaves = LeavesOf(feed);
    ASSERT_EQ(feed["checkpoints"].items().size(), leaves.size() + 1);
    for (const Json& item : feed["checkpoints"].items()) {
      const absl::StatusOr<record::Checkpoint> checkpoint =
          record::OpenCheckpoint(item["note"].text(), feed["origin"].text(), key_);
      MEGURI_ASSERT_OK(checkpoint);
      EXPECT_EQ(checkpoint->size, item["size"].number());
      EXPECT_EQ(checkpoint->root, record::RootOf(absl::MakeSpan(leaves).first(checkpoint->size)));
      EXPECT_THAT(record::VerifyConsistency(checkpoint->size, checkpoint->root, leaves.size(), record::RootOf(leaves),
                                            Hashes(item["consistency_path_to_last_hex"])),
                  IsOk());
    }
  }
}

TEST_F(GoldenFeeds, BatchesLeadToTheTarget) {
  for (const Json& feed : vectors_["feeds"].items()) {
    const Json& target_item = feed["checkpoints"].items().back();
    const record::Checkpoint target =
        record::OpenCheckpoint(target_item["note"].text(), feed["origin"].text(), key_).value();
    EXPECT_EQ(feed["follow"]["target_size"].number(), target.size);
    record::Frontier frontier;
    for (const Json& batch : feed["follow"]["batches"].items()) {
      ASSERT_EQ(batch["start"].number(), frontier.size());
      for (const Json& item : batch["items"].items()) {
        const record::FeedEntry entry = record::FeedEntry::Parse(item.bytes("entry_hex")).value();
        const record::v1::Envelope envelope = EnvelopeIn(item);
        const Header header = Header::Parse(envelope.header()).value();
        EXPECT_EQ(header.hash(), entry.header_hash);
        EXPECT_THAT(record::VerifySections(header, envelope.sections()), IsOk());
        uint64_t opened = 0;
        for (const record::v1::Section& section : envelope.sections()) {
          opened |= uint64_t{1} << section.slot();
        }
        EXPECT_EQ(opened, entry.slots);
        frontier.Append(record::LeafHash(entry.Encode()));
      }
      EXPECT_THAT(record::VerifyConsistency(frontier.size(), frontier.Root(), target.size, target.root,
                                            Hashes(batch["consistency_path_hex"])),
                  IsOk());
    }
    EXPECT_EQ(frontier.Root(), target.root);
  }
}

class Refused : public ::testing::Test {
 protected:
  // Runs `judge` on every case of `group` and compares the reason.
  template <typename Judge>
  void Expect(absl::string_view group, size_t at_least, Judge judge) {
    EXPECT_GE(vectors_[group].items().size(), at_least);
    for (const Json& item : vectors_[group].items()) {
      EXPECT_THAT(judge(item), HasReason(item["reason"].text())) << item[item.Has("name") ? "name" : "text"].text();
    }
  }
  const Json vectors_ = ReadVectors("refused.json");
};

TEST_F(Refused, Headers) {
  Expect("headers", 40, [](const Json& item) { return Header::Parse(item.bytes("header_hex")).status(); });
}

TEST_F(Refused, Sections) {
  Expect("sections", 15, [](const Json& item) {
    record::v1::Envelope envelope;
    for (const Json& section : item["sections_hex"].items()) {
      EXPECT_TRUE(envelope.add_sections()->ParseFromString(section.bytes()));
    }
    return record::VerifySections(Header::Parse(item.bytes("header_hex")).value(), envelope.sections());
  });
}

TEST_F(Refused, BatchSignatures) {
  Expect("batch_signatures", 16, [](const Json& item) {
    record::v1::BatchSignature signature;
    signature.set_key_id(item["signature"].bytes("key_id_hex"));
    signature.set_size(item["signature"]["size"].number());
    signature.set_index(item["signature"]["index"].number());
    for (const Json& hash : item["signature"]["path_hex"].items()) {
      signature.add_path(hash.bytes());
    }
    signature.set_signature(item["signature"].bytes("signature_hex"));
    return record::VerifyBatchSignature(item.hash("header_hash_hex"), signature,
                                        PublicKey::ParseSpki(item.bytes("spki_hex")).value(), nullptr);
  });
}

TEST_F(Refused, PublicKeys) {
  Expect("public_keys", 11, [](const Json& item) { return PublicKey::ParseSpki(item.bytes("spki_hex")).status(); });
}

TEST_F(Refused, Names) {
  Expect("names", 27, [](const Json& item) {
    const std::string& text = item["text"].text();
    return item["reason"].text() == "FEED_NAME" ? record::FeedName::Parse(text).status()
                                                : record::ParticipantId::Parse(text).status();
  });
}

TEST_F(Refused, FeedEntries) {
  Expect("feed_entries", 4,
         [](const Json& item) { return record::FeedEntry::Parse(item.bytes("entry_hex")).status(); });
}

TEST_F(Refused, Checkpoints) {
  Expect("checkpoints", 26, [](const Json& item) {
    return record::OpenCheckpoint(item.bytes("note_hex"), item["origin"].text(),
                                  PublicKey::ParseSpki(item.bytes("spki_hex")).value())
        .status();
  });
}

TEST_F(Refused, InclusionProofs) {
  Expect("inclusion_proofs", 7, [](const Json& item) {
    return record::VerifyInclusion(item.hash("leaf_hash_hex"), item["index"].number(), item["size"].number(),
                                   Hashes(item["path_hex"]), item.hash("root_hex"));
  });
}

TEST_F(Refused, ConsistencyProofs) {
  Expect("consistency_proofs", 10, [](const Json& item) {
    return record::VerifyConsistency(item["from_size"].number(), item.hash("from_root_hex"), item["size"].number(),
                                     item.hash("root_hex"), Hashes(item["path_hex"]));
  });
}

}  // namespace
}  // namespace meguri::vectors
