// JSON (RFC 8259) as the product reads and writes it.
//
// Reading is strict: UTF-8 only, no duplicate keys, limited depth and size. Numbers keep the text
// they came in, so that what is stored is what was sent. Writing is a stream of calls; canonical()
// gives RFC 8785's form for what our records hold (strings, integers, booleans, null).
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace annals::base {

class Json {
 public:
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  using Member = std::pair<std::string, Json>;

  Json() = default;
  static Json boolean(bool value);
  static Json number(std::int64_t value);
  static Json number_text(std::string text);  // as received
  static Json string(std::string value);
  static Json array(std::vector<Json> items = {});
  static Json object(std::vector<Member> members = {});

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == Kind::kNull; }
  [[nodiscard]] bool is_bool() const { return kind_ == Kind::kBool; }
  [[nodiscard]] bool is_number() const { return kind_ == Kind::kNumber; }
  [[nodiscard]] bool is_string() const { return kind_ == Kind::kString; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::kArray; }
  [[nodiscard]] bool is_object() const { return kind_ == Kind::kObject; }

  [[nodiscard]] bool as_bool() const { return flag_; }
  /// The string's value, or the number's text.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The number, where it is an integer of 64 bits.
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  // Of a temporary, by value: `for (… : parse_json(text).items())` must not outlive the document.
  [[nodiscard]] const std::vector<Json>& items() const& { return items_; }
  [[nodiscard]] std::vector<Json>& items() & { return items_; }
  [[nodiscard]] std::vector<Json> items() && { return std::move(items_); }
  [[nodiscard]] const std::vector<Member>& members() const& { return members_; }
  [[nodiscard]] std::vector<Member>& members() & { return members_; }
  [[nodiscard]] std::vector<Member> members() && { return std::move(members_); }
  /// The member, or null where there is none.
  [[nodiscard]] const Json* find(std::string_view key) const;
  /// Sets or adds a member.
  void set(std::string_view key, Json value);

  /// Minified, in the order received, numbers as received.
  [[nodiscard]] std::string dump() const;
  /// Minified, keys in RFC 8785's order (UTF-16 code units), numbers as received. For equal
  /// documents whose numbers are spelled alike the result is equal.
  [[nodiscard]] std::string canonical() const;

  bool operator==(const Json&) const = default;

 private:
  void dump_to(std::string& out, bool sorted) const;

  Kind kind_ = Kind::kNull;
  bool flag_ = false;
  std::string text_;
  std::vector<Json> items_;
  std::vector<Member> members_;
};

/// Throws kMalformed (field "", code `json`; or the path of a `duplicate_key`) or kTooLarge.
[[nodiscard]] Json parse_json(std::string_view text,
                              std::size_t bytes_max = limits::kJsonBodyBytesMax);

/// Appends `text` as a JSON string, escaped as RFC 8785 asks. `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// Writes JSON to a string, one call a token; commas come by themselves.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(bool flag);
  JsonWriter& value(std::nullptr_t);
  JsonWriter& value(const Json& json) { return raw(json.dump()); }
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : value(nullptr);
  }
  /// `json` is a value that is written already.
  JsonWriter& raw(std::string_view json);
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  /// Nothing where `maybe` is empty.
  template <class T>
  JsonWriter& member_if(std::string_view name, const std::optional<T>& maybe) {
    return maybe ? key(name).value(*maybe) : *this;
  }

  /// Makes room, for who knows about how much will be written.
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void separate();
  std::string out_;
  bool comma_ = false;
};

}  // namespace annals::base
