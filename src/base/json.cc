#include "base/json.h"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/limits.h"

namespace annals::base {
namespace {

namespace bj = boost::json;

// RFC 8785 §3.2.3 sorts by UTF-16 code units. That order differs from the one of UTF-8's bytes only
// where a character above U+FFFF (lead byte F0..F4) meets one of U+E000..U+FFFF (EE, EF).
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return a.size() < b.size();
  const auto p = static_cast<std::uint8_t>(*x);
  const auto q = static_cast<std::uint8_t>(*y);
  const bool p_surrogate = p >= 0xF0;
  const bool q_surrogate = q >= 0xF0;
  if (p_surrogate != q_surrogate && (p_surrogate ? q : p) >= 0xEE) return p_surrogate;
  return p < q;
}

// What the parser reports becomes a Json, and what it lets pass (duplicate keys) is refused.
struct Builder {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  std::vector<Json> stack;
  std::vector<std::string> keys;
  std::string partial;
  std::optional<std::string> duplicate;
  Json result;
  std::size_t values = 0;

  bool put(Json value, bj::error_code& ec) {
    if (++values > limits::kJsonValuesMax) {
      ec = bj::error::array_too_large;
      return false;
    }
    if (stack.empty()) {
      result = std::move(value);
      return true;
    }
    Json& parent = stack.back();
    if (parent.is_array()) {
      parent.items().push_back(std::move(value));
      return true;
    }
    parent.members().emplace_back(std::move(keys.back()), std::move(value));
    keys.pop_back();
    return true;
  }
  bool close(bj::error_code& ec) {
    Json value = std::move(stack.back());
    stack.pop_back();
    if (value.is_object() && !unique_keys(value)) {
      ec = bj::error::syntax;
      return false;
    }
    return put(std::move(value), ec);
  }
  bool unique_keys(const Json& object) {
    const auto& members = object.members();
    static constexpr std::size_t kFewMembers = 12;
    if (members.size() <= kFewMembers) {
      for (std::size_t i = 1; i < members.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          if (members[i].first == members[j].first) {
            duplicate = members[i].first;
            return false;
          }
        }
      }
      return true;
    }
    std::unordered_set<std::string_view> seen;
    for (const auto& member : members) {
      if (!seen.insert(member.first).second) {
        duplicate = member.first;
        return false;
      }
    }
    return true;
  }

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code&) {
    stack.push_back(Json::array());
    return true;
  }
  bool on_array_end(std::size_t, bj::error_code& ec) { return close(ec); }
  bool on_object_begin(bj::error_code&) {
    stack.push_back(Json::object());
    return true;
  }
  bool on_object_end(std::size_t, bj::error_code& ec) { return close(ec); }
  bool on_string_part(bj::string_view s, std::size_t, bj::error_code&) {
    partial.append(s.data(), s.size());
    return true;
  }
  bool on_string(bj::string_view s, std::size_t, bj::error_code& ec) {
    partial.append(s.data(), s.size());
    return put(Json::string(std::exchange(partial, {})), ec);
  }
  bool on_key_part(bj::string_view s, std::size_t, bj::error_code&) {
    partial.append(s.data(), s.size());
    return true;
  }
  bool on_key(bj::string_view s, std::size_t, bj::error_code&) {
    partial.append(s.data(), s.size());
    keys.push_back(std::exchange(partial, {}));
    return true;
  }
  bool on_number_part(bj::string_view s, bj::error_code&) {
    partial.append(s.data(), s.size());
    return true;
  }
  bool number(bj::string_view s, bj::error_code& ec) {
    partial.append(s.data(), s.size());
    return put(Json::number_text(std::exchange(partial, {})), ec);
  }
  bool on_int64(std::int64_t, bj::string_view s, bj::error_code& ec) { return number(s, ec); }
  bool on_uint64(std::uint64_t, bj::string_view s, bj::error_code& ec) { return number(s, ec); }
  bool on_double(double, bj::string_view s, bj::error_code& ec) { return number(s, ec); }
  bool on_bool(bool b, bj::error_code& ec) { return put(Json::boolean(b), ec); }
  bool on_null(bj::error_code& ec) { return put(Json(), ec); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

}  // namespace

Json Json::boolean(bool value) {
  Json json;
  json.kind_ = Kind::kBool;
  json.flag_ = value;
  return json;
}
Json Json::number(std::int64_t value) { return number_text(std::to_string(value)); }
Json Json::number_text(std::string text) {
  Json json;
  json.kind_ = Kind::kNumber;
  json.text_ = std::move(text);
  return json;
}
Json Json::string(std::string value) {
  Json json;
  json.kind_ = Kind::kString;
  json.text_ = std::move(value);
  return json;
}
Json Json::array(std::vector<Json> items) {
  Json json;
  json.kind_ = Kind::kArray;
  json.items_ = std::move(items);
  return json;
}
Json Json::object(std::vector<Member> members) {
  Json json;
  json.kind_ = Kind::kObject;
  json.members_ = std::move(members);
  return json;
}

