#include "http/chunked.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/request_head.h"

namespace annals::http {
namespace {

constexpr std::size_t kSizeDigitsMax = 8;
constexpr std::size_t kIgnoredBytesMax = 4 * 1024;

[[noreturn]] void refuse(const char* message) { throw base::malformed("body", "chunk", message); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::size_t ChunkedReader::read(std::string_view input, std::string& body, std::size_t bytes_max) {
  std::size_t used = 0;
  while (used < input.size() && !done()) {
    if (state_ != State::kData) {
      step(input[used++]);
      // A size is checked before its bytes are taken, so that a huge one costs nothing.
      if (state_ == State::kData && size_ > bytes_max - body.size()) {
        throw base::Error(base::Code::kTooLarge, "The body is larger than this address takes.",
                          {{"body", "too_large", "Send less."}});
      }
      continue;
    }
    const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(size_, input.size() - used));
    body.append(input.substr(used, take));
    used += take;
    size_ -= take;
    if (size_ == 0) state_ = State::kDataReturn;
  }
  return used;
}

void ChunkedReader::step(char c) {
  switch (state_) {
    case State::kSizeFirst:
    case State::kSize:
    case State::kExtension:
    case State::kSizeFeed:
      return step_in_size(c);
    case State::kDataReturn:
      if (c != '\r') refuse("A chunk is longer than its size says.");
      state_ = State::kDataFeed;
      return;
    case State::kDataFeed:
      if (c != '\n') refuse("A chunk ends with CR LF.");
      state_ = State::kSizeFirst;
      return;
    default:
      return step_in_trailer(c);
  }
}

void ChunkedReader::step_in_size(char c) {
  if (state_ == State::kSizeFirst) {
    size_ = 0;
    digits_ = 0;
  }
  if (state_ == State::kSizeFeed) {
    if (c != '\n') refuse("The line of a chunk's size ends with CR LF.");
    state_ = size_ == 0 ? State::kTrailerFirst : State::kData;
    return;
  }
  if (state_ != State::kExtension) {
    if (const int digit = hex_digit(c); digit >= 0) {
      if (++digits_ > kSizeDigitsMax) refuse("A chunk's size has at most eight digits.");
      size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
      state_ = State::kSize;
      return;
    }
    if (state_ == State::kSizeFirst) refuse("A chunk begins with its size in hexadecimal digits.");
    if (c != '\r' && c != ';') refuse("A chunk's size is followed by CR LF.");
    state_ = c == '\r' ? State::kSizeFeed : State::kExtension;
    return;
  }
  if (++ignored_ > kIgnoredBytesMax) refuse("Extensions and trailers are too long.");
  if (c == '\r') {
    state_ = State::kSizeFeed;
  } else if (!is_field_value({&c, 1})) {
    refuse("A chunk's extension cannot hold control characters.");
  }
}

void ChunkedReader::step_in_trailer(char c) {
  if (++ignored_ > kIgnoredBytesMax) refuse("Extensions and trailers are too long.");
  switch (state_) {
    case State::kTrailerFirst:
      if (c == '\r') {
        state_ = State::kEndFeed;
        return;
      }
      if (!is_token({&c, 1})) refuse("A trailer begins with a name.");
      state_ = State::kTrailerName;
      return;
    case State::kTrailerName:
      if (c == ':') {
        state_ = State::kTrailerValue;
      } else if (!is_token({&c, 1})) {
        refuse("A trailer is a name, directly a colon, and a value.");
      }
      return;
    case State::kTrailerValue:
      if (c == '\r') {
        state_ = State::kTrailerFeed;
      } else if (!is_field_value({&c, 1})) {
        refuse("A trailer cannot hold control characters.");
      }
      return;
    case State::kTrailerFeed:
      if (c != '\n') refuse("A trailer ends with CR LF.");
      state_ = State::kTrailerFirst;
      return;
    case State::kEndFeed:
      if (c != '\n') refuse("A body ends with CR LF.");
      state_ = State::kDone;
      return;
    default:
      CHECK(false);
  }
}

}  // namespace annals::http
