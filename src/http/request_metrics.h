// The server's own numbers. Private to the server; safe from any thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "http/metrics.h"
#include "http/router.h"

namespace annals::http {

class RequestMetrics {
 public:
  /// `router` stays where it is.
  explicit RequestMetrics(const Router& router);
  /// `route` is one of the router's, or null where no route was found.
  void count(const Route* route, int status, std::int64_t duration_us);

  Gauge connections;
  Gauge in_flight;
  Gauge event_streams;
  Counter queue_refusals;
  Counter connection_refusals;

 private:
  struct PerRoute {
    std::vector<Counter> by_class;  // 2xx to 5xx
    Histogram duration;
  };
  static PerRoute make(const std::string& pattern, std::string_view method);

  std::unordered_map<const Route*, PerRoute> per_route_;
};

}  // namespace annals::http
