// The figures above a contact's history. Private to entries/.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/id.h"
#include "db/db.h"
#include "entries/filter.h"

namespace annals::entries {

struct Summary {
  std::int64_t visits = 0;  // appointment.completed, visit, stay.checked_in
  std::map<std::string, std::int64_t> lifetime_value;  // taken − refunded, minor units by currency
  std::map<std::string, std::int64_t> unpaid;  // invoiced − paid − voided, minor units by currency
  std::optional<base::Micros> first_entry_at;  // of those that are not to come
  std::optional<base::Micros> last_contact_at;
  struct Appointment {
    base::Micros starts_at = 0;
    base::Id entry;
    std::string title;
  };
  std::optional<Appointment> next_appointment;
};

/// Of the entries that the scope's reader may see; retracted ones do not count.
[[nodiscard]] Summary summarise(db::Tx& tx, const Scope& scope);

}  // namespace annals::entries
