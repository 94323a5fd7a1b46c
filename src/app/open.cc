#include "app/open.h"

#include <memory>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/clock.h"
#include "base/log.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "db/postgres.h"
#include "db/sqlite.h"
#include "entries/derive.h"
#include "http/metrics.h"
#include "ledger/tree.h"

namespace annals::app {
namespace {

std::vector<access::Business> businesses(db::Database& database) {
  return database.read_as_is(db::kNoBusiness,
                             [](db::Tx& tx) { return access::all_businesses(tx); });
}

std::unique_ptr<db::Database> open_folder(const db::Options& options) {
  std::unique_ptr<db::Database> database = db::open_sqlite(options);
  const bool outdated = database->read_as_is(
      db::kNoBusiness, [](db::Tx& tx) { return entries::derived_is_outdated(tx); });
  if (!outdated) return database;
  base::log(base::Level::kInfo, "a business has another time zone: its index is made anew");
  database.reset();
  db::forget_derived(options.folder);
  return db::open_sqlite(options);
}

std::unique_ptr<db::Database> open_server(const std::string& url, const db::Options& options) {
  std::unique_ptr<db::Database> database = db::open_postgres(url, options);
  for (const access::Business& business : businesses(*database)) {
    const bool outdated = database->read_as_is(
        business.key, [](db::Tx& tx) { return entries::derived_is_outdated(tx); });
    if (outdated) {
      base::log(base::Level::kInfo, "a business has another time zone: its index is made anew");
      database->write(business.key, [](db::Tx& tx) { db::forget_derived(tx); });
    }
    if (database->read_as_is(business.key, [](db::Tx& tx) { return ledger::tree_lags(tx); })) {
      base::log(base::Level::kInfo, "the ledger's tree is made from the journal");
      database->write(business.key, [](db::Tx& tx) { ledger::complete_tree(tx); });
    }
  }
  return database;
}

void note_derived(base::Micros behind) {
  static const std::vector<double> kBounds{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15,
                                           0.2,   0.25,  0.3,   0.4,  0.5,  1,    5};
  static http::Histogram seconds = http::histogram(
      "annals_index_lag_seconds", "From a commit until the index had what it wrote.", kBounds);
  seconds.observe(static_cast<double>(behind) / static_cast<double>(base::kMicrosPerSecond));
}

}  // namespace

bool is_postgres(const std::string& place) {
  return place.starts_with("postgresql://") || place.starts_with("postgres://");
}

std::unique_ptr<db::Database> open_database(const std::string& place, const base::Clock& clock,
                                            int readers) {
  const bool server = is_postgres(place);
  const db::Options options{.folder = server ? std::string() : place,
                            .clock = &clock,
                            .readers = readers,
                            .derive = entries::derivation(contacts::index),
                            .on_derived = note_derived};
  return server ? open_server(place, options) : open_folder(options);
}

void rebuild_index(const std::string& place) {
  // Opening a folder proves that nobody else works on it.
  const auto database = open_database(place);
  if (!is_postgres(place)) {
    db::forget_derived(place);
    return;
  }
  for (const access::Business& business : businesses(*database)) {
    database->write(business.key, [](db::Tx& tx) { db::forget_derived(tx); });
  }
}

}  // namespace annals::app
