#include "entries/history.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "db/db.h"
#include "entries/attachments.h"
#include "entries/deliver.h"
#include "entries/delivery.h"
#include "entries/draft.h"
#include "entries/export.h"
#include "entries/filter.h"
#include "entries/load.h"
#include "entries/logging.h"
#include "entries/revise.h"
#include "entries/saved_filters.h"
#include "entries/summary.h"
#include "entries/timeline.h"
#include "entries/view.h"
#include "http/message.h"
#include "http/multipart.h"

namespace annals::entries {
namespace {

using access::Call;
using access::Permission;
using http::Response;

// ------------------------------------------------------------------------------------- timelines

// What a timeline's query asks besides its filters.
struct Asked {
  Filter filter;
  std::optional<Position> after;
  std::size_t limit = base::limits::kPageDefault;
  bool facets = false;
};

Asked read_query(const Call& call, std::initializer_list<std::string_view> others = {}) {
  http::Pairs filters;
  for (const auto& pair : call.request.query) {
    if (is_filter_parameter(pair.first)) {
      filters.push_back(pair);
    } else if (pair.first != "cursor" && pair.first != "limit" && pair.first != "facets" &&
               std::find(others.begin(), others.end(), pair.first) == others.end()) {
      throw base::malformed(pair.first, "unknown_parameter", "There is no such query parameter.");
    }
  }
  Asked asked;
  asked.limit = access::page_limit(call.request);
  if (const auto facets = call.request.query_value("facets")) {
    if (*facets != "1" && *facets != "0")
      throw base::malformed("facets", "choice", "Write 1 or 0.");
    asked.facets = *facets == "1";
  }
  if (const auto cursor = call.request.query_value("cursor")) {
    Cursor decoded = decode_cursor(*cursor, filters, call.actor.time_zone);
    asked.filter = std::move(decoded.filter);
    asked.after = decoded.after;
  } else {
    asked.filter = parse_filter(filters, call.actor.time_zone);
  }
  return asked;
}

Scope scope_of(db::Tx& tx, const Call& call, const Filter& filter, const Neighbours& neighbours,
               const std::optional<base::Id>& contact) {
  Scope scope;
  scope.contact = contact;
  if (contact) scope.members = neighbours.members(tx, *contact, filter.as_of);
  scope.sight = catalog::sight(tx, call.actor);
  if (!filter.views.empty()) {
    try {
      catalog::check_views(tx, filter.views);
    } catch (const base::Error& error) {
      throw base::malformed("view", "unknown_view", error.errors().front().message);
    }
    scope.views = catalog::sight_of(tx, {filter.views.begin(), filter.views.end()});
  }
  return scope;
}

std::string write_page(db::Tx& tx, const Asked& asked, const Scope& scope,
                       const std::string& time_zone) {
  // One line more than asked for tells whether there is a next page.
  std::vector<Line> lines = page(tx, asked.filter, scope, asked.after, asked.limit + 1);
  const bool more = lines.size() > asked.limit;
  if (more) lines.pop_back();
  static constexpr std::size_t kEntryBytes = 1'200;  // of a usual entry
  base::JsonWriter out;
  out.reserve((lines.size() + 1) * kEntryBytes);
  ViewWriter writer(tx);
  out.begin_object().key("items").begin_array();
  std::optional<Position> last;
  if (!lines.empty()) last = lines.back().at;
  for (const View& view : views_of(tx, std::move(lines), asked.filter.as_of)) {
    writer.write(out, view, asked.filter.words);
  }
  out.end_array().key("next_cursor");
  if (more && last) {
    out.value(encode_cursor(asked.filter, *last));
  } else {
    out.value(nullptr);
  }
  if (asked.facets && !asked.after) {
    const Facets counted = facets(tx, asked.filter, scope, time_zone);
    out.key("facets").begin_object();
    for (const auto& [name, counts] : counted.counts) {
      out.key(name).begin_object();
      for (const auto& [value, n] : counts) out.member(value, n);
      out.end_object();
    }
    out.end_object().member("facets_exact", counted.exact);
  }
  out.end_object();
  return out.take();
}

std::optional<StreamFormat> asked_format(const http::Request& request) {
  const std::string_view accept = request.header("accept");
  if (accept.find("text/csv") != std::string_view::npos) return StreamFormat::kCsv;
  if (accept.find("application/x-ndjson") != std::string_view::npos) return StreamFormat::kNdjson;
  return std::nullopt;
}

Response list(const Call& call, const Neighbours& neighbours,
              const std::optional<base::Id>& contact) {
  const Asked asked = read_query(call);
  if (const auto format = asked_format(call.request)) {
    call.actor.require(Permission::kExport);
    Scope scope = call.read(
        [&](db::Tx& tx) { return scope_of(tx, call, asked.filter, neighbours, contact); });
    return stream(call.database, call.actor.business, asked.filter, std::move(scope), *format);
  }
  return Response::json(200, call.read([&](db::Tx& tx) {
    const Scope scope = scope_of(tx, call, asked.filter, neighbours, contact);
    return write_page(tx, asked, scope, call.actor.time_zone);
  }));
}

// As `format` says, which a link can, else as Accept does.
std::optional<StreamFormat> report_format(const http::Request& request) {
  const auto format = request.query_value("format");
  if (!format) return asked_format(request);
  if (*format == "csv") return StreamFormat::kCsv;
  if (*format == "ndjson") return StreamFormat::kNdjson;
  if (*format != "json") throw base::malformed("format", "choice", "Write json, csv or ndjson.");
  return std::nullopt;
}

Response report(const Call& call, const Neighbours& neighbours) {
  const Asked asked = read_query(call, {"columns", "format"});
  const auto format = report_format(call.request);
  if (format) call.actor.require(Permission::kExport);
  Scope scope = call.read(
      [&](db::Tx& tx) { return scope_of(tx, call, asked.filter, neighbours, std::nullopt); });
  if (format) {
    return stream_report(call.database, call.actor.business, asked.filter, std::move(scope),
                         *format, call.request.query_value("columns"), neighbours.contact_name);
  }
  return Response::json(200, call.read([&](db::Tx& tx) {
    return write_page(tx, asked, scope, call.actor.time_zone);
  }));
}

void write_amounts(base::JsonWriter& out, std::string_view name,
                   const std::map<std::string, std::int64_t>& amounts) {
  out.key(name).begin_array();
  for (const auto& [currency, value] : amounts) {
    out.begin_object().member("value", value).member("currency", currency).end_object();
  }
  out.end_array();
}

Response show_summary(const Call& call, const Neighbours& neighbours) {
  access::only_query(call.request, {});
  const base::Id contact = access::path_id(call.request, "contact");
  return Response::json(200, call.read([&](db::Tx& tx) {
    const Scope scope = scope_of(tx, call, Filter{}, neighbours, contact);
    const Summary summary = summarise(tx, scope);
    base::JsonWriter out;
    out.begin_object().member("visits", summary.visits);
    write_amounts(out, "lifetime_value", summary.lifetime_value);
    out.key("last_contact_at");
    std::optional<std::int64_t> days;
    if (summary.last_contact_at) {
      out.value(base::format_rfc3339(*summary.last_contact_at));
      days = base::day_in_zone(tx.now(), call.actor.time_zone) -
             base::day_in_zone(*summary.last_contact_at, call.actor.time_zone);
    } else {
      out.value(nullptr);
    }
    out.key("days_since_last_contact").value(days);
    out.member("open_tasks", neighbours.open_tasks(tx, call.actor, scope.members));
    out.key("next_appointment");
    if (const auto& next = summary.next_appointment) {
      out.begin_object()
          .member("starts_at", base::format_rfc3339(next->starts_at))
          .member("entry_id", next->entry.text())
          .member("title", next->title)
          .end_object();
    } else {
      out.value(nullptr);
    }
    write_amounts(out, "unpaid", summary.unpaid);
    return out.end_object().take();
  }));
}

// -------------------------------------------------------------------------------- single entries

Response detail(db::Tx& tx, const Call& call, const base::Id& entry, int status) {
  const catalog::Sight sight = catalog::sight(tx, call.actor);
  const History history = load_history(tx, entry, sight);
  base::JsonWriter out;
  ViewWriter(tx).write_detail(out, history, sight);
  Response response = Response::json(status, out.take());
  response.headers.emplace_back("etag", access::etag(history.latest().record.version));
  return response;
}

Response show_entry(const Call& call) {
  access::only_query(call.request, {});
  const base::Id entry = access::path_id(call.request, "entry");
  return call.read([&](db::Tx& tx) { return detail(tx, call, entry, 200); });
}

Response correct_entry(const Call& call) {
  access::only_query(call.request, {});
  const base::Id entry = access::path_id(call.request, "entry");
  const Correction correction = parse_correction(access::json_body(call.request));
  return call.write([&](db::Tx& tx) {
    const catalog::Sight sight = catalog::sight(tx, call.actor);
    access::check_if_match(call.request, load_history(tx, entry, sight).latest().record.version);
    correct(tx, call.actor, sight, entry, correction);
    return detail(tx, call, entry, 201);
  });
}

Response retract_entry(const Call& call) {
  access::only_query(call.request, {});
  const base::Id entry = access::path_id(call.request, "entry");
  const std::string reason = parse_retraction(access::json_body(call.request));
  return call.write([&](db::Tx& tx) {
    retract(tx, call.actor, catalog::sight(tx, call.actor), entry, reason);
    return detail(tx, call, entry, 201);
  });
}

Response deliver_entry(const Call& call) {
  access::only_query(call.request, {});
  const base::Id entry = access::path_id(call.request, "entry");
  const DeliveryDraft draft = parse_delivery_draft(access::json_body(call.request));
  return call.write([&](db::Tx& tx) {
    const Delivered delivered =
        deliver(tx, call.actor, catalog::sight(tx, call.actor), entry, draft);
    base::JsonWriter out;
    out.begin_object();
    if (!delivered.erased) out.member("id", delivered.id.text());
    out.member("status", delivered.duplicate ? "duplicate" : "created");
    if (delivered.erased) out.member("erased", true);
    out.member("entry_id", entry.text()).member("contact_id", delivered.contact.text());
    out.key("ledger").begin_object().member("contact_seq", delivered.contact_seq).end_object();
    return Response::json(delivered.duplicate ? 200 : 201, out.end_object().take());
  });
}

Response set_pin(const Call& call, bool pinned) {
  access::only_query(call.request, {});
  const base::Id entry = access::path_id(call.request, "entry");
  return call.write([&](db::Tx& tx) {
    pin(tx, catalog::sight(tx, call.actor), entry, pinned);
    return Response::empty();
  });
}

// ----------------------------------------------------------------------------------- attachments

Response upload(const Call& call) {
  access::only_query(call.request, {});
  const std::vector<http::Part> parts = http::parse_multipart(call.request);
  if (parts.size() != 1 || parts.front().name != "file") {
    throw base::invalid("file", "required", "Send one part with the name `file`.");
  }
  const http::Part& part = parts.front();
  if (part.content.size() > base::limits::kAttachmentBytesMax) {
    throw base::Error(base::Code::kTooLarge, "A file may have at most 25 MiB.");
  }
  Attachment attachment;
  attachment.name = part.filename.value_or("");
  attachment.media_type = media_type_of(part.content, part.media_type);
  attachment.size = static_cast<std::int64_t>(part.content.size());
  const auto keep = [&] {
    return call.database.blobs().put(call.actor.business, base::as_bytes(part.content));
  };
  attachment.sha256 = keep();
  Response reply = call.write([&](db::Tx& tx) {
    // Once more, on the writer: the same bytes may have been dropped as unused meanwhile.
    static_cast<void>(keep());
    const Attachment kept = keep_attachment(tx, call.actor, attachment);
    base::JsonWriter out;
    out.begin_object()
        .member("id", kept.id.text())
        .member("name", kept.name)
        .member("media_type", kept.media_type)
        .member("size", kept.size)
        .end_object();
    return Response::json(201, out.take());
  });
  // And once after it: where they were dropped in the same commit, the file went with that.
  static_cast<void>(keep());
  return reply;
}

Response download(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "attachment");
  const Attachment attachment = call.read([&](db::Tx& tx) {
    return find_attachment(tx, call.actor, catalog::sight(tx, call.actor), id);
  });
  Response response;
  response.body = call.database.blobs().get(call.actor.business, attachment.sha256);
  response.headers.emplace_back("content-type", attachment.media_type);
  response.headers.emplace_back("content-disposition", "attachment; filename*=UTF-8''" +
                                                           base::percent_encode(attachment.name));
  response.headers.emplace_back("content-security-policy", "default-src 'none'; sandbox");
  return response;
}

constexpr std::size_t kMultipartOverheadBytes = 64 * 1024;
constexpr std::int64_t kUploadDeadlineMs = 120'000;

}  // namespace

