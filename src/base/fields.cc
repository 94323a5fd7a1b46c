#include "base/fields.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/time.h"

namespace annals::base {
namespace {

// How much of a member's name an error repeats: names come from outside and may be huge.
constexpr std::size_t kShownNameBytesMax = 100;

std::string shown(std::string_view name) {
  if (name.size() <= kShownNameBytesMax) return std::string(name);
  std::size_t end = kShownNameBytesMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80U) --end;
  return std::string(name.substr(0, end)) + "…";
}

bool is_space(UChar32 c) { return u_isUWhiteSpace(c) != 0; }

// `text` without Unicode white space at its ends.
std::string_view trim_spaces(std::string_view text) {
  const auto* bytes = as_bytes(text).data();
  const auto size = static_cast<std::int32_t>(text.size());
  std::int32_t begin = size;
  std::int32_t end = size;
  for (std::int32_t at = 0; at < size;) {
    const std::int32_t here = at;
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    if (is_space(c)) continue;
    if (begin == size) begin = here;
    end = at;
  }
  return text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

std::string with_line_feeds(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') continue;
      out += '\n';
    } else {
      out += text[i];
    }
  }
  return out;
}

// C0, DEL and C1 characters, which no text of ours has but line breaks and tabs.
bool has_control(std::string_view text, bool multiline) {
  const auto* bytes = as_bytes(text).data();
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    if (multiline && (c == '\n' || c == '\t')) continue;
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return true;
  }
  return false;
}

const char* kind_name(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::kNull:
      return "null";
    case Json::Kind::kBool:
      return "a boolean";
    case Json::Kind::kNumber:
      return "a number";
    case Json::Kind::kString:
      return "a string";
    case Json::Kind::kArray:
      return "an array";
    case Json::Kind::kObject:
      return "an object";
  }
  return "something else";
}

std::string wrong_type(const char* wanted, const Json& json) {
  return std::string("must be ") + wanted + ", not " + kind_name(json.kind());
}

}  // namespace

struct Fields::Node {
  const Json* json;
  std::string path;
  std::set<std::string, std::less<>> asked;
};

struct Fields::State {
  std::deque<Node> nodes;  // a deque, so that handles keep pointing at theirs
  std::vector<FieldError> errors;
};

Fields::Fields(std::shared_ptr<State> state, Node* node) : state_(std::move(state)), node_(node) {}

Fields::Fields(const Json& json, std::string path)
    : state_(std::make_shared<State>()), node_(nullptr) {
  *this = child(json, std::move(path));
}

Fields Fields::child(const Json& json, std::string path) {
  Node& node = state_->nodes.emplace_back(Node{&json, std::move(path), {}});
  if (!json.is_object()) fail_at(node.path, "type", wrong_type("an object", json));
  return Fields(state_, &node);
}

const Json* Fields::take(std::string_view name, bool required) {
  node_->asked.emplace(name);
  if (!node_->json->is_object()) return nullptr;
  const Json* member = node_->json->find(name);
  if (member == nullptr || member->is_null()) {
    if (required) fail(name, "required", "is required");
    return nullptr;
  }
  return member;
}

bool Fields::given(std::string_view name) {
  node_->asked.emplace(name);
  return node_->json->is_object() && node_->json->find(name) != nullptr;
}

