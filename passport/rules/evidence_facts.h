// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "meguri/passport/v1/certification.pb.h"
#include "meguri/passport/v1/facility.pb.h"
#include "meguri/passport/v1/test_reports.pb.h"
#include "passport/rules/rule.h"

namespace meguri::passport {

// Dates in order; a mark may be shown only while the certification is active.
void CheckCertification(const v1::Certification& certification, const Path& path, Findings& findings);
// V3 for GLNs, the forms of Catena-X and Ouranos for theirs.
void CheckFacilityIdentifier(const v1::FacilityIdentifier& identifier, const Path& path, Findings& findings);
// Limits in order, a value with its unit, a verdict that follows.
void CheckTestResult(const v1::TestResult& result, const Path& path, Findings& findings);

}  // namespace meguri::passport
