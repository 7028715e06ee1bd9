// SPDX-License-Identifier: Apache-2.0
#include "record/cosignature.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "record/checkpoint.h"
#include "record/limits.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;

constexpr char kOrigin[] = "ce.example/meguri/0188/7123456789012/1/public";
constexpr uint64_t kTime = 1'679'315'147;

class Cosignatures : public ::testing::Test {
 protected:
  std::vector<WitnessKey> Witnesses() {
    return {{"w.example/one", one_->public_key()}, {"w.example/two", two_->public_key()}};
  }
  std::string Line(const RawSigner& signer, absl::string_view name, uint64_t time_s = kTime) {
    return Cosign(note_, name, signer, time_s).value();
  }
  // A line of the first witness with these bytes after the key hash.
  std::string LineOf(absl::string_view bytes) {
    const std::string hash = Sha256(absl::StrCat("w.example/one\n\x04", one_->public_key().ed25519_bytes())).ToString();
    return absl::StrCat("\u2014 w.example/one ", absl::Base64Escape(absl::StrCat(hash.substr(0, 4), bytes)), "\n");
  }
  std::string Timestamped(uint64_t time_s, absl::string_view text) {
    std::string bytes;
    AppendU64(time_s, bytes);
    return absl::StrCat(bytes, one_->Sign(text).value());
  }

  const std::unique_ptr<RawSigner> feed_ = RawSigner::Ed25519(std::string(32, 'k'));
  const std::unique_ptr<RawSigner> one_ = RawSigner::Ed25519(std::string(32, '1'));
  const std::unique_ptr<RawSigner> two_ = RawSigner::Ed25519(std::string(32, '2'));
  const std::string note_ = SignCheckpoint({kOrigin, 1234, Sha256("root")}, *feed_).value();
  const std::string text_ = note_.substr(0, note_.find("\n\n") + 1);
};

// The bytes of tlog-cosignature, put together by hand.
TEST_F(Cosignatures, AreTimestampedSignaturesOfTheText) {
  const std::string signed_text = absl::StrCat("cosignature/v1\ntime 1679315147\n", text_);
  EXPECT_EQ(Line(*one_, "w.example/one"), LineOf(Timestamped(kTime, signed_text)));
}

TEST_F(Cosignatures, AreFoundInTheOrderOfTheLines) {
  const std::string note = absl::StrCat(note_, Line(*two_, "w.example/two", 7), Line(*one_, "w.example/one"));
  const std::vector<Cosignature> expected = {{1, 7}, {0, kTime}};
  EXPECT_EQ(OpenCosignatures(note, Witnesses()).value(), expected);
  EXPECT_THAT(OpenCheckpoint(note, kOrigin, feed_->public_key()), IsOk());
  EXPECT_EQ(OpenCosignatures(note_, Witnesses())->size(), 0U);
}

TEST_F(Cosignatures, OfUnknownWitnessesArePassedOver) {
  // Another key under a known name, a known key under another name, and a feed key's kind of line of a witness's key.
  const std::string own = SignCheckpoint({"w.example/one", 1, Sha256("root")}, *one_).value();
  const std::string plain = own.substr(own.find("\n\n") + 2);
  const std::string note = absl::StrCat(note_, Line(*two_, "w.example/one"), Line(*one_, "w.example/three"), plain);
  EXPECT_EQ(OpenCosignatures(note, Witnesses())->size(), 0U);
}

TEST_F(Cosignatures, OfOtherTextsTimesAndLengthsAreErrors) {
  const std::string signed_text = absl::StrCat("cosignature/v1\ntime 1679315147\n", text_);
  const auto open = [&](const std::string& bytes) {
    return OpenCosignatures(absl::StrCat(note_, LineOf(bytes)), Witnesses());
  };
  MEGURI_ASSERT_OK(open(Timestamped(kTime, signed_text)));
  EXPECT_THAT(open(Timestamped(kTime + 1, signed_text)), HasReason("COSIGNATURE"));
  EXPECT_THAT(open(Timestamped(kTime, text_)), HasReason("COSIGNATURE"));
  EXPECT_THAT(open(Timestamped(kTime, absl::StrCat("cosignature/v2\ntime 1679315147\n", text_))),
              HasReason("COSIGNATURE"));
  EXPECT_THAT(open(Timestamped(kTime, signed_text) + "x"), HasReason("COSIGNATURE"));
  EXPECT_THAT(open(Timestamped(kTime, signed_text).substr(1)), HasReason("COSIGNATURE"));
  EXPECT_THAT(open(one_->Sign(text_).value()), HasReason("COSIGNATURE"));
  EXPECT_THAT(open("x"), HasReason("COSIGNATURE"));
}

TEST_F(Cosignatures, HaveTimesFromOneSecondToTheYear9999) {
  constexpr uint64_t kLast = 253'402'300'799;
  EXPECT_THAT(Cosign(note_, "w.example/one", *one_, 0), HasReason("COSIGNATURE"));
  EXPECT_THAT(Cosign(note_, "w.example/one", *one_, kLast + 1), HasReason("COSIGNATURE"));
  for (const uint64_t time_s : {uint64_t{1}, kLast}) {
    EXPECT_THAT(OpenCosignatures(absl::StrCat(note_, Line(*one_, "w.example/one", time_s)), Witnesses()), IsOk());
  }
  for (const uint64_t time_s : {uint64_t{0}, kLast + 1, UINT64_MAX}) {
    const std::string line = LineOf(Timestamped(time_s, absl::StrCat("cosignature/v1\ntime ", time_s, "\n", text_)));
    EXPECT_THAT(OpenCosignatures(absl::StrCat(note_, line), Witnesses()), HasReason("COSIGNATURE")) << time_s;
  }
}

