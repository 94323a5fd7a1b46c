#include "db/postgres_array.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/encoding.h"
#include "db/db.h"

namespace annals::db {
namespace {

// Each value is led by its length, or by this.
constexpr std::size_t kLengthBytes = 4;
constexpr std::string_view kNull = "\xFF\xFF\xFF\xFF";

void put(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
  }
}

}  // namespace

void BinaryArray::add(const Param& param) {
  if (const auto* number = std::get_if<std::int64_t>(&param.value())) {
    put(values_, 8);
    const auto bits = static_cast<std::uint64_t>(*number);
    put(values_, static_cast<std::uint32_t>(bits >> 32U));
    put(values_, static_cast<std::uint32_t>(bits));
  } else if (const auto* text = std::get_if<std::string_view>(&param.value())) {
    add_bytes(*text);
  } else if (const auto* blob = std::get_if<base::ByteSpan>(&param.value())) {
    add_bytes(base::as_text(*blob));
  } else {
    values_ += kNull;
  }
  ends_.push_back(values_.size());
}

void BinaryArray::add_bytes(std::string_view bytes) {
  put(values_, static_cast<std::uint32_t>(bytes.size()));
  values_ += bytes;
}

std::string BinaryArray::encode(std::size_t first, std::size_t count) const {
  const std::size_t begin = end_of(first);
  const std::size_t end = end_of(first + count);
  std::string out;
  out.reserve(20 + end - begin);
  put(out, 1);  // dimensions
  put(out, 1);  // may hold nulls
  put(out, type_);
  put(out, static_cast<std::uint32_t>(count));
  put(out, 1);  // lower bound
  out.append(values_, begin, end - begin);
  return out;
}

std::optional<std::string_view> BinaryArray::at(std::size_t i) const {
  const std::string_view value =
      std::string_view(values_).substr(end_of(i), end_of(i + 1) - end_of(i));
  if (value.substr(0, kLengthBytes) == kNull) return std::nullopt;
  return value.substr(kLengthBytes);
}

void BinaryArray::keep_first(std::size_t count) {
  values_.resize(end_of(count));
  ends_.resize(count);
}

}  // namespace annals::db
