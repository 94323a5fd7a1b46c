// Randomness as a seam. The system's is cryptographically strong (libsodium).
#pragma once
#include <cstdint>
#include <span>

namespace annals::base {

class Random {
 public:
  virtual ~Random() = default;
  /// Fills `out`. Safe from any thread.
  virtual void fill(std::span<std::uint8_t> out) const = 0;
};

[[nodiscard]] const Random& system_random();
/// The same, taken from the system a few kilobytes at a time for each thread: for ids, which are
/// many. Not for secrets, which should not lie about in memory.
[[nodiscard]] const Random& buffered_random();

/// Repeatable bytes from a seed (ChaCha20), for demo data and tests. One thread.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : seed_(seed) {}
  void fill(std::span<std::uint8_t> out) const override;
  /// Uniform in [0, bound); bound ≥ 1.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) const;

 private:
  std::uint64_t seed_;
  mutable std::uint64_t calls_ = 0;
};

}  // namespace annals::base
