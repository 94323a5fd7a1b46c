// The HTTP/1.1 server (RFC 9112): TLS if asked, bounded in connections, header, body and time.
// Beast 1.81 alone lets request smuggling through; server.cc says what is refused besides.
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
  int handler_threads = 64;
  std::size_t queued_requests_max = 1'024;  // admitted and not yet begun; beyond: 503 at once
  std::size_t connections_max = base::limits::kConnectionsMax;
  std::size_t body_bytes_in_memory_max = 512U * 1024 * 1024;  // of all connections; beyond: 503
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
