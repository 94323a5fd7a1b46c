#include "http/problem.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "http/message.h"

namespace annals::http {
namespace {

constexpr std::string_view kRetryAfterSeconds = "1";
constexpr std::string_view kInternalDetail =
    "The server met an error of its own. Nothing that you sent is at fault; try again, and if it "
    "stays, give the request id to whoever runs this server.";

constexpr auto kReasons = std::to_array<std::pair<int, std::string_view>>({
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
});

}  // namespace

int status_of(base::Code code) {
  switch (code) {
    case base::Code::kMalformed:
      return 400;
    case base::Code::kUnauthenticated:
      return 401;
    case base::Code::kForbidden:
      return 403;
    case base::Code::kNotFound:
      return 404;
    case base::Code::kConflict:
      return 409;
    case base::Code::kPreconditionFailed:
      return 412;
    case base::Code::kTooLarge:
      return 413;
    case base::Code::kUnsupportedMediaType:
      return 415;
    case base::Code::kInvalid:
      return 422;
    case base::Code::kTooManyRequests:
      return 429;
    case base::Code::kUnavailable:
    case base::Code::kUnknownOutcome:
      return 503;
    case base::Code::kStorageFull:
      return 507;
    case base::Code::kInternal:
      return 500;
  }
  return 500;
}

std::string_view reason_of(int status) {
  const auto* const found = std::find_if(kReasons.begin(), kReasons.end(),
                                         [&](const auto& row) { return row.first == status; });
  return found == kReasons.end() ? "Unknown" : found->second;
}

Response problem(int status, std::string_view detail, const std::vector<base::FieldError>& errors,
                 const std::string& request_id) {
  base::JsonWriter json;
  json.begin_object()
      .member("type", "about:blank")
      .member("title", reason_of(status))
      .member("status", std::int64_t{status})
      .member("detail", detail)
      .member("request_id", request_id)
      .key("errors")
      .begin_array();
  for (const base::FieldError& error : errors) {
    json.begin_object()
        .member("field", error.field)
        .member("code", error.code)
        .member("message", error.message);
    if (!error.ids.empty()) {
      json.key("ids").begin_array();
      for (const std::string& id : error.ids) json.value(id);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array().end_object();

  Response response = Response::json(status, json.take());
  response.headers = {{"Content-Type", "application/problem+json"}};
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 429 || status == 503) {
    response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  }
  return response;
}

Response problem(const base::Error& error, const std::string& request_id) {
  const int status = status_of(error.code());
  if (error.code() == base::Code::kInternal)
    return problem(status, kInternalDetail, {}, request_id);
  return problem(status, error.message(), error.errors(), request_id);
}

}  // namespace annals::http