TEST_F(Cosignatures, OfOneWitnessAreThereOnce) {
  const std::string note = absl::StrCat(note_, Line(*one_, "w.example/one", 5), Line(*one_, "w.example/one", 6));
  EXPECT_THAT(OpenCosignatures(note, Witnesses()), HasReason("COSIGNATURE"));
}

TEST_F(Cosignatures, EveryChangedBitOfALineIsRefusedOrMakesItUnknown) {
  const std::string line = Line(*one_, "w.example/one");
  for (size_t bit = 0; bit < line.size() * 8; ++bit) {
    std::string changed = line;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const absl::StatusOr<std::vector<Cosignature>> opened = OpenCosignatures(note_ + changed, Witnesses());
    EXPECT_TRUE(!opened.ok() || opened->empty()) << bit;
  }
}

TEST_F(Cosignatures, EveryChangedBitOfTheTextIsRefused) {
  const std::string line = Line(*one_, "w.example/one");
  for (size_t bit = 0; bit < text_.size() * 8; ++bit) {
    std::string changed = note_;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(OpenCosignatures(changed + line, Witnesses()).ok()) << bit;
  }
}

TEST_F(Cosignatures, AreMadeByEd25519KeysUnderKeyNames) {
  EXPECT_THAT(Cosign(note_, "w.example/one", *RawSigner::FreshP256(), kTime), HasReason("COSIGNATURE"));
  EXPECT_THAT(OpenCosignatures(note_, {{"w", RawSigner::FreshP256()->public_key()}}), HasReason("COSIGNATURE"));
  for (const char* name : {"", "two words", "a+b", "a\nb"}) {
    EXPECT_THAT(Cosign(note_, name, *one_, kTime), HasReason("COSIGNATURE")) << name;
  }
  EXPECT_THAT(Cosign("no note", "w.example/one", *one_, kTime), HasReason("CHECKPOINT_FORM"));
}

TEST_F(Cosignatures, JoinANoteUpToItsLimit) {
  std::string note = note_;
  for (size_t i = 1; i < kNoteSignaturesMax; ++i) {
    const absl::StatusOr<std::string> longer = AddSignatureLine(note, Line(*two_, absl::StrCat("w", i)));
    MEGURI_ASSERT_OK(longer);
    note = *longer;
  }
  EXPECT_THAT(AddSignatureLine(note, Line(*one_, "w.example/one")), HasReason("CHECKPOINT_FORM"));
  const std::string line = Line(*one_, "w.example/one");
  for (const std::string& bad : {std::string(), std::string("\n"), line + line, line.substr(0, line.size() - 1),
                                 line + "\n", "\n" + line, std::string("text\n")}) {
    EXPECT_THAT(AddSignatureLine(note_, bad), HasReason("CHECKPOINT_FORM")) << bad;
  }
}

TEST_F(Cosignatures, CanBeLeftOut) {
  const std::string own_lines = absl::StrCat(note_, note_.substr(note_.find("\n\n") + 2));
  EXPECT_EQ(KeepSignaturesOf(absl::StrCat(note_, Line(*one_, "w.example/one")), kOrigin).value(), note_);
  EXPECT_EQ(KeepSignaturesOf(own_lines, kOrigin).value(), own_lines);
  EXPECT_THAT(KeepSignaturesOf(note_, "w.example/one"), HasReason("CHECKPOINT_FORM"));
  EXPECT_THAT(KeepSignaturesOf("no note", kOrigin), HasReason("CHECKPOINT_FORM"));
}

// The example of docs/format/witness.md, which another program computed.
TEST_F(Cosignatures, HaveGoldenBytes) {
  EXPECT_EQ(text_, absl::StrCat(kOrigin, "\n1234\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"));
  EXPECT_EQ(
      Line(*one_, "ce.example/meguri/0188/7123456789012/witness"),
      "\u2014 ce.example/meguri/0188/7123456789012/witness zhCL4QAAAABkGFDLSYiNUJTsBLeTHxrPad27i2IT0t0wz1Y3Euo6nwj+"
      "iFjBm5fGxdfQvQ8KiI6csiSD3cccU1r4PDKvrgYRNA45Dw==\n");
}

TEST(WitnessNames, AreThoseOfMembers) {
  EXPECT_EQ(WitnessName("ce.example", ParticipantId::Parse("0188:7123456789012").value()),
            "ce.example/meguri/0188/7123456789012/witness");
}

// The verifier key of a witness that is in use, as the tests of transparency-dev/formats have it: its key hash is of
// type 0x04. A line under that hash is looked at, one under another hash is passed over.
TEST(WitnessKeys, HaveTheKeyHashThatOthersCompute) {
  std::string bytes;
  ASSERT_TRUE(absl::Base64Unescape("BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", &bytes));
  ASSERT_EQ(bytes.size(), 33U);
  ASSERT_EQ(bytes[0], 4);
  const std::string spki = absl::StrCat(absl::HexStringToBytes("302a300506032b6570032100"), bytes.substr(1));
  const WitnessKey witness = {"remora.n621.de", PublicKey::ParseSpki(spki).value()};
  const std::string note =
      SignCheckpoint({kOrigin, 1, Sha256("root")}, *RawSigner::Ed25519(std::string(32, 'k'))).value();
  const auto open = [&](absl::string_view key_hash) {
    const std::string signature = absl::StrCat(absl::HexStringToBytes(key_hash), std::string(72, '\1'));
    return OpenCosignatures(absl::StrCat(note, "\u2014 remora.n621.de ", absl::Base64Escape(signature), "\n"),
                            {witness});
  };
  EXPECT_THAT(open("da77ade7"), HasReason("COSIGNATURE"));
  EXPECT_THAT(open("da77ade8"), IsOk());
}

}  // namespace
}  // namespace meguri::record
