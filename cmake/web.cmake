# annals_web(<target>): puts the web app that npm built into web/build, and the OpenAPI document as
# JSON, into the target as read-only data (src/app/assets.h). With ANNALS_WEB=OFF it carries none
# and serves one line instead, so that work on the server needs no npm.

option(ANNALS_WEB "Carry the web app (web/build, which `./dev build` makes) in the binary" ON)

function(annals_web target)
  set(folder "${CMAKE_SOURCE_DIR}/web/build")
  set(generated "${CMAKE_BINARY_DIR}/generated/web")
  set(files "")
  if(ANNALS_WEB)
    if(NOT EXISTS "${folder}/index.html")
      message(FATAL_ERROR
        "The web app is not built: run `./dev build`, or `npm ci && npm run build` in web/. "
        "For work on the server alone, configure with -DANNALS_WEB=OFF.")
    endif()
    file(GLOB_RECURSE files CONFIGURE_DEPENDS "${folder}/*")
  endif()
  add_custom_command(
    OUTPUT "${generated}/assets.S" "${generated}/assets_table.cc"
    COMMAND "${CMAKE_COMMAND}" -D FOLDER=${folder} -D TO=${generated} -D WEB=${ANNALS_WEB}
            -P "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS ${files} "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
    COMMENT "Embedding the web app" VERBATIM)
  set_source_files_properties("${generated}/assets.S" PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE "${generated}/assets.S" "${generated}/assets_table.cc")
endfunction()
