#include "app/open.h"

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "entries/derive.h"

namespace annals::app {

std::unique_ptr<db::Database> open_database(const std::string& folder, const base::Clock& clock,
                                            int readers) {
  const db::Options options{.folder = folder,
                            .clock = &clock,
                            .readers = readers,
                            .derive = entries::derivation(contacts::index)};
  std::unique_ptr<db::Database> database = db::open_sqlite(options);
  const bool outdated = database->read_as_is(
      db::kNoBusiness, [](db::Tx& tx) { return entries::derived_is_outdated(tx); });
  if (!outdated) return database;
  base::log(base::Level::kInfo, "a business has another time zone: its index is made anew");
  database.reset();
  db::forget_derived(folder);
  return db::open_sqlite(options);
}

}  // namespace annals::app
