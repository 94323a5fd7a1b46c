// The HTTP/1.1 server (RFC 9112): TLS if asked, bounded in connections, header, body, memory and
// time. What it does when there is more to do than it can: docs/design/0006-overload.md.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "http/router.h"

namespace annals::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;         // 0: any free one
  std::string tls_certificate_file;  // PEM chain; empty: plain
  std::string tls_key_file;
  int io_threads = 1;
  int handlers = 64;         // requests that are worked on at once
  int handlers_running = 8;  // of them, those that do not wait for something
  std::size_t queued_requests_max = base::limits::kQueuedRequestsMax;
  std::int64_t queue_wait_ms = base::limits::kQueueWaitMs;
  std::int64_t queue_late_ms = base::limits::kQueueLateMs;
  std::size_t connections_max = base::limits::kConnectionsMax;
  std::size_t event_streams_max = base::limits::kEventStreamsMax;
  std::size_t bytes_held_max = base::limits::kBytesHeldMax;
  std::int64_t request_deadline_ms = base::limits::kRequestDeadlineMs;
  std::int64_t keep_alive_idle_ms = 60'000;
  std::int64_t graceful_stop_ms = base::limits::kGracefulStopMs;
  std::int64_t stream_ping_ms = base::limits::kStreamPingSeconds * 1'000;
};

class Server {
 public:
  /// Binds and listens; throws base::Error kInvalid (field `listen`, `tls_certificate`, …).
  Server(ServerOptions options, Router router);
  ~Server();  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Begins to accept; returns at once.
  void start();
  /// Accepts no more, finishes what was admitted (graceful_stop_ms at most), closes. Idempotent.
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::http
