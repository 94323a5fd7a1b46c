#include "entries/summary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
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
#include "entries/load.h"
#include "entries/record.h"
#include "entries/sql.h"
#include "entries/timeline.h"

namespace annals::entries {
namespace {

// How many records of a kind are read at most; the newest count. Nobody has had more appointments.
constexpr std::size_t kRecordsMax = 10'000;

Filter of_types(std::vector<std::string> types) {
  Filter filter;
  filter.types = std::move(types);
  return filter;
}

// Oldest first.
std::vector<Record> records(db::Tx& tx, const Scope& scope, std::vector<std::string> types) {
  std::vector<Record> found;
  for (const Line& line : page(tx, of_types(std::move(types)), scope, std::nullopt, kRecordsMax)) {
    if (!line.retracted) found.push_back(parse_record(line.shown.text));
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::string detail(const base::Json& details, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const base::Json* value = details.find(name);
    if (value != nullptr && (value->is_string() || value->is_number())) return value->text();
  }
  return {};
}

base::Json details_of(const Record& record) {
  return record.details.empty() ? base::Json::object() : base::parse_json(record.details);
}

// What is owed of one invoice, or of all that carry no number.
struct Invoice {
  std::int64_t created = 0;
  std::int64_t sent = 0;
  std::int64_t settled = 0;  // paid less refunded, or voided
  [[nodiscard]] std::int64_t owed() const {
    return std::max<std::int64_t>(0, std::max(created, sent) - settled);
  }
};

void sum_payments(db::Tx& tx, const Scope& scope, Summary& summary) {
  std::map<std::pair<std::string, std::string>, Invoice> invoices;  // by currency and number
  for (const Record& r : records(tx, scope,
                                 {"invoice.created", "invoice.sent", "invoice.voided",
                                  "payment.refunded", "payment.taken"})) {
    if (!r.amount) continue;
    const std::string number =
        detail(details_of(r), {"invoice_number", "invoice_id", "invoice", "number"});
    Invoice& invoice = invoices[{r.amount->currency, number}];
    const std::int64_t value = r.amount->value;
    if (r.type == "invoice.created") invoice.created += value;
    if (r.type == "invoice.sent") {
      // Sending a numbered invoice again does not make it due twice.
      invoice.sent = number.empty() ? invoice.sent + value : std::max(invoice.sent, value);
    }
    if (r.type == "invoice.voided" || r.type == "payment.taken") invoice.settled += value;
    if (r.type == "payment.refunded") invoice.settled -= value;
    if (r.type == "payment.taken") summary.lifetime_value[r.amount->currency] += value;
    if (r.type == "payment.refunded") summary.lifetime_value[r.amount->currency] -= value;
  }
  for (const auto& [key, invoice] : invoices) {
    if (invoice.owed() > 0) summary.unpaid[key.first] += invoice.owed();
  }
}

void find_next_appointment(db::Tx& tx, const Scope& scope, Summary& summary) {
  std::map<std::string, Summary::Appointment> planned;
  for (const Record& r :
       records(tx, scope,
               {"appointment.booked", "appointment.canceled", "appointment.changed",
                "appointment.completed", "appointment.no_show", "appointment.participant_removed",
                "appointment.waitlist_confirmed", "stay.booked", "stay.checked_in"})) {
    const base::Json details = details_of(r);
    const std::string starts = detail(details, {"starts_at"});
    std::string key = detail(details, {"appointment_id", "appointment", "stay_id", "id"});
    if (key.empty()) key = starts;
    const bool planning = r.type == "appointment.booked" || r.type == "appointment.changed" ||
                          r.type == "appointment.waitlist_confirmed" || r.type == "stay.booked";
    const auto starts_at = base::parse_rfc3339(starts);
    if (!planning) {
      planned.erase(key);
    } else if (starts_at) {
      planned[key] = {*starts_at, r.id, r.title};
    }
  }
  for (const auto& [key, appointment] : planned) {
    if (appointment.starts_at <= tx.now()) continue;
    if (!summary.next_appointment || appointment.starts_at < summary.next_appointment->starts_at) {
      summary.next_appointment = appointment;
    }
  }
}

constexpr std::string_view kVisits = R"(
  SELECT count(*) FROM timeline t
  WHERE t.type IN ('appointment.completed', 'visit', 'stay.checked_in') AND t.business = )";
constexpr std::string_view kLastContact = R"(
  SELECT t.occurred_at FROM timeline t
  WHERE (t.direction IN ('inbound', 'outbound')
         OR t.type IN ('appointment.completed', 'visit', 'stay.checked_in')) AND t.business = )";

constexpr std::string_view kFirstEntry = R"(
  SELECT t.occurred_at FROM timeline t WHERE t.business = )";

SqlText about(std::string_view begin, db::Tx& tx, const Scope& scope, const base::Id& contact) {
  const Filter filter;
  SqlText sql;
  sql << begin;
  sql.value(tx.business());
  sql << " AND t.contact = ";
  sql.value(contact);
  add_conditions(sql, "t", filter, scope, Conditions::kAll);
  add_not_retracted(sql, "t", filter);
  return sql;
}

void count_visits(db::Tx& tx, const Scope& scope, const base::Id& contact, Summary& summary) {
  const SqlText visits = about(kVisits, tx, scope, contact);
  db::Rows rows = tx.query(visits.text(), visits.params());
  CHECK(rows.next());
  summary.visits += rows->integer(0);
}

void find_first_entry(db::Tx& tx, const Scope& scope, const base::Id& contact, Summary& summary) {
  SqlText first = about(kFirstEntry, tx, scope, contact);
  first << " AND t.occurred_at <= ";
  first.value(tx.now());
  first << " ORDER BY t.occurred_at LIMIT 1";
  db::Rows rows = tx.query(first.text(), first.params());
  if (!rows.next()) return;
  summary.first_entry_at =
      std::min(summary.first_entry_at.value_or(rows->integer(0)), rows->integer(0));
}

void find_last_contact(db::Tx& tx, const Scope& scope, const base::Id& contact, Summary& summary) {
  SqlText last = about(kLastContact, tx, scope, contact);
  last << " AND t.occurred_at <= ";
  last.value(tx.now());
  last << " ORDER BY t.occurred_at DESC LIMIT 1";
  db::Rows rows = tx.query(last.text(), last.params());
  if (!rows.next()) return;
  summary.last_contact_at =
      std::max(summary.last_contact_at.value_or(rows->integer(0)), rows->integer(0));
}

}  // namespace

Summary summarise(db::Tx& tx, const Scope& scope) {
  Summary summary;
  for (const base::Id& member : scope.members) {
    count_visits(tx, scope, member, summary);
    find_first_entry(tx, scope, member, summary);
    find_last_contact(tx, scope, member, summary);
  }
  sum_payments(tx, scope, summary);
  find_next_appointment(tx, scope, summary);
  return summary;
}

}  // namespace annals::entries
