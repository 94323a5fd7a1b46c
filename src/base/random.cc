#include "base/random.h"

#include <sodium.h>

#include <array>
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

}  // namespace

const Random& system_random() {
  static const SystemRandom random;
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
