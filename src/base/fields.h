// Reads a JSON object member by member and gathers all that is wrong with it, so that one reply
// names every field at fault.
//
//   base::Fields body(json);
//   const auto name = body.text("name", {.required = true});
//   for (base::Fields email : body.objects("emails", 20)) email.text("address", {.required =
//   true}); body.finish();  // throws kInvalid with all errors; members that nobody asked for are
//   among them
//
// A getter gives nothing where the member is missing, null or wrong. A member that is null counts
// as not there, but given() tells, which a PATCH needs (omitted keeps, null clears).
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"

namespace annals::base {

struct TextRule {
  bool required = false;   // not missing, null or empty
  bool multiline = false;  // line breaks (CR LF and CR become LF) and tabs are allowed
  bool trimmed = true;     // white space at both ends goes
  std::size_t chars_min = 0;
  std::size_t chars_max = limits::kNameCharsMax;
  std::size_t bytes_max = limits::kTextBytesMax;
};

struct IntegerRule {
  bool required = false;
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// A handle on one object; copies and the objects inside share their errors. One thread.
/// `json` must outlive it.
class Fields {
 public:
  /// `path` stands before the names in errors: "task" makes `task.title`. Where `json` is no object
  /// that is an error, and every getter gives nothing.
  explicit Fields(const Json& json, std::string path = "");

  /// Whether the member is there, null or not.
  [[nodiscard]] bool given(std::string_view name);

  /// UTF-8 without control characters.
  std::optional<std::string> text(std::string_view name, const TextRule& rule = {});
  std::optional<std::int64_t> integer(std::string_view name, const IntegerRule& rule = {});
  std::optional<bool> boolean(std::string_view name, bool required = false);
  std::optional<Id> id(std::string_view name, bool required = false);
  /// RFC 3339.
  std::optional<Micros> time(std::string_view name, bool required = false);
  /// One of `choices`, exactly.
  std::optional<std::string> one_of(std::string_view name,
                                    std::initializer_list<std::string_view> choices,
                                    bool required = false);
  /// An array of texts; empty where missing. `rule.required` is about the array.
  std::vector<std::string> texts(std::string_view name, std::size_t items_max,
                                 const TextRule& rule = {});
  std::vector<Id> ids(std::string_view name, std::size_t items_max);
  std::optional<Fields> object(std::string_view name, bool required = false);
  std::vector<Fields> objects(std::string_view name, std::size_t items_max);
  /// The member as it is; null where missing or JSON null.
  const Json* any(std::string_view name, bool required = false);

  /// Adds an error about a member ("" is the object itself).
  void fail(std::string_view name, std::string code, std::string message,
            std::vector<std::string> ids = {});
  /// Adds errors that carry their whole paths.
  void add(const std::vector<FieldError>& errors);
  /// `name` with the object's path before it.
  [[nodiscard]] std::string path(std::string_view name) const;
  /// Whether nothing was wrong so far, anywhere.
  [[nodiscard]] bool ok() const;
  /// All errors so far, with those about members that nobody asked for.
  [[nodiscard]] std::vector<FieldError> errors() const;
  /// Throws kInvalid where errors() are not empty. Call it once all is read.
  void finish() const;

 private:
  struct Node;
  struct State;
  Fields(std::shared_ptr<State> state, Node* node);
  const Json* take(std::string_view name, bool required);
  const std::vector<Json>* take_array(std::string_view name, std::size_t items_max, bool required);
  Fields child(const Json& json, std::string path);
  std::optional<std::string> checked_text(const Json& json, const std::string& field,
                                          const TextRule& rule);
  std::optional<Id> checked_id(const Json& json, const std::string& field);
  void fail_at(std::string field, std::string code, std::string message,
               std::vector<std::string> ids = {});

  std::shared_ptr<State> state_;
  Node* node_;
};

/// kInvalid about these fields; its message names them.
[[nodiscard]] Error invalid_fields(std::vector<FieldError> errors);

}  // namespace annals::base
