// JSON text that the program wrote itself, read without building a document: what an object or an
// array holds comes out as slices of the text. Checked are the tokens that are passed (RFC 8259's
// strings, brackets in pairs), not that keys are unique; for what others send there is
// parse_json().
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace annals::base {

/// Goes through one object or array:
///   JsonScan scan(text);
///   while (scan.next_member()) use(scan.key(), scan.value());
/// Throws Error kInternal where the text is not of that form.
class JsonScan {
 public:
  /// `text` must outlive what is read from it.
  explicit JsonScan(std::string_view text) : text_(text) {}

  [[nodiscard]] bool next_member() { return next('{', '}'); }
  [[nodiscard]] bool next_item() { return next('[', ']'); }
  /// The member's name as it is written, without its quotes.
  [[nodiscard]] std::string_view key() const { return key_; }
  /// The value as it is written: a JSON text of its own.
  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  bool next(char open, char close);
  void take(char c);
  std::string_view take_string();  // with its quotes
  std::string_view take_value();
  [[nodiscard]] char peek() const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view key_;
  std::string_view value_;
};

/// Where the run of characters ends that JSON writes as they are, from `at` on: at a quote, a
/// backslash, a control character or the end.
[[nodiscard]] std::size_t json_plain_end(std::string_view text, std::size_t at);
/// What a JSON string says, from its text with the quotes. Throws kInternal.
[[nodiscard]] std::string json_string(std::string_view written);
/// The number, where the text is an integer of 64 bits.
[[nodiscard]] std::optional<std::int64_t> json_integer(std::string_view written);

}  // namespace annals::base
