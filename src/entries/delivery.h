// Delivery events: what was reported of a message after it was recorded, each a leaf of its own.
//
// Members of the record: v, kind ("delivery"), business, contact, id (of the entry), event (its
// own id), status, occurred_at and recorded_at (µs), recorded_by and, where there are any, reason,
// machine (true) and source_id.
#pragma once
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "entries/record.h"

namespace annals::entries {

struct Delivery {
  base::Id business;
  base::Id contact;
  base::Id entry;
  base::Id id;
  std::string status;
  std::string reason;
  bool machine = false;  // a mail-privacy proxy or a scanner opened it, no person
  RecordedBy recorded_by;
  base::Micros occurred_at = 0;
  base::Micros recorded_at = 0;
  std::string source_id;  // the reporter's own id of the event
};

/// RFC 8785.
[[nodiscard]] std::string serialise(const Delivery& delivery);
/// The inverse. Throws kInternal where the text is no record of a delivery event.
[[nodiscard]] Delivery parse_delivery(std::string_view text);

/// A caller's delivery event. Throws kInvalid with all that is wrong; whether the status is one of
/// the entry's method is asked with is_status_of().
struct DeliveryDraft {
  std::string status;
  std::string reason;
  bool machine = false;
  std::optional<base::Micros> occurred_at;  // default: the transaction's now
  std::string source_id;
  std::string canonical;  // as received; compared where source_id repeats
};
[[nodiscard]] DeliveryDraft parse_delivery_draft(const base::Json& json);

[[nodiscard]] bool is_status(std::string_view status);
/// Whether messages sent by `method` can have it.
[[nodiscard]] bool is_status_of(std::string_view method, std::string_view status);
/// Whether messages are sent by `method` at all.
[[nodiscard]] bool is_sent_by(std::string_view method);

/// What an entry's status is after an event. A late event never erases a worse one, and what a
/// machine opened was not opened.
[[nodiscard]] std::string_view status_after(std::string_view before, std::string_view status,
                                            bool machine);

}  // namespace annals::entries
