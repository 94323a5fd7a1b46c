#include "entries/export.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "db/db.h"
#include "entries/filter.h"
#include "entries/record.h"
#include "entries/record_text.h"
#include "entries/timeline.h"
#include "entries/view.h"
#include "http/message.h"

namespace annals::entries {
namespace {

constexpr std::size_t kPieceRows = 500;
// Who did it, as the report names it.
std::string user_of(const Record& r) {
  if (!r.actor.name.empty()) return r.actor.name;
  if (r.actor.kind == "automation") return "Automated";
  if (r.actor.kind == "contact") return "Client";
  return "No Staff";
}

// What cells are made of.
struct Row {
  const View& view;
  const Record& r;
  const std::function<std::string(const base::Id&)>& contact_name;

  [[nodiscard]] RecordedBy recorded_by() const {
    return read_recorded_by(view.first().text.written(RecordMember::kRecordedBy));
  }
};

struct Column {
  std::string_view key;
  std::string_view title;
  std::string (*cell)(const Row&);
  bool ours = false;  // no text of others, so that nothing in it is a formula
};

constexpr std::array<Column, 20> kColumns = {{
    {"date", "Date", [](const Row& row) { return base::format_rfc3339(row.r.occurred_at); }, true},
    {"client", "Client", [](const Row& row) { return row.contact_name(row.r.contact); }},
    {"user", "User", [](const Row& row) { return user_of(row.r); }},
    {"method", "Contact method", [](const Row& row) { return row.r.method; }},
    {"type", "Type", [](const Row& row) { return row.r.type; }},
    {"contact_type", "Contact type", [](const Row& row) { return row.r.contact_type; }},
    {"status", "Status", [](const Row& row) { return std::string(status_of(row.view)); }},
    {"direction", "Direction", [](const Row& row) { return row.r.direction; }},
    {"action", "Action", [](const Row& row) { return row.r.title; }},
    {"text", "Text", [](const Row& row) { return row.r.text; }},
    {"amount", "Amount in minor units",
     [](const Row& row) { return row.r.amount ? std::to_string(row.r.amount->value) : ""; }, true},
    {"currency", "Currency",
     [](const Row& row) { return row.r.amount ? row.r.amount->currency : ""; }, true},
    {"category", "Category", [](const Row& row) { return row.r.category; }, true},
    {"contact_id", "Client id", [](const Row& row) { return row.r.contact.text(); }, true},
    {"recorded_at", "Recorded at",
     [](const Row& row) {
       return base::format_rfc3339(row.view.first().text.integer(RecordMember::kRecordedAt));
     },
     true},
    {"retracted", "Retracted",
     [](const Row& row) { return std::string(row.view.retraction ? "true" : "false"); }, true},
    {"id", "Entry id", [](const Row& row) { return row.r.id.text(); }, true},
    {"recorded_by_kind", "Recorded by (kind)",
     [](const Row& row) { return row.recorded_by().kind; }},
    {"recorded_by", "Recorded by", [](const Row& row) { return row.recorded_by().name; }},
    {"occurred_at", "Date", [](const Row& row) { return base::format_rfc3339(row.r.occurred_at); },
     true},
}};

constexpr std::string_view kAllColumns =
    "occurred_at,user,method,type,contact_type,status,direction,action,text,amount,currency,"
    "category,contact_id,recorded_at,retracted,id,recorded_by_kind,recorded_by";
constexpr std::string_view kReportColumns =
    "date,client,user,method,type,contact_type,status,direction,action";

std::vector<const Column*> columns_named(std::string_view keys) {
  std::vector<const Column*> out;
  while (true) {
    const std::size_t comma = keys.find(',');
    const std::string_view key = keys.substr(0, comma);
    const auto* column = std::find_if(kColumns.begin(), kColumns.end(),
                                      [&](const Column& one) { return one.key == key; });
    if (column == kColumns.end()) {
      throw base::malformed("columns", "unknown_column",
                            "\"" + std::string(key) + "\" is no column of the report");
    }
    if (std::find(out.begin(), out.end(), column) != out.end()) {
      throw base::malformed("columns", "repeated",
                            "\"" + std::string(key) + "\" may be named once");
    }
    out.push_back(column);
    if (comma == std::string_view::npos) return out;
    keys.remove_prefix(comma + 1);
  }
}

// What CSV is to be made.
struct Sheet {
  std::vector<const Column*> columns;
  bool titled = false;  // the head has titles, in place of keys
  ContactName contact_name;
};

std::string head_of(const Sheet& sheet) {
  std::string out;
  for (const Column* column : sheet.columns) {
    if (!out.empty()) out += ',';
    out += sheet.titled ? column->title : column->key;
  }
  return out + "\r\n";
}

void append_row(std::string& out, const View& view, const Sheet& sheet, db::Tx& tx) {
  const Record r = parse_record(view.latest.text);
  const std::function<std::string(const base::Id&)> name = [&](const base::Id& contact) {
    return sheet.contact_name ? sheet.contact_name(tx, contact) : contact.text();
  };
  const Row row{view, r, name};
  bool first = true;
  for (const Column* column : sheet.columns) {
    if (!first) out += ',';
    first = false;
    if (column->ours) {
      out += column->cell(row);
    } else {
      append_cell(out, column->cell(row));
    }
  }
  out += "\r\n";
}

// What a stream remembers between its pieces.
struct Progress {
  db::Database& database;
  db::BusinessKey business;
  Filter filter;
  Scope scope;
  StreamFormat format;
  Sheet sheet;
  std::optional<Position> after{};
  bool begun = false;
  bool ended = false;

