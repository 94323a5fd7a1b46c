// Moves businesses from one database to another, of whatever engine: ids, sequences, leaves,
// records and credentials stay as they are, positions become those of the target.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "access/access.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "db/db.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

constexpr std::int64_t kChunkRows = 1'000;

// A table that is copied row by row. `business` leads it; the first `keys` of the other columns are
// the rest of its key.
struct Copied {
  std::string_view name;
  std::string_view columns;
  std::string_view types;  // a letter a column, as in db::InsertInto
  std::size_t keys;
};

constexpr std::array<Copied, 21> kTables = {
    Copied{"staff",
           "id, email, email_folded, name, role, password_hash, active, version, created_at",
           "btttttiii", 1},
    Copied{"sessions", "token_hash, staff, created_at, used_at", "bbii", 1},
    Copied{"api_keys", "id, name, scopes, secret_hash, created_at, revoked_at", "bttbii", 1},
    Copied{"request_keys", "key_hash, request_hash, status, reply, created_at", "bbibi", 1},
    Copied{"log_views", "key, name, roles, version", "ttti", 1},
    Copied{"contact_types", "key, name, views, archived, version", "tttii", 1},
    Copied{"entry_types", "type, category, name, views, version", "tttti", 1},
    Copied{"logging_rules",
           "id, type, source, enabled, contact_type, views, version, not_logged, last_not_logged",
           "bttittiii", 1},
    Copied{"not_logged", "rule, slot, source, category, n", "bitti", 3},
    Copied{"contacts",
           "id, tag, version, state, name, organization, archived, merged_into, created_at, "
           "updated_at",
           "bbittbibii", 1},
    Copied{"contact_keys", "kind, value, contact", "ttb", 2},
    Copied{"contact_ways", "kind, value, contact", "ttb", 3},
    Copied{"contact_merges", "loser, merged_at, survivor, unmerged_at", "bibi", 2},
    Copied{"pins", "entry, pinned_at", "bi", 1},
    Copied{"attachments",
           "id, name, media_type, size, sha256, created_by_kind, created_by, created_at",
           "bttibtbi", 1},
    Copied{"tasks",
           "id, contact, entry, private, views, title, description, due_at, assignee, priority, "
           "status, version, created_by, created_at, completed_at",
           "bbbitttibttitii", 1},
    Copied{"saved_filters", "id, owner, name, filter, shared, created_at", "bbttii", 1},
    Copied{"checkpoints", "epoch, size, root, note, signed_at", "iibti", 2},
    Copied{"checkpoint_stamps", "epoch, size, stamp, stamped_at", "iibi", 2},
    Copied{"ledger_epochs", "epoch, previous, reason, began_at", "itti", 1},
    Copied{"ledger_keys", "made_at, verifier", "it", 1}};

// A value on its way from one database to the other.
using Cell = std::variant<std::monostate, std::int64_t, std::string>;
using Cells = std::vector<Cell>;

Cell cell_of(const db::Row& row, int column, char type) {
  if (row.is_null(column)) return {};
  if (type == 'i') return row.integer(column);
  return row.string(column);
}

db::Param param_of(const Cell& cell, char type) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return *number;
  const auto* bytes = std::get_if<std::string>(&cell);
  if (bytes == nullptr) return nullptr;
  if (type == 'b') return base::as_bytes(*bytes);
  return std::string_view(*bytes);
}

std::vector<db::Param> params_of(std::span<const Cell> cells, std::string_view types) {
  std::vector<db::Param> params;
  params.reserve(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    params.push_back(param_of(cells[i], types[i % types.size()]));
  }
  return params;
}

// The rows that `sql` gives, one after the other.
Cells read_rows(db::Database& from, db::BusinessKey business, const std::string& sql,
                std::string_view types, const std::vector<db::Param>& params) {
  return from.read_as_is(business, [&](db::Tx& tx) {
    Cells cells;
    db::Rows rows = tx.query(sql, params);
    while (rows.next()) {
      int column = 0;
      for (const char type : types) cells.push_back(cell_of(*rows, column++, type));
    }
    return cells;
  });
}

// `a, b` of `a, b, c` for 2.
std::string first_columns(std::string_view columns, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) end = columns.find(',', i == 0 ? 0 : end + 1);
  return std::string(columns.substr(0, end));
}

std::string select_after(const Copied& table, bool first) {
  const std::string keys = first_columns(table.columns, table.keys);
  std::string sql = "SELECT " + std::string(table.columns) + " FROM " + std::string(table.name) +
                    " WHERE business = $1";
  if (!first) {
    sql += " AND (" + keys + ") > (";
    for (std::size_t i = 0; i < table.keys; ++i) {
      sql += (i == 0 ? "$" : ", $") + std::to_string(i + 2);
    }
    sql += ")";
  }
  return sql + " ORDER BY " + keys + " LIMIT " + std::to_string(kChunkRows);
}

