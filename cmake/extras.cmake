# Programs beside the product: tests/fuzz/fuzz_*.cc with ANNALS_FUZZ (libFuzzer, clang), and
# bench/bench_*.cc with ANNALS_BENCH (Google Benchmark). Each may use every slice.
option(ANNALS_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(ANNALS_BENCH "Build the benchmarks" OFF)

function(annals_extras pattern)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${pattern}")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(${name} "${source}")
    target_link_libraries(${name} PRIVATE annals_app ${ARGN})
  endforeach()
endfunction()

if(ANNALS_FUZZ)
  target_compile_options(annals_flags INTERFACE -fsanitize=fuzzer-no-link)
  annals_extras("tests/fuzz/fuzz_*.cc" -fsanitize=fuzzer)
endif()
if(ANNALS_BENCH)
  find_package(benchmark REQUIRED)
  annals_extras("bench/bench_*.cc" benchmark::benchmark)
endif()
