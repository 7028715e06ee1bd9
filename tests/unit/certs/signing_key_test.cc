// SPDX-License-Identifier: Apache-2.0
#include "certs/signing_key.h"

#include <thread>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "certs/files.h"
#include "gtest/gtest.h"
#include "tests/testing/status.h"
#include "tests/unit/certs/federation.h"

namespace meguri::certs {
namespace {

using meguri::testing::HasReason;
using testing::NewKey;
using testing::TemporaryFolder;
using testing::ValueOf;

// PEM of a key that OpenSSL makes and we do not use.
std::string ForeignPem(EVP_PKEY* key, const char* password) {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(memory, key, password == nullptr ? nullptr : EVP_aes_256_cbc(), password,
                                password == nullptr ? 0 : static_cast<int>(strlen(password)), nullptr, nullptr);
  char* start = nullptr;
  const long size = BIO_get_mem_data(memory, &start);
  std::string pem(start, static_cast<size_t>(size));
  BIO_free(memory);
  EVP_PKEY_free(key);
  return pem;
}

class EverySigningKey : public ::testing::TestWithParam<record::KeyAlgorithm> {};

TEST_P(EverySigningKey, SignsWhatItsPublicKeyVerifies) {
  const auto key = NewKey(GetParam());
  EXPECT_EQ(key->public_key().algorithm(), GetParam());
  // P-256 signatures differ each time and their DER differs in length: the raw form never does.
  for (int i = 0; i < 100; ++i) {
    const std::string message(static_cast<size_t>(i), 'm');
    const std::string signature = ValueOf(key->Sign(message));
    ASSERT_EQ(signature.size(), 64u);
    MEGURI_ASSERT_OK(key->public_key().Verify(message, signature));
    ASSERT_THAT(key->public_key().Verify(message + "x", signature), HasReason("BAD_SIGNATURE"));
  }
}

TEST_P(EverySigningKey, IsTheSameAfterSavingAndLoading) {
  const TemporaryFolder folder;
  const auto key = NewKey(GetParam());
  MEGURI_ASSERT_OK(key->SaveTo(folder.Path("key.pem")));
  struct stat status = {};
  ASSERT_EQ(::stat(folder.Path("key.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  const auto loaded = ValueOf(SigningKey::Load(folder.Path("key.pem")));
  EXPECT_EQ(loaded->public_key().spki(), key->public_key().spki());
  MEGURI_EXPECT_OK(key->public_key().Verify("message", ValueOf(loaded->Sign("message"))));
}

TEST_P(EverySigningKey, NeverOverwritesAFile) {
  const TemporaryFolder folder;
  const auto key = NewKey(GetParam());
  MEGURI_ASSERT_OK(key->SaveTo(folder.Path("key.pem")));
  const absl::Status again = NewKey(GetParam())->SaveTo(folder.Path("key.pem"));
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ValueOf(SigningKey::Load(folder.Path("key.pem")))->public_key().spki(), key->public_key().spki());
}

TEST_P(EverySigningKey, SignsFromManyThreads) {
  const auto key = NewKey(GetParam());
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&key, i] {
      for (int j = 0; j < 50; ++j) {
        const std::string message = std::to_string(i * 1000 + j);
        EXPECT_THAT(key->public_key().Verify(message, ValueOf(key->Sign(message))), meguri::testing::IsOk());
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, EverySigningKey,
                         ::testing::Values(record::KeyAlgorithm::kEd25519, record::KeyAlgorithm::kEcdsaP256));

TEST(SigningKey, RefusesAFileThatOthersMayRead) {
  const TemporaryFolder folder;
  MEGURI_ASSERT_OK(NewKey()->SaveTo(folder.Path("key.pem")));
  ASSERT_EQ(::chmod(folder.Path("key.pem").c_str(), 0640), 0);
  const absl::Status status = SigningKey::Load(folder.Path("key.pem")).status();
  EXPECT_THAT(status, HasReason("KEY_FILE_MODE"));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SigningKey, RefusesWhatIsNoKeyOfOurs) {
  const TemporaryFolder folder;
  const std::vector<std::string> files = {
      "",
      "not PEM",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      ForeignPem(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048}), nullptr),
      ForeignPem(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"), nullptr),
      ForeignPem(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), nullptr),
      // Must not ask the terminal for the password either.
      ForeignPem(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "password"),
  };
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string path = folder.Path(std::to_string(i));
    MEGURI_ASSERT_OK(WriteNewFile(path, files[i], 0600));
    EXPECT_THAT(SigningKey::Load(path), HasReason("KEY_FILE")) << i;
  }
}

TEST(SigningKey, ReadsWhatOpenSslWrites) {
  const TemporaryFolder folder;
  const std::string pem =
      "a comment before the block\n" + ForeignPem(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), nullptr);
  MEGURI_ASSERT_OK(WriteNewFile(folder.Path("key.pem"), pem, 0600));
  const auto key = ValueOf(SigningKey::Load(folder.Path("key.pem")));
  MEGURI_EXPECT_OK(key->public_key().Verify("message", ValueOf(key->Sign("message"))));
}

TEST(SigningKey, RefusesAFileWhosePublicHalfIsAnothers) {
  const TemporaryFolder folder;
  MEGURI_ASSERT_OK(NewKey(record::KeyAlgorithm::kEcdsaP256)->SaveTo(folder.Path("a.pem")));
  const auto other = NewKey(record::KeyAlgorithm::kEcdsaP256);
  std::string pem = ValueOf(ReadFile(folder.Path("a.pem"), 10'000));
  BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
  ASSERT_EQ(PEM_read_bio(memory, &name, &header, &der, &size), 1);
  BIO_free(memory);
  // The public point ends the file's DER, as it ends the SubjectPublicKeyInfo.
  const std::string point = other->public_key().spki().substr(other->public_key().spki().size() - 64);
  std::copy(point.begin(), point.end(), der + size - 64);
  memory = BIO_new(BIO_s_mem());
  ASSERT_GT(PEM_write_bio(memory, name, header, der, size), 0);
  char* start = nullptr;
  const long pem_size = BIO_get_mem_data(memory, &start);
  MEGURI_ASSERT_OK(WriteNewFile(folder.Path("b.pem"), absl::string_view(start, static_cast<size_t>(pem_size)), 0600));
  BIO_free(memory);
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(der);
  EXPECT_THAT(SigningKey::Load(folder.Path("b.pem")), HasReason("KEY_FILE"));
}

}  // namespace
}  // namespace meguri::certs
