// The way of server-sent events (WHATWG HTML §9.2) from any thread to one client's connection.
// Private to the server.
#pragma once
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

#include "http/message.h"

namespace annals::http {

/// What one client may have waiting; who is further behind is dropped.
inline constexpr std::size_t kEventBytesMax = 256 * 1024;

class EventChannel {
 public:
  /// `wake` is called, from any thread, when there is something to take after there was nothing,
  /// and when the client has fallen too far behind. Never after close().
  explicit EventChannel(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// False where the channel is closed or the client is too slow.
  bool send(const EventSource::Event& event);
  /// All that waits, as it goes to the client; empty where nothing does.
  [[nodiscard]] std::string take();
  [[nodiscard]] bool overflowed() const;
  void close();

 private:
  mutable std::mutex mutex_;
  std::function<void()> wake_;  // empty: closed
  std::string waiting_;
  bool overflowed_ = false;
};

/// One event in the stream's syntax. Line ends in `id` and `name` are left out.
void append_event(std::string& out, const EventSource::Event& event);

}  // namespace annals::http
