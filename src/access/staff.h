// Staff: the people who sign in to a business.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "access/settings.h"
#include "access/throttle.h"
#include "base/clock.h"
#include "base/fields.h"
#include "base/id.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::access {

struct Staff {
  base::Id id;
  std::string name;
  std::string email;
  std::string role;
  std::string password_hash;  // empty: none is set, so there is no way to sign in
  bool active = true;
  std::int64_t version = 1;
  base::Micros created_at = 0;
};

/// What password signs in, for checks outside of transactions.
struct Secrets {
  PasswordCost cost;
  Throttle accounts{base::limits::kSignInFailuresPerAccountMax};
  Throttle addresses{base::limits::kSignInFailuresPerAddressMax};
};

/// Reads `name` and `email` of a new staff member; errors stay in `fields`.
[[nodiscard]] Staff read_new_staff(base::Fields& fields);
/// A password that is set (not one that is tried): its length and that it is not all white space.
[[nodiscard]] std::optional<std::string> read_password(base::Fields& fields, bool required);
/// Gives it an id and inserts it. kConflict (`email_taken`).
void create_staff(db::Tx& tx, db::BusinessKey business, Staff& staff);
[[nodiscard]] std::optional<Staff> find_staff(db::Tx& tx, db::BusinessKey business,
                                              const base::Id& id);

void add_staff_settings(db::Tx& tx, std::vector<CurrentSettings>& all);

[[nodiscard]] http::Response list_staff(const Call& call);
[[nodiscard]] http::Response show_staff(const Call& call);
[[nodiscard]] http::Response new_staff(const Call& call, const PasswordCost& cost);
[[nodiscard]] http::Response change_staff(const Call& call, Secrets& secrets);

}  // namespace annals::access
