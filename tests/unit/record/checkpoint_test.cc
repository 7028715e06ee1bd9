// SPDX-License-Identifier: Apache-2.0
#include "record/checkpoint.h"

#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "record/merkle.h"
#include "tests/testing/status.h"
#include "tests/unit/record/raw_signer.h"

namespace meguri::record {
namespace {

using ::meguri::testing::HasReason;
using ::meguri::testing::IsOk;

constexpr char kOrigin[] = "ce.example/meguri/0188/7123456789012/1/public";

class Checkpoints : public ::testing::Test {
 protected:
  absl::StatusOr<Checkpoint> Open(absl::string_view note) {
    return OpenCheckpoint(note, kOrigin, signer_->public_key());
  }
  // `from` replaced by `to`, signed anew: only the form can be wrong.
  std::string Resigned(absl::string_view from, absl::string_view to) {
    const std::string text = absl::StrReplaceAll(text_, {{from, to}});
    EXPECT_NE(text, text_);
    return Note(text);
  }
  std::string Note(absl::string_view text) { return absl::StrCat(text, "\n", SignatureLine(text)); }
  std::string SignatureLine(absl::string_view text) {
    return absl::StrCat("\u2014 ", kOrigin, " ",
                        absl::Base64Escape(absl::StrCat(KeyHash(), signer_->Sign(text).value())), "\n");
  }
  std::string KeyHash() {
    return Sha256(absl::StrCat(kOrigin, "\n\x01", signer_->public_key().ed25519_bytes())).ToString().substr(0, 4);
  }

