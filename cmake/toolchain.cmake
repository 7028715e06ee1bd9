# SPDX-License-Identifier: Apache-2.0
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Line tables only: full debug information of the gRPC headers doubles link time and disk use.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -fstack-protector-strong")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
# -pthread is a macro too, and some libraries bring it along and some do not: files that share headers must agree.
add_compile_options(-pthread)
# So must programs and libraries.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE -fPIC)
# g++ collects its garbage often and in vain: no file here needs more than 0.5 GB in all (the value is in KiB).
add_compile_options($<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1048576>)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Warnings are errors in our code, never in generated code or system headers.
add_library(meguri_warnings INTERFACE)
target_compile_options(meguri_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  # GCC 12 reports uninitialised reads inside absl::StatusOr and std::optional that do not happen.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  # With -O3 it moreover sees strings run over ends of vectors where they cannot; with -O2, and clang, these are on.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

# In tests, which put strings together in every way, GCC 12 also sees std::string copy over itself where it cannot.
add_library(meguri_test_warnings INTERFACE)
target_link_libraries(meguri_test_warnings INTERFACE meguri_warnings)
target_compile_options(meguri_test_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

set(MEGURI_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")
if(MEGURI_SANITIZE)
  add_compile_options(-fsanitize=${MEGURI_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MEGURI_SANITIZE})
endif()
