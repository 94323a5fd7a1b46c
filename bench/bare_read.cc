// bench_bare_read: how fast SQLite itself gives the newest entries of a random contact, one
// prepared statement in a loop on each of several threads. JSON on standard output.
#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "bench/bare_tables.h"
#include "bench/clock.h"
#include "bench/drafts.h"
#include "bench/histogram.h"
#include "bench/raw_sqlite.h"
#include "bench/values.h"
#include "db/sqlite_schema.h"

namespace {

namespace bench = annals::bench;

// What a page of the timeline is made of, in one statement.
constexpr std::string_view kNewest =
    "SELECT t.occurred_at, t.pos, t.retracted_at, j.record, j.contact_seq, j.leaf_index, j.leaf "
    "FROM other.timeline t JOIN journal j ON j.pos = t.pos "
    "WHERE t.business = ?1 AND t.contact = ?2 AND t.hidden_at IS NULL "
    "ORDER BY t.occurred_at DESC, t.pos DESC LIMIT ?3";

struct Options {
  std::string folder;
  std::size_t threads = 2;
  double seconds = 10;
  std::int64_t limit = 50;
};

struct Reads {
  bench::Histogram latency;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

void read(const Options& options, const std::vector<annals::base::Id>& contacts, std::uint64_t seed,
          Reads& reads) {
  bench::Connection connection(annals::db::primary_path(options.folder));
  connection.script("ATTACH '" + annals::db::derived_path(options.folder) + "' AS other");
  connection.script("PRAGMA mmap_size=1073741824; PRAGMA query_only=ON");
  bench::Statement newest(connection, kNewest);
  const std::int64_t end = bench::now_ns() + bench::to_ns(options.seconds);
  for (std::int64_t from = bench::now_ns(); from < end;) {
    const annals::base::Id& contact = contacts[bench::mix(seed++) % contacts.size()];
    newest.bind(1, bench::kBusiness).bind(2, contact.bytes).bind(3, options.limit);
    while (newest.step()) {
      ++reads.rows;
      reads.bytes += newest.text(3).size() + newest.blob(6).size();
      reads.bytes += static_cast<std::uint64_t>(newest.integer(1) & 1);
    }
    const std::int64_t now = bench::now_ns();
    reads.latency.record(now - from);
    from = now;
  }
}

void measure(const Options& options) {
  const std::vector<annals::base::Id> contacts = bench::contacts_of(options.folder, 1);
  std::vector<Reads> reads(options.threads);
  std::vector<std::thread> threads;
  threads.reserve(options.threads);
  for (std::size_t i = 0; i < options.threads; ++i) {
    threads.emplace_back([&, i] { read(options, contacts, i << 32U, reads[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  Reads all;
  for (const Reads& one : reads) {
    all.latency.add(one.latency);
    all.rows += one.rows;
    all.bytes += one.bytes;
  }
  annals::base::JsonWriter out;
  const auto pages = static_cast<double>(all.latency.count());
  out.begin_object().member("pages", static_cast<std::int64_t>(all.latency.count()));
  out.key("rate").raw(std::to_string(pages / options.seconds));
  out.key("rows_a_page").raw(std::to_string(static_cast<double>(all.rows) / pages));
  out.key("bytes_a_page").raw(std::to_string(static_cast<double>(all.bytes) / pages));
  out.key("latency_ms");
  all.latency.write(out);
  std::puts(out.end_object().text().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reads from SQLite what the server would read, and nothing else.");
  Options options;
  app.add_option("--folder", options.folder, "A data folder")->required();
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_option("--limit", options.limit, "Entries of a page")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    measure(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_bare_read: %s\n", error.what());
    return 1;
  }
}
