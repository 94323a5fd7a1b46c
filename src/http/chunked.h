// A body in chunks (RFC 9112 §7.1), read strictly. No socket, so that it can be fuzzed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace annals::http {

class ChunkedReader {
 public:
  /// Takes what has arrived, appends the body's bytes to `body`, and says how many bytes of `input`
  /// it has used: all of them until done(). Throws kMalformed (field `body`) at the first wrong
  /// byte, kTooLarge where the body would pass `bytes_max`.
  std::size_t read(std::string_view input, std::string& body, std::size_t bytes_max);
  [[nodiscard]] bool done() const { return state_ == State::kDone; }

 private:
  enum class State {
    kSizeFirst,
    kSize,
    kExtension,
    kSizeFeed,
    kData,
    kDataReturn,
    kDataFeed,
    kTrailerFirst,
    kTrailerName,
    kTrailerValue,
    kTrailerFeed,
    kEndFeed,
    kDone
  };
  void step(char c);
  void step_in_size(char c);
  void step_in_trailer(char c);

  State state_ = State::kSizeFirst;
  std::uint64_t size_ = 0;  // of the chunk, or what is left of it
  std::size_t digits_ = 0;
  std::size_t ignored_ = 0;  // bytes of extensions and trailers so far
};

}  // namespace annals::http
