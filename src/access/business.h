// Businesses: the tenants of the server. Nothing crosses them.
#pragma once
#include <string>
#include <vector>

#include "access/access.h"
#include "access/route.h"
#include "access/settings.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::access {

/// Reads what a new business is to be; key and id stay empty. Errors stay in `fields`.
[[nodiscard]] Business read_new_business(base::Fields& fields);

/// The id of a business that is about to be made, with the key of its ledger, whose files go again
/// with this unless there is such a business then.
class NewBusiness {
 public:
  /// Throws what LedgerKey::make throws.
  explicit NewBusiness(const Wiring& wiring);
  ~NewBusiness();
  NewBusiness(const NewBusiness&) = delete;
  NewBusiness& operator=(const NewBusiness&) = delete;

  /// Inserts it with a number and a secret of its own, and seeds it.
  void create(db::Tx& tx, Business& business);

  /// Runs `write`, which may call create() in a transaction and outlives none, and gives its
  /// result.
  template <class Write>
  auto made_by(Write&& write) {
    try {
      return write();
    } catch (const base::Error& error) {
      // There may be a business, whose key must not go.
      if (error.code() == base::Code::kUnknownOutcome) stays_ = true;
      throw;
    }
  }

 private:
  const Wiring& wiring_;
  base::Id id_;
  std::string verifier_;
  bool stays_ = false;
};

void write_business(base::JsonWriter& json, const Business& business);
/// The columns business, id, name, time_zone, locale, currency, country, in that order.
[[nodiscard]] Business business_of(const db::Row& row);

/// `actor`'s own, and, of a staff member, those where the same address has the same password: an
/// address alone proves nothing, since every business names its staff as it likes. `tx` must be of
/// no business, since it looks into several.
[[nodiscard]] std::vector<Business> businesses_of(db::Tx& tx, const Actor& actor);

void add_business_settings(db::Tx& tx, std::vector<CurrentSettings>& all);

[[nodiscard]] http::Response list_businesses(const Call& call);
[[nodiscard]] http::Response change_business(const Call& call);

}  // namespace annals::access
