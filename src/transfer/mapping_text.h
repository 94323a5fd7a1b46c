// A mapping's TOML (1.0) as it is read: each value with the line and column that errors name, each
// table with a count of the keys that have been asked for, so that a misspelt key is an error.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace annals::transfer {

/// Where in the mapping something stands.
struct Place {
  std::string file;
  std::int64_t line = 0;  // 0: it came as JSON
  std::int64_t column = 0;
  std::string key;  // "entries[0].when.column"
};

/// Throws kInvalid whose message begins `file:line:column: key: `, or, of a mapping that came as
/// JSON, `key: `.
[[noreturn]] void fail_at(const Place& place, const std::string& code, const std::string& message);

/// A value of the mapping.
class Value {
 public:
  struct Node;  // toml++ stays behind this
  Value(std::shared_ptr<const Node> node, Place place)
      : node_(std::move(node)), place_(std::move(place)) {}

  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] bool is_text() const;
  [[nodiscard]] bool is_integer() const;
  [[nodiscard]] bool is_flag() const;
  [[nodiscard]] bool is_list() const;
  [[nodiscard]] bool is_table() const;

  // Each throws kInvalid where the value is of another kind.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] bool flag() const;
  [[nodiscard]] std::vector<Value> list() const;
  /// The text of a string, an integer or a boolean: what is compared with a cell.
  [[nodiscard]] std::string plain() const;

 private:
  friend class Section;
  std::shared_ptr<const Node> node_;
  Place place_;
};

/// A table of the mapping. Keys must be asked for by take() before done().
class Section {
 public:
  explicit Section(const Value& value);  // throws kInvalid where it is no table

  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] std::optional<Value> take(const std::string& key);
  /// Throws kInvalid where it is missing.
  [[nodiscard]] Value require(const std::string& key);
  [[nodiscard]] std::optional<std::string> text(const std::string& key);
  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t otherwise);
  [[nodiscard]] bool flag(const std::string& key, bool otherwise);
  /// All that is left, in order of the keys.
  [[nodiscard]] std::vector<std::pair<std::string, Value>> rest();
  /// Throws kInvalid at the first key that nobody asked for.
  void done() const;

 private:
  std::map<std::string, Value> values_;
  std::set<std::string> taken_;
  Place place_;
};

/// A mapping that came as JSON, in the same words. Errors call it `name`, before the key.
[[nodiscard]] Value mapping_of_json(const base::Json& json, const std::string& name);

/// Parses a mapping. `name` is what errors call it. Throws kInvalid with line and column.
[[nodiscard]] Value parse_mapping_text(std::string_view text, const std::string& name);

}  // namespace annals::transfer
