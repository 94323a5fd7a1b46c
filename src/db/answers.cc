#include "db/answers.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/encoding.h"
#include "base/error.h"
#include "db/db.h"

namespace annals::db {

std::string spelled(const Param& key) {
  if (const auto* text = std::get_if<std::string_view>(&key.value())) return std::string(*text);
  if (const auto* blob = std::get_if<base::ByteSpan>(&key.value())) {
    return std::string(base::as_text(*blob));
  }
  const auto* number = std::get_if<std::int64_t>(&key.value());
  CHECK(number != nullptr);
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(
        static_cast<std::uint8_t>(static_cast<std::uint64_t>(*number) >> (56 - 8 * i)));
  }
  return bytes;
}

std::string name_of(const LookUp& what, std::string_view key) {
  const auto address = std::bit_cast<std::array<char, sizeof(std::uintptr_t)>>(&what);
  std::string name(address.data(), address.size());
  name += key;
  return name;
}

}  // namespace annals::db
