// SPDX-License-Identifier: Apache-2.0
#include "passport/formats/document_formats.h"

#include "passport/formats/iec62474.h"

namespace meguri::passport {
namespace {

constexpr DocumentFormat kFormats[] = {
    {"iec62474", DocumentSyntax::kXml, &IsIec62474, &ReadIec62474},
};

}  // namespace

absl::Span<const DocumentFormat> DocumentFormats() { return kFormats; }

}  // namespace meguri::passport
