// Which function answers which method and path.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/limits.h"
#include "http/message.h"

namespace annals::http {

/// Runs on the pool (or see Admission), may block. Throws base::Error; server turns it into a
/// problem document.
using Handler = std::function<Response(const Request&)>;

/// What becomes of a route's requests where the server has more to do than it can.
enum class Admission {
  kQueued,  // refused where the queue is full
  kAlways,  // queued all the same
  kAtOnce,  // answered on the thread of the sockets: for handlers that wait for nothing
};

struct Route {
  Method method = Method::kGet;
  std::string pattern;  // "/api/v1/contacts/{id}"; a last segment "{path...}" takes the rest
  Handler handler;
  std::size_t body_bytes_max = base::limits::kJsonBodyBytesMax;
  std::int64_t body_deadline_ms = base::limits::kRequestDeadlineMs;
  Admission admission = Admission::kQueued;
  /// Where given, a body is not held: it goes to what this makes, on the pool, of the request's
  /// head. It throws what a handler may throw. A request without a body has no sink.
  std::function<std::shared_ptr<BodySink>(const Request&)> take_body{};
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
  /// A literal segment wins over a parameter, and both over a rest, which is looked at only where
  /// no other pattern has the path. HEAD falls back to GET. `path` is decoded; parameters are never
  /// empty, a rest may be. The match points into this router.
  [[nodiscard]] Match find(Method method, const std::string& path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  /// One segment of the patterns, in a tree of all of them.
  struct Node {
    std::map<std::string, std::size_t, std::less<>> literals;  // segment → index into nodes_
    std::size_t parameter = kNone;                             // index into nodes_
    std::vector<std::size_t> routes;                           // that end here
    std::vector<std::size_t> rests;                            // that take the rest from here
  };
  struct Search;

  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> parameter_names_;  // of each route, in order
  std::vector<Node> nodes_{Node{}};
};

}  // namespace annals::http
