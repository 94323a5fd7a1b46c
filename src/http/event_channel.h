// The way of server-sent events (WHATWG HTML §9.2) from any thread to one client's connection.
// Private to the server.
#pragma once
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "http/message.h"

namespace annals::http {

/// What one client may have waiting; who is further behind is dropped.
inline constexpr std::size_t kEventBytesMax = 256 * 1024;

class EventChannel final : public EventSink {
 public:
  /// `wake` is called, from any thread, when there is something to take after there was nothing,
  /// when the client has fallen too far behind, and at the end. Never after close().
  explicit EventChannel(std::function<void()> wake) : wake_(std::move(wake)) {}

  bool send(std::string_view events) override;
  [[nodiscard]] bool drained() const override;
  void end() override;
  /// All that waits, as it goes to the client; empty where nothing does.
  [[nodiscard]] std::string take();
  [[nodiscard]] bool overflowed() const;
  [[nodiscard]] bool ended() const;
  void close();

 private:
  mutable std::mutex mutex_;
  std::function<void()> wake_;  // empty: closed
  std::string waiting_;
  bool overflowed_ = false;
  bool ended_ = false;
};

}  // namespace annals::http
