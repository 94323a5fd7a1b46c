// bench_bare_postgres: how fast PostgreSQL itself takes what the server writes, by prepared
// statements on several connections: one row a commit, or a group of rows by unnest(). JSON on
// standard output.
#include <libpq-fe.h>

#include <CLI/CLI.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "bench/clock.h"
#include "bench/histogram.h"
#include "bench/values.h"
#include "db/postgres_schema.h"

namespace {

namespace bench = annals::bench;

struct Options {
  std::string url;
  std::size_t connections = 16;
  std::size_t group = 1;
  double seconds = 10;
  std::size_t contacts = 10'000;
  bool derive = false;
};

// What a statement is given of each row.
struct Column {
  std::string_view name;
  std::string_view type;
  Oid element;
};
constexpr Oid kInt8 = 20;
constexpr Oid kBytea = 17;
constexpr Oid kText = 25;
constexpr std::array<Column, 21> kColumns{{
    {"pos", "bigint", kInt8},          {"contact", "bytea", kBytea},
    {"entry", "bytea", kBytea},        {"contact_seq", "bigint", kInt8},
    {"leaf_index", "bigint", kInt8},   {"recorded_at", "bigint", kInt8},
    {"occurred_at", "bigint", kInt8},  {"record", "text", kText},
    {"salt", "bytea", kBytea},         {"leaf", "bytea", kBytea},
    {"draft_digest", "bytea", kBytea}, {"h", "bigint", kInt8},
    {"key", "bytea", kBytea},          {"category", "text", kText},
    {"type", "text", kText},           {"method", "text", kText},
    {"direction", "text", kText},      {"status", "text", kText},
    {"day", "bigint", kInt8},          {"words", "text", kText},
    {"one", "bigint", kInt8},
}};
constexpr std::size_t kJournalColumns = 13;

// The value of a column: the parameter itself, or the column of unnest().
std::string value_of(std::string_view name, bool single) {
  if (!single) return "v." + std::string(name);
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (kColumns[i].name == name) {
      return "$" + std::to_string(i + 1) + "::" + std::string(kColumns[i].type);
    }
  }
  throw std::logic_error("no such column");
}

// `INSERT INTO table (columns) SELECT …`, where {name} in `select` is a column's value.
std::string insert_sql(std::string_view into, std::string_view select, bool single,
                       std::string_view after = "") {
  std::string sql = "INSERT INTO " + std::string(into) + " SELECT ";
  while (!select.empty()) {
    const std::size_t open = select.find('{');
    sql += select.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = select.find('}', open);
    sql += value_of(select.substr(open + 1, close - open - 1), single);
    select.remove_prefix(close + 1);
  }
  if (!single) sql += " FROM v ";
  return sql + std::string(after);
}

constexpr std::string_view kTimelineColumns =
    "(business, contact, occurred_at, pos, recorded_at, category, type, method, direction, status, "
    "actor_kind, manual, has_attachment)";
constexpr std::string_view kTimelineValues =
    "1, {contact}, {occurred_at}, {pos}, {recorded_at}, {category}, {type}, {method}, {direction}, "
    "{status}, 'none', 0, 0";

std::vector<std::string> derived_inserts(bool single) {
  std::vector<std::string> parts{
      insert_sql("timeline " + std::string(kTimelineColumns), kTimelineValues, single),
      insert_sql("timeline_all " + std::string(kTimelineColumns), kTimelineValues, single),
      insert_sql("entry_versions (business, entry, version, pos)", "1, {entry}, 1, {pos}", single),
      insert_sql("entry_search (business, pos, words)",
                 "1, {pos}, array_to_tsvector(string_to_array({words}, ' '))", single)};
  constexpr std::string_view kHeads = "heads (business, contact, seq, recorded_at)";
  constexpr std::string_view kSetHead =
      " ON CONFLICT (business, contact) DO UPDATE SET seq = excluded.seq, recorded_at = "
      "excluded.recorded_at";
  if (single) {
    // The log's own head and the tally would have all connections wait for one another.
    parts.push_back(
        insert_sql(kHeads, "1, {contact}, {contact_seq}, {recorded_at}", single, kSetHead));
    return parts;
  }
  parts.push_back(insert_sql(kHeads, "1, {contact}, max({contact_seq}), max({recorded_at})", single,
                             "GROUP BY v.contact" + std::string(kSetHead)));
  parts.push_back(insert_sql(kHeads,
                             "1, decode(repeat('00', 16), 'hex'), max({leaf_index}), "
                             "max({recorded_at})",
                             single, kSetHead));
  parts.push_back(insert_sql(
      "tally (business, day, category, type, contact_type, method, direction, status, actor_kind, "
      "staff, manual, has_attachment, author, views, n)",
      "1, {day}, {category}, {type}, '', {method}, {direction}, {status}, 'none', '', 0, 0, '', "
      "'', "
      "sum({one})",
      single,
      "GROUP BY v.day, v.category, v.type, v.method, v.direction, v.status ON CONFLICT (business, "
      "day, category, type, contact_type, method, direction, status, actor_kind, staff, manual, "
      "has_attachment, author, views) DO UPDATE SET n = tally.n + excluded.n"));
  return parts;
}

