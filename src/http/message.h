// A request and its reply as handlers see them; no socket, no library type.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annals::http {

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };

[[nodiscard]] std::string_view name_of(Method method);

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Takes a body that is too long to be held, piece by piece as it comes: on the pool, one call at a
/// time. What a call throws is the reply. Where the client is gone it ends without more.
class BodySink {
 public:
  virtual ~BodySink() = default;
  BodySink() = default;
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;

  virtual void write(std::string_view piece) = 0;
};

struct Request {
  Method method = Method::kGet;
  std::string path;                // decoded, begins with '/', no "." or ".." segments
  Pairs query;                     // decoded, in order, repeated names kept
  Pairs headers;                   // names in lower case
  Pairs path_parameters;           // of the route's pattern: {id} → ("id", …)
  std::string body;                // whole, within the route's limit
  std::shared_ptr<BodySink> sink;  // what took the body in its place, where the route has one
  std::string request_id;          // UUIDv7, also in the reply's X-Request-Id and in the log
  std::string remote_address;
  bool tls = false;

  /// The first header of that name (lower case); empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The first query parameter of that name.
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
  /// A parameter of the route's pattern; a bug where the pattern has none of that name.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
  /// A cookie's value (RFC 6265).
  [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
};

/// Gives the next piece of a body that is made while it is sent; empty at its end. Called on the
/// pool, one call at a time. An exception closes the connection without a proper end, so that the
/// client sees that the body is cut.
using BodySource = std::function<std::string()>;

/// Where one client's events go. Safe from any thread, also once the client is gone.
class EventSink {
 public:
  virtual ~EventSink() = default;
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;

  /// Sends one or more events as event_text() writes them. False where the client is gone or too
  /// slow.
  virtual bool send(std::string_view events) = 0;
  /// Whether nothing waits here of what was sent: who catches up sends on only then.
  [[nodiscard]] virtual bool drained() const = 0;
  /// Ends the reply, after what was sent.
  virtual void end() = 0;
};

struct Event {
  std::string id;
  std::string name;
  std::string data;  // one line of JSON
};
/// The event in the stream's syntax (WHATWG HTML §9.2). Line ends in `id` and `name` are left out.
[[nodiscard]] std::string event_text(const Event& event);

/// An endless reply of server-sent events. The server calls `open` once with where they go, and
/// `close` once when the client is gone, the sink was ended or the server stops. Pings are the
/// server's.
struct EventSource {
  std::function<void(std::shared_ptr<EventSink>)> open;
  std::function<void()> close;
};

struct Response;
/// A reply that is not known when the handler returns: called once, it begins what the reply waits
/// for, and then the function that it was given must be called once, on any thread, with what makes
/// the reply (or throws what a handler may throw), quickly: on the thread of the sockets.
using LaterReply = std::function<void(std::function<void(std::function<Response()>)> give)>;

struct Response {
  int status = 200;
  Pairs headers;
  std::string body;
  BodySource stream;                    // instead of body: chunked
  std::shared_ptr<EventSource> events;  // instead of body
  LaterReply later;                     // instead of all the others

  static Response json(int status, std::string body);
  static Response empty(int status = 204);
};

/// What a file holds, piece by piece, for Response::stream. Throws kNotFound where there is none.
[[nodiscard]] BodySource file_stream(const std::string& path);

/// Waits for a reply that comes later; throws what its maker throws.
[[nodiscard]] Response settled(Response reply);

}  // namespace annals::http
