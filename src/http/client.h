// Requests to other servers, by libcurl (http and https, the system's certificates, the proxy that
// the environment names): one at a time on the caller's thread, each with a deadline and limits.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace annals::http {

struct PostRequest {
  std::string url;  // one that is_web_address()
  std::string content_type;
  std::string body;
  Pairs headers{};  // besides Content-Type; names and values are the program's own
  std::size_t reply_bytes_max = 0;
  std::int64_t deadline_ms = 0;                // for all of it
  const std::atomic<bool>* give_up = nullptr;  // true ends it within a second
};

struct GetRequest {
  std::string url;  // one that is_web_address()
  Pairs headers{};  // names and values are the program's own
  std::size_t reply_bytes_max = 0;
  std::int64_t deadline_ms = 0;  // for all of it
  /// Takes the body of a reply 200 piece by piece, which then is not in the reply. What it throws
  /// ends the transfer and comes out of get().
  std::function<void(std::string_view)> sink{};
};

struct WebReply {
  int status = 0;
  std::string body;
};

/// Whatever was answered, also 500 and redirections, which are not followed. Throws kUnavailable
/// that says why there is no whole answer within the limits; the address is not in the message,
/// since it may hold a secret. Safe from any thread.
[[nodiscard]] WebReply post(const PostRequest& request);
[[nodiscard]] WebReply get(const GetRequest& request);

/// Whether it is `http://…` or `https://…` with a host.
[[nodiscard]] bool is_web_address(const std::string& url);

}  // namespace annals::http
