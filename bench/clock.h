// The clock of measurements.
#pragma once
#include <cstdint>
#include <ctime>

namespace annals::bench {

/// Nanoseconds of a clock that never goes back.
[[nodiscard]] inline std::int64_t now_ns() {
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

[[nodiscard]] inline std::int64_t to_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

}  // namespace annals::bench