std::string statement_sql(const Options& options) {
  const bool single = options.group == 1;
  std::vector<std::string> parts{
      insert_sql("journal (business, pos, contact, entry, version, kind, contact_seq, leaf_index, "
                 "recorded_at, occurred_at, record, salt, leaf, draft_digest)",
                 "1, {pos}, {contact}, {entry}, 1, 1, {contact_seq}, {leaf_index}, {recorded_at}, "
                 "{occurred_at}, {record}, {salt}, {leaf}, {draft_digest}",
                 single)};
  if (options.derive) {
    for (std::string& part : derived_inserts(single)) parts.push_back(std::move(part));
  }
  std::string sql = "WITH ";
  if (!single) {
    sql += "v AS (SELECT * FROM unnest(";
    std::string names;
    const std::size_t columns = options.derive ? kColumns.size() : kJournalColumns;
    for (std::size_t i = 0; i < columns; ++i) {
      sql += (i > 0 ? ", $" : "$") + std::to_string(i + 1) + "::" + std::string(kColumns[i].type);
      sql += "[]";
      names += (i > 0 ? ", " : "") + std::string(kColumns[i].name);
    }
    sql += ") AS t (" + names + ")), ";
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    sql += (i > 0 ? ", p" : "p") + std::to_string(i) + " AS (" + parts[i] + ")";
  }
  return sql + " " +
         insert_sql("idempotency (business, h, key, pos)", "1, {h}, {key}, {pos}", single);
}

template <class Int>
void put(std::string& out, Int value) {
  for (std::size_t i = sizeof(Int); i-- > 0;) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
}

// Parameters in PostgreSQL's binary form: values for a single row, else arrays.
class Parameters {
 public:
  explicit Parameters(const Options& options)
      : single_(options.group == 1), values_(options.derive ? kColumns.size() : kJournalColumns) {
    for (std::size_t i = 0; i < values_.size() && !single_; ++i) {
      put(values_[i], std::int32_t{1});  // dimensions
      put(values_[i], std::int32_t{0});  // no nulls
      put(values_[i], static_cast<std::uint32_t>(kColumns[i].element));
      put(values_[i], static_cast<std::uint32_t>(options.group));
      put(values_[i], std::int32_t{1});  // the first index
    }
  }

  void add(const bench::Row& row, std::int64_t pos) {
    column_ = 0;
    number(pos).blob(row.contact.bytes).blob(row.entry.bytes).number(row.contact_seq);
    number(row.leaf_index).number(row.recorded_at).number(row.occurred_at).text(row.record);
    blob(row.salt).blob(row.leaf).blob(row.draft_digest).number(row.hash).blob(row.hash_key);
    if (values_.size() == kJournalColumns) return;
    text(row.category).text(row.type).text(row.method).text(row.direction).text(row.status);
    number(row.day).text(row.words).number(1);
  }

