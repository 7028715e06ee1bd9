// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/error.h"
#include "meguri/record/v1/record.pb.h"
#include "record/header.h"

namespace meguri::passport {

// An item may have a batch and a model above it.
inline constexpr size_t kParentsMax = 2;

// The record ID of the parent that the identity among `sections` names, in hexadecimal digits; "" if it names none.
std::string ParentOf(absl::Span<const record::v1::Section> sections);

// What a passport says together with its parent: its own sections, then those of the parent that it neither has nor
// excludes (Identity.not_inherited_sections). The parent's identity, owner's note and attachments are never taken over.
std::vector<record::v1::Section> WithInherited(absl::Span<const record::v1::Section> child,
                                               absl::Span<const record::v1::Section> parent);

// Every problem of a parent: an item has a batch or a model as its parent, a batch a model; both have the same GTIN and
// product group. Sections without an identity are not judged.
std::vector<Violation> ValidateParent(absl::Span<const record::v1::Section> child,
                                      absl::Span<const record::v1::Section> parent);

// Every problem, warnings included, that a passport which names a parent has together with its parents, nearest first;
// what they weigh (rules/parent_mass.h) among them;
// none if its parent is not known here: then it inherits nothing, so that it lacks what its profile requires and it
// does not say itself.
std::vector<Violation> ValidateWithParents(const record::Header& header, absl::Span<const record::v1::Section> own,
                                           absl::Span<const std::vector<record::v1::Section>> parents);

}  // namespace meguri::passport
