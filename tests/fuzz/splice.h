// What a fuzzer does to something honest: some of its bytes become others.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace annals::fuzz {

/// Takes apart what the fuzzer says.
struct Input {
  std::string_view rest;
  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    for (; bytes > 0 && !rest.empty(); --bytes) {
      value = value << 8U | static_cast<std::uint8_t>(rest.front());
      rest.remove_prefix(1);
    }
    return value;
  }
  std::string_view text(std::size_t size) {
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(taken.size());
    return taken;
  }
};

/// Puts some bytes into others, in place of as many or of none.
inline void splice(std::string& content, Input& input) {
  const std::size_t at = input.number(3) % (content.size() + 1);
  const std::size_t gone = input.number(1);
  const std::string_view put = input.text(input.number(1));
  content.replace(at, std::min(gone, content.size() - at), put);
}

}  // namespace annals::fuzz