  PGresult* run(PGconn* connection) const {
    std::vector<const char*> data;
    std::vector<int> lengths;
    for (const std::string& value : values_) {
      data.push_back(value.data());
      lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> binary(values_.size(), 1);
    return PQexecPrepared(connection, "append", static_cast<int>(values_.size()), data.data(),
                          lengths.data(), binary.data(), 1);
  }

 private:
  Parameters& bytes(std::string_view value) {
    std::string& out = values_[column_++];
    if (!single_) put(out, static_cast<std::uint32_t>(value.size()));
    out += value;
    return *this;
  }
  Parameters& number(std::int64_t value) {
    std::string encoded;
    put(encoded, value);
    return bytes(encoded);
  }
  Parameters& text(std::string_view value) { return bytes(value); }
  Parameters& blob(std::span<const std::uint8_t> value) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as the library takes them
    return bytes({reinterpret_cast<const char*>(value.data()), value.size()});
  }

  bool single_;
  std::vector<std::string> values_;
  std::size_t column_ = 0;
};

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

void expect(const Connection& connection, const Result& result) {
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
  throw std::runtime_error(PQerrorMessage(connection.get()));
}

Connection connect(const Options& options) {
  Connection connection(PQconnectdb(options.url.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  expect(connection, {PQexec(connection.get(), "SET search_path = annals"), &PQclear});
  const std::string sql = statement_sql(options);
  std::vector<Oid> types;  // where they do not follow from the text: not every value is used there
  for (std::size_t i = 0; options.group == 1 && options.derive && i < kColumns.size(); ++i) {
    types.push_back(kColumns[i].element);
  }
  expect(connection, {PQprepare(connection.get(), "append", sql.c_str(),
                                static_cast<int>(types.size()), types.data()),
                      &PQclear});
  return connection;
}

class Appenders {
 public:
  Appenders(const Options& options, const bench::Values& values)
      : options_(options), values_(values), latencies_(options.connections) {}

  void run() {
    const std::int64_t begin = bench::now_ns();
    end_ = begin + bench::to_ns(options_.seconds);
    std::vector<std::thread> threads;
    threads.reserve(options_.connections);
    for (bench::Histogram& latency : latencies_) {
      threads.emplace_back([this, &latency] {
        try {
          append(latency);
        } catch (const std::exception& error) {
          std::fprintf(stderr, "bench_bare_postgres: %s\n", error.what());
          failed_ = true;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (failed_) throw std::runtime_error("a connection failed");
    print(static_cast<double>(bench::now_ns() - begin) / 1e9);
  }

 private:
  void append(bench::Histogram& latency) {
    const Connection connection = connect(options_);
    bench::Row row;
    while (bench::now_ns() < end_) {
      Parameters parameters(options_);
      const std::uint64_t first = next_.fetch_add(options_.group);
      for (std::uint64_t i = first; i < first + options_.group; ++i) {
        values_.row(i, row);
        parameters.add(row, static_cast<std::int64_t>(i) + 1);
      }
      const std::int64_t from = bench::now_ns();
      expect(connection, {parameters.run(connection.get()), &PQclear});
      latency.record(bench::now_ns() - from);
    }
  }

  void print(double seconds) const {
    bench::Histogram latency;
    for (const bench::Histogram& one : latencies_) latency.add(one);
    const std::uint64_t rows = latency.count() * options_.group;
    annals::base::JsonWriter out;
    out.begin_object().member("rows", static_cast<std::int64_t>(rows));
    out.key("seconds").raw(std::to_string(seconds));
    out.key("rate").raw(std::to_string(static_cast<double>(rows) / seconds));
    out.key("latency_ms");
    latency.write(out);
    std::puts(out.end_object().text().c_str());
  }

  const Options& options_;
  const bench::Values& values_;
  std::vector<bench::Histogram> latencies_;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::int64_t end_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Writes into PostgreSQL what the server would write, and nothing else.");
  Options options;
  app.add_option("--url", options.url, "An empty database, where it is made ready")->required();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("--group", options.group, "Rows of a statement")->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_option("--contacts", options.contacts)->capture_default_str();
  app.add_flag("--derive", options.derive, "The derived tables too, in the same transaction");
  CLI11_PARSE(app, argc, argv);
  try {
    annals::db::prepare_database(options.url);
    const bench::Values values(bench::make_contacts(options.contacts),
                               annals::base::system_clock().now());
    Appenders(options, values).run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_bare_postgres: %s\n", error.what());
    return 1;
  }
}
