# Libraries of Debian 12. Each becomes a target annals::<what it is for>, and its headers count as
# system headers, so that our warnings are about our code.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED)

function(annals_pkg name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
  add_library(annals::${name} ALIAS PkgConfig::${name})
endfunction()

annals_pkg(sqlite "sqlite3>=3.40")
annals_pkg(postgres libpq)
annals_pkg(sodium libsodium)
annals_pkg(icu "icu-i18n>=72;icu-uc")
annals_pkg(spdlog spdlog)
annals_pkg(curl libcurl)
annals_pkg(protobuf protobuf)
annals_pkg(toml tomlplusplus)
annals_pkg(minizip minizip)

find_library(ANNALS_BOOST_JSON NAMES libboost_json.so.1.81.0 libboost_json.so REQUIRED)
add_library(annals::boost_json INTERFACE IMPORTED)
target_link_libraries(annals::boost_json INTERFACE ${ANNALS_BOOST_JSON})

find_library(ANNALS_DATE_TZ NAMES date-tz REQUIRED)
add_library(annals::date INTERFACE IMPORTED)
target_link_libraries(annals::date INTERFACE ${ANNALS_DATE_TZ})

find_library(ANNALS_PROMETHEUS NAMES prometheus-cpp-core REQUIRED)
add_library(annals::prometheus INTERFACE IMPORTED)
target_link_libraries(annals::prometheus INTERFACE ${ANNALS_PROMETHEUS})

find_library(ANNALS_MAGIC NAMES magic REQUIRED)
add_library(annals::magic INTERFACE IMPORTED)
target_link_libraries(annals::magic INTERFACE ${ANNALS_MAGIC})

# libphonenumber-dev depends on Boost 1.74's headers, which conflict with 1.81's, though its own
# headers include none of them (they do include those of Abseil and protobuf). So its headers are
# unpacked into the build tree, and the library itself (libphonenumber8) is installed as usual.
set(ANNALS_PHONE_ROOT "${CMAKE_SOURCE_DIR}/build/deps/phonenumber")
if(NOT EXISTS "${ANNALS_PHONE_ROOT}/usr/include/phonenumbers/phonenumberutil.h")
  file(MAKE_DIRECTORY "${ANNALS_PHONE_ROOT}")
  execute_process(
    COMMAND sh -c "apt-get download libphonenumber-dev && dpkg -x libphonenumber-dev_*.deb ."
    WORKING_DIRECTORY "${ANNALS_PHONE_ROOT}" RESULT_VARIABLE unpacked OUTPUT_QUIET)
  if(NOT unpacked EQUAL 0)
    message(FATAL_ERROR "libphonenumber's headers: `apt-get download libphonenumber-dev` failed; "
                        "run `apt-get update` and configure again")
  endif()
endif()
find_library(ANNALS_PHONE NAMES libphonenumber.so.8 REQUIRED)
add_library(annals::phonenumber INTERFACE IMPORTED)
target_include_directories(annals::phonenumber SYSTEM INTERFACE "${ANNALS_PHONE_ROOT}/usr/include")
target_link_libraries(annals::phonenumber INTERFACE ${ANNALS_PHONE} PkgConfig::protobuf)

if(ANNALS_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  enable_testing()
  include(GoogleTest)
endif()
