// How often a password may be tried: counters in memory, of fixed windows.
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/limits.h"

namespace annals::access {

/// Safe from any thread.
class Throttle {
 public:
  explicit Throttle(int attempts_max) : attempts_max_(attempts_max) {}

  /// Counts one attempt of `who`. Where there were too many: the seconds until the next is allowed,
  /// and nothing is counted.
  [[nodiscard]] std::optional<std::int64_t> attempt(const std::string& who, base::Micros now);
  /// Takes one attempt back: it did not fail.
  void forgive(const std::string& who);
  /// Forgets all attempts of `who`.
  void clear(const std::string& who);

 private:
  struct Window {
    base::Micros began = 0;
    int attempts = 0;
  };
  void make_room(base::Micros now);

  std::mutex mutex_;
  std::unordered_map<std::string, Window> windows_;
  int attempts_max_;
};

}  // namespace annals::access