  const std::unique_ptr<RawSigner> signer_ = RawSigner::Ed25519(std::string(32, 'k'));
  const Checkpoint checkpoint_{kOrigin, 1234, Sha256("root")};
  const std::string root_ = absl::Base64Escape(checkpoint_.root.view());
  const std::string text_ = absl::StrCat(kOrigin, "\n1234\n", root_, "\n");
};

TEST_F(Checkpoints, AreSignedNotes) {
  const absl::StatusOr<std::string> note = SignCheckpoint(checkpoint_, *signer_);
  MEGURI_ASSERT_OK(note);
  EXPECT_EQ(*note, Note(text_));
  const absl::StatusOr<Checkpoint> opened = Open(*note);
  MEGURI_ASSERT_OK(opened);
  EXPECT_EQ(*opened, checkpoint_);
}

TEST_F(Checkpoints, OfAnEmptyFeedHoldTheEmptyRoot) {
  const absl::StatusOr<std::string> note = SignCheckpoint({kOrigin, 0, EmptyRoot()}, *signer_);
  MEGURI_ASSERT_OK(note);
  EXPECT_THAT(Open(*note), IsOk());
  EXPECT_THAT(SignCheckpoint({kOrigin, 0, Sha256("root")}, *signer_), HasReason("CHECKPOINT_FORM"));
  EXPECT_THAT(Open(Resigned("\n1234\n", "\n0\n")), HasReason("CHECKPOINT_FORM"));
}

TEST_F(Checkpoints, OfOtherOriginsAreRefused) {
  const std::string note = *SignCheckpoint(checkpoint_, *signer_);
  EXPECT_THAT(OpenCheckpoint(note, "ce.example/meguri/0188/7123456789012/2/public", signer_->public_key()),
              HasReason("CHECKPOINT_ORIGIN"));
  EXPECT_THAT(OpenCheckpoint(note, "", signer_->public_key()), HasReason("CHECKPOINT_ORIGIN"));
}

TEST_F(Checkpoints, OfOtherKeysAreRefused) {
  const std::string note = *SignCheckpoint(checkpoint_, *signer_);
  const std::unique_ptr<RawSigner> other = RawSigner::Ed25519(std::string(32, 'o'));
  EXPECT_THAT(OpenCheckpoint(note, kOrigin, other->public_key()), HasReason("CHECKPOINT_SIGNATURE"));
  const std::unique_ptr<RawSigner> p256 = RawSigner::FreshP256();
  EXPECT_THAT(OpenCheckpoint(note, kOrigin, p256->public_key()), HasReason("CHECKPOINT_SIGNATURE"));
  EXPECT_THAT(SignCheckpoint(checkpoint_, *p256), HasReason("CHECKPOINT_SIGNATURE"));
}

TEST_F(Checkpoints, EveryChangedBitIsRefused) {
  const std::string note = *SignCheckpoint(checkpoint_, *signer_);
  for (size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string changed = note;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(Open(changed).ok()) << bit;
  }
}

TEST_F(Checkpoints, EveryTruncationIsRefused) {
  const std::string note = *SignCheckpoint(checkpoint_, *signer_);
  for (size_t size = 0; size < note.size(); ++size) {
    EXPECT_THAT(Open(note.substr(0, size)), HasReason("CHECKPOINT_FORM")) << size;
  }
}

TEST_F(Checkpoints, SizesHaveOneForm) {
  EXPECT_THAT(Open(Resigned("\n1234\n", "\n9223372036854775807\n")), IsOk());
  for (const char* size : {"", "-1", "+1234", "01234", " 1234", "1234 ", "0x4d2", "1e3", "1,234", "9223372036854775808",
                           "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_THAT(Open(Resigned("\n1234\n", absl::StrCat("\n", size, "\n"))), HasReason("CHECKPOINT_FORM")) << size;
  }
  EXPECT_THAT(SignCheckpoint({kOrigin, uint64_t{1} << 63, Sha256("root")}, *signer_), HasReason("CHECKPOINT_FORM"));
}

TEST_F(Checkpoints, RootsHaveOneForm) {
  std::string unused_bits = root_;
  ASSERT_EQ(unused_bits.back(), '=');
  char& last = unused_bits[unused_bits.size() - 2];
  last = static_cast<char>(last + 1);  // the two bits that base64 of 32 bytes leaves over
  const std::string url_safe = absl::WebSafeBase64Escape(checkpoint_.root.view());
  for (const std::string& root :
       {std::string(), root_.substr(0, root_.size() - 1), " " + root_, root_ + " ", root_ + "=", unused_bits, url_safe,
        absl::Base64Escape(std::string(31, 'r')), absl::Base64Escape(std::string(33, 'r')),
        root_.substr(0, 10) + " " + root_.substr(10)}) {
    EXPECT_THAT(Open(Resigned(root_, root)), HasReason("CHECKPOINT_FORM")) << root;
  }
}

TEST_F(Checkpoints, HaveNoExtensionLines) {
  EXPECT_THAT(Open(Note(text_ + "extension\n")), HasReason("CHECKPOINT_FORM"));
  EXPECT_THAT(Open(Note("\n" + text_)), HasReason("CHECKPOINT_FORM"));
  EXPECT_THAT(Open(absl::StrCat(text_, "\n\n", SignatureLine(text_))), HasReason("CHECKPOINT_FORM"));
  EXPECT_THAT(Open(Note(text_) + "\n"), HasReason("CHECKPOINT_FORM"));
  EXPECT_THAT(Open(Note(text_) + "more\n"), HasReason("CHECKPOINT_FORM"));
}

TEST_F(Checkpoints, AreUtf8WithoutControlCharacters) {
  EXPECT_THAT(Open(absl::StrReplaceAll(Note(text_), {{"\n", "\r\n"}})), HasReason("CHECKPOINT_FORM"));
  for (const absl::string_view bad : {absl::string_view("\0", 1), absl::string_view("\t"), absl::string_view("\x1f"),
                                      absl::string_view("\xff"), absl::string_view("\xed\xa0\x80")}) {
    EXPECT_THAT(Open(absl::StrCat(Note(text_), "\u2014 x", bad, " AAAAAAA=\n")), HasReason("CHECKPOINT_FORM"));
  }
}

TEST_F(Checkpoints, IgnoreOtherSignersInAnyPlace) {
  const std::string witness = absl::StrCat("\u2014 witness.example ", absl::Base64Escape(std::string(76, 'w')), "\n");
  const std::string own_name =
      absl::StrCat("\u2014 ", kOrigin, " ", absl::Base64Escape("hash" + std::string(64, 's')), "\n");
  EXPECT_THAT(Open(absl::StrCat(text_, "\n", witness, own_name, SignatureLine(text_))), IsOk());
  EXPECT_THAT(Open(absl::StrCat(text_, "\n", SignatureLine(text_), witness)), IsOk());
  EXPECT_THAT(Open(absl::StrCat(text_, "\n", witness, own_name)), HasReason("CHECKPOINT_SIGNATURE"));
}

TEST_F(Checkpoints, RefuseMalformedSignatureLinesOfOthers) {
  const std::string good = absl::Base64Escape(std::string(76, 'w'));
  for (const std::string& line :
       {absl::StrCat("- witness.example ", good), absl::StrCat("\u2014witness.example ", good),
        absl::StrCat("\u2014  ", good), absl::StrCat("\u2014 ", good), absl::StrCat("\u2014 witness example ", good),
        absl::StrCat("\u2014 witness+example ", good), absl::StrCat("\u2014 witness.example  ", good),
        absl::StrCat("\u2014 witness.example ", good, " "),
        absl::StrCat("\u2014 witness.example ", absl::Base64Escape("hash")), std::string("\u2014 witness.example "),
        absl::StrCat("\u2014 witness.example ", good.substr(1)), std::string("\u2014 "), std::string("\u2014")}) {
    EXPECT_THAT(Open(absl::StrCat(Note(text_), line, "\n")), HasReason("CHECKPOINT_FORM")) << line;
  }
}

TEST_F(Checkpoints, TheFirstLineUnderTheKeyDecides) {
  const std::string bad =
      absl::StrCat("\u2014 ", kOrigin, " ", absl::Base64Escape(absl::StrCat(KeyHash(), std::string(64, 's'))), "\n");
  EXPECT_THAT(Open(absl::StrCat(text_, "\n", bad, SignatureLine(text_))), HasReason("CHECKPOINT_SIGNATURE"));
  EXPECT_THAT(Open(absl::StrCat(text_, "\n", SignatureLine(text_), bad)), IsOk());
  const std::string short_one =
      absl::StrCat("\u2014 ", kOrigin, " ", absl::Base64Escape(absl::StrCat(KeyHash(), "short")), "\n");
  EXPECT_THAT(Open(absl::StrCat(text_, "\n", short_one)), HasReason("CHECKPOINT_SIGNATURE"));
}

TEST_F(Checkpoints, HoldUpTo16Signatures) {
  std::string note = Note(text_);
  for (size_t i = 1; i < kNoteSignaturesMax; ++i) {
    absl::StrAppend(&note, "\u2014 w", i, " ", absl::Base64Escape(std::string(76, 'w')), "\n");
  }
  EXPECT_THAT(Open(note), IsOk());
  EXPECT_THAT(Open(absl::StrCat(note, "\u2014 w ", absl::Base64Escape(std::string(76, 'w')), "\n")),
              HasReason("CHECKPOINT_FORM"));
}

TEST_F(Checkpoints, HaveAtMost16KiB) {
  const std::string start = absl::StrCat(Note(text_), "\u2014 w ");
  const size_t left = kNoteBytesMax - start.size() - 1;
  const std::string base64 = absl::Base64Escape(std::string(left / 4 * 3, 'w'));
  const std::string largest = absl::StrCat(Note(text_), "\u2014 ", std::string(1 + left % 4, 'w'), " ", base64, "\n");
  ASSERT_EQ(largest.size(), kNoteBytesMax);
  EXPECT_THAT(Open(largest), IsOk());
  EXPECT_THAT(Open(absl::StrReplaceAll(largest, {{"\u2014 w", "\u2014 ww"}})), HasReason("CHECKPOINT_FORM"));
}

TEST_F(Checkpoints, AreNotSignedUnderAnOriginThatIsNoKeyName) {
  for (const char* origin : {"", "two words", "a+b", "a\nb", "a\tb", "\xff"}) {
    EXPECT_THAT(SignCheckpoint({origin, 1, Sha256("root")}, *signer_), HasReason("CHECKPOINT_FORM")) << origin;
  }
}

TEST_F(Checkpoints, ParsingEndsOnAnyBytes) {
  const std::string note = Note(text_);
  std::mt19937_64 engine(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = note;
    for (uint64_t change = engine() % 4 + 1; change > 0; --change) {
      const char* const interesting = "\n \xe2\x80\x94=+0A";
      bytes[engine() % bytes.size()] = interesting[engine() % 9];
    }
    if (bytes != note) {
      EXPECT_FALSE(Open(bytes).ok()) << bytes;
    }
  }
}

TEST_F(Checkpoints, AProofCarriesOneSignatureOfOneOfSeveralKeys) {
  const std::unique_ptr<RawSigner> other = RawSigner::Ed25519(std::string(32, 'o'));
  const std::vector<PublicKey> keys = {other->public_key(), signer_->public_key()};
  const absl::StatusOr<SoleSigned> opened = OpenSoleSigned(Note(text_), kOrigin, keys);
  MEGURI_ASSERT_OK(opened);
  EXPECT_EQ(opened->key, 1U);
  EXPECT_EQ(opened->checkpoint, Open(Note(text_)).value());
  EXPECT_THAT(OpenSoleSigned(Note(text_), kOrigin, {other->public_key()}), HasReason("CHECKPOINT_SIGNATURE"));
  EXPECT_THAT(OpenSoleSigned(Note(text_), "elsewhere", keys), HasReason("CHECKPOINT_ORIGIN"));
  // A second line, even of the same key, would be a place to hide something.
  EXPECT_THAT(OpenSoleSigned(absl::StrCat(Note(text_), SignatureLine(text_)), kOrigin, keys),
              HasReason("CHECKPOINT_SIGNATURE"));
}

}  // namespace
}  // namespace meguri::record
