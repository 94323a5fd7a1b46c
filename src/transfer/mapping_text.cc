#include "transfer/mapping_text.h"

#include <toml++/toml.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"

namespace annals::transfer {

// The document is kept alive by every value of it.
struct Value::Node {
  std::shared_ptr<const toml::table> document;
  const toml::node* node = nullptr;
};

namespace {

Place place_of(const toml::source_region& source, std::string file, std::string key) {
  return {std::move(file), static_cast<std::int64_t>(source.begin.line),
          static_cast<std::int64_t>(source.begin.column), std::move(key)};
}

std::string member_key(const std::string& parent, const std::string& key) {
  return parent.empty() ? key : parent + "." + key;
}

}  // namespace

void fail_at(const Place& place, const std::string& code, const std::string& message) {
  std::string where;
  if (place.line > 0) {
    where =
        place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
  }
  throw base::Error(base::Code::kInvalid,
                    where + (place.key.empty() ? "" : place.key + ": ") + message,
                    {{place.key.empty() ? "mapping" : place.key, code, message}});
}

bool Value::is_text() const { return node_->node->is_string(); }
bool Value::is_integer() const { return node_->node->is_integer(); }
bool Value::is_flag() const { return node_->node->is_boolean(); }
bool Value::is_list() const { return node_->node->is_array(); }
bool Value::is_table() const { return node_->node->is_table(); }

std::string Value::text() const {
  if (!is_text()) fail_at(place_, "type", "must be a string, in quotes");
  return node_->node->as_string()->get();
}

std::int64_t Value::integer() const {
  if (!is_integer()) fail_at(place_, "type", "must be an integer, without quotes");
  return node_->node->as_integer()->get();
}

bool Value::flag() const {
  if (!is_flag()) fail_at(place_, "type", "must be true or false, without quotes");
  return node_->node->as_boolean()->get();
}

std::vector<Value> Value::list() const {
  const toml::array* items = node_->node->as_array();
  if (items == nullptr) fail_at(place_, "type", "must be a list, in square brackets");
  if (items->size() > base::limits::kMappingItemsMax) {
    fail_at(place_, "too_many", "has more than 200 items");
  }
  std::vector<Value> out;
  out.reserve(items->size());
  for (const toml::node& item : *items) {
    Place place =
        place_of(item.source(), place_.file, place_.key + "[" + std::to_string(out.size()) + "]");
    out.emplace_back(std::make_shared<Node>(Node{node_->document, &item}), std::move(place));
  }
  return out;
}

std::string Value::plain() const {
  if (is_integer()) return std::to_string(integer());
  if (is_flag()) return flag() ? "true" : "false";
  return text();
}

Section::Section(const Value& value) : place_(value.place()) {
  const toml::table* table = value.node_->node->as_table();
  if (table == nullptr) fail_at(place_, "type", "must be a table");
  for (const auto& [key, node] : *table) {
    const std::string name(key.str());
    // Where the key stands says more than where its value does.
    Place place = place_of(key.source(), place_.file, member_key(place_.key, name));
    values_.emplace(name,
                    Value(std::make_shared<Value::Node>(Value::Node{value.node_->document, &node}),
                          std::move(place)));
  }
}

std::optional<Value> Section::take(const std::string& key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  taken_.insert(key);
  return found->second;
}

Value Section::require(const std::string& key) {
  auto value = take(key);
  if (value) return std::move(*value);
  Place place = place_;
  place.key = member_key(place_.key, key);
  fail_at(place, "required", "is missing");
}

std::optional<std::string> Section::text(const std::string& key) {
  const auto value = take(key);
  if (!value) return std::nullopt;
  return value->text();
}

std::int64_t Section::integer(const std::string& key, std::int64_t otherwise) {
  const auto value = take(key);
  return value ? value->integer() : otherwise;
}

bool Section::flag(const std::string& key, bool otherwise) {
  const auto value = take(key);
  return value ? value->flag() : otherwise;
}

std::vector<std::pair<std::string, Value>> Section::rest() {
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& [key, value] : values_) {
    if (taken_.insert(key).second) out.emplace_back(key, value);
  }
  return out;
}

void Section::done() const {
  for (const auto& [key, value] : values_) {
    if (!taken_.contains(key)) {
      fail_at(value.place(), "unknown_key", "there is no such key here; see docs/import.md");
    }
  }
}

namespace {

toml::table table_of(const base::Json& json, const std::string& key);

// Where a value goes: into a list, or into a table by its name.
struct Target {
  toml::array* list = nullptr;
  toml::table* table = nullptr;
  std::string name{};

  template <class T>
  void take(T value) const {
    if (list != nullptr) {
      list->push_back(std::move(value));
    } else {
      table->insert(name, std::move(value));
    }
  }
};

// What the JSON says, as TOML has it; null is nothing.
void add_node(const base::Json& json, const std::string& key, const Target& target) {
  switch (json.kind()) {
    case base::Json::Kind::kNull:
      return;
    case base::Json::Kind::kBool:
      return target.take(json.as_bool());
    case base::Json::Kind::kNumber:
      if (const auto number = json.as_int()) return target.take(*number);
      fail_at({"", 0, 0, key}, "type", "must be a whole number; write others as a string");
    case base::Json::Kind::kString:
      return target.take(json.text());
    case base::Json::Kind::kObject:
      return target.take(table_of(json, key));
    case base::Json::Kind::kArray: {
      toml::array items;
      for (const base::Json& item : json.items()) {
        add_node(item, key + "[" + std::to_string(items.size()) + "]", {.list = &items});
      }
      return target.take(std::move(items));
    }
  }
}

toml::table table_of(const base::Json& json, const std::string& key) {
  if (!json.is_object()) fail_at({"", 0, 0, key}, "type", "must be an object");
  toml::table out;
  for (const auto& [name, value] : json.members()) {
    add_node(value, member_key(key, name), {.table = &out, .name = name});
  }
  return out;
}

}  // namespace

Value mapping_of_json(const base::Json& json, const std::string& name) {
  auto document = std::make_shared<const toml::table>(table_of(json, name));
  const toml::node* root = document.get();
  return {std::make_shared<Value::Node>(Value::Node{std::move(document), root}), {"", 0, 0, name}};
}

Value parse_mapping_text(std::string_view text, const std::string& name) {
  if (text.size() > base::limits::kMappingBytesMax) {
    fail_at({name, 1, 1, ""}, "too_long", "the mapping is longer than 1 MiB");
  }
  try {
    auto document = std::make_shared<const toml::table>(toml::parse(text));
    const toml::node* root = document.get();
    return {std::make_shared<Value::Node>(Value::Node{std::move(document), root}),
            {name, 1, 1, ""}};
  } catch (const toml::parse_error& error) {
    fail_at(place_of(error.source(), name, ""), "toml", std::string(error.description()));
  }
}

}  // namespace annals::transfer
