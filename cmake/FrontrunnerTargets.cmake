# One set of flags for our own code; generated code is linked, not held to it.
add_library(frontrunner_flags INTERFACE)
target_include_directories(frontrunner_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(frontrunner_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wno-missing-field-initializers)
# g++ 12 warns of overlaps that cannot be (GCC bug 105651), and of members of
# an absl::StatusOr that it does not see being guarded.
target_compile_options(frontrunner_flags INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized>)
if(FRONTRUNNER_SANITIZE)
  add_compile_options(-fsanitize=${FRONTRUNNER_SANITIZE}
                      -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FRONTRUNNER_SANITIZE})
endif()

# frontrunner_library(NAME SOURCES … [LINKS …]): a static library of our own.
function(frontrunner_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC frontrunner_flags ${ARG_LINKS})
endfunction()

# What nearly every test includes, read once: most of a test's compile time is
# GoogleTest's headers, and most of the rest is optimising code that runs for a
# millisecond.
function(frontrunner_test_headers)
  if(TARGET frontrunner_test_headers)
    return()
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cc "int main() {}\n")
  add_executable(frontrunner_test_headers EXCLUDE_FROM_ALL
    ${CMAKE_BINARY_DIR}/test_headers.cc)
  target_link_libraries(frontrunner_test_headers PRIVATE
    frontrunner_flags GTest::gmock)
  target_compile_options(frontrunner_test_headers PRIVATE -O0)
  target_precompile_headers(frontrunner_test_headers PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <functional> <map> <memory> <string>
    <vector>)
endfunction()

# frontrunner_test(NAME SOURCES … [LINKS …] [LABELS …] [TIMEOUT seconds]
# [OPTIMISED]): one GoogleTest binary, each of its tests known to CTest by its
# own name. OPTIMISED: the test itself does the work.
function(frontrunner_test name)
  cmake_parse_arguments(ARG "OPTIMISED" "TIMEOUT" "SOURCES;LINKS;LABELS"
                        ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE frontrunner_flags ${ARG_LINKS}
                                        GTest::gmock GTest::gtest_main)
  if(NOT ARG_OPTIMISED)
    frontrunner_test_headers()
    target_compile_options(${name} PRIVATE -O0)
    target_precompile_headers(${name} REUSE_FROM frontrunner_test_headers)
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
