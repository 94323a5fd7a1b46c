// Who may use the server and as whom: businesses, staff with roles, sessions, API keys with scopes.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "access/password.h"  // IWYU pragma: export
#include "access/route.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "db/db.h"
#include "http/message.h"
#include "http/router.h"

namespace annals::access {

/// The files of the key that signs a business's ledger (ledger::Signer). They are on the disk
/// before the business is, so that no business is without.
struct LedgerKey {
  std::function<std::string(const base::Id&)>
      make{};  // gives its public half; throws where it fails
  std::function<void(db::Tx&, db::BusinessKey, const std::string&)> enter{};  // that public half
  std::function<void(const base::Id&)> remove{};  // where there is no such business after all
};

/// What the layers above and the tests lend to this one.
struct Wiring {
  /// Fills a new business with what it begins with (catalog::seed).
  std::function<void(db::Tx&, db::BusinessKey)> seed{};
  LedgerKey ledger_key{};  // empty: a key is made when the ledger is signed first
  PasswordCost password_cost{};
  const base::Clock* clock = &base::system_clock();
};

/// The door of a database: tells from a request's credential who acts. Remembers what it looked up
/// until anything about credentials changes. Safe from any thread.
class Gate {
 public:
  /// Both must outlive it.
  Gate(db::Database& database, const base::Clock& clock);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// `Authorization: Bearer <API key>`, else the session's cookie. kUnauthenticated (code
  /// `api_key`, `session` or `credential`); kForbidden (`origin`) where a cookie comes with an
  /// unsafe request from another site.
  [[nodiscard]] Actor authenticate(const http::Request& request);

  /// `route` under /api/v1 as the server takes it: authenticates, permits, answers. The result
  /// refers to this Gate.
  [[nodiscard]] http::Route bind(Route route);

 private:
  struct Memory;
  [[nodiscard]] Actor of_api_key(std::string_view secret);
  [[nodiscard]] Actor of_session(std::string_view token);
  void touch(const std::string& token_hash, db::BusinessKey business, base::Micros now);

  db::Database& database_;
  const base::Clock& clock_;
  std::unique_ptr<Memory> memory_;
};

/// /setup, /session, /me, /businesses, /staff, /api-keys.
[[nodiscard]] Routes routes(Wiring wiring);

struct Business {
  db::BusinessKey key = db::kNoBusiness;
  base::Id id;
  std::string name;
  std::string time_zone;
  std::string locale;
  std::string currency;
  std::string country;  // empty where none is known
};

/// All of the server, oldest first.
[[nodiscard]] std::vector<Business> all_businesses(db::Tx& tx);
[[nodiscard]] std::optional<Business> find_business(db::Tx& tx, db::BusinessKey key);
/// The system, acting in `business`.
[[nodiscard]] Actor system_actor(const Business& business);
/// An active staff member by e-mail address, acting without a session (command line, demo data).
[[nodiscard]] std::optional<Actor> staff_actor(db::Tx& tx, db::BusinessKey business,
                                               std::string_view email);

/// `actor` as its credential stands now, for what outlives a request; nullopt where it is no longer
/// valid.
[[nodiscard]] std::optional<Actor> renewed(db::Tx& tx, const Actor& actor);

/// Adds a business with its owner, from a body as POST /setup takes it. An owner whose address and
/// password are those of a staff member elsewhere is the same person there. Throws kInvalid, and
/// what LedgerKey::make throws.
Business add_business(db::Database& database, const base::Json& body, const Wiring& wiring);
/// Adds a staff member, from a body as POST /staff takes it. Throws kInvalid, kConflict.
base::Id add_staff(db::Database& database, db::BusinessKey business, const base::Json& body,
                   const PasswordCost& cost);
/// Gives the staff members of that address a new password, in every business or in `business`
/// alone, and ends their sessions. Returns the password. Throws kNotFound.
[[nodiscard]] std::string reset_password(db::Database& database, std::string_view email,
                                         db::BusinessKey business, const PasswordCost& cost);

}  // namespace annals::access
