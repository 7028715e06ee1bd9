// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "passport/formats/imported_record.h"
#include "passport/readers/input_tree.h"

namespace meguri::passport {

enum class DocumentSyntax { kJson, kXml };

// A format of which one file is one document. The root of XML carries its name, and its name space as a child "@xmlns".
struct DocumentFormat {
  absl::string_view name;
  DocumentSyntax syntax;
  // Whether a document is of this format, by its content.
  bool (*matches)(InputNode& root);
  // Reads the records of a document.
  absl::Status (*read)(InputNode& root, TakeRecord take);
};

// Every format, the most particular first.
absl::Span<const DocumentFormat> DocumentFormats();

}  // namespace meguri::passport
