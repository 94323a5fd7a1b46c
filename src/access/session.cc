#include "access/session.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/business.h"
#include "access/credential.h"
#include "access/password.h"
#include "access/route.h"
#include "access/staff.h"
#include "access/throttle.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/fold.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "db/db.h"
#include "http/message.h"
#include "http/problem.h"

namespace annals::access {
namespace {

constexpr base::Micros kIdle = base::limits::kSessionIdleSeconds * base::kMicrosPerSecond;

constexpr std::string_view kInsertSession = R"(
  INSERT INTO sessions (token_hash, business, staff, created_at, used_at)
  VALUES ($1, $2, $3, $4, $4))";

constexpr std::string_view kPurgeSessions = R"(
  DELETE FROM sessions WHERE token_hash IN (
    SELECT token_hash FROM sessions WHERE used_at <= $1 ORDER BY used_at LIMIT $2))";

// Opens a session and returns the cookie's token.
std::string open_session(db::Tx& tx, db::BusinessKey business, const base::Id& staff) {
  tx.execute(kPurgeSessions, {tx.now() - kIdle, base::limits::kPurgeRowsMax});
  std::string token = make_token();
  const std::string hash = token_hash(token);
  tx.execute(kInsertSession, {base::as_bytes(hash), business, staff, tx.now()});
  return token;
}

// GET /me for `actor`.
// `all`: the businesses of the person.
std::string me(db::Tx& tx, const Actor& actor, const std::vector<Business>& all) {
  const auto business = find_business(tx, actor.business);
  if (!business) throw base::not_found("business");
  base::JsonWriter json;
  json.begin_object()
      .member("kind", actor.kind == Actor::Kind::kStaff ? "staff" : "api_key")
      .member("id", actor.id.text())
      .member("name", actor.name);
  if (actor.kind == Actor::Kind::kStaff) {
    const auto staff = find_staff(tx, actor.business, actor.id);
    if (!staff) throw base::not_found("staff member");
    json.member("email", staff->email).member("role", staff->role);
  } else {
    json.key("scopes").begin_array();
    for (const std::string& scope : actor.scopes) json.value(scope);
    json.end_array();
  }
  json.key("business");
  write_business(json, *business);
  json.key("businesses").begin_array();
  for (const Business& one : all) write_business(json, one);
  json.end_array().end_object();
  return json.take();
}

Actor staff_of_business(db::BusinessKey business, const base::Id& staff, std::string_view name) {
  Actor actor;
  actor.kind = Actor::Kind::kStaff;
  actor.business = business;
  actor.id = staff;
  actor.name = name;
  return actor;
}

http::Response signed_in(db::Tx& tx, const Call& call, const Actor& actor,
                         const std::vector<Business>& all) {
  const std::string token = open_session(tx, actor.business, actor.id);
  http::Response reply = http::Response::json(201, me(tx, actor, all));
  reply.headers.emplace_back("Set-Cookie", session_cookie(call.request, token));
  return reply;
}

// A business with its owner, as POST /setup describes them.
struct Founding {
  Business business;
  Staff owner;
  std::string password;
};

Founding read_founding(const base::Json& body) {
  base::Fields fields(body);
  Founding founding;
  if (auto business = fields.object("business", true)) {
    founding.business = read_new_business(*business);
  }
  if (auto owner = fields.object("owner", true)) {
    founding.owner = read_new_staff(*owner);
    founding.password = read_password(*owner, true).value_or("");
  }
  fields.finish();
  founding.owner.role = name_of(Role::kOwner);
  return founding;
}

constexpr std::string_view kAnyBusiness = "SELECT 1 FROM businesses LIMIT 1";

bool is_set_up(db::Tx& tx) { return tx.query(kAnyBusiness, {}).next(); }

void check_not_set_up(db::Tx& tx) {
  if (!is_set_up(tx)) return;
  throw base::conflict("", "already_set_up",
                       "This server is set up already. Sign in with POST /api/v1/session.");
}

}  // namespace

http::Response show_setup(const Call& call) {
  only_query(call.request, {});
  const bool done = call.database.read(db::kNoBusiness, [](db::Tx& tx) { return is_set_up(tx); });
  base::JsonWriter json;
  json.begin_object().member("needed", !done).end_object();
  return http::Response::json(200, json.take());
}

http::Response set_up(const Call& call, const Wiring& wiring) {
  only_query(call.request, {});
  call.database.read(db::kNoBusiness, [](db::Tx& tx) { check_not_set_up(tx); });
  Founding founding = read_founding(json_body(call.request));
  founding.owner.password_hash = hash_password(founding.password, wiring.password_cost);
  NewBusiness made(wiring);
  return made.made_by([&] {
    return call.database.write(db::kNoBusiness, [&](db::Tx& tx) {
      check_not_set_up(tx);
      Business business = founding.business;
      Staff owner = founding.owner;
      made.create(tx, business);
      create_staff(tx, business.key, owner);
      return signed_in(tx, call, staff_of_business(business.key, owner.id, owner.name), {business});
    });
  });
}

