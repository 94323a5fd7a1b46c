#include "base/json_scan.h"

#include <array>
#include <boost/locale/utf.hpp>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/error.h"

namespace annals::base {
namespace {

[[noreturn]] void fail() { throw Error(Code::kInternal, "A stored JSON text cannot be read."); }

// Bytes that end the run of a string's plain characters.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> special{};
  for (std::size_t i = 0; i < 0x20; ++i) special.at(i) = true;
  special.at('"') = true;
  special.at('\\') = true;
  return special;
}
constexpr std::array<bool, 256> kSpecial = make_special();

std::uint32_t hex4(std::string_view text, std::size_t at) {
  std::uint32_t code = 0;
  if (at + 4 > text.size()) fail();
  const char* end = text.data() + at + 4;
  const auto [stop, error] = std::from_chars(text.data() + at, end, code, 16);
  if (error != std::errc{} || stop != end) fail();
  return code;
}

void append_utf8(std::string& out, std::uint32_t code) {
  boost::locale::utf::utf_traits<char>::encode(code, std::back_inserter(out));
}

// What stands behind `\u` at `at`; how many bytes of it were read.
std::size_t append_escaped(std::string& out, std::string_view text, std::size_t at) {
  const std::uint32_t first = hex4(text, at);
  if (first < 0xD800 || first > 0xDFFF) {
    append_utf8(out, first);
    return 4;
  }
  if (first > 0xDBFF || !text.substr(at + 4).starts_with("\\u")) fail();
  const std::uint32_t second = hex4(text, at + 6);
  if (second < 0xDC00 || second > 0xDFFF) fail();
  append_utf8(out, 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00));
  return 10;
}

char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      fail();
  }
}

}  // namespace

std::size_t json_plain_end(std::string_view text, std::size_t at) {
  while (at < text.size() && !kSpecial[static_cast<std::uint8_t>(text[at])]) ++at;
  return at;
}

char JsonScan::peek() const {
  if (at_ >= text_.size()) fail();
  return text_[at_];
}

void JsonScan::take(char c) {
  if (peek() != c) fail();
  ++at_;
}

std::string_view JsonScan::take_string() {
  const std::size_t begin = at_;
  take('"');
  for (;;) {
    at_ = json_plain_end(text_, at_);
    const char c = peek();
    ++at_;
    if (c == '"') return text_.substr(begin, at_ - begin);
    if (c != '\\') fail();
    static_cast<void>(peek());
    ++at_;
  }
}

std::string_view JsonScan::take_value() {
  const std::size_t begin = at_;
  if (peek() == '"') return take_string();
  // A number or a word ends before the comma or bracket that follows; of what is nested only the
  // depth matters here, so that a text of a million brackets costs no stack.
  std::size_t depth = 0;
  for (;;) {
    const char c = peek();
    if (c == '"') {
      if (depth == 0) fail();
      take_string();
      continue;
    }
    const bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',')) break;
    if (c == '{' || c == '[') ++depth;
    ++at_;
    if (closes && --depth == 0) break;
  }
  if (at_ == begin) fail();
  return text_.substr(begin, at_ - begin);
}

bool JsonScan::next(char open, char close) {
  if (at_ == 0) {
    take(open);
  } else if (peek() != close) {
    take(',');
  }
  if (peek() == close && text_[at_ - 1] != ',') {
    if (at_ + 1 != text_.size()) fail();
    return false;
  }
  if (open == '{') {
    key_ = take_string();
    key_ = key_.substr(1, key_.size() - 2);
    take(':');
  }
  value_ = take_value();
  return true;
}

std::string json_string(std::string_view written) {
  if (written.size() < 2 || written.front() != '"' || written.back() != '"') fail();
  const std::string_view text = written.substr(1, written.size() - 2);
  std::size_t at = json_plain_end(text, 0);
  std::string out(text.substr(0, at));
  while (at < text.size()) {
    if (text[at] != '\\' || at + 1 == text.size()) fail();
    ++at;
    if (text[at] == 'u') {
      at += 1 + append_escaped(out, text, at + 1);
    } else {
      out += simple_escape(text[at]);
      ++at;
    }
    const std::size_t end = json_plain_end(text, at);
    out += text.substr(at, end - at);
    at = end;
  }
  return out;
}

std::optional<std::int64_t> json_integer(std::string_view written) {
  std::int64_t value = 0;
  const char* begin = written.data();
  const char* end = begin + written.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace annals::base
