# SPDX-License-Identifier: Apache-2.0
# A folder is a library: every .cc beside the CMakeLists.txt belongs to it.

# meguri_library(NAME DEPENDS target...)
function(meguri_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS} meguri_warnings)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_DEPENDS})
  endif()
endfunction()

# meguri_program(NAME SOURCES file... DEPENDS target...)
function(meguri_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} meguri_warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# meguri_allocator(PROGRAM): the allocator of a program that works on many threads at once. A sanitizer brings its own.
function(meguri_allocator program)
  if(NOT MEGURI_SANITIZE)
    find_library(MEGURI_JEMALLOC jemalloc REQUIRED)
    target_link_libraries(${program} PRIVATE ${MEGURI_JEMALLOC})
  endif()
endfunction()

# What every test includes takes longer to read than most tests to compile: it is compiled once (tests/testing/headers).
# A test is optimised less than what it tests; in Release nothing differs.
function(meguri_test_options name)
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main meguri_test_warnings)
  # -pthread is a macro too, and some libraries bring it along and some do not: files that share headers must agree.
  target_compile_options(${name} PRIVATE -pthread $<$<CONFIG:RelWithDebInfo>:-O1>)
endfunction()

# meguri_test(NAME LABEL label DEPENDS target...): every *_test.cc beside the CMakeLists.txt, as one program.
function(meguri_test name)
  cmake_parse_arguments(ARG "" "LABEL" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  meguri_test_options(${name})
  target_precompile_headers(${name} REUSE_FROM meguri_test_headers)
  target_compile_definitions(${name} PRIVATE MEGURI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600)
endfunction()

# meguri_embed_texts(TARGET FOLDER FUNCTION): the *.textproto files of FOLDER, in TARGET, as that function of
# passport/rules/embedded_texts.h.
function(meguri_embed_texts target folder function)
  file(GLOB texts CONFIGURE_DEPENDS ${folder}/*.textproto)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${function}.cc)
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_texts.cmake)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DDIR=${folder} -DOUT=${out} -DFUNCTION=${function} -P ${script}
    DEPENDS ${texts} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