access::Routes routes(Neighbours given) {
  using enum http::Method;
  const auto neighbours = std::make_shared<const Neighbours>(std::move(given));
  const auto contact_list = [neighbours](const Call& call) {
    return list(call, *neighbours, access::path_id(call.request, "contact"));
  };
  const auto all_list = [neighbours](const Call& call) {
    return list(call, *neighbours, std::nullopt);
  };
  const auto all_report = [neighbours](const Call& call) { return report(call, *neighbours); };
  const auto summary = [neighbours](const Call& call) { return show_summary(call, *neighbours); };
  access::Routes table = {
      {kGet, "/contacts/{id}/entries", Permission::kEntriesRead, contact_list},
      {kGet, "/contacts/{id}/summary", Permission::kEntriesRead, summary},
      {kGet, "/entries", Permission::kEntriesRead, all_list},
      {kGet, "/reports/contact-history", Permission::kEntriesRead, all_report},
      {kGet, "/entries/{id}", Permission::kEntriesRead, show_entry},
      {kPost, "/entries/{id}/corrections", Permission::kEntriesWrite, correct_entry},
      {kPost, "/entries/{id}/retraction", Permission::kEntriesWrite, retract_entry},
      {kPost, "/entries/{id}/delivery-events", Permission::kEntriesWrite, deliver_entry},
      {kPut, "/entries/{id}/pin", Permission::kEntriesWrite,
       [](const Call& call) { return set_pin(call, true); }},
      {kDelete, "/entries/{id}/pin", Permission::kEntriesWrite,
       [](const Call& call) { return set_pin(call, false); }},
      {kPost, "/attachments", Permission::kEntriesWrite, upload,
       base::limits::kAttachmentBytesMax + kMultipartOverheadBytes, kUploadDeadlineMs},
      {kGet, "/attachments/{id}", Permission::kEntriesRead, download},
  };
  for (access::Route& route : saved_filter_routes()) table.push_back(std::move(route));
  for (access::Route& route : logging_trial_routes()) table.push_back(std::move(route));
  return table;
}

}  // namespace annals::entries
