// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/xml.h"

#include "base/error.h"
#include "tests/fuzz/target.h"

namespace meguri::fuzz {
namespace {

// Takes everything.
class Silent final : public passport::XmlHandler {
 public:
  absl::Status Start(absl::string_view, absl::string_view, const passport::XmlAttributes&) override {
    return absl::OkStatus();
  }
  absl::Status Text(absl::string_view) override { return absl::OkStatus(); }
  absl::Status End(absl::string_view) override { return absl::OkStatus(); }
};

bool ParsesByteByByte(absl::string_view bytes) {
  Silent handler;
  passport::XmlStream stream(handler);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (!stream.Feed(bytes.substr(i, 1)).ok()) {
      return false;
    }
  }
  return stream.Finish().ok();
}

}  // namespace
}  // namespace meguri::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using meguri::Invariant;
  const absl::string_view bytes = meguri::fuzz::BytesOf(data, size);
  const auto document = meguri::passport::ReadXmlTree(bytes);
  Invariant(document.ok() || !meguri::ReasonOf(document.status()).empty(), "a refusal has a reason");
  if (document.ok()) {
    Invariant(meguri::fuzz::ParsesByteByByte(bytes), "pieces make no difference");
  }
  return 0;
}
