// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The only macros of the project.
#define MEGURI_RETURN_IF_ERROR(expr)     \
  do {                                   \
    absl::Status meguri_status = (expr); \
    if (!meguri_status.ok()) {           \
      return meguri_status;              \
    }                                    \
  } while (false)

#define MEGURI_CONCAT_INNER(a, b) a##b
#define MEGURI_CONCAT(a, b) MEGURI_CONCAT_INNER(a, b)
#define MEGURI_ASSIGN_OR_RETURN(lhs, expr) \
  MEGURI_ASSIGN_OR_RETURN_INNER(MEGURI_CONCAT(meguri_status_or_, __LINE__), lhs, expr)
#define MEGURI_ASSIGN_OR_RETURN_INNER(status_or, lhs, expr) \
  auto status_or = (expr);                                  \
  if (!status_or.ok()) {                                    \
    return status_or.status();                              \
  }                                                         \
  lhs = *std::move(status_or)
