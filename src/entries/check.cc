#include "entries/check.h"

#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/id.h"
#include "catalog/catalog.h"
#include "entries/record.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

base::Bytes bytes_of(const std::optional<base::Id>& id) {
  if (!id) return {};
  return {id->bytes.begin(), id->bytes.end()};
}

TimelineColumns timeline_of(const Record& record) {
  TimelineColumns row{.recorded_at = record.recorded_at,
                      .category = record.category,
                      .type = record.type,
                      .contact_type = record.contact_type,
                      .method = record.method,
                      .direction = record.direction,
                      .status = {},
                      .actor_kind = record.actor.kind,
                      .staff = {},
                      .manual = record.manual,
                      .has_attachment = !record.attachments.empty(),
                      .author = {},
                      .views = views_column(record.views)};
  if (const catalog::Type* type = catalog::builtin_type(record.type)) row.status = type->status;
  if (record.actor.kind == "staff") row.staff = bytes_of(record.actor.id);
  if (record.is_private && record.version == 1) row.author = bytes_of(record.recorded_by.id);
  return row;
}

}  // namespace

RecordCheck check_record(std::string_view text, const JournalColumns& columns) {
  const Record record = parse_record(text);
  RecordCheck check;
  const auto compare = [&](const char* name, bool same) {
    if (!same) check.differences.emplace_back(name);
  };
  compare("business", record.business == columns.business);
  compare("contact", record.contact == columns.contact);
  compare("entry", record.id == columns.entry);
  compare("version", record.version == columns.version);
  compare("recorded_at", record.recorded_at == columns.recorded_at);
  // A retraction says nothing of when the entry happened.
  compare("occurred_at", record.retraction || record.occurred_at == columns.occurred_at);
  compare("kind", record.retraction == (columns.kind == ledger::Kind::kRetraction) &&
                      (columns.kind == ledger::Kind::kEntry) == (record.version == 1));
  if (!record.retraction) check.timeline = timeline_of(record);
  for (const RecordAttachment& file : record.attachments) {
    check.files.push_back({file.id, file.name, file.media_type, file.size, file.commitment});
  }
  return check;
}

}  // namespace annals::entries
