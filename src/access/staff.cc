#include "access/staff.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/credential.h"
#include "access/password.h"
#include "access/route.h"
#include "access/settings.h"
#include "access/throttle.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/fold.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"
#include "db/db.h"
#include "http/cursor.h"
#include "http/message.h"

namespace annals::access {
namespace {

constexpr std::string_view kList = "staff";

void write_staff(base::JsonWriter& json, const Staff& staff) {
  json.begin_object()
      .member("id", staff.id.text())
      .member("version", staff.version)
      .member("name", staff.name)
      .member("email", staff.email)
      .member("role", staff.role)
      .member("active", staff.active)
      .member("created_at", base::format_rfc3339(staff.created_at))
      .end_object();
}

http::Response staff_reply(int status, const Staff& staff) {
  base::JsonWriter json;
  write_staff(json, staff);
  http::Response reply = http::Response::json(status, json.take());
  reply.headers.emplace_back("ETag", etag(staff.version));
  return reply;
}

std::optional<std::string> read_email(base::Fields& fields, bool required) {
  auto email = fields.text("email", {.required = required});
  if (email && !base::is_email(*email)) {
    fields.fail("email", "email", "must be an e-mail address");
    return std::nullopt;
  }
  return email;
}

std::optional<std::string> read_role(base::Fields& fields, bool required) {
  return fields.one_of("role", {"owner", "manager", "staff", "auditor"}, required);
}

// Columns of every query that gives a Staff.
Staff staff_of(const db::Row& row) {
  Staff staff;
  staff.id = row.id(0);
  staff.name = row.string(1);
  staff.email = row.string(2);
  staff.role = row.string(3);
  staff.password_hash = row.string(4);
  staff.active = row.flag(5);
  staff.version = row.integer(6);
  staff.created_at = row.integer(7);
  return staff;
}

constexpr std::string_view kFindByEmail = R"(
  SELECT id, name, email, role, password_hash, active, version, created_at FROM staff
  WHERE business = $1 AND email_folded = $2)";

std::optional<Staff> find_staff_by_email(db::Tx& tx, db::BusinessKey business,
                                         std::string_view email) {
  const std::string folded = base::fold_case(email);
  auto rows = tx.query(kFindByEmail, {business, folded});
  if (!rows.next()) return std::nullopt;
  return staff_of(*rows);
}

void check_email_free(db::Tx& tx, db::BusinessKey business, const Staff& staff) {
  const auto other = find_staff_by_email(tx, business, staff.email);
  if (other && other->id != staff.id) {
    throw base::conflict("email", "email_taken",
                         "Another staff member has this e-mail address. Use another one, or "
                         "change that staff member.");
  }
}

}  // namespace

Staff read_new_staff(base::Fields& fields) {
  Staff staff;
  if (auto name = fields.text("name", {.required = true})) staff.name = std::move(*name);
  if (auto email = read_email(fields, true)) staff.email = std::move(*email);
  return staff;
}

std::optional<std::string> read_password(base::Fields& fields, bool required) {
  auto password = fields.text("password", {.required = required,
                                           .trimmed = false,
                                           .chars_min = base::limits::kPasswordCharsMin,
                                           .chars_max = base::limits::kPasswordCharsMax});
  if (password && base::trim(*password).empty()) {
    fields.fail("password", "password", "must not be white space alone");
    return std::nullopt;
  }
  return password;
}

constexpr std::string_view kInsertStaff = R"(
  INSERT INTO staff (business, id, email, email_folded, name, role, password_hash, active, version,
                     created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 1, $8))";

void create_staff(db::Tx& tx, db::BusinessKey business, Staff& staff) {
  check_email_free(tx, business, staff);
  staff.id = base::make_id(tx.now());
  staff.created_at = tx.now();
  const std::string folded = base::fold_case(staff.email);
  tx.execute(kInsertStaff, {business, staff.id, staff.email, folded, staff.name, staff.role,
                            staff.password_hash, staff.created_at});
  credentials_change(tx);
}

