// How a slice states its routes: one table, each row with what it asks for. app/ turns the rows
// into http::Routes that authenticate, check the Origin, permit, and then call.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/limits.h"
#include "db/db.h"
#include "http/message.h"

namespace annals::access {

/// What a handler works with.
struct Call {
  const http::Request& request;
  const Actor& actor;  // of kPublic routes: the system, without a business
  db::Database& database;

  /// Reads in the actor's business.
  template <class Work>
  auto read(Work&& work) const {
    return database.read(actor.business, std::forward<Work>(work));
  }
  /// Writes in the actor's business. Where the request has an Idempotency-Key header, the reply is
  /// kept in the same transaction and given again for the same request; the same key with another
  /// request is kConflict (`idempotency_conflict`).
  [[nodiscard]] http::Response write(const std::function<http::Response(db::Tx&)>& work) const;
};

struct Route {
  http::Method method = http::Method::kGet;
  std::string path;  // under /api/v1: "/contacts/{id}"
  Permission permission = Permission::kSignedIn;
  std::function<http::Response(const Call&)> answer;
  std::size_t body_bytes_max = base::limits::kJsonBodyBytesMax;
  std::int64_t body_deadline_ms = base::limits::kRequestDeadlineMs;
};

using Routes = std::vector<Route>;

}  // namespace annals::access
