// Numbers about the running server for Prometheus (text format 0.0.4). One registry a process, as
// there is one log; names begin with `annals_`. All of it is safe from any thread.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace annals::http {

using Labels = std::map<std::string, std::string>;

// Handles are small and copied freely; what they stand for lives as long as the process. Asking
// again for the same name and labels gives the same counter. Labels hold no personal data and few
// different values.

class Counter {
 public:
  void add(double amount = 1);

 private:
  friend Counter counter(const std::string&, const std::string&, const Labels&);
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  void set(double value);
  void add(double amount);

 private:
  friend Gauge gauge(const std::string&, const std::string&, const Labels&);
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  void observe(double value);

 private:
  friend Histogram histogram(const std::string&, const std::string&, const std::vector<double>&,
                             const Labels&);
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  prometheus::Histogram* histogram_;
};

/// `annals_entries_recorded_total`; `help` is one sentence for people.
[[nodiscard]] Counter counter(const std::string& name, const std::string& help,
                              const Labels& labels = {});
[[nodiscard]] Gauge gauge(const std::string& name, const std::string& help,
                          const Labels& labels = {});
/// `upper_bounds` rise.
[[nodiscard]] Histogram histogram(const std::string& name, const std::string& help,
                                  const std::vector<double>& upper_bounds,
                                  const Labels& labels = {});

/// Bounds for durations in seconds, from half a millisecond to ten seconds.
[[nodiscard]] const std::vector<double>& duration_bounds();

/// Everything, as `/metrics` gives it.
[[nodiscard]] std::string serialize_metrics();

}  // namespace annals::http
