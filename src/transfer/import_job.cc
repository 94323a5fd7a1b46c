#include "transfer/import_job.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "transfer/csv.h"
#include "transfer/import_look.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

namespace fs = std::filesystem;

using base::Json;
using base::JsonWriter;

constexpr std::size_t kKeptBytesMax = std::size_t{64} << 20;
constexpr std::size_t kRowsShown = 10;
constexpr std::size_t kCellBytesShown = 200;

constexpr std::array<std::pair<ImportStatus, std::string_view>, 7> kStatusNames = {{
    {ImportStatus::kReady, "ready"},
    {ImportStatus::kWaiting, "waiting"},
    {ImportStatus::kRunning, "running"},
    {ImportStatus::kDone, "done"},
    {ImportStatus::kFailed, "failed"},
    {ImportStatus::kCanceled, "canceled"},
    {ImportStatus::kInterrupted, "interrupted"},
}};

constexpr std::array<std::pair<std::string_view, std::int64_t ImportCounts::*>, 8> kCounts = {{
    {"rows", &ImportCounts::rows},
    {"skipped", &ImportCounts::skipped},
    {"rejected", &ImportCounts::rejected},
    {"warned", &ImportCounts::warned},
    {"contacts_created", &ImportCounts::contacts_created},
    {"contacts_found", &ImportCounts::contacts_found},
    {"entries_created", &ImportCounts::entries_created},
    {"entries_duplicate", &ImportCounts::entries_duplicate},
}};

// At most so many bytes, and no half character.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kCellBytesShown) return text;
  std::size_t end = kCellBytesShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

void write_time(JsonWriter& out, std::string_view name, base::Micros at) {
  out.key(name);
  if (at == 0) {
    out.value(nullptr);
  } else {
    out.value(base::format_rfc3339(at));
  }
}

void write_file(JsonWriter& out, const FileLook& look) {
  out.key("file").begin_object();
  out.member("delimiter", std::string(1, look.delimiter))
      .member("encoding", name_of(look.encoding))
      .member("header", look.header);
  out.key("columns").begin_array();
  for (const std::string& column : look.columns) out.value(column);
  out.end_array().key("rows").begin_array();
  for (std::size_t i = 0; i < std::min(look.rows.size(), kRowsShown); ++i) {
    out.begin_array();
    for (const std::string& cell : look.rows[i]) out.value(shortened(cell));
    out.end_array();
  }
  out.end_array().end_object();
}

