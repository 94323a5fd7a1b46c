#include "http/request_metrics.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "http/metrics.h"
#include "http/router.h"

namespace annals::http {

RequestMetrics::RequestMetrics(const Router& router)
    : connections(gauge("annals_http_connections", "Open connections.")),
      in_flight(gauge("annals_http_requests_in_flight", "Requests that are being answered.")),
      event_streams(gauge("annals_http_event_streams", "Clients that listen to events.")),
      queue_refusals(counter("annals_http_queue_refusals_total",
                             "Requests refused since they would wait for too long.")),
      connection_refusals(counter("annals_http_connection_refusals_total",
                                  "Connections refused since there were as many as can be.")) {
  for (const Route& route : router.routes()) {
    per_route_.emplace(&route, make(route.pattern, name_of(route.method)));
  }
  per_route_.emplace(nullptr, make("none", "other"));
}

RequestMetrics::PerRoute RequestMetrics::make(const std::string& pattern, std::string_view method) {
  const Labels labels = {{"route", pattern}, {"method", std::string(method)}};
  std::vector<Counter> by_class;
  for (const char* const status : {"2xx", "3xx", "4xx", "5xx"}) {
    Labels with_status = labels;
    with_status.emplace("status", status);
    by_class.push_back(counter("annals_http_requests_total", "Requests answered.", with_status));
  }
  return {std::move(by_class),
          histogram("annals_http_request_duration_seconds",
                    "From a request's first byte to its reply's last.", duration_bounds(), labels)};
}

void RequestMetrics::count(const Route* route, int status, std::int64_t duration_us) {
  PerRoute& mine = per_route_.at(route);
  const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 2, 5) - 2);
  mine.by_class[status_class].add();
  mine.duration.observe(static_cast<double>(duration_us) / 1e6);
}

}  // namespace annals::http
