// How a slice states its routes: one table, each row with what it asks for. app/ turns the rows
// into http::Routes that authenticate, check the Origin, permit, and then call.
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/id.h"
#include "base/json.h"
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
  /// The same in no business: for what founds one.
  [[nodiscard]] http::Response write_across(
      const std::function<http::Response(db::Tx&)>& work) const;
};

struct Route {
  http::Method method = http::Method::kGet;
  std::string path;  // under /api/v1: "/contacts/{id}"
  Permission permission = Permission::kSignedIn;
  std::function<http::Response(const Call&)> answer;
  std::size_t body_bytes_max = base::limits::kJsonBodyBytesMax;
  std::int64_t body_deadline_ms = base::limits::kRequestDeadlineMs;
  /// As in http::Route: makes what takes the body in Request::body's place, of who may.
  std::function<std::shared_ptr<http::BodySink>(const Call&)> take_body{};
};

using Routes = std::vector<Route>;

// What handlers share to read a request; each throws as the API's errors say.

/// The body as JSON. kUnsupportedMediaType where Content-Type says something else.
[[nodiscard]] base::Json json_body(const http::Request& request);
/// kMalformed that names each query parameter that is not among `names`, or is there twice.
void only_query(const http::Request& request, std::initializer_list<std::string_view> names);
/// `limit` of the query: 1 to kPageMax, kPageDefault where missing. kMalformed.
[[nodiscard]] std::size_t page_limit(const http::Request& request);
/// The id in the path's `{id}`; kNotFound ("There is no such <what>.") where it is none.
[[nodiscard]] base::Id path_id(const http::Request& request, const std::string& what,
                               std::string_view parameter = "id");
/// `"7"`, the ETag of a version (RFC 9110 §8.8.3).
[[nodiscard]] std::string etag(std::int64_t version);
/// Obeys If-Match, where given: kPreconditionFailed unless it names `version` or is `*`.
void check_if_match(const http::Request& request, std::int64_t version);

}  // namespace annals::access