constexpr std::string_view kFindStaff = R"(
  SELECT id, name, email, role, password_hash, active, version, created_at FROM staff
  WHERE business = $1 AND id = $2)";

std::optional<Staff> find_staff(db::Tx& tx, db::BusinessKey business, const base::Id& id) {
  auto rows = tx.query(kFindStaff, {business, id});
  if (!rows.next()) return std::nullopt;
  return staff_of(*rows);
}

std::optional<Actor> staff_actor(db::Tx& tx, db::BusinessKey business, std::string_view email) {
  const auto staff = find_staff_by_email(tx, business, email);
  const auto home = find_business(tx, business);
  if (!staff || !staff->active || !home) return std::nullopt;
  Actor actor = system_actor(*home);
  actor.kind = Actor::Kind::kStaff;
  actor.id = staff->id;
  actor.name = staff->name;
  actor.role = role_named(staff->role).value_or(Role::kAuditor);
  return actor;
}

constexpr std::string_view kListStaff = R"(
  SELECT id, name, email, role, password_hash, active, version, created_at FROM staff
  WHERE business = $1 AND id > $2 ORDER BY id LIMIT $3)";

namespace {

constexpr std::size_t kAll = INT64_MAX;

std::vector<Staff> staff_after(db::Tx& tx, std::string_view after, std::size_t limit) {
  std::vector<Staff> found;
  auto rows = tx.query(kListStaff, {tx.business(), base::as_bytes(after), limit});
  while (rows.next()) found.push_back(staff_of(*rows));
  return found;
}

}  // namespace

http::Response list_staff(const Call& call) {
  only_query(call.request, {"limit", "cursor"});
  const std::size_t limit = page_limit(call.request);
  const std::string after = http::open_cursor(call.request, kList);
  std::vector<Staff> page =
      call.read([&](db::Tx& tx) { return staff_after(tx, after, limit + 1); });
  const bool more = page.size() > limit;
  if (more) page.resize(limit);
  base::JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const Staff& staff : page) write_staff(json, staff);
  json.end_array().key("next_cursor");
  if (more) {
    json.value(http::make_cursor(kList, base::as_text(page.back().id.bytes)));
  } else {
    json.value(nullptr);
  }
  json.end_object();
  return http::Response::json(200, json.take());
}

http::Response show_staff(const Call& call) {
  only_query(call.request, {});
  const base::Id id = path_id(call.request, "staff member");
  const auto staff = call.read([&](db::Tx& tx) { return find_staff(tx, call.actor.business, id); });
  if (!staff) throw base::not_found("staff member");
  return staff_reply(200, *staff);
}

namespace {

// A staff member as POST /staff describes it, its password not hashed yet.
struct NewStaff {
  Staff staff;
  std::optional<std::string> password;
};

NewStaff read_staff_body(const base::Json& body) {
  base::Fields fields(body);
  NewStaff made;
  made.staff = read_new_staff(fields);
  if (auto role = read_role(fields, true)) made.staff.role = std::move(*role);
  made.password = read_password(fields, false);
  fields.finish();
  return made;
}

}  // namespace

namespace {

// Of a password nothing is recorded, nor of an address, which says nothing about what may be seen.
Settings settings_of(const Staff& staff) {
  return {{"name", base::Json::string(staff.name)},
          {"role", base::Json::string(staff.role)},
          {"active", base::Json::boolean(staff.active)}};
}

void hire(db::Tx& tx, const Actor& actor, Staff& staff) {
  create_staff(tx, actor.business, staff);
  record_settings(tx, actor, {"staff", staff.id.text()}, {}, settings_of(staff));
}

}  // namespace

void add_staff_settings(db::Tx& tx, std::vector<CurrentSettings>& all) {
  for (const Staff& staff : staff_after(tx, {}, kAll)) {
    all.push_back({"staff", staff.id.text(), settings_of(staff)});
  }
}

