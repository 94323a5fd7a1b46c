// Which function answers which method and path.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "http/message.h"

namespace annals::http {

/// Runs on the pool, may block. Throws base::Error; server turns it into a problem document.
using Handler = std::function<Response(const Request&)>;

struct Route {
  Method method = Method::kGet;
  std::string pattern;  // "/api/v1/contacts/{id}"; a last segment "{path...}" takes the rest
  Handler handler;
  std::size_t body_bytes_max = base::limits::kJsonBodyBytesMax;
  std::int64_t body_deadline_ms = base::limits::kRequestDeadlineMs;
};

class Router {
 public:
  /// A bug where two routes have the same method and pattern.
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: see `allow`
    Pairs path_parameters;
    std::string allow;  // methods of the path, for 405; empty: 404
  };
  /// A literal segment wins over a parameter. HEAD falls back to GET.
  [[nodiscard]] Match find(Method method, const std::string& path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace annals::http
