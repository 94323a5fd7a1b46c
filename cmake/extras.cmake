# Programs beside the product: tests/fuzz/fuzz_*.cc with ANNALS_FUZZ (libFuzzer, clang), and those
# of bench/ with ANNALS_BENCH. Each may use every slice.
option(ANNALS_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(ANNALS_BENCH "Build the benchmarks" OFF)

function(annals_extras pattern)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${pattern}")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(${name} "${source}")
    target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE annals_app ${ARGN})
  endforeach()
endfunction()

# annals_bench(<name> <source>…): a program of bench/, bench_<name>.
function(annals_bench name)
  list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/bench/")
  add_executable(bench_${name} ${ARGN})
  target_include_directories(bench_${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(bench_${name} PRIVATE annals_entries)
endfunction()

if(ANNALS_FUZZ)
  target_compile_options(annals_flags INTERFACE -fsanitize=fuzzer-no-link)
  annals_extras("tests/fuzz/fuzz_*.cc" -fsanitize=fuzzer)
endif()
if(ANNALS_BENCH)
  # Google Benchmark's, for single functions.
  find_package(benchmark REQUIRED)
  annals_extras("bench/micro_*.cc" benchmark::benchmark)
  # Those that bench/run starts.
  annals_bench(load load.cc client.cc requests.cc drafts.cc)
  set(sqlite bare_tables.cc raw_sqlite.cc values.cc drafts.cc)
  annals_bench(bare_append bare_append.cc ${sqlite})
  annals_bench(bare_read bare_read.cc ${sqlite})
  annals_bench(bare_postgres bare_postgres.cc values.cc drafts.cc)
  # The server without its ledger, for what that costs: calls of these functions go to those of
  # bench/without_ledger.cc. The program that is shipped has no switch for it.
  add_executable(bench_annals_without_ledger "${CMAKE_SOURCE_DIR}/src/app/main.cc"
                 "${CMAKE_SOURCE_DIR}/bench/without_ledger.cc")
  target_link_libraries(bench_annals_without_ledger PRIVATE annals_app)
  set(hash St5arrayIhLm32EE)
  set(span St4spanIKhLm18446744073709551615EE)
  foreach(function
      4tlog10commitmentE${span}St17basic_string_viewIcSt11char_traitsIcEE
      4tlog9leaf_hashE${span}
      6ledger9grow_treeERNS_2db2TxElmSt6vectorI${hash}SaIS6_EE)
    target_link_options(bench_annals_without_ledger PRIVATE "LINKER:--wrap=_ZN6annals${function}")
  endforeach()
endif()
