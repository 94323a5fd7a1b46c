#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "access/access.h"
#include "access/actor.h"
#include "access/credential.h"
#include "access/origin.h"
#include "access/route.h"
#include "base/blocking.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "db/db.h"
#include "http/message.h"
#include "http/router.h"

namespace annals::access {
namespace {

constexpr base::Micros kIdle = base::limits::kSessionIdleSeconds * base::kMicrosPerSecond;
constexpr base::Micros kTouch = base::limits::kSessionTouchSeconds * base::kMicrosPerSecond;

// An answer to a credential: who acts, and, of a session, when it was last known to be used.
struct Found {
  Actor actor;
  base::Micros used_at = 0;
};

void read_business(const db::Row& row, Actor& actor) {
  actor.business = row.integer(0);
  actor.business_id = row.id(1);
  actor.time_zone = row.string(2);
  actor.country = row.string(3);
  actor.locale = row.string(4);
  actor.currency = row.string(5);
  actor.id = row.id(6);
  actor.name = row.string(7);
}

constexpr std::string_view kFindSession = R"(
  SELECT b.business, b.id, b.time_zone, b.country, b.locale, b.currency,
         p.id, p.name, p.role, s.used_at
  FROM sessions s
  JOIN staff p ON p.business = s.business AND p.id = s.staff AND p.active = 1
  JOIN businesses b ON b.business = s.business
  WHERE s.token_hash = $1)";

std::optional<Found> find_session(db::Tx& tx, const std::string& hash) {
  auto rows = tx.query(kFindSession, {base::as_bytes(hash)});
  if (!rows.next()) return std::nullopt;
  Found found;
  found.actor.kind = Actor::Kind::kStaff;
  read_business(*rows, found.actor);
  const auto role = role_named(rows->text(8));
  if (!role) return std::nullopt;
  found.actor.role = *role;
  found.actor.session = hash;
  found.used_at = rows->integer(9);
  return found;
}

constexpr std::string_view kFindApiKey = R"(
  SELECT b.business, b.id, b.time_zone, b.country, b.locale, b.currency, k.id, k.name, k.scopes
  FROM api_keys k
  JOIN businesses b ON b.business = k.business
  WHERE k.secret_hash = $1 AND k.revoked_at IS NULL)";

std::optional<Found> find_api_key(db::Tx& tx, const std::string& hash) {
  auto rows = tx.query(kFindApiKey, {base::as_bytes(hash)});
  if (!rows.next()) return std::nullopt;
  Found found;
  found.actor.kind = Actor::Kind::kApiKey;
  read_business(*rows, found.actor);
  const base::Json scopes = base::parse_json(rows->text(8));
  for (const base::Json& scope : scopes.items()) {
    found.actor.scopes.insert(scope.text());
  }
  return found;
}

constexpr std::string_view kTouchSession = R"(
  UPDATE sessions SET used_at = $1 WHERE token_hash = $2 AND used_at < $1)";

base::Error unauthenticated(std::string field, std::string code, std::string message) {
  std::string text = message;
  return {base::Code::kUnauthenticated,
          std::move(text),
          {{std::move(field), std::move(code), std::move(message)}}};
}

base::Error session_over() {
  return unauthenticated("Cookie", "session", "Your session is over. Sign in again.");
}

constexpr std::string_view kStandingApiKey = R"(
  SELECT 1 FROM api_keys WHERE business = $1 AND id = $2 AND revoked_at IS NULL)";

}  // namespace

std::optional<Actor> renewed(db::Tx& tx, const Actor& actor) {
  switch (actor.kind) {
    case Actor::Kind::kStaff: {
      auto found = find_session(tx, actor.session);
      if (!found || tx.now() - found->used_at >= kIdle) return std::nullopt;
      return std::move(found->actor);
    }
    case Actor::Kind::kApiKey:
      if (!tx.query(kStandingApiKey, {actor.business, actor.id}).next()) return std::nullopt;
      return actor;
    case Actor::Kind::kSystem:
      return actor;
  }
  return std::nullopt;
}

// A look-up that several requests share.
struct SharedLookUp {
  bool over = false;
  std::optional<Found> found;
  std::exception_ptr failure;
};

// What was looked up, by token hash. A change of credentials makes all of it void. On PostgreSQL
// other processes change credentials too, so nothing is remembered there; but requests that come
// with one credential while it is looked up share the next look-up, which begins after they came.
struct Gate::Memory {
  std::mutex mutex;
  std::unordered_map<std::string, Found> found;
  std::uint64_t changes = 0;
  std::condition_variable look_up_over;
  std::set<std::string> looking_up;  // hashes that are being looked up
  std::map<std::string, std::shared_ptr<SharedLookUp>> next_look_ups;

  std::optional<Found> recall(const std::string& hash) {
    const std::lock_guard lock(mutex);
    if (changes != credential_changes()) return std::nullopt;
    const auto it = found.find(hash);
    return it == found.end() ? std::nullopt : std::optional(it->second);
  }

  // `seen` is the count of changes before the look-up began.
  void keep(const std::string& hash, const Found& one, std::uint64_t seen) {
    const std::lock_guard lock(mutex);
    if (seen < changes) return;
    if (seen > changes || found.size() >= base::limits::kSessionsCachedMax) found.clear();
    changes = seen;
    found.insert_or_assign(hash, one);
  }

