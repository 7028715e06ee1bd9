// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "meguri/record/v1/record.pb.h"
#include "record/header.h"

namespace meguri::passport {

// Checks report at most this many violations, then say so with reason TOO_MANY_VIOLATIONS.
inline constexpr size_t kViolationsMax = 500;

// Every problem of one payload, with fields under `path` ("sections.composition"); empty if there is none. Total: any
// bytes are fine. A section that this version does not understand has only its size checked. Unknown fields are no
// violation (HasUnknownFields).
std::vector<Violation> ValidateSection(uint32_t type, absl::string_view payload, absl::string_view path);

// Whether a payload that decodes carries fields or enum values that this version does not know. False if the section
// is not understood or does not decode.
bool HasUnknownFields(uint32_t type, absl::string_view payload);

// Every problem of a record about to be published, warnings included: ValidateSection of each section under
// "sections.<name>", then what the profile of its product group asks (passport/profile.h): the record type is
// understood, the slot count is its own, the required sections are there, each section is understood and allowed, no
// audience is wider than the default (reason AUDIENCE_LOOSENED) or narrower than a law wants it (AUDIENCE_LOCKED); and
// the sections agree with each other. That the sections belong to `header` is record::VerifySections. Records of others
// are not judged by this.
std::vector<Violation> ValidateRecord(const record::Header& header, absl::Span<const record::v1::Section> sections);

// Whether a violation of this reason may come of nothing but another value that could not be read: a sum that lacks a
// part, something that is missing, a reference to what is not there.
bool MayFollowFromUnread(absl::string_view reason);

// Whether rules between sections look at sections of that type.
bool IsCompared(uint32_t type);

// Every problem that a record has only together with what it inherits, `all` being its own sections and those of its
// parents (passport/inheritance.h): a required section that is in neither, sections that do not agree. The payload of a
// section that is not compared does not matter. Unless
// `weigh`, the masses that it takes over are not held against its own: they are of a lot, or of a piece as it is meant
// to be, and were judged with the parent.
std::vector<Violation> ValidateInherited(const record::Header& header, absl::Span<const record::v1::Section> own,
                                         absl::Span<const record::v1::Section> all, bool weigh);

// Whether a section of this type says something that the next version is bound to.
bool IsComparedWithBefore(uint32_t type);
// Every problem of a version that follows another one of the same record: its product status can follow, and its keys
// stay (V13); the terms of an access record stay. Sections that are not in both, or that do not decode, are not judged.
std::vector<Violation> ValidateChange(absl::Span<const record::v1::Section> before,
                                      absl::Span<const record::v1::Section> next);

}  // namespace meguri::passport
