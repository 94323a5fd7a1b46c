#include "base/random.h"

#include <sodium.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/error.h"

namespace annals::base {
namespace {

class SystemRandom final : public Random {
 public:
  SystemRandom() { CHECK(sodium_init() >= 0); }
  void fill(std::span<std::uint8_t> out) const override { randombytes_buf(out.data(), out.size()); }
};

class BufferedRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) const override {
    thread_local std::array<std::uint8_t, 4096> buffer;
    thread_local std::size_t left = 0;
    if (out.size() > buffer.size()) return system_random().fill(out);
    if (left < out.size()) {
      system_random().fill(buffer);
      left = buffer.size();
    }
    left -= out.size();
    std::memcpy(out.data(), buffer.data() + left, out.size());
  }
};

}  // namespace

const Random& system_random() {
  static const SystemRandom random;
  return random;
}

const Random& buffered_random() {
  static const BufferedRandom random;
  return random;
}

void SeededRandom::fill(std::span<std::uint8_t> out) const {
  std::array<std::uint8_t, randombytes_SEEDBYTES> seed{};
  std::memcpy(seed.data(), &seed_, sizeof seed_);
  std::memcpy(seed.data() + sizeof seed_, &calls_, sizeof calls_);
  ++calls_;
  randombytes_buf_deterministic(out.data(), out.size(), seed.data());
}

std::uint32_t SeededRandom::below(std::uint32_t bound) const {
  std::array<std::uint8_t, 8> bytes{};
  fill(bytes);
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return static_cast<std::uint32_t>(word % bound);
}

}  // namespace annals::base
