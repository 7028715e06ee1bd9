# SPDX-License-Identifier: Apache-2.0
# A folder is a library: every .cc beside the CMakeLists.txt belongs to it.

# Reading the headers of the libraries that everything stands on takes longer than compiling most files: two sets of them
# are compiled once (cmake/headers.cmake). Files include what they use all the same; builds with clang do without and find
# what is missing.
# meguri_precompile(TARGET common|test)
function(meguri_precompile target set)
  target_precompile_headers(${target} REUSE_FROM meguri_${set}_headers)
endfunction()

# meguri_library(NAME DEPENDS target...)
function(meguri_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS} meguri_warnings)
    meguri_precompile(${name} common)
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
  meguri_precompile(${name} common)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# meguri_allocator(PROGRAM): the allocator of a program that works on many threads at once. A sanitizer brings its own.
function(meguri_allocator program)
  if(NOT MEGURI_SANITIZE)
    find_library(MEGURI_JEMALLOC jemalloc REQUIRED)
    target_link_libraries(${program} PRIVATE ${MEGURI_JEMALLOC})
  endif()
endfunction()

# A test is optimised less than what it tests; in Release nothing differs.
function(meguri_test_options name)
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main meguri_test_warnings)
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
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
  meguri_precompile(${name} test)
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
