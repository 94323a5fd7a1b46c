#include "entries/export.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
constexpr std::string_view kHead =
    "occurred_at,user,method,type,contact_type,status,direction,action,text,amount,currency,"
    "category,contact_id,recorded_at,retracted,id,recorded_by_kind,recorded_by\r\n";

// Who did it, as the report names it.
std::string user_of(const Record& r) {
  if (!r.actor.name.empty()) return r.actor.name;
  if (r.actor.kind == "automation") return "Automated";
  if (r.actor.kind == "contact") return "Client";
  return "No Staff";
}

void append_row(std::string& out, const View& view) {
  const Record r = parse_record(view.latest.text);
  const std::string amount = r.amount ? std::to_string(r.amount->value) : "";
  const std::string currency = r.amount ? r.amount->currency : "";
  const std::string cells[] = {
      base::format_rfc3339(r.occurred_at), user_of(r),  r.method, r.type, r.contact_type,
      std::string(status_of(view)),        r.direction, r.title,  r.text};
  for (const std::string& cell : cells) {
    append_cell(out, cell);
    out += ',';
  }
  out += amount + "," + currency + "," + r.category + "," + r.contact.text() + "," +
         base::format_rfc3339(view.first().text.integer(RecordMember::kRecordedAt)) + "," +
         (view.retraction ? "true" : "false") + "," + r.id.text();
  const RecordedBy by = read_recorded_by(view.first().text.written(RecordMember::kRecordedBy));
  for (const std::string& cell : {by.kind, by.name}) {
    out += ',';
    append_cell(out, cell);
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
  std::optional<Position> after{};
  bool begun = false;
  bool ended = false;

  std::string next() {
    if (ended) return {};
    std::string out;
    if (!begun && format == StreamFormat::kCsv) out = kHead;
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
        append_row(out, view);
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

http::Response stream(db::Database& database, db::BusinessKey business, Filter filter, Scope scope,
                      StreamFormat format) {
  const auto progress = std::make_shared<Progress>(
      Progress{database, business, std::move(filter), std::move(scope), format});
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

}  // namespace annals::entries
