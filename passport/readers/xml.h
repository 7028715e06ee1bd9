// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "passport/readers/input_tree.h"

namespace meguri::passport {

inline constexpr size_t kXmlBytesMax = size_t{32} << 20;  // of a document that becomes a tree
inline constexpr size_t kXmlDepthMax = 128;
inline constexpr size_t kXmlTextBytesMax = size_t{1} << 20;  // of one element

// Attributes of an element by local name, in the order of the document.
using XmlAttributes = std::vector<std::pair<absl::string_view, absl::string_view>>;

// What a document says while it is read. Names are local names; a status that is not OK ends the reading.
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual absl::Status Start(absl::string_view name, absl::string_view name_space, const XmlAttributes& attributes) = 0;
  // A piece of the text between two tags.
  virtual absl::Status Text(absl::string_view text) = 0;
  virtual absl::Status End(absl::string_view name) = 0;
};

// Reads one XML document piece by piece. Documents with a DOCTYPE are refused, so that no entity is ever declared or
// fetched. INVALID_ARGUMENT with reason XML_SYNTAX, XML_DOCTYPE or XML_DEPTH and the line, or what the handler said.
// Total: any bytes are fine. Not thread-safe.
class XmlStream {
 public:
  // `handler` is borrowed.
  explicit XmlStream(XmlHandler& handler);
  ~XmlStream();

  absl::Status Feed(absl::string_view bytes);
  absl::Status Finish();

 private:
  struct Parser;
  const std::unique_ptr<Parser> parser_;
};

struct XmlDocument {
  InputNode root;          // the name is that of the root element
  std::string name_space;  // of the root element
};

// Reads a whole document. As XmlStream, and reason XML_SIZE, XML_NODES or XML_TEXT_SIZE.
absl::StatusOr<XmlDocument> ReadXmlTree(absl::string_view bytes);

}  // namespace meguri::passport