void write_findings(JsonWriter& out, std::string_view name,
                    const std::vector<ImportFinding>& findings) {
  out.key(name).begin_array();
  for (const ImportFinding& finding : findings) {
    out.begin_object().member("line", finding.line).member("reason", finding.reason);
    out.key("faults").begin_array();
    for (const ImportFault& fault : finding.faults) {
      out.begin_object().member("field", fault.field).member("code", fault.code);
      if (!fault.value.empty()) out.member("value", shortened(fault.value));
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array();
}

void write_counts(JsonWriter& out, const ImportCounts& counts) {
  out.key("counts").begin_object();
  for (const auto& [name, count] : kCounts) out.member(name, counts.*count);
  out.end_object();
}

}  // namespace

std::string_view name_of(ImportStatus status) {
  const auto* found = std::find_if(kStatusNames.begin(), kStatusNames.end(),
                                   [&](const auto& one) { return one.first == status; });
  return found->second;
}

std::string import_json(const ImportJob& job, bool brief) {
  JsonWriter out;
  out.begin_object()
      .member("kind", "import")
      .member("id", job.id.text())
      .member("name", job.name)
      .member("status", name_of(job.status));
  out.key("dry_run");
  const bool ran = !job.mapping.is_null();
  ran ? out.value(job.dry_run) : out.value(nullptr);
  out.key("progress")
      .begin_object()
      .member("rows", job.report.counts.rows)
      .member("bytes", job.bytes_read)
      .member("all_bytes", job.size)
      .end_object();
  write_counts(out, job.report.counts);
  write_time(out, "finished_at", job.is_busy() ? 0 : job.finished_at);
  if (brief) return out.end_object().take();
  out.member("size", job.size).member("sha256", job.sha256);
  write_time(out, "created_at", job.created_at);
  out.member("runnable", job.has_file && !job.is_busy());
  write_file(out, job.look);
  out.key("guess").value(fields_json(job.guess));
  out.key("fields").value(job.fields).key("mapping").value(job.mapping);
  write_findings(out, "rejected", job.report.rejected);
  write_findings(out, "warnings", job.report.warnings);
  out.key("error");
  job.error.empty() ? out.value(nullptr) : out.value(job.error);
  return out.end_object().take();
}

// What is kept is what is shown, and what only the server needs to know.
void keep_import(const ImportJob& job) {
  JsonWriter out;
  out.begin_object().key("shown").raw(import_json(job, false));
  out.member("business", job.actor.business)
      .member("actor_kind", name_of(job.actor.kind))
      .member("actor", job.actor.id.text())
      .member("created_at", job.created_at)
      .member("touched_at", job.touched_at)
      .member("finished_at", job.finished_at)
      .member("has_file", job.has_file)
      .end_object();
  base::write_file(job.folder + "/import.json", out.take());
}

namespace {

std::string text_of(const Json& object, std::string_view name) {
  const Json* found = object.find(name);
  return found == nullptr || !found->is_string() ? "" : found->text();
}

std::int64_t number_of(const Json& object, std::string_view name) {
  const Json* found = object.find(name);
  return found == nullptr ? 0 : found->as_int().value_or(0);
}

bool flag_of(const Json& object, std::string_view name) {
  const Json* found = object.find(name);
  return found != nullptr && found->as_bool();
}

const Json& member(const Json& object, std::string_view name) {
  static const Json kNone;
  const Json* found = object.find(name);
  return found == nullptr ? kNone : *found;
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.items()) out.push_back(item.text());
  return out;
}

FileLook look_of(const Json& file) {
  FileLook look;
  const std::string delimiter = text_of(file, "delimiter");
  look.delimiter = delimiter.empty() ? ',' : delimiter[0];
  look.encoding = encoding_named(text_of(file, "encoding")).value_or(Encoding::kUtf8);
  look.header = flag_of(file, "header");
  look.columns = texts_of(member(file, "columns"));
  for (const Json& row : member(file, "rows").items()) look.rows.push_back(texts_of(row));
  return look;
}

ImportFields fields_of(const Json& json) {
  ImportFields out;
  out.type = text_of(json, "type");
  out.source = text_of(json, "source");
  for (const auto& [meaning, column] : member(json, "columns").members()) {
    out.columns.emplace(meaning, column.text());
  }
  out.date_form = text_of(json, "date_form");
  out.decimal = text_of(json, "decimal");
  out.currency = text_of(json, "currency");
  out.keep_others = flag_of(json, "keep_others");
  return out;
}

std::vector<ImportFinding> findings_of(const Json& list) {
  std::vector<ImportFinding> out;
  for (const Json& item : list.items()) {
    ImportFinding& finding = out.emplace_back(
        ImportFinding{.line = number_of(item, "line"), .reason = text_of(item, "reason")});
    for (const Json& fault : member(item, "faults").items()) {
      finding.faults.push_back(
          {text_of(fault, "field"), text_of(fault, "code"), text_of(fault, "value")});
    }
  }
  return out;
}

ImportReport report_of(const Json& shown, const std::string& folder) {
  ImportReport out;
  for (const auto& [name, count] : kCounts) {
    out.counts.*count = number_of(member(shown, "counts"), name);
  }
  out.rejected = findings_of(member(shown, "rejected"));
  out.warnings = findings_of(member(shown, "warnings"));
  for (auto [path, name] : {std::pair(&out.rejected_file, "/rejected.csv"),
                            std::pair(&out.warnings_file, "/warnings.csv")}) {
    if (fs::exists(folder + name)) *path = folder + name;
  }
  return out;
}

access::Actor actor_of(const Json& json) {
  access::Actor actor;
  for (const auto kind : {access::Actor::Kind::kStaff, access::Actor::Kind::kApiKey}) {
    if (name_of(kind) == text_of(json, "actor_kind")) actor.kind = kind;
  }
  actor.id = base::parse_id(text_of(json, "actor")).value_or(base::Id());
  actor.business = number_of(json, "business");
  return actor;
}

}  // namespace

std::optional<ImportJob> read_import(const std::string& folder) {
  Json json;
  try {
    const std::string text = base::read_file(folder + "/import.json", kKeptBytesMax);
    json = base::parse_json(text, kKeptBytesMax);
  } catch (const base::Error&) {
    return std::nullopt;
  }
  const Json& shown = member(json, "shown");
  const auto id = base::parse_id(text_of(shown, "id"));
  if (!id) return std::nullopt;
  ImportJob job{
      .id = *id, .actor = actor_of(json), .folder = folder, .name = text_of(shown, "name")};
  job.size = number_of(shown, "size");
  job.sha256 = text_of(shown, "sha256");
  job.look = look_of(member(shown, "file"));
  job.guess = fields_of(member(shown, "guess"));
  job.created_at = number_of(json, "created_at");
  job.touched_at = number_of(json, "touched_at");
  job.has_file = flag_of(json, "has_file");
  for (const auto& [status, name] : kStatusNames) {
    if (name == text_of(shown, "status")) job.status = status;
  }
  if (job.is_busy()) job.status = ImportStatus::kInterrupted;
  job.fields = member(shown, "fields");
  job.mapping = member(shown, "mapping");
  job.dry_run = flag_of(shown, "dry_run");
  job.report = report_of(shown, folder);
  job.bytes_read = number_of(member(shown, "progress"), "bytes");
  job.finished_at = number_of(json, "finished_at");
  job.error = text_of(shown, "error");
  return job;
}

}  // namespace annals::transfer
