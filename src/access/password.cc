#include "access/password.h"

#include <sodium.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <semaphore>
#include <string>
#include <string_view>

#include "base/blocking.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/random.h"

namespace annals::access {
namespace {

// Each hash takes its memory for itself: a burst of sign-ins must not take all there is. And each
// that waits holds a thread that others need, so not many may wait.
class Turn {
 public:
  Turn() {
    if (turns().try_acquire()) return;
    static std::atomic<int> waiting = 0;
    const bool may_wait = ++waiting <= base::limits::kPasswordsWaitingMax;
    const bool mine = may_wait && turns().try_acquire_for(
                                      std::chrono::milliseconds(base::limits::kPasswordWaitMs));
    --waiting;
    if (mine) return;
    throw base::Error(base::Code::kUnavailable,
                      "Too many are signing in at this moment. Try again in a few seconds.");
  }
  ~Turn() { turns().release(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  const base::Blocking blocking_;  // for a turn, and then for as long as a hash takes

  static std::counting_semaphore<base::limits::kPasswordsAtOnce>& turns() {
    static std::counting_semaphore<base::limits::kPasswordsAtOnce> semaphore(
        base::limits::kPasswordsAtOnce);
    return semaphore;
  }
};

void need_sodium() {
  static const int ready = sodium_init();
  CHECK(ready >= 0);
}

}  // namespace

std::string hash_password(std::string_view password, const PasswordCost& cost) {
  need_sodium();
  const Turn turn;
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost.passes,
                            cost.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw base::Error(base::Code::kUnavailable,
                      "The server has no memory left to hash a password. Try again later.");
  }
  return {out.data()};
}

bool verify_password(const std::string& hash, std::string_view password) {
  if (hash.empty() || hash.size() >= crypto_pwhash_STRBYTES) return false;
  need_sodium();
  const Turn turn;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

void verify_nothing(std::string_view password, const PasswordCost& cost) {
  static std::mutex mutex;
  static std::string hash;
  std::string known;
  {
    const std::lock_guard lock(mutex);
    if (hash.empty()) hash = hash_password(random_password(), cost);
    known = hash;
  }
  static_cast<void>(verify_password(known, password));
}

std::string random_password() {
  static constexpr std::string_view kCharacters = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(kCharacters.size() == 32, "five bits choose one, each as likely as the others");
  static constexpr std::size_t kCount = 20;
  static constexpr std::size_t kGroup = 5;
  std::array<std::uint8_t, kCount> bytes{};
  base::system_random().fill(bytes);
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % kGroup == 0) out += '-';
    out += kCharacters[bytes[i] & 31U];
  }
  return out;
}

}  // namespace annals::access