constexpr std::string_view kHashesOfEmail = R"(
  SELECT password_hash FROM staff WHERE email_folded = $1 AND active = 1 AND password_hash <> ''
  ORDER BY business LIMIT $2)";

Business add_business(db::Database& database, const base::Json& body, const Wiring& wiring) {
  Founding founding = read_founding(body);
  const std::string folded = base::fold_case(founding.owner.email);
  const auto hashes = database.read(db::kNoBusiness, [&](db::Tx& tx) {
    std::vector<std::string> found;
    auto rows = tx.query(kHashesOfEmail, {folded, base::limits::kSignInBusinessesMax});
    while (rows.next()) found.push_back(rows->string(0));
    return found;
  });
  for (const std::string& hash : hashes) {
    if (!verify_password(hash, founding.password)) continue;
    founding.owner.password_hash = hash;
    break;
  }
  if (founding.owner.password_hash.empty()) {
    founding.owner.password_hash = hash_password(founding.password, wiring.password_cost);
  }
  NewBusiness made(wiring);
  return made.made_by([&] {
    return database.write(db::kNoBusiness, [&](db::Tx& tx) {
      Business business = founding.business;
      Staff owner = founding.owner;
      made.create(tx, business);
      create_staff(tx, business.key, owner);
      return business;
    });
  });
}

http::Response new_business(const Call& call, const Wiring& wiring) {
  only_query(call.request, {});
  if (call.actor.kind != Actor::Kind::kStaff) {
    throw base::Error(base::Code::kForbidden,
                      "A business needs a person as its owner. Sign in as one to add it.",
                      {{"Authorization", "staff", "must be a staff member's session"}});
  }
  const base::Json body = json_body(call.request);
  base::Fields fields(body);
  const Business draft = read_new_business(fields);
  fields.finish();
  NewBusiness made(wiring);
  return made.made_by([&] {
    return call.write_across([&](db::Tx& tx) {
      auto owner = find_staff(tx, call.actor.business, call.actor.id);
      if (!owner) throw base::not_found("staff member");
      owner->role = name_of(Role::kOwner);
      Business business = draft;
      made.create(tx, business);
      create_staff(tx, business.key, *owner);
      base::JsonWriter json;
      write_business(json, business);
      return http::Response::json(201, json.take());
    });
  });
}

namespace {

struct Credentials {
  std::string email_folded;
  std::string password;
  std::optional<base::Id> business;
};

Credentials read_credentials(const base::Json& body) {
  base::Fields fields(body);
  const auto email = fields.text("email", {.required = true, .chars_max = 254});
  const auto password = fields.text(
      "password",
      {.required = true, .trimmed = false, .chars_max = base::limits::kPasswordCharsMax});
  // Codes are for accounts with a second factor; where there is none, one given does no harm.
  fields.text("totp", {.chars_max = 6});
  const auto business = fields.id("business");
  fields.finish();
  return {base::fold_case(*email), *password, business};
}

// An account that the address may mean.
struct Candidate {
  db::BusinessKey business = db::kNoBusiness;
  base::Id business_id;
  std::string business_name;
  base::Id staff;
  std::string name;
  std::string password_hash;
  bool active = false;
};

constexpr std::string_view kCandidates = R"(
  SELECT b.business, b.id, b.name, s.id, s.name, s.password_hash, s.active
  FROM staff s JOIN businesses b ON b.business = s.business
  WHERE s.email_folded = $1 ORDER BY b.business LIMIT $2)";

std::vector<Candidate> candidates(db::Tx& tx, const Credentials& given) {
  std::vector<Candidate> found;
  auto rows = tx.query(kCandidates, {given.email_folded, base::limits::kSignInBusinessesMax});
  while (rows.next()) {
    Candidate one{rows->integer(0), rows->id(1),     rows->string(2), rows->id(3),
                  rows->string(4),  rows->string(5), rows->flag(6)};
    if (!given.business || one.business_id == *given.business) found.push_back(std::move(one));
  }
  return found;
}

// Those whose password it is. Takes as long where there is no account at all.
std::vector<Candidate> fitting(const std::vector<Candidate>& all, const std::string& password,
                               const PasswordCost& cost) {
  std::map<std::string, bool> verdicts;  // one person has the same hash in several businesses
  std::vector<Candidate> fits;
  for (const Candidate& one : all) {
    if (one.password_hash.empty()) continue;
    auto verdict = verdicts.find(one.password_hash);
    if (verdict == verdicts.end()) {
      const bool right = verify_password(one.password_hash, password);
      verdict = verdicts.emplace(one.password_hash, right).first;
    }
    if (verdict->second && one.active) fits.push_back(one);
  }
  if (verdicts.empty()) verify_nothing(password, cost);
  return fits;
}

base::Error wrong_credentials() {
  return {base::Code::kUnauthenticated,
          "The e-mail address or the password is wrong.",
          {{"password", "credentials", "does not fit the e-mail address"}}};
}

base::Error several_businesses(const std::vector<Candidate>& fits) {
  base::FieldError error{"business", "several_businesses", "must be the id of one of:"};
  for (const Candidate& one : fits) {
    const std::string id = one.business_id.text();
    error.message.append(error.ids.empty() ? " " : ", ").append(one.business_name);
    error.message.append(" (").append(id).append(")");
    error.ids.push_back(id);
  }
  return {base::Code::kConflict,
          "You work for several businesses. Say in `business` which one to sign in to.",
          {std::move(error)}};
}