http::Response new_staff(const Call& call, const PasswordCost& cost) {
  only_query(call.request, {});
  NewStaff made = read_staff_body(json_body(call.request));
  if (made.password) made.staff.password_hash = hash_password(*made.password, cost);
  return call.write([&](db::Tx& tx) {
    Staff staff = made.staff;
    hire(tx, call.actor, staff);
    return staff_reply(201, staff);
  });
}

base::Id add_staff(db::Database& database, db::BusinessKey business, const base::Json& body,
                   const PasswordCost& cost) {
  NewStaff made = read_staff_body(body);
  if (made.password) made.staff.password_hash = hash_password(*made.password, cost);
  return database.write(business, [&](db::Tx& tx) {
    const auto home = find_business(tx, business);
    if (!home) throw base::not_found("business");
    Staff staff = made.staff;
    hire(tx, system_actor(*home), staff);
    return staff.id;
  });
}

namespace {

struct StaffChange {
  std::optional<std::string> name;
  std::optional<std::string> email;
  std::optional<std::string> role;
  std::optional<bool> active;
  std::optional<std::string> password;
  std::optional<std::string> current_password;
};

// Reads a PATCH of a staff member by one who may change all, or only their own name and password.
StaffChange read_change(const base::Json& body, bool own_alone) {
  base::Fields fields(body);
  StaffChange change;
  change.name = fields.text("name", {.required = fields.given("name")});
  change.email = read_email(fields, fields.given("email"));
  change.role = read_role(fields, fields.given("role"));
  change.active = fields.boolean("active", fields.given("active"));
  change.password = read_password(fields, fields.given("password"));
  change.current_password = fields.text(
      "current_password", {.trimmed = false, .chars_max = base::limits::kPasswordCharsMax});
  fields.finish();
  if (own_alone) {
    for (const char* name : {"email", "role", "active"}) {
      if (!fields.given(name)) continue;
      throw base::Error(base::Code::kForbidden,
                        "You may change your name and password. Ask an owner for the rest.",
                        {{name, "role", "is for owners to change"}});
    }
  }
  return change;
}

// Whoever changes their own password shows the present one: a screen left open is not enough.
void check_current_password(const StaffChange& change, const Staff& staff, Secrets& secrets,
                            base::Micros now) {
  if (!change.current_password) {
    throw base::invalid("current_password", "required", "is required to change your own password");
  }
  const std::string account = base::fold_case(staff.email);
  if (secrets.accounts.attempt(account, now)) {
    throw base::Error(base::Code::kTooManyRequests,
                      "Too many wrong passwords. Try again in a quarter of an hour.");
  }
  if (!verify_password(staff.password_hash, *change.current_password)) {
    throw base::invalid("current_password", "wrong", "is not your present password");
  }
  secrets.accounts.clear(account);
}

constexpr std::string_view kOtherOwners = R"(
  SELECT COUNT(*) FROM staff WHERE business = $1 AND id <> $2 AND role = 'owner' AND active = 1)";

void check_owner_remains(db::Tx& tx, db::BusinessKey business, const Staff& before,
                         const Staff& after) {
  const bool was = before.role == "owner" && before.active;
  const bool is = after.role == "owner" && after.active;
  if (!was || is) return;
  auto rows = tx.query(kOtherOwners, {business, before.id});
  CHECK(rows.next());
  if (rows->integer(0) > 0) return;
  throw base::conflict(before.role == after.role ? "active" : "role", "last_owner",
                       "This is the last active owner of the business. Make another one first.");
}

constexpr std::string_view kUpdateStaff = R"(
  UPDATE staff SET name = $3, email = $4, email_folded = $5, role = $6, active = $7,
    password_hash = $8, version = $9
  WHERE business = $1 AND id = $2)";

constexpr std::string_view kEndSessions = R"(
  DELETE FROM sessions WHERE business = $1 AND staff = $2 AND token_hash <> $3)";