std::optional<std::string> Fields::checked_text(const Json& json, const std::string& field,
                                                const TextRule& rule) {
  if (!json.is_string()) {
    fail_at(field, "type", wrong_type("a string", json));
    return std::nullopt;
  }
  std::string value = rule.multiline ? with_line_feeds(json.text()) : json.text();
  if (!is_utf8(value)) {
    fail_at(field, "utf8", "must be valid UTF-8");
    return std::nullopt;
  }
  if (rule.trimmed) value = std::string(trim_spaces(value));
  if (has_control(value, rule.multiline)) {
    fail_at(field, "control_character",
            rule.multiline ? "must have no control characters but line breaks and tabs"
                           : "must be one line without control characters");
    return std::nullopt;
  }
  if (value.empty() && rule.required) {
    fail_at(field, "required", "must not be empty");
    return std::nullopt;
  }
  const std::size_t chars = code_points(value);
  if (chars > rule.chars_max) {
    fail_at(field, "too_long",
            "must have at most " + std::to_string(rule.chars_max) + " characters");
    return std::nullopt;
  }
  if (value.size() > rule.bytes_max) {
    fail_at(field, "too_long", "must have at most " + std::to_string(rule.bytes_max) + " bytes");
    return std::nullopt;
  }
  if (chars < rule.chars_min) {
    fail_at(field, "too_short",
            "must have at least " + std::to_string(rule.chars_min) + " characters");
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> Fields::text(std::string_view name, const TextRule& rule) {
  const Json* json = take(name, rule.required);
  if (json == nullptr) return std::nullopt;
  return checked_text(*json, path(name), rule);
}

std::optional<std::int64_t> Fields::integer(std::string_view name, const IntegerRule& rule) {
  const Json* json = take(name, rule.required);
  if (json == nullptr) return std::nullopt;
  const auto value = json->is_number() ? json->as_int() : std::nullopt;
  if (!value) {
    fail(name, "type", json->is_number() ? "must be an integer" : wrong_type("an integer", *json));
    return std::nullopt;
  }
  if (*value < rule.min || *value > rule.max) {
    fail(name, "range",
         "must be from " + std::to_string(rule.min) + " to " + std::to_string(rule.max));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> Fields::boolean(std::string_view name, bool required) {
  const Json* json = take(name, required);
  if (json == nullptr) return std::nullopt;
  if (!json->is_bool()) {
    fail(name, "type", wrong_type("true or false", *json));
    return std::nullopt;
  }
  return json->as_bool();
}

std::optional<Id> Fields::checked_id(const Json& json, const std::string& field) {
  if (!json.is_string()) {
    fail_at(field, "type", wrong_type("a string", json));
    return std::nullopt;
  }
  const auto value = parse_id(json.text());
  if (!value) fail_at(field, "id", "must be an id: a UUID in lower case with hyphens");
  return value;
}

std::optional<Id> Fields::id(std::string_view name, bool required) {
  const Json* json = take(name, required);
  if (json == nullptr) return std::nullopt;
  return checked_id(*json, path(name));
}

std::optional<Micros> Fields::time(std::string_view name, bool required) {
  const Json* json = take(name, required);
  if (json == nullptr) return std::nullopt;
  if (!json->is_string()) {
    fail(name, "type", wrong_type("a string", *json));
    return std::nullopt;
  }
  const auto value = parse_rfc3339(json->text());
  if (!value) {
    fail(name, "time", "must be a time by RFC 3339, with a zone: 2016-05-02T12:30:00Z");
  }
  return value;
}

std::optional<std::string> Fields::one_of(std::string_view name,
                                          std::initializer_list<std::string_view> choices,
                                          bool required) {
  const Json* json = take(name, required);
  if (json == nullptr) return std::nullopt;
  if (!json->is_string()) {
    fail(name, "type", wrong_type("a string", *json));
    return std::nullopt;
  }
  std::string all;
  for (const std::string_view choice : choices) {
    if (json->text() == choice) return json->text();
    all += (all.empty() ? "" : ", ") + std::string(choice);
  }
  fail(name, "not_one_of", "must be one of: " + all);
  return std::nullopt;
}

const std::vector<Json>* Fields::take_array(std::string_view name, std::size_t items_max,
                                            bool required) {
  const Json* json = take(name, required);
  if (json == nullptr) return nullptr;
  if (!json->is_array()) {
    fail(name, "type", wrong_type("an array", *json));
    return nullptr;
  }
  if (json->items().size() > items_max) {
    fail(name, "too_many", "must have at most " + std::to_string(items_max) + " items");
    return nullptr;
  }
  return &json->items();
}

std::vector<std::string> Fields::texts(std::string_view name, std::size_t items_max,
                                       const TextRule& rule) {
  std::vector<std::string> values;
  const auto* items = take_array(name, items_max, rule.required);
  if (items == nullptr) return values;
  TextRule of_item = rule;
  of_item.required = true;
  for (std::size_t i = 0; i < items->size(); ++i) {
    auto value = checked_text((*items)[i], path(name) + "[" + std::to_string(i) + "]", of_item);
    if (value) values.push_back(std::move(*value));
  }
  return values;
}

std::vector<Id> Fields::ids(std::string_view name, std::size_t items_max) {
  std::vector<Id> values;
  const auto* items = take_array(name, items_max, false);
  if (items == nullptr) return values;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto value = checked_id((*items)[i], path(name) + "[" + std::to_string(i) + "]");
    if (value) values.push_back(*value);
  }
  return values;
}

std::optional<Fields> Fields::object(std::string_view name, bool required) {
  const Json* json = take(name, required);
  if (json == nullptr) return std::nullopt;
  return child(*json, path(name));
}

std::vector<Fields> Fields::objects(std::string_view name, std::size_t items_max) {
  std::vector<Fields> values;
  const auto* items = take_array(name, items_max, false);
  if (items == nullptr) return values;
  for (std::size_t i = 0; i < items->size(); ++i) {
    values.push_back(child((*items)[i], path(name) + "[" + std::to_string(i) + "]"));
  }
  return values;
}

const Json* Fields::any(std::string_view name, bool required) { return take(name, required); }

void Fields::fail_at(std::string field, std::string code, std::string message,
                     std::vector<std::string> ids) {
  state_->errors.push_back({std::move(field), std::move(code), std::move(message), std::move(ids)});
}

void Fields::fail(std::string_view name, std::string code, std::string message,
                  std::vector<std::string> ids) {
  fail_at(path(name), std::move(code), std::move(message), std::move(ids));
}

void Fields::add(const std::vector<FieldError>& errors) {
  state_->errors.insert(state_->errors.end(), errors.begin(), errors.end());
}

std::string Fields::path(std::string_view name) const {
  if (name.empty()) return node_->path;
  return node_->path.empty() ? std::string(name) : node_->path + "." + std::string(name);
}

bool Fields::ok() const { return state_->errors.empty(); }

std::vector<FieldError> Fields::errors() const {
  std::vector<FieldError> all = state_->errors;
  for (const Node& node : state_->nodes) {
    if (!node.json->is_object()) continue;
    for (const auto& [name, value] : node.json->members()) {
      if (node.asked.contains(name)) continue;
      const std::string field = node.path.empty() ? shown(name) : node.path + "." + shown(name);
      all.push_back({field, "unknown_field", "is not a field of this object"});
      if (all.size() > limits::kFieldErrorsMax) break;
    }
  }
  if (all.size() > limits::kFieldErrorsMax) all.resize(limits::kFieldErrorsMax);
  return all;
}

void Fields::finish() const {
  auto all = errors();
  if (!all.empty()) throw invalid_fields(std::move(all));
}

Error invalid_fields(std::vector<FieldError> errors) {
  static constexpr std::size_t kNamed = 5;
  std::string message;
  if (errors.size() == 1) {
    message = errors.front().field.empty() ? "The body " + errors.front().message
                                           : errors.front().field + ": " + errors.front().message;
  } else {
    message = std::to_string(errors.size()) + " fields are at fault: ";
    for (std::size_t i = 0; i < errors.size() && i < kNamed; ++i) {
      message += (i == 0 ? "" : ", ") + errors[i].field;
    }
    if (errors.size() > kNamed) message += ", …";
  }
  return {Code::kInvalid, std::move(message), std::move(errors)};
}

}  // namespace annals::base
