// `annals serve`: the database, every slice's routes, the web app and the background work, as one.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "access/route.h"
#include "base/clock.h"
#include "base/limits.h"

namespace annals::app {

struct ServeOptions {
  std::string data = "./data";
  std::string database;                   // postgresql://…, in place of a data folder
  std::string listen = "127.0.0.1:8080";  // HOST:PORT, [IPv6]:PORT; port 0 takes any free one
  std::string tls_certificate;            // PEM files; empty: plain HTTP
  std::string tls_key;
  std::string keys;         // where the ledger's keys stand; empty: `keys` in the data folder
  std::string checkpoints;  // where each checkpoint is written to besides; empty: nowhere
  std::string timestamp_authority;  // an address that stamps each checkpoint; empty: none does
  std::string checkpoint_webhook;   // an address that is told of each checkpoint; empty: none is
  int handlers = 64;                // requests that are worked on at once
  std::int64_t queue_wait_ms = base::limits::kQueueWaitMs;

  [[nodiscard]] const std::string& place() const { return database.empty() ? data : database; }
  [[nodiscard]] std::string keys_folder() const { return keys.empty() ? data + "/keys" : keys; }
};

class Instance {
 public:
  /// Opens the data and listens; throws base::Error that names the option at fault. Answers
  /// /healthz at once, everything else when the index is up to date (/readyz tells).
  explicit Instance(const ServeOptions& options, const base::Clock& clock = base::system_clock());
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// Finishes what was admitted, then stops. Idempotent.
  void stop();
  [[nodiscard]] std::uint16_t port() const;
  /// `http://127.0.0.1:8080`
  [[nodiscard]] std::string url() const;
  /// Every route that is served, for tests that go over all of them.
  [[nodiscard]] const std::vector<access::Route>& routes() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Serves until SIGINT or SIGTERM; returns the exit code.
int serve(const ServeOptions& options);

}  // namespace annals::app
