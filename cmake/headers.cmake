# SPDX-License-Identifier: Apache-2.0
# The two sets of headers that are compiled once: see meguri_precompile(). A set is read whole by each file, so more in it is
# not faster: what gains nothing (gRPC, nlohmann's JSON, our own messages) was measured and left out.
set(headers
  <algorithm>
  <functional>
  <map>
  <memory>
  <set>
  <string>
  <utility>
  <vector>
  <absl/status/status.h>
  <absl/status/statusor.h>
  <absl/strings/str_cat.h>
  <absl/time/time.h>
  <google/protobuf/message.h>)
set(containers
  <absl/container/btree_map.h>
  <absl/container/flat_hash_map.h>
  <absl/container/flat_hash_set.h>)
set(libraries absl::btree absl::flat_hash_map absl::flat_hash_set absl::statusor absl::strings absl::time
  protobuf::libprotobuf)

# Nothing links these: only their precompiled headers are wanted, but a target needs a source file.
set(source ${CMAKE_CURRENT_BINARY_DIR}/empty.cc)
file(CONFIGURE OUTPUT ${source} CONTENT "")
add_library(meguri_common_headers OBJECT EXCLUDE_FROM_ALL ${source})
target_link_libraries(meguri_common_headers PRIVATE ${libraries} meguri_warnings)
target_precompile_headers(meguri_common_headers PRIVATE ${headers} ${containers})

if(MEGURI_TESTS)
  add_library(meguri_test_headers OBJECT EXCLUDE_FROM_ALL ${source})
  target_link_libraries(meguri_test_headers PRIVATE ${libraries})
  meguri_test_options(meguri_test_headers)
  target_precompile_headers(meguri_test_headers PRIVATE ${headers} <gmock/gmock.h> <gtest/gtest.h>)
endif()