// What a move works with.
struct Move {
  db::Database& from;
  db::BusinessKey from_key;
  db::Tx& to;
  const MoveOptions& options;
  MoveReport& report;
};

// Inserts `cells`, with the target's business before each row.
void insert_rows(Move& move, const std::string& table, std::string_view types, const Cells& cells) {
  const std::string all_types = "i" + std::string(types);
  std::vector<db::Param> values;
  for (std::size_t at = 0; at < cells.size(); at += types.size()) {
    values.emplace_back(move.to.business());
    const auto row = params_of(std::span(cells).subspan(at, types.size()), types);
    values.insert(values.end(), row.begin(), row.end());
  }
  move.to.insert({.table = table, .types = all_types, .conflict = {}}, values);
}

void copy_table(Move& move, const Copied& table) {
  const std::string into =
      std::string(table.name) + " (business, " + std::string(table.columns) + ")";
  Cells cells;
  bool first = true;
  do {
    std::vector<db::Param> params{move.from_key};
    const Cells last(
        cells.empty() ? cells.end() : cells.end() - static_cast<std::ptrdiff_t>(table.types.size()),
        cells.end());
    for (std::size_t i = 0; !first && i < table.keys; ++i) {
      params.push_back(param_of(last[i], table.types[i]));
    }
    cells = read_rows(move.from, move.from_key, select_after(table, first), table.types, params);
    first = false;
    if (table.name == "contacts") {
      move.report.contacts += static_cast<std::int64_t>(cells.size() / table.types.size());
    }
    insert_rows(move, into, table.types, cells);
  } while (!cells.empty());
}

constexpr const char* kJournal = R"(
  SELECT pos, leaf_index + 1, contact, entry, version, kind, contact_seq, leaf_index, recorded_at,
         occurred_at, record, salt, leaf, draft_digest
  FROM journal WHERE business = $1 AND pos > $2 ORDER BY pos LIMIT 1000)";
constexpr std::string_view kJournalTypes = "iibbiiiiiitbbb";
constexpr std::string_view kJournalInto =
    "journal (business, pos, contact, entry, version, kind, contact_seq, leaf_index, recorded_at, "
    "occurred_at, record, salt, leaf, draft_digest)";
constexpr const char* kKeys = R"(
  SELECT i.h, i.key, j.leaf_index + 1 FROM idempotency i JOIN journal j ON j.pos = i.pos
  WHERE j.business = $1 AND ($2 = 0 OR i.h > $3) ORDER BY i.h LIMIT 1000)";
constexpr const char* kLater = R"(
  SELECT s.entry, s.version, j.leaf_index + 1, s.kind, s.recorded_at
  FROM supersession s JOIN journal j ON j.pos = s.pos
  WHERE s.business = $1 AND ($2 = 0 OR (s.entry, s.version) > ($3, $4))
  ORDER BY s.entry, s.version LIMIT 1000)";

void copy_journal(Move& move) {
  std::int64_t after = 0;
  std::int64_t reached = 0;
  while (true) {
    const Cells cells =
        read_rows(move.from, move.from_key, kJournal, kJournalTypes, {move.from_key, after});
    if (cells.empty()) break;
    Cells rows;
    const std::size_t columns = kJournalTypes.size();
    for (std::size_t at = 0; at < cells.size(); at += columns) {
      after = std::get<std::int64_t>(cells[at]);
      reached = std::get<std::int64_t>(cells[at + 1]);
      const auto row = cells.begin() + static_cast<std::ptrdiff_t>(at);
      rows.insert(rows.end(), row + 1, row + static_cast<std::ptrdiff_t>(columns));
      ++move.report.leaves;
    }
    insert_rows(move, std::string(kJournalInto), kJournalTypes.substr(1), rows);
    if (move.options.progress) move.options.progress(move.report);
  }
  if (reached > 0) move.to.journal_reaches(reached, 0);
}

void copy_idempotency(Move& move) {
  static constexpr std::string_view kTypes = "ibi";
  std::optional<std::int64_t> after;
  while (true) {
    const Cells cells = read_rows(move.from, move.from_key, kKeys, kTypes,
                                  {move.from_key, after.has_value(), after.value_or(0)});
    if (cells.empty()) return;
    after = std::get<std::int64_t>(cells[cells.size() - kTypes.size()]);
    insert_rows(move, "idempotency (business, h, key, pos)", kTypes, cells);
  }
}

