#include "entries/check.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/id.h"
#include "base/json_scan.h"
#include "catalog/catalog.h"
#include "entries/delivery.h"
#include "entries/record.h"
#include "entries/record_text.h"
#include "ledger/ledger.h"

namespace annals::entries {
namespace {

using enum RecordMember;

// A string's value; in `store` where it is not in the text as it is.
std::string_view value_of(std::string_view written, std::string& store) {
  if (written.size() >= 2 && written.find('\\') == std::string_view::npos) {
    return written.substr(1, written.size() - 2);
  }
  if (written.empty()) return {};
  store = base::json_string(written);
  return store;
}

std::optional<base::Id> id_of(std::string_view written) {
  std::string store;
  return base::parse_id(value_of(written, store));
}

bool is_id(std::string_view written, const base::Id& id) { return id_of(written) == id; }

// The member of an object, as it is written.
std::string_view member_of(std::string_view object, std::string_view name) {
  if (object.empty()) return {};
  base::JsonScan scan(object);
  std::string_view found;
  while (scan.next_member()) {
    if (scan.key() == name) found = scan.value();
  }
  return found;
}

base::ByteSpan span_of(const std::optional<base::Id>& id) {
  if (!id) return {};
  return id->bytes;
}

std::vector<RecordAttachment> files_of(std::string_view written) {
  return written.empty() ? std::vector<RecordAttachment>() : read_attachments(written);
}

bool same_bytes(base::ByteSpan a, base::ByteSpan b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

bool TimelineColumns::same_as(const TimelineColumns& other) const {
  return recorded_at == other.recorded_at && category == other.category && type == other.type &&
         contact_type == other.contact_type && method == other.method &&
         direction == other.direction && status == other.status && actor_kind == other.actor_kind &&
         same_bytes(staff, other.staff) && manual == other.manual &&
         has_attachment == other.has_attachment && same_bytes(author, other.author) &&
         views == other.views;
}

RecordCheck::RecordCheck(std::string_view text, const JournalColumns& columns) {
  const RecordSlices slices(text);
  const auto written = [&](RecordMember member) { return slices.written(text, member); };
  const auto compare = [&](const char* name, bool same) {
    if (!same) differences_.emplace_back(name);
  };
  const auto is_number = [&](RecordMember member, std::int64_t number) {
    return base::json_integer(written(member)) == number;
  };
  const bool retraction = written(kKind) == R"("retraction")";
  compare("business", is_id(written(kBusiness), columns.business));
  compare("contact", is_id(written(kContact), columns.contact));
  compare("entry", is_id(written(kId), columns.entry));
  compare("version", is_number(kVersion, columns.version));
  compare("recorded_at", is_number(kRecordedAt, columns.recorded_at));
  // A retraction says nothing of when the entry happened.
  compare("occurred_at", retraction || is_number(kOccurredAt, columns.occurred_at));
  compare("kind", retraction == (columns.kind == ledger::Kind::kRetraction) &&
                      (columns.kind == ledger::Kind::kEntry) == (columns.version == 1));
  if (retraction) return;
  for (RecordAttachment& file : files_of(written(kAttachments))) {
    files_.push_back({file.id, std::move(file.name), std::move(file.media_type), file.size,
                      std::move(file.commitment)});
  }
  read_line(text, slices, columns);
}

void RecordCheck::read_line(std::string_view text, const RecordSlices& slices,
                            const JournalColumns& columns) {
  const auto written = [&](RecordMember member) { return slices.written(text, member); };
  TimelineColumns line{.recorded_at = columns.recorded_at,
                       .category = value_of(written(kCategory), decoded_[0]),
                       .type = value_of(written(kType), decoded_[1]),
                       .contact_type = value_of(written(kContactType), decoded_[2]),
                       .method = value_of(written(kMethod), decoded_[3]),
                       .direction = value_of(written(kDirection), decoded_[4]),
                       .status = {},
                       .actor_kind = {},
                       .staff = {},
                       .manual = member_of(written(kOrigin), "kind") == R"("manual")",
                       .has_attachment = !files_.empty(),
                       .author = {},
                       .views = {}};
  if (const catalog::Type* type = catalog::builtin_type(line.type)) line.status = type->status;
  const std::string_view actor = written(kActor);
  line.actor_kind = value_of(member_of(actor, "kind"), decoded_[5]);
  if (line.actor_kind == "staff") staff_ = id_of(member_of(actor, "id"));
  line.staff = span_of(staff_);
  if (written(kPrivate) == "true") {
    author_is_of_first_ = columns.version > 1;
    author_ = author_of(text);
    line.author = span_of(author_);
  }
  if (!written(kViews).empty()) {
    views_ = views_column(read_views(written(kViews)));
    line.views = views_;
  }
  timeline_ = line;
}

std::vector<std::string> differences(const Delivery& delivery, const JournalColumns& columns) {
  std::vector<std::string> names;
  const auto compare = [&](const char* name, bool same) {
    if (!same) names.emplace_back(name);
  };
  compare("business", delivery.business == columns.business);
  compare("contact", delivery.contact == columns.contact);
  compare("entry", delivery.entry == columns.entry);
  compare("version", columns.version == 1);
  compare("recorded_at", delivery.recorded_at == columns.recorded_at);
  compare("occurred_at", delivery.occurred_at == columns.occurred_at);
  return names;
}

std::string first_status(std::string_view record) {
  const RecordSlices slices(record);
  std::string store;
  const catalog::Type* type = catalog::builtin_type(value_of(slices.written(record, kType), store));
  return type != nullptr ? std::string(type->status) : std::string();
}

base::Id author_of(std::string_view record) {
  const RecordSlices slices(record);
  return id_of(member_of(slices.written(record, kRecordedBy), "id")).value_or(base::Id{});
}

}  // namespace annals::entries
