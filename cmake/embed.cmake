# Run by web.cmake at build time: writes TO/assets.S, which includes the files of FOLDER, and
# TO/assets_table.cc, which names them.
file(MAKE_DIRECTORY "${TO}")
set(files "")
if(WEB)
  file(GLOB_RECURSE files LIST_DIRECTORIES false RELATIVE "${FOLDER}" "${FOLDER}/*")
  list(FILTER files EXCLUDE REGEX "\\.(gz|br)$")
  list(SORT files COMPARE STRING)
endif()

set(media_html "text/html; charset=utf-8")
set(media_js "text/javascript; charset=utf-8")
set(media_css "text/css; charset=utf-8")
set(media_json "application/json")
set(media_svg "image/svg+xml")
set(media_png "image/png")
set(media_ico "image/x-icon")
set(media_txt "text/plain; charset=utf-8")
set(media_woff2 "font/woff2")

set(bytes "    .section .rodata\n")
set(declarations "")
set(rows "")
set(count 0)

# span_of(<variable> <symbol> <file>): includes the file, if there is one.
macro(span_of variable symbol file)
  if(EXISTS "${file}")
    file(SIZE "${file}" size)
    string(APPEND bytes "    .balign 16\n    .globl ${symbol}\n${symbol}:\n"
                        "    .incbin \"${file}\"\n")
    string(APPEND declarations "extern const std::uint8_t ${symbol}[];\n")
    set(${variable} "{${symbol}, ${size}}")
  else()
    set(${variable} "{}")
  endif()
endmacro()

foreach(file IN LISTS files)
  string(REGEX MATCH "[^.]+$" extension "${file}")
  if(NOT DEFINED media_${extension})
    message(FATAL_ERROR "cmake/embed.cmake knows no media type for web/build/${file}")
  endif()
  file(SHA256 "${FOLDER}/${file}" hash)
  string(SUBSTRING "${hash}" 0 20 tag)
  set(immutable false)
  if(file MATCHES "^_app/immutable/")
    set(immutable true)
  endif()
  span_of(plain annals_asset_${count} "${FOLDER}/${file}")
  span_of(gzip annals_asset_${count}_gz "${FOLDER}/${file}.gz")
  span_of(brotli annals_asset_${count}_br "${FOLDER}/${file}.br")
  string(APPEND rows "    {\"/${file}\", \"${media_${extension}}\", \"${tag}\",\n"
                     "     ${plain}, ${gzip}, ${brotli}, ${immutable}},\n")
  math(EXPR count "${count} + 1")
endforeach()
string(APPEND bytes "    .section .note.GNU-stack,\"\",@progbits\n")

file(WRITE "${TO}/assets.S" "${bytes}")
file(WRITE "${TO}/assets_table.cc" "// Made by cmake/embed.cmake.
#include <array>
#include <cstdint>
#include <span>

#include \"app/assets.h\"

extern \"C\" {
${declarations}}

namespace annals::app {

std::span<const Asset> assets() {
  static const std::array<Asset, ${count}> all{{
${rows}  }};
  return all;
}

}  // namespace annals::app
")