void copy_supersession(Move& move) {
  static constexpr std::string_view kTypes = "biiii";
  std::string entry;
  std::int64_t version = 0;
  while (true) {
    const Cells cells = read_rows(move.from, move.from_key, kLater, kTypes,
                                  {move.from_key, !entry.empty(), base::as_bytes(entry), version});
    if (cells.empty()) return;
    entry = std::get<std::string>(cells[cells.size() - kTypes.size()]);
    version = std::get<std::int64_t>(cells[cells.size() - kTypes.size() + 1]);
    insert_rows(move, "supersession (business, entry, version, pos, kind, recorded_at)", kTypes,
                cells);
  }
}

constexpr const char* kBusiness = R"(
  SELECT id, name, time_zone, locale, currency, country, secret, created_at FROM businesses
  WHERE business = $1)";
constexpr std::string_view kBusinessTypes = "btttttbi";
constexpr const char* kFiles = "SELECT DISTINCT sha256 FROM attachments WHERE business = $1";
constexpr const char* kRows = "SELECT count(*) FROM journal";
constexpr const char* kNextKey = "SELECT coalesce(max(business), 0) + 1 FROM businesses";
constexpr const char* kIsThere = "SELECT 1 FROM businesses WHERE id = $1";
constexpr const char* kProof = R"(
  SELECT leaf_index, leaf, salt, record FROM journal WHERE business = $1 AND leaf_index >= $2
  ORDER BY pos LIMIT 1000)";

// A hash over all leaves with their records, in order.
base::Digest proof_of(db::Database& database, db::BusinessKey business) {
  static constexpr std::string_view kTypes = "ibbt";
  base::Digest digest{};
  std::int64_t next = 0;
  while (true) {
    const Cells cells = read_rows(database, business, kProof, kTypes, {business, next});
    if (cells.empty()) return digest;
    for (std::size_t at = 0; at < cells.size(); at += kTypes.size()) {
      next = std::get<std::int64_t>(cells[at]) + 1;
      const std::string index = std::to_string(next);
      digest = base::sha256({digest, base::as_bytes(index),
                             base::as_bytes(std::get<std::string>(cells[at + 1])),
                             base::as_bytes(std::get<std::string>(cells[at + 2])),
                             base::as_bytes(std::get<std::string>(cells[at + 3]))});
    }
  }
}

db::BusinessKey next_key(db::Database& to) {
  return to.read(db::kNoBusiness, [](db::Tx& tx) {
    db::Rows rows = tx.query(kNextKey, {});
    CHECK(rows.next());
    return rows->integer(0);
  });
}

void copy_files(db::Database& from, db::BusinessKey from_key, db::Database& to,
                db::BusinessKey to_key, MoveReport& report) {
  for (const Cell& cell : read_rows(from, from_key, kFiles, "b", {from_key})) {
    base::Digest digest{};
    const base::ByteSpan bytes = base::as_bytes(std::get<std::string>(cell));
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    to.blobs().put(to_key, base::as_bytes(from.blobs().get(from_key, digest)));
    ++report.files;
  }
}

void move_business(db::Database& from, db::Database& to, const access::Business& business,
                   const MoveOptions& options, MoveReport& report) {
  const db::BusinessKey key = next_key(to);
  copy_files(from, business.key, to, key, report);
  to.write(key, [&](db::Tx& tx) {
    MoveReport counted = report;  // this may run twice
    Move move{from, business.key, tx, options, counted};
    insert_rows(move,
                "businesses (business, id, name, time_zone, locale, currency, country, secret, "
                "created_at)",
                kBusinessTypes,
                read_rows(from, business.key, kBusiness, kBusinessTypes, {business.key}));
    for (const Copied& table : kTables) copy_table(move, table);
    copy_idempotency(move);
    copy_supersession(move);
    copy_journal(move);
    tx.on_commit([&report, counted] { report = counted; });
  });
  ++report.businesses;
  if (proof_of(from, business.key) != proof_of(to, key)) {
    throw base::Error(base::Code::kInternal, "The copy of " + business.name +
                                                 " differs from the original; do not use it.");
  }
}

}  // namespace

std::int64_t journal_rows(db::Database& database) {
  return database.read_as_is(db::kNoBusiness, [](db::Tx& tx) {
    db::Rows rows = tx.query(kRows, {});
    return rows.next() ? rows->integer(0) : 0;
  });
}

MoveReport move_businesses(db::Database& from, db::Database& to, const MoveOptions& options) {
  const auto all =
      from.read_as_is(db::kNoBusiness, [](db::Tx& tx) { return access::all_businesses(tx); });
  to.read(db::kNoBusiness, [&](db::Tx& tx) {
    for (const access::Business& business : all) {
      if (!tx.query(kIsThere, {business.id}).next()) continue;
      throw base::invalid("database", "exists",
                          business.name + " is in that database already; nothing was copied.");
    }
  });
  MoveReport report;
  for (const access::Business& business : all) move_business(from, to, business, options, report);
  return report;
}

}  // namespace annals::transfer