std::optional<std::int64_t> Json::as_int() const {
  if (kind_ != Kind::kNumber) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

const Json* Json::find(std::string_view key) const {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& m) { return m.first == key; });
  return it == members_.end() ? nullptr : &it->second;
}

void Json::set(std::string_view key, Json value) {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [&](const Member& m) { return m.first == key; });
  if (it == members_.end()) {
    members_.emplace_back(std::string(key), std::move(value));
  } else {
    it->second = std::move(value);
  }
}

void Json::dump_to(std::string& out, bool sorted) const {
  switch (kind_) {
    case Kind::kNull:
      out += "null";
      return;
    case Kind::kBool:
      out += flag_ ? "true" : "false";
      return;
    case Kind::kNumber:
      out += text_;
      return;
    case Kind::kString:
      append_json_string(out, text_);
      return;
    case Kind::kArray: {
      out += '[';
      bool comma = false;
      for (const Json& item : items_) {
        if (comma) out += ',';
        comma = true;
        item.dump_to(out, sorted);
      }
      out += ']';
      return;
    }
    case Kind::kObject: {
      std::vector<const Member*> order;
      order.reserve(members_.size());
      for (const Member& member : members_) order.push_back(&member);
      if (sorted) {
        std::sort(order.begin(), order.end(),
                  [](const Member* a, const Member* b) { return utf16_less(a->first, b->first); });
      }
      out += '{';
      bool comma = false;
      for (const Member* member : order) {
        if (comma) out += ',';
        comma = true;
        append_json_string(out, member->first);
        out += ':';
        member->second.dump_to(out, sorted);
      }
      out += '}';
      return;
    }
  }
}

std::string Json::dump() const {
  std::string out;
  dump_to(out, false);
  return out;
}

std::string Json::canonical() const {
  std::string out;
  dump_to(out, true);
  return out;
}

Json parse_json(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    throw Error(Code::kTooLarge,
                "The JSON document is larger than " + std::to_string(bytes_max) + " bytes.");
  }
  bj::parse_options options;
  options.max_depth = limits::kJsonDepthMax;
  bj::basic_parser<Builder> parser(options);
  bj::error_code ec;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
  if (parser.handler().duplicate) {
    throw malformed(*parser.handler().duplicate, "duplicate_key",
                    "The key stands twice in one object.");
  }
  if (ec == bj::error::too_deep) {
    throw malformed(
        "", "depth",
        "The JSON is nested deeper than " + std::to_string(limits::kJsonDepthMax) + ".");
  }
  if (ec == bj::error::array_too_large) {
    throw Error(Code::kTooLarge, "The JSON document holds more than " +
                                     std::to_string(limits::kJsonValuesMax) + " values.");
  }
  if (!ec && read < text.size()) ec = bj::error::extra_data;
  if (!ec && !parser.done()) ec = bj::error::incomplete;
  if (ec) {
    throw malformed("", "json",
                    "This is not JSON: " + ec.message() + " at byte " + std::to_string(read) + ".");
  }
  return std::move(parser.handler().result);
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = json_plain_end(text, 0); i < text.size(); i = json_plain_end(text, i + 1)) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    out.append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4U];
        out += kHex[c & 15U];
    }
  }
  out.append(text, from, std::string_view::npos);
  out += '"';
}

void JsonWriter::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}
JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  comma_ = false;
  return *this;
}
JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  comma_ = true;
  return *this;
}
JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  comma_ = false;
  return *this;
}
JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  comma_ = true;
  return *this;
}
JsonWriter& JsonWriter::key(std::string_view name) {
  // Nearly all names are short and plain, and a page has thousands: they are put in at once.
  static constexpr std::size_t kShort = 40;
  std::array<char, kShort + 4> text{};
  char* end = text.data();
  if (comma_) *end++ = ',';
  comma_ = false;
  if (name.size() > kShort || json_plain_end(name, 0) < name.size()) {
    out_.append(text.data(), end);
    append_json_string(out_, name);
    out_ += ':';
    return *this;
  }
  *end++ = '"';
  end = std::copy(name.begin(), name.end(), end);
  *end++ = '"';
  *end++ = ':';
  out_.append(text.data(), end);
  return *this;
}
JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}
JsonWriter& JsonWriter::value(std::int64_t number) {
  separate();
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out_.append(digits.data(), end);
  return *this;
}
JsonWriter& JsonWriter::value(bool flag) {
  separate();
  out_ += flag ? "true" : "false";
  return *this;
}
JsonWriter& JsonWriter::value(std::nullptr_t) {
  separate();
  out_ += "null";
  return *this;
}
JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace annals::base
