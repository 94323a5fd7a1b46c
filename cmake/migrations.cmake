# Writes generated/migrations.cc from migrations/: each file NNNN_name.sql becomes a string.
function(annals_migrations out_var folder)
  file(GLOB files CONFIGURE_DEPENDS "${folder}/*.sql")
  list(SORT files)
  set(text "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    get_filename_component(name "${file}" NAME)
    string(REGEX MATCH "^[0-9]+" version "${name}")
    string(REGEX REPLACE "^0+" "" version "${version}")
    file(READ "${file}" sql)
    string(APPEND text "    {${version}, R\"SQL(${sql})SQL\"},\n")
  endforeach()
  set(${out_var} "${text}" PARENT_SCOPE)
endfunction()

annals_migrations(sqlite "${CMAKE_SOURCE_DIR}/migrations/sqlite")
annals_migrations(derived "${CMAKE_SOURCE_DIR}/migrations/sqlite/derived")
annals_migrations(postgres "${CMAKE_SOURCE_DIR}/migrations/postgres")
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/migrations.cc" @ONLY CONTENT [[
#include "db/migrations.h"

namespace annals::db {
namespace {

constexpr Migration kSqlite[] = {
@sqlite@};
constexpr Migration kSqliteDerived[] = {
@derived@};
constexpr Migration kPostgres[] = {
@postgres@};

}  // namespace

std::span<const Migration> sqlite_migrations() { return kSqlite; }
std::span<const Migration> sqlite_derived_migrations() { return kSqliteDerived; }
std::span<const Migration> postgres_migrations() { return kPostgres; }

}  // namespace annals::db
]])
