// Passwords as Argon2id hashes in PHC form (RFC 9106).
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace annals::access {

/// What one hash costs. A stored hash says what it cost, so that a change takes effect with the
/// next password.
struct PasswordCost {
  unsigned long long passes = 2;
  std::size_t memory_bytes = 19U * 1024 * 1024;
};

/// For tests alone.
inline constexpr PasswordCost kCheapPasswordCost{1, 8'192};

/// At most limits::kPasswordsAtOnce hash or verify at once; who waits for longer than
/// limits::kPasswordWaitMs gets kUnavailable. Not to be called inside a transaction.
[[nodiscard]] std::string hash_password(std::string_view password, const PasswordCost& cost);
/// False for an empty `hash`.
[[nodiscard]] bool verify_password(const std::string& hash, std::string_view password);
/// Does the work of a verification that fails, so that time does not tell that there is no account.
void verify_nothing(std::string_view password, const PasswordCost& cost);

/// Twenty characters without those that are taken for one another, in groups of five.
[[nodiscard]] std::string random_password();

}  // namespace annals::access