  // Whether the caller is the one to write the session's use down.
  bool claim_touch(const std::string& hash, base::Micros now) {
    const std::lock_guard lock(mutex);
    const auto it = found.find(hash);
    if (it == found.end()) return true;
    if (now - it->second.used_at < kTouch) return false;
    it->second.used_at = now;
    return true;
  }

  template <class Find>
  std::optional<Found> look_up(db::Database& database, const std::string& hash, Find find) {
    if (auto known = recall(hash)) return known;
    return shared(hash, [&] {
      const std::uint64_t seen = credential_changes();
      bool may_keep = false;
      auto one = database.read_as_is(db::kNoBusiness, [&](db::Tx& tx) {
        may_keep = tx.engine() == db::Engine::kSqlite;
        return find(tx, hash);
      });
      if (one && may_keep) keep(hash, *one, seen);
      return one;
    });
  }

  template <class Ask>
  std::optional<Found> shared(const std::string& hash, Ask ask) {
    const base::Blocking blocking;
    std::unique_lock lock(mutex);
    const auto [it, first] = next_look_ups.try_emplace(hash, nullptr);
    if (first) it->second = std::make_shared<SharedLookUp>();
    const std::shared_ptr<SharedLookUp> look_up = it->second;
    if (first) {
      look_up_over.wait(lock, [&] { return !looking_up.contains(hash); });
      next_look_ups.erase(hash);  // whoever comes from now on needs another one
      looking_up.insert(hash);
      lock.unlock();
      try {
        look_up->found = ask();
      } catch (...) {
        look_up->failure = std::current_exception();
      }
      lock.lock();
      looking_up.erase(hash);
      look_up->over = true;
      look_up_over.notify_all();
    } else {
      look_up_over.wait(lock, [&] { return look_up->over; });
    }
    if (look_up->failure) std::rethrow_exception(look_up->failure);
    return look_up->found;
  }
};

Gate::Gate(db::Database& database, const base::Clock& clock)
    : database_(database), clock_(clock), memory_(std::make_unique<Memory>()) {}

Gate::~Gate() = default;

Actor Gate::of_api_key(std::string_view secret) {
  auto found = memory_->look_up(database_, token_hash(secret), find_api_key);
  if (!found) {
    throw unauthenticated("Authorization", "api_key",
                          "This API key is not valid. Use one that an owner has made.");
  }
  return std::move(found->actor);
}

Actor Gate::of_session(std::string_view token) {
  const std::string hash = token_hash(token);
  auto found = memory_->look_up(database_, hash, find_session);
  const base::Micros now = clock_.now();
  if (!found || now - found->used_at >= kIdle) throw session_over();
  if (now - found->used_at >= kTouch) touch(hash, found->actor.business, now);
  return std::move(found->actor);
}

void Gate::touch(const std::string& token_hash, db::BusinessKey business, base::Micros now) {
  if (!memory_->claim_touch(token_hash, now)) return;
  try {
    database_.write(business, [&](db::Tx& tx) {
      tx.execute(kTouchSession, {now, base::as_bytes(token_hash)});
    });
  } catch (const base::Error& error) {
    // The disk or the queue is full: reading goes on, and the session ends the sooner.
    base::log(base::Level::kWarn, "a session's use was not written down",
              {{"code", static_cast<std::int64_t>(error.code())}});
  }
}

Actor Gate::authenticate(const http::Request& request) {
  static constexpr std::string_view kScheme = "bearer ";
  const std::string_view authorization = request.header("authorization");
  if (!authorization.empty()) {
    if (base::ascii_lower(authorization.substr(0, kScheme.size())) != kScheme) {
      throw unauthenticated("Authorization", "credential",
                            "Send the API key as: Authorization: Bearer <key>.");
    }
    return of_api_key(base::trim(authorization.substr(kScheme.size())));
  }
  const auto token = request.cookie(cookie_name(request));
  if (!token || token->empty()) {
    throw unauthenticated("Authorization", "credential",
                          "Sign in, or send an API key as: Authorization: Bearer <key>.");
  }
  check_origin(request);
  return of_session(*token);
}

http::Route Gate::bind(Route route) {
  http::Route bound;
  bound.method = route.method;
  bound.pattern = "/api/v1" + route.path;
  bound.body_bytes_max = route.body_bytes_max;
  bound.body_deadline_ms = route.body_deadline_ms;
  const auto admit = [this, permission = route.permission](const http::Request& request) {
    Actor actor;
    if (permission == Permission::kPublic) {
      // Signing somebody in as another is an attack too, though it needs no cookie.
      check_origin(request);
    } else {
      actor = authenticate(request);
      actor.require(permission);
    }
    return actor;
  };
  bound.handler = [this, admit, answer = std::move(route.answer)](const http::Request& request) {
    const Actor actor = admit(request);
    return answer(Call{request, actor, database_});
  };
  if (route.take_body) {
    bound.take_body = [this, admit, take = std::move(route.take_body)](const auto& request) {
      const Actor actor = admit(request);
      return take(Call{request, actor, database_});
    };
  }
  return bound;
}

}  // namespace annals::access
