// The one exception of the project: what ends a request, a command or an import row.
// `http/problem.h` maps the codes to statuses (RFC 9110), once.
#pragma once
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace annals::base {

enum class Code {
  kMalformed,             // 400: cannot be parsed, or an unknown query parameter
  kUnauthenticated,       // 401
  kForbidden,             // 403
  kNotFound,              // 404: also what another business owns, or the caller may not see
  kConflict,              // 409
  kPreconditionFailed,    // 412: If-Match names another version
  kTooLarge,              // 413
  kUnsupportedMediaType,  // 415
  kInvalid,               // 422: parsed, and a field breaks a rule
  kTooManyRequests,       // 429
  kUnavailable,           // 503: nothing was done; try again
  kUnknownOutcome,        // 503: may have been done; the idempotency key tells
  kStorageFull,           // 507
  kInternal,              // 500: a bug
};

/// One field at fault. `field` is a path into the body (`emails[0].address`) or the name of a query
/// parameter; `code` is for programs, `message` for people.
struct FieldError {
  std::string field;
  std::string code;
  std::string message;
  std::vector<std::string> ids{};  // candidates, where the code is about several
};

class Error : public std::exception {
 public:
  Error(Code code, std::string message, std::vector<FieldError> errors = {})
      : code_(code), message_(std::move(message)), errors_(std::move(errors)) {}

  [[nodiscard]] Code code() const noexcept { return code_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const std::vector<FieldError>& errors() const noexcept { return errors_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  Code code_;
  std::string message_;
  std::vector<FieldError> errors_;
};

/// kInvalid about one field.
[[nodiscard]] inline Error invalid(std::string field, std::string code, std::string message) {
  std::string text = field + ": " + message;
  return {
      Code::kInvalid, std::move(text), {{std::move(field), std::move(code), std::move(message)}}};
}

/// kMalformed about one field or query parameter.
[[nodiscard]] inline Error malformed(std::string field, std::string code, std::string message) {
  std::string text = field + ": " + message;
  return {
      Code::kMalformed, std::move(text), {{std::move(field), std::move(code), std::move(message)}}};
}

/// kConflict with a code for programs.
[[nodiscard]] inline Error conflict(std::string field, std::string code, std::string message) {
  std::string text = message;
  return {
      Code::kConflict, std::move(text), {{std::move(field), std::move(code), std::move(message)}}};
}

[[nodiscard]] inline Error not_found(const std::string& what) {
  return {Code::kNotFound, "There is no such " + what + "."};
}

/// Ends the program where a condition that only a bug can break is broken.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace annals::base

#define CHECK(condition) \
  ((condition) ? void() : ::annals::base::check_failed(#condition, __FILE__, __LINE__))
