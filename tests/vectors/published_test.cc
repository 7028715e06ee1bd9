// SPDX-License-Identifier: Apache-2.0
// Values that others published, or that follow from a standard alone.
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "record/checkpoint.h"
#include "record/merkle.h"
#include "record/public_key.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"
#include "tests/vectors/json.h"

namespace meguri::vectors {
namespace {

using record::Hash;
using record::PublicKey;
using testing::HasReason;
using testing::IsOk;

std::string Ed25519Spki(absl::string_view key) {
  return absl::StrCat(absl::string_view("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12), key);
}

std::vector<Hash> Hashes(const Json& list) {
  std::vector<Hash> hashes;
  for (const Json& item : list.items()) {
    hashes.push_back(item.hash());
  }
  return hashes;
}

class PublishedMerkle : public ::testing::Test {
 protected:
  PublishedMerkle() : vectors_(ReadVectors("published_merkle.json")) {
    for (const Json& input : vectors_["leaf_inputs_hex"].items()) {
      leaves_.push_back(record::LeafHash(input.bytes()));
    }
    roots_ = Hashes(vectors_["roots_hex"]);
  }
  absl::StatusOr<Hash> Read(uint32_t level, uint64_t index) const {
    return record::RootOf(absl::MakeSpan(leaves_).subspan(index << level, size_t{1} << level));
  }

  const Json vectors_;
  std::vector<Hash> leaves_;
  std::vector<Hash> roots_;
};

TEST_F(PublishedMerkle, RootsOfEverySize) {
  ASSERT_EQ(roots_.size(), 9);
  for (size_t size = 0; size < roots_.size(); ++size) {
    EXPECT_EQ(record::RootOf(absl::MakeSpan(leaves_).first(size)), roots_[size]) << size;
  }
}

TEST_F(PublishedMerkle, InclusionOfEveryLeafInEveryTree) {
  ASSERT_EQ(vectors_["inclusion"].items().size(), 36);
  for (const Json& proof : vectors_["inclusion"].items()) {
    const uint64_t index = proof["index"].number();
    const uint64_t size = proof["size"].number();
    const std::vector<Hash> path = Hashes(proof["path_hex"]);
    const auto read = [&](uint32_t level, uint64_t at) { return Read(level, at); };
    EXPECT_EQ(record::InclusionProof(index, size, read).value(), path);
    EXPECT_THAT(record::VerifyInclusion(leaves_[index], index, size, path, roots_[size]), IsOk());
  }
}

TEST_F(PublishedMerkle, ConsistencyBetweenEveryTwoSizes) {
  ASSERT_EQ(vectors_["consistency"].items().size(), 45);
  for (const Json& proof : vectors_["consistency"].items()) {
    const uint64_t from = proof["from_size"].number();
    const uint64_t size = proof["size"].number();
    const std::vector<Hash> path = Hashes(proof["path_hex"]);
    const auto read = [&](uint32_t level, uint64_t at) { return Read(level, at); };
    EXPECT_EQ(record::ConsistencyProof(from, size, read).value(), path);
    EXPECT_THAT(record::VerifyConsistency(from, roots_[from], size, roots_[size], path), IsOk());
  }
}

TEST(PublishedEd25519, SignaturesOfRfc8032) {
  const Json vectors = ReadVectors("published_ed25519.json");
  ASSERT_EQ(vectors["signatures"].items().size(), 4);
  for (const Json& test : vectors["signatures"].items()) {
    const auto signer = record::RawSigner::Ed25519(test.bytes("secret_key_hex"));
    EXPECT_EQ(ToHex(signer->public_key().ed25519_bytes()), test["public_key_hex"].text());
    EXPECT_EQ(ToHex(signer->Sign(test.bytes("message_hex")).value()), test["signature_hex"].text());
    const PublicKey key = PublicKey::ParseSpki(Ed25519Spki(test.bytes("public_key_hex"))).value();
    EXPECT_THAT(key.Verify(test.bytes("message_hex"), test.bytes("signature_hex")), IsOk());
  }
}

TEST(PublishedEd25519, OtherFormsOfASignatureAreRefused) {
  const Json vectors = ReadVectors("published_ed25519.json");
  ASSERT_EQ(vectors["refused_signatures"].items().size(), 5);
  for (const Json& test : vectors["refused_signatures"].items()) {
    const PublicKey key = PublicKey::ParseSpki(Ed25519Spki(test.bytes("public_key_hex"))).value();
    EXPECT_THAT(key.Verify(test.bytes("message_hex"), test.bytes("signature_hex")), HasReason("BAD_SIGNATURE"))
        << test["name"].text();
  }
}

TEST(PublishedEd25519, SmallOrderAndNonCanonicalKeysAreRefused) {
  const Json vectors = ReadVectors("published_ed25519.json");
  ASSERT_EQ(vectors["refused_keys"].items().size(), 48);
  for (const Json& key : vectors["refused_keys"].items()) {
    EXPECT_THAT(PublicKey::ParseSpki(Ed25519Spki(key.bytes("public_key_hex"))), HasReason("WEAK_KEY"))
        << key["name"].text();
  }
}

TEST(PublishedEd25519, TheLargestCanonicalKeyIsNotCalledWeak) {
  // y = p - 2, one below -1.
  const std::string key = "\xeb" + std::string(30, '\xff') + "\x7f";
  EXPECT_THAT(PublicKey::ParseSpki(Ed25519Spki(key)), IsOk());
}

TEST(PublishedP256, SignaturesOfRfc6979) {
  const Json vectors = ReadVectors("published_p256.json");
  const PublicKey key = PublicKey::ParseSpki(vectors.bytes("spki_hex")).value();
  EXPECT_EQ(key.algorithm(), record::KeyAlgorithm::kEcdsaP256);
  ASSERT_EQ(vectors["signatures"].items().size(), 2);
  for (const Json& test : vectors["signatures"].items()) {
    EXPECT_THAT(key.Verify(test["message"].text(), test.bytes("signature_hex")), IsOk());
    EXPECT_THAT(key.Verify(test["message"].text() + ".", test.bytes("signature_hex")), HasReason("BAD_SIGNATURE"));
  }
}

TEST(PublishedNotes, KeyHashAndSignatureAreAsDocumented) {
  const Json vectors = ReadVectors("published_notes.json");
  for (const Json& note : vectors["notes"].items()) {
    const std::string public_key = note.bytes("public_key_hex");
    const std::string name = note["key_name"].text();
    const std::string key_hash = record::Sha256(absl::StrCat(name, "\n\x01", public_key)).ToString().substr(0, 4);
    EXPECT_EQ(ToHex(key_hash), note["key_hash_hex"].text());
    const PublicKey key = PublicKey::ParseSpki(Ed25519Spki(public_key)).value();
    const std::string line = note["signature_line"].text();
    const std::string start = absl::StrCat("\u2014 ", name, " ");
    std::string signature;
    ASSERT_TRUE(absl::Base64Unescape(line.substr(start.size(), line.size() - start.size() - 1), &signature));
    EXPECT_EQ(signature.substr(0, 4), key_hash);
    EXPECT_THAT(key.Verify(note["text"].text(), signature.substr(4)), IsOk());
  }
}

TEST(PublishedNotes, CheckpointsOfOtherSoftwareOpen) {
  const Json vectors = ReadVectors("published_notes.json");
  ASSERT_EQ(vectors["checkpoints"].items().size(), 1);
  for (const Json& test : vectors["checkpoints"].items()) {
    const PublicKey key = PublicKey::ParseSpki(Ed25519Spki(test.bytes("public_key_hex"))).value();
    const absl::StatusOr<record::Checkpoint> checkpoint =
        record::OpenCheckpoint(test["note"].text(), test["origin"].text(), key);
    MEGURI_ASSERT_OK(checkpoint);
    EXPECT_EQ(checkpoint->size, test["size"].number());
    EXPECT_EQ(checkpoint->root, test.hash("root_hex"));
  }
}

}  // namespace
}  // namespace meguri::vectors
