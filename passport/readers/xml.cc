// SPDX-License-Identifier: Apache-2.0
#include "passport/readers/xml.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "expat.h"

namespace meguri::passport {
namespace {

constexpr char kNameSpaceMark = ' ';  // cannot occur in a name
constexpr size_t kFeedStep = size_t{1} << 20;

std::pair<absl::string_view, absl::string_view> Split(absl::string_view name) {
  const size_t mark = name.rfind(kNameSpaceMark);
  return mark == absl::string_view::npos ? std::make_pair(absl::string_view(), name)
                                         : std::make_pair(name.substr(0, mark), name.substr(mark + 1));
}

// Makes a tree of what is read.
class TreeHandler final : public XmlHandler {
 public:
  absl::Status Start(absl::string_view name, absl::string_view name_space, const XmlAttributes& attributes) override {
    if (open_.empty()) {
      document_.name_space = std::string(name_space);
    }
    MEGURI_RETURN_IF_ERROR(Count(1 + attributes.size()));
    InputNode& element = open_.emplace_back();
    element.kind = InputNode::Kind::kObject;
    element.name = std::string(name);
    for (const auto& [key, value] : attributes) {
      element.children.push_back({InputNode::Kind::kString, absl::StrCat("@", key), std::string(value), {}});
    }
    texts_.emplace_back();
    return absl::OkStatus();
  }

  absl::Status Text(absl::string_view text) override {
    if (texts_.back().size() + text.size() > kXmlTextBytesMax) {
      return Error(
          absl::StatusCode::kInvalidArgument, "XML_TEXT_SIZE",
          absl::StrCat("the element ", open_.back().name, " holds more than ", kXmlTextBytesMax, " bytes of text"));
    }
    texts_.back().append(text.data(), text.size());
    return absl::OkStatus();
  }

  absl::Status End(absl::string_view) override {
    const absl::string_view text = absl::StripAsciiWhitespace(texts_.back());
    InputNode element = std::move(open_.back());
    if (!text.empty()) {
      MEGURI_RETURN_IF_ERROR(Count(1));
      element.children.push_back({InputNode::Kind::kString, "#text", std::string(text), {}});
    }
    texts_.pop_back();
    open_.pop_back();
    (open_.empty() ? document_.root : open_.back().children.emplace_back()) = std::move(element);
    return absl::OkStatus();
  }

  XmlDocument Take() { return std::move(document_); }

 private:
  absl::Status Count(size_t nodes) {
    count_ += nodes;
    return count_ <= kInputNodesMax ? absl::OkStatus()
                                    : Error(absl::StatusCode::kInvalidArgument, "XML_NODES",
                                            absl::StrCat("the document holds more than ", kInputNodesMax, " values"));
  }

  std::vector<InputNode> open_;
  std::vector<std::string> texts_;  // of the open elements
  size_t count_ = 0;
  XmlDocument document_;
};

}  // namespace

struct XmlStream::Parser {
  explicit Parser(XmlHandler& to) : handler(to), expat(XML_ParserCreateNS(nullptr, kNameSpaceMark)) {
    Invariant(expat != nullptr, "there is memory for an XML parser");
    XML_SetUserData(expat, this);
    XML_SetElementHandler(expat, &OnStart, &OnEnd);
    XML_SetCharacterDataHandler(expat, &OnText);
    XML_SetStartDoctypeDeclHandler(expat, &OnDoctype);
    XML_SetParamEntityParsing(expat, XML_PARAM_ENTITY_PARSING_NEVER);
  }
  ~Parser() { XML_ParserFree(expat); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  void Stop(absl::Status why) {
    if (status.ok()) {
      status = std::move(why);
    }
    XML_StopParser(expat, XML_FALSE);
  }

  std::string Line() const { return absl::StrCat("line ", XML_GetCurrentLineNumber(expat)); }

  static void OnStart(void* self, const XML_Char* name, const XML_Char** attributes) {
    auto& parser = *static_cast<Parser*>(self);
    if (!parser.status.ok()) {
      return;
    }
    if (++parser.depth > kXmlDepthMax) {
      parser.Stop(Error(absl::StatusCode::kInvalidArgument, "XML_DEPTH",
                        absl::StrCat(parser.Line(), " is nested deeper than ", kXmlDepthMax, " elements")));
      return;
    }
    parser.attributes.clear();
    for (size_t i = 0; attributes[i] != nullptr; i += 2) {
      parser.attributes.emplace_back(Split(attributes[i]).second, attributes[i + 1]);
    }
    const auto [name_space, local] = Split(name);
    parser.Take(parser.handler.Start(local, name_space, parser.attributes));
  }

  static void OnEnd(void* self, const XML_Char* name) {
    auto& parser = *static_cast<Parser*>(self);
    if (parser.status.ok()) {
      --parser.depth;
      parser.Take(parser.handler.End(Split(name).second));
    }
  }

  static void OnText(void* self, const XML_Char* text, int size) {
    auto& parser = *static_cast<Parser*>(self);
    if (parser.status.ok()) {
      parser.Take(parser.handler.Text({text, static_cast<size_t>(size)}));
    }
  }

  static void OnDoctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    auto& parser = *static_cast<Parser*>(self);
    parser.Stop(
        Error(absl::StatusCode::kInvalidArgument, "XML_DOCTYPE",
              absl::StrCat(parser.Line(), " has a DOCTYPE: documents that declare entities are refused; remove it")));
  }

  void Take(absl::Status result) {
    if (!result.ok()) {
      Stop(std::move(result));
    }
  }

  absl::Status Parse(absl::string_view bytes, bool is_last) {
    if (!status.ok()) {
      return status;
    }
    if (XML_Parse(expat, bytes.data(), static_cast<int>(bytes.size()), is_last ? 1 : 0) == XML_STATUS_ERROR &&
        status.ok()) {
      status = Error(absl::StatusCode::kInvalidArgument, "XML_SYNTAX",
                     absl::StrCat(Line(), " is no XML: ", XML_ErrorString(XML_GetErrorCode(expat))));
    }
    return status;
  }

  XmlHandler& handler;
  const XML_Parser expat;
  size_t depth = 0;
  XmlAttributes attributes;
  absl::Status status;
};

XmlStream::XmlStream(XmlHandler& handler) : parser_(std::make_unique<Parser>(handler)) {}
XmlStream::~XmlStream() = default;

absl::Status XmlStream::Feed(absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::string_view step = bytes.substr(0, kFeedStep);
    MEGURI_RETURN_IF_ERROR(parser_->Parse(step, /*is_last=*/false));
    bytes.remove_prefix(step.size());
  }
  return absl::OkStatus();
}

absl::Status XmlStream::Finish() { return parser_->Parse("", /*is_last=*/true); }

absl::StatusOr<XmlDocument> ReadXmlTree(absl::string_view bytes) {
  if (bytes.size() > kXmlBytesMax) {
    return Error(absl::StatusCode::kInvalidArgument, "XML_SIZE",
                 absl::StrCat("the document has ", bytes.size(), " bytes; at most ", kXmlBytesMax, " are allowed"));
  }
  TreeHandler handler;
  XmlStream stream(handler);
  MEGURI_RETURN_IF_ERROR(stream.Feed(bytes));
  MEGURI_RETURN_IF_ERROR(stream.Finish());
  return handler.Take();
}

}  // namespace meguri::passport