// Writes `after`; its password or its being active may have changed, which ends sessions (but not
// `kept`, that of who does it).
void update_staff(db::Tx& tx, db::BusinessKey business, const Staff& before, const Staff& after,
                  const std::string& kept) {
  const std::string folded = base::fold_case(after.email);
  tx.execute(kUpdateStaff, {business, after.id, after.name, after.email, folded, after.role,
                            after.active, after.password_hash, after.version});
  if (!after.active || before.password_hash != after.password_hash) {
    tx.execute(kEndSessions, {business, after.id, base::as_bytes(kept)});
  }
  credentials_change(tx);
}

Staff apply(const StaffChange& change, const Staff& before, const std::string& new_hash) {
  Staff after = before;
  if (change.name) after.name = *change.name;
  if (change.email) after.email = *change.email;
  if (change.role) after.role = *change.role;
  if (change.active) after.active = *change.active;
  if (change.password) after.password_hash = new_hash;
  after.version = before.version + 1;
  return after;
}

}  // namespace

http::Response change_staff(const Call& call, Secrets& secrets) {
  only_query(call.request, {});
  const base::Id id = path_id(call.request, "staff member");
  const Actor& actor = call.actor;
  const bool own = actor.kind == Actor::Kind::kStaff && actor.id == id;
  if (!own) actor.require(Permission::kStaffWrite);
  const StaffChange change =
      read_change(json_body(call.request), !actor.may(Permission::kStaffWrite));

  base::Micros now = 0;
  const auto seen = call.read([&](db::Tx& tx) {
    now = tx.now();
    return find_staff(tx, actor.business, id);
  });
  if (!seen) throw base::not_found("staff member");
  check_if_match(call.request, seen->version);
  std::string new_hash;
  if (change.password) {
    if (own) check_current_password(change, *seen, secrets, now);
    new_hash = hash_password(*change.password, secrets.cost);
  }

  return call.write([&](db::Tx& tx) {
    const auto before = find_staff(tx, actor.business, id);
    if (!before) throw base::not_found("staff member");
    check_if_match(call.request, before->version);
    if (change.password && before->password_hash != seen->password_hash) {
      throw base::conflict("password", "changed_meanwhile",
                           "The password was changed meanwhile. Try again.");
    }
    const Staff after = apply(change, *before, new_hash);
    check_email_free(tx, actor.business, after);
    check_owner_remains(tx, actor.business, *before, after);
    update_staff(tx, actor.business, *before, after, actor.session);
    record_settings(tx, actor, {"staff", id.text()}, settings_of(*before), settings_of(after));
    return staff_reply(200, after);
  });
}

constexpr std::string_view kAccountsOfEmail = R"(
  SELECT business, id FROM staff
  WHERE email_folded = $1 AND ($2 = 0 OR business = $2) ORDER BY business)";

constexpr std::string_view kSetPassword = R"(
  UPDATE staff SET password_hash = $3, version = version + 1 WHERE business = $1 AND id = $2)";

std::string reset_password(db::Database& database, std::string_view email, db::BusinessKey business,
                           const PasswordCost& cost) {
  const std::string password = random_password();
  const std::string hash = hash_password(password, cost);
  const std::string folded = base::fold_case(email);
  database.write(business, [&](db::Tx& tx) {
    std::vector<std::pair<db::BusinessKey, base::Id>> accounts;
    {
      auto rows = tx.query(kAccountsOfEmail, {folded, business});
      while (rows.next()) accounts.emplace_back(rows->integer(0), rows->id(1));
    }
    if (accounts.empty()) throw base::not_found("staff member");
    for (const auto& [key, id] : accounts) {
      tx.execute(kSetPassword, {key, id, hash});
      tx.execute(kEndSessions, {key, id, base::as_bytes("")});
    }
    credentials_change(tx);
  });
  return password;
}

}  // namespace annals::access
