// SPDX-License-Identifier: Apache-2.0
#include "passport/index_terms.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "google/protobuf/message.h"
#include "meguri/passport/v1/composition.pb.h"
#include "meguri/passport/v1/identity.pb.h"
#include "passport/index_fields.h"
#include "passport/number_term.h"
#include "passport/payload.h"
#include "passport/rules/gs1_check_digit.h"
#include "passport/section_table.h"

namespace meguri::passport {
namespace {

using record::IndexTerm;

constexpr char kGtin[] = "gtin";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string Shortened(std::string value) {
  if (value.size() > record::kIndexValueMax) {
    size_t size = record::kIndexValueMax;
    while (size > 0 && IsContinuation(value[size])) {
      --size;
    }
    value.resize(size);
  }
  return value;
}

// Gathers terms, each once, up to the limit.
class Terms {
 public:
  void Add(absl::string_view field, absl::string_view value) {
    IndexTerm term = NormalisedTerm(field, value);
    if (!term.value.empty() && !full()) {
      terms_.insert(std::move(term));
    }
  }
  bool full() const { return terms_.size() >= kTermsPerSectionMax; }
  std::vector<IndexTerm> Take() && { return {terms_.begin(), terms_.end()}; }

 private:
  std::set<IndexTerm> terms_;
};

void AddIdentity(const v1::Identity& identity, Terms& terms) {
  terms.Add("product_group", identity.product_group());
  terms.Add(kGtin, identity.gtin());
  terms.Add("lot", identity.lot());
  terms.Add("serial", identity.serial());
  terms.Add("model", identity.model_number());
  if (v1::Granularity_IsValid(identity.granularity()) && identity.granularity() != v1::GRANULARITY_UNSPECIFIED) {
    terms.Add("granularity", absl::StripPrefix(v1::Granularity_Name(identity.granularity()), "GRANULARITY_"));
  }
}

// The field under which the node's words are found; "" for parts, which are found as records of their own.
absl::string_view TermField(const v1::CompositionNode& node) {
  switch (node.kind()) {
    case v1::COMPOSITION_NODE_KIND_MATERIAL_CLASS:
    case v1::COMPOSITION_NODE_KIND_MATERIAL:
      return "material";
    case v1::COMPOSITION_NODE_KIND_SUBSTANCE_GROUP:
    case v1::COMPOSITION_NODE_KIND_SUBSTANCE:
      return "substance";
    default:
      return "";
  }
}

// DecodePayload has bounded the depth.
void AddNodes(const google::protobuf::RepeatedPtrField<v1::CompositionNode>& nodes, Terms& terms) {
  for (const v1::CompositionNode& node : nodes) {
    if (terms.full()) {
      return;
    }
    const absl::string_view field = TermField(node);
    if (!field.empty() && node.confidentiality() != v1::CONFIDENTIALITY_JOKER) {
      terms.Add(field, node.name().ja());
      terms.Add(field, node.name().en());
      terms.Add(field, node.iso_1043_symbol());
      for (const v1::SubstanceIdentifier& identifier : node.identifiers()) {
        terms.Add(field, identifier.value());
      }
    }
    AddNodes(node.children(), terms);
  }
}

}  // namespace

std::vector<IndexTerm> TermsOf(uint32_t section_type, absl::string_view payload) {
  const SectionKind* kind = FindSectionKind(section_type);
  Terms terms;
  if (kind == nullptr || !kind->understood()) {
    return {};
  }
  const absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message = DecodePayload(*kind, payload);
  if (!message.ok()) {
    return {};
  }
  if (section_type == record::v1::SECTION_TYPE_IDENTITY) {
    AddIdentity(static_cast<const v1::Identity&>(**message), terms);
  } else if (section_type == record::v1::SECTION_TYPE_COMPOSITION) {
    AddNodes(static_cast<const v1::Composition&>(**message).nodes(), terms);
  }
  return std::move(terms).Take();
}

IndexTerm NormalisedTerm(absl::string_view field, absl::string_view value) {
  std::string text(absl::StripAsciiWhitespace(value));
  if (field == kGtin) {
    text = NormalisedGtin(text).value_or(text);
  }
  const IndexField* known = FindIndexField(field);
  if (known != nullptr && known->caseless) {
    absl::AsciiStrToLower(&text);
  }
  return {std::string(field), Shortened(std::move(text))};
}

}  // namespace meguri::passport
