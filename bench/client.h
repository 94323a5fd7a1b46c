// A load on an HTTP server: one thread, connections that are kept alive, one request at a time on
// each. Closed loop: each connection sends as soon as it was answered. Open loop: requests are due
// at a fixed rate whatever the server does, and their latency counts from when they were due, so
// that a slow server cannot hide behind a client that waits for it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/histogram.h"
#include "bench/requests.h"

namespace annals::bench {

struct LoadOptions {
  std::string host = "127.0.0.1";  // an IPv4 address
  std::uint16_t port = 0;
  std::size_t connections = 64;
  double seconds = 10;
  double warmup_seconds = 0;   // before it, not counted
  std::uint64_t requests = 0;  // at most so many; 0: as many as the time allows
  double rate = 0;             // requests a second; 0 is the closed loop
  double backlog_seconds = 1;  // open loop: what is due for longer and finds no connection is left
};

struct LoadResult {
  double seconds = 0;
  std::uint64_t sent = 0;
  std::uint64_t entries = 0;  // asked for by requests that were answered 2xx
  std::map<int, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t> errors;  // connect, reset, reply: what befell connections
  std::uint64_t left = 0;                       // due, but never sent
  Histogram answered;                           // 2xx
  Histogram refused;                            // 429 and 503, from when the request was sent
  std::uint64_t without_retry_after = 0;        // of those
  std::vector<std::uint64_t> by_second;         // 2xx
  std::string first_problem;                    // the beginning of the first reply that is not 2xx
};

/// Throws std::runtime_error where the server cannot be reached at the start.
[[nodiscard]] LoadResult run_load(const LoadOptions& options, Requests& requests);

}  // namespace annals::bench
