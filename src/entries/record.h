// The record: what the ledger commits to, as RFC 8785 JSON. Private to entries/.
//
// Members (absent where empty): v, business, contact, id, version, kind, type, category,
// contact_type, method, direction, actor, recorded_by, occurred_at, recorded_at (µs), time_zone,
// title, text, details (the received JSON as a string), changes [{field, old, new}] (old and new as
// JSON strings), amount, attachments [{id, name, media_type, size, commitment}], origin {kind,
// rule, source, source_id}, private, views (stated ones), about, task, reason. Numbers are
// integers.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "entries/entries.h"
#include "entries/record_text.h"

namespace annals::entries {

struct RecordedBy {
  std::string kind;  // staff, api_key, system
  base::Id id;
  std::string name;
};

struct RecordAttachment {
  base::Id id;
  std::string name;
  std::string media_type;
  std::int64_t size = 0;
  std::string commitment;  // hex
};

struct RecordChange {
  std::string field;
  std::string old_json;
  std::string new_json;
};

struct Record {
  base::Id business;
  base::Id contact;
  base::Id id;
  std::int64_t version = 1;
  bool retraction = false;  // holds only ids, times, recorded_by and reason
  std::string type;
  std::string category;
  std::string contact_type;
  std::string method;
  std::string direction;
  ActorClaim actor;
  RecordedBy recorded_by;
  base::Micros occurred_at = 0;
  base::Micros recorded_at = 0;
  std::string time_zone;
  std::string title;
  std::string text;
  std::string details;
  std::vector<RecordChange> changes;
  std::optional<Amount> amount;
  std::vector<RecordAttachment> attachments;
  bool manual = false;
  std::string source;
  std::string source_id;
  std::optional<base::Id> rule;  // the logging rule that gave contact type or views
  bool is_private = false;
  std::vector<std::string> views;
  std::optional<base::Id> about;
  std::optional<base::Id> task;
  std::string reason;
};

/// RFC 8785.
[[nodiscard]] std::string serialise(const Record& record);
/// The inverse. Throws kInternal where the text is no record of ours.
[[nodiscard]] Record parse_record(std::string_view text);
[[nodiscard]] Record parse_record(const RecordText& text);

/// The member of that name.
void write_recorded_by(base::JsonWriter& out, const RecordedBy& by);

/// Single members, from their JSON texts (RecordText::written()). Throw kInternal.
[[nodiscard]] RecordedBy read_recorded_by(std::string_view written);
[[nodiscard]] std::vector<RecordChange> read_changes(std::string_view written);
[[nodiscard]] std::vector<RecordAttachment> read_attachments(std::string_view written);
[[nodiscard]] std::vector<std::string> read_views(std::string_view written);

/// `|a|b|` for the views column, empty for none.
[[nodiscard]] std::string views_column(const std::vector<std::string>& views);

}  // namespace annals::entries