http::Response too_many(const Call& call, std::int64_t seconds) {
  const base::Error error(base::Code::kTooManyRequests, "Too many wrong passwords. Try again in " +
                                                            std::to_string(seconds) + " seconds.");
  http::Response reply = http::problem(error, call.request.request_id);
  std::erase_if(reply.headers, [](const auto& header) {
    return base::ascii_lower(header.first) == "retry-after";
  });
  reply.headers.emplace_back("Retry-After", std::to_string(seconds));
  return reply;
}

constexpr std::string_view kStillFits = R"(
  SELECT 1 FROM staff WHERE business = $1 AND id = $2 AND password_hash = $3 AND active = 1)";

}  // namespace

http::Response sign_in(const Call& call, Secrets& secrets, const base::Clock& clock) {
  only_query(call.request, {});
  const Credentials given = read_credentials(json_body(call.request));
  // What is no address names no account, so that trying it tells nothing and need not be counted.
  if (!base::is_email(given.email_folded)) throw wrong_credentials();
  const base::Micros now = clock.now();
  const std::string& address = call.request.remote_address;
  // Counted before the password is looked at, so that many at once are counted too.
  if (const auto wait = secrets.accounts.attempt(given.email_folded, now)) {
    return too_many(call, *wait);
  }
  if (const auto wait = secrets.addresses.attempt(address, now)) {
    secrets.accounts.forgive(given.email_folded);
    return too_many(call, *wait);
  }
  const auto all =
      call.database.read(db::kNoBusiness, [&](db::Tx& tx) { return candidates(tx, given); });
  const std::vector<Candidate> fits = fitting(all, given.password, secrets.cost);
  if (fits.empty()) throw wrong_credentials();
  secrets.accounts.clear(given.email_folded);
  secrets.addresses.forgive(address);
  if (fits.size() > 1) throw several_businesses(fits);

  const Candidate& one = fits.front();
  const Actor actor = staff_of_business(one.business, one.staff, one.name);
  const auto businesses =
      call.database.read(db::kNoBusiness, [&](db::Tx& tx) { return businesses_of(tx, actor); });
  return call.database.write(one.business, [&](db::Tx& tx) {
    if (!tx.query(kStillFits, {one.business, one.staff, one.password_hash}).next()) {
      throw wrong_credentials();
    }
    return signed_in(tx, call, actor, businesses);
  });
}

namespace {

std::string check_session(const Actor& actor, const std::string& instead) {
  if (!actor.session.empty()) return actor.session;
  throw base::Error(base::Code::kForbidden, "An API key has no session. " + instead,
                    {{"Authorization", "session", "is not a session"}});
}

}  // namespace

constexpr std::string_view kEndSession = "DELETE FROM sessions WHERE token_hash = $1";

http::Response sign_out(const Call& call) {
  only_query(call.request, {});
  const std::string session =
      check_session(call.actor, "Revoke it with DELETE /api/v1/api-keys/{id}.");
  call.database.write(call.actor.business, [&](db::Tx& tx) {
    tx.execute(kEndSession, {base::as_bytes(session)});
    credentials_change(tx);
  });
  http::Response reply = http::Response::empty();
  reply.headers.emplace_back("Set-Cookie", session_cookie(call.request, ""));
  return reply;
}

namespace {

// The account of the person behind $1, $2 in the business with id $3.
constexpr std::string_view kOwnAccount = R"(
  SELECT b.business, s.id, s.name
  FROM staff mine JOIN staff s ON s.email_folded = mine.email_folded
    AND s.password_hash = mine.password_hash AND s.password_hash <> '' AND s.active = 1
  JOIN businesses b ON b.business = s.business
  WHERE mine.business = $1 AND mine.id = $2 AND b.id = $3)";

}  // namespace

http::Response switch_business(const Call& call) {
  only_query(call.request, {});
  const base::Json body = json_body(call.request);
  base::Fields fields(body);
  const auto wanted = fields.id("business", true);
  fields.finish();
  const std::string session =
      check_session(call.actor, "It belongs to one business; use a key of the other.");
  return call.database.write(db::kNoBusiness, [&](db::Tx& tx) {
    auto rows = tx.query(kOwnAccount, {call.actor.business, call.actor.id, *wanted});
    if (!rows.next()) throw base::not_found("business");
    const Actor there = staff_of_business(rows->integer(0), rows->id(1), rows->string(2));
    tx.execute(kEndSession, {base::as_bytes(session)});
    credentials_change(tx);
    return signed_in(tx, call, there, businesses_of(tx, there));
  });
}

http::Response show_me(const Call& call) {
  only_query(call.request, {});
  const auto all = call.database.read(db::kNoBusiness,
                                      [&](db::Tx& tx) { return businesses_of(tx, call.actor); });
  return http::Response::json(200, call.read([&](db::Tx& tx) { return me(tx, call.actor, all); }));
}

}  // namespace annals::access
