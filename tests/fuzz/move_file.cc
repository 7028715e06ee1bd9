// SPDX-License-Identifier: Apache-2.0
#include "node/app/move_file.h"

#include <algorithm>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/error.h"
#include "certs/strict_parse.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

constexpr absl::string_view kMagic = "meguri-move 1\n";
constexpr absl::string_view kDigestDomain("meguri/move/v1\0", 15);
constexpr size_t kLengthSize = 4;

// A file in memory, under a name by which it can be opened.
class MemoryFile {
 public:
  explicit MemoryFile(absl::string_view bytes) : descriptor_(::memfd_create("move", MFD_CLOEXEC)) {
    Invariant(descriptor_ >= 0, "there is memory for a file");
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    Invariant(written == static_cast<ssize_t>(bytes.size()), "and for all of it");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return absl::StrCat("/proc/self/fd/", descriptor_); }

 private:
  const int descriptor_;
};

// What stands before the digest is taken, and a digest that is right put behind it, as somebody makes it who knows
// the format.
std::string WithDigest(absl::string_view bytes) {
  std::string mended(kMagic);
  record::Hash digest;
  absl::string_view rest = bytes.substr(std::min(bytes.size(), kMagic.size()));
  while (rest.size() >= kLengthSize && ReadU32(rest) <= rest.size() - kLengthSize) {
    const absl::string_view frame = rest.substr(kLengthSize, ReadU32(rest));
    storage::v1::MoveFrame parsed;
    if (parsed.ParseFromArray(frame.data(), static_cast<int>(frame.size())) && parsed.has_digest()) {
      break;
    }
    absl::StrAppend(&mended, rest.substr(0, kLengthSize + frame.size()));
    digest = record::Sha256({kDigestDomain, digest.view(), frame});
    rest.remove_prefix(kLengthSize + frame.size());
  }
  storage::v1::MoveFrame last;
  last.set_digest(digest.ToString());
  const std::string frame = certs::SerializeForSigning(last);
  AppendU32(static_cast<uint32_t>(frame.size()), mended);
  return absl::StrCat(mended, frame);
}

void ExpectRefusal(const absl::Status& status) {
  Invariant(ReasonOf(status) == "MOVE_FILE" && !status.message().empty(),
            "a refusal says that it is the file, and why");
}

// Reads all of it. Whether it is whole.
bool Read(absl::string_view bytes) {
  const MemoryFile file(bytes);
  absl::StatusOr<node::MoveFileReader> reader = node::MoveFileReader::Open(file.path());
  if (!reader.ok()) {
    ExpectRefusal(reader.status());
    return false;
  }
  while (true) {
    const absl::StatusOr<storage::v1::MoveFrame> frame = reader->Next();
    if (!frame.ok()) {
      ExpectRefusal(frame.status());
      return false;
    }
    Invariant(!frame->has_digest(), "the digest is checked, and not handed out");
    if (frame->content_case() == storage::v1::MoveFrame::CONTENT_NOT_SET) {
      return true;
    }
    Invariant(certs::UnknownFieldIn(*frame).empty(), "nothing is taken that this version does not know");
  }
}

}  // namespace
}  // namespace meguri::fuzz

// The input as a file; and with its digest put right.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer no_complaints_about_text;
  const absl::string_view bytes = meguri::fuzz::BytesOf(data, size);
  const bool is_whole = meguri::fuzz::Read(bytes);
  const bool is_mended = meguri::fuzz::Read(meguri::fuzz::WithDigest(bytes));
  meguri::Invariant(is_mended || !is_whole, "what is accepted is so by its frames and their digest alone");
  return 0;
}
