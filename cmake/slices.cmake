# annals_slice(<folder> [USES <folders below it>]): a library of src/<folder>/*.cc, and, where the
# folder has *_test.cc, a test program annals_<folder>_test.
# annals_program(<name> <main.cc>): a program over every slice.
# annals_verifier(<name> <main.cc>): a program over bundle/ and what is below it, with all that it
# needs inside, so that it runs on any Linux of the same architecture.

set(ANNALS_WARNINGS
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wcast-align -Wformat=2 -Wextra-semi -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND ANNALS_WARNINGS -Wduplicated-cond -Wlogical-op -Wsuggest-override)
endif()
if(ANNALS_WERROR)
  list(APPEND ANNALS_WARNINGS -Werror)
endif()

add_library(annals_flags INTERFACE)
target_include_directories(annals_flags INTERFACE "${CMAKE_SOURCE_DIR}/src"
                                                  "${CMAKE_BINARY_DIR}/generated")
target_compile_options(annals_flags INTERFACE ${ANNALS_WARNINGS})
target_link_libraries(annals_flags INTERFACE Threads::Threads)
target_compile_definitions(annals_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
# Coroutine frames that a thread keeps for their next use. A request takes a dozen, one inside the
# other; with Asio's own 2 the allocator was a third of what a reply cost.
target_compile_definitions(annals_flags INTERFACE BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16)
if(ANNALS_SANITIZE)
  target_compile_options(annals_flags INTERFACE -fsanitize=${ANNALS_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(annals_flags INTERFACE -fsanitize=${ANNALS_SANITIZE})
  if(ANNALS_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences, which the sanitizer passes over (its locks order the same), and a string's own
    # buffer, which g++ 12 takes for all of the string where calls are instrumented.
    target_compile_options(annals_flags INTERFACE -Wno-tsan -Wno-array-bounds
      -Wno-stringop-overflow)
  endif()
endif()

# What each folder takes from outside.
set(ANNALS_base_LIBS annals::icu annals::boost_json annals::date annals::sodium
                     annals::phonenumber OpenSSL::Crypto annals::spdlog fmt)
set(ANNALS_tlog_LIBS annals::sodium)
set(ANNALS_bundle_LIBS annals::minizip ZLIB::ZLIB)
set(ANNALS_db_LIBS annals::sqlite annals::postgres)
set(ANNALS_http_LIBS OpenSSL::SSL ZLIB::ZLIB annals::curl annals::prometheus)
set(ANNALS_access_LIBS annals::icu annals::sodium)
set(ANNALS_transfer_LIBS ZLIB::ZLIB annals::toml annals::sqlite)
set(ANNALS_entries_LIBS annals::magic)

# Test suites of a folder that share what is dear to make: each is one test of ctest, in one process
# (`annals_demo_test --gtest_filter=…` still runs any of their tests alone). All other tests have a
# process each.
set(ANNALS_demo_SUITES Demo)

function(annals_slice name)
  cmake_parse_arguments(arg "" "" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cc")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    add_library(annals_${name} INTERFACE)
    return()
  endif()
  add_library(annals_${name} STATIC ${sources})
  list(TRANSFORM arg_USES PREPEND annals_)
  target_link_libraries(annals_${name} PUBLIC annals_flags ${arg_USES} ${ANNALS_${name}_LIBS})
  if(ANNALS_PCH)
    target_precompile_headers(annals_${name} PRIVATE
      <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <functional> <map>
      <memory> <mutex> <optional> <set> <span> <stdexcept> <string> <string_view> <thread>
      <unordered_map> <utility> <variant> <vector>)
  endif()
  if(ANNALS_TESTS AND tests)
    add_executable(annals_${name}_test ${tests})
    target_link_libraries(annals_${name}_test PRIVATE annals_${name} GTest::gtest_main GTest::gmock
                                                      rapidcheck)
    if(ANNALS_PCH)
      target_precompile_headers(annals_${name}_test PRIVATE <gtest/gtest.h> <string> <vector> <map>)
    endif()
    set(alone "*-")
    foreach(suite IN LISTS ANNALS_${name}_SUITES)
      string(APPEND alone "${suite}.*:")
      add_test(NAME "${name}/${suite}" COMMAND annals_${name}_test "--gtest_filter=${suite}.*")
      # A suite of another name would have no tests, which gtest takes for success.
      set_tests_properties("${name}/${suite}" PROPERTIES
        TIMEOUT 300 FAIL_REGULAR_EXPRESSION "Running 0 tests")
    endforeach()
    gtest_discover_tests(annals_${name}_test TEST_PREFIX "${name}/" TEST_FILTER "${alone}"
                         DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
  endif()
endfunction()

function(annals_program name main)
  if(EXISTS "${CMAKE_SOURCE_DIR}/${main}")
    add_executable(${name} ${main})
    target_link_libraries(${name} PRIVATE annals_app)
  endif()
endfunction()

function(annals_verifier name main)
  add_executable(${name} ${main})
  target_compile_definitions(${name} PRIVATE ANNALS_VERSION="${PROJECT_VERSION}")
  if(ANNALS_SANITIZE)
    target_link_libraries(${name} PRIVATE annals_bundle)  # sanitizers are shared libraries
    return()
  endif()
  # The archives alone: what else their objects would need (ICU, phone numbers) is not used.
  target_link_libraries(${name} PRIVATE annals_flags $<TARGET_FILE:annals_bundle>
    $<TARGET_FILE:annals_tlog> $<TARGET_FILE:annals_base> libminizip.a libz.a libboost_json.a
    libsodium.a libcrypto.a)
  add_dependencies(${name} annals_bundle annals_tlog annals_base)
  # libcrypto could look up hosts and load modules, of which the linker warns; nothing here does.
  target_link_options(${name} PRIVATE -static-pie -Wl,--no-warnings)
  set_target_properties(${name} PROPERTIES LINK_SEARCH_START_STATIC ON LINK_SEARCH_END_STATIC ON)
endfunction()