  std::string next() {
    if (ended) return {};
    std::string out;
    if (!begun && format == StreamFormat::kCsv) out = head_of(sheet);
    begun = true;
    // An empty piece is the last one.
    return out + database.read(business, [&](db::Tx& tx) { return piece(tx); });
  }

  std::string piece(db::Tx& tx) {
    std::vector<Line> lines = page(tx, filter, scope, after, kPieceRows);
    std::string out;
    ViewWriter writer(tx);
    ended = lines.size() < kPieceRows;
    if (!lines.empty()) after = lines.back().at;
    for (const View& view : views_of(tx, std::move(lines), filter.as_of)) {
      if (format == StreamFormat::kCsv) {
        append_row(out, view, sheet, tx);
      } else {
        base::JsonWriter json;
        writer.write(json, view, filter.words);
        out += json.take() + "\n";
      }
    }
    return out;
  }
};

}  // namespace

void append_cell(std::string& out, std::string_view text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  const bool quote = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quote) out += '"';
  if (formula) out += '\'';
  for (const char c : text) {
    out += c;
    if (c == '"') out += c;
  }
  if (quote) out += '"';
}

namespace {

http::Response stream_sheet(db::Database& database, db::BusinessKey business, Filter filter,
                            Scope scope, StreamFormat format, Sheet sheet) {
  const auto progress = std::make_shared<Progress>(
      Progress{database, business, std::move(filter), std::move(scope), format, std::move(sheet)});
  http::Response response;
  const bool csv = format == StreamFormat::kCsv;
  response.headers.emplace_back("content-type",
                                csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
  if (csv) {
    response.headers.emplace_back("content-disposition",
                                  "attachment; filename=\"contact-history.csv\"");
  }
  response.stream = [progress] { return progress->next(); };
  return response;
}

}  // namespace

http::Response stream(db::Database& database, db::BusinessKey business, Filter filter, Scope scope,
                      StreamFormat format) {
  return stream_sheet(database, business, std::move(filter), std::move(scope), format,
                      {.columns = columns_named(kAllColumns), .contact_name = {}});
}

http::Response stream_report(db::Database& database, db::BusinessKey business, Filter filter,
                             Scope scope, StreamFormat format,
                             std::optional<std::string_view> columns, ContactName contact_name) {
  return stream_sheet(database, business, std::move(filter), std::move(scope), format,
                      {.columns = columns_named(columns.value_or(kReportColumns)),
                       .titled = true,
                       .contact_name = std::move(contact_name)});
}

}  // namespace annals::entries
