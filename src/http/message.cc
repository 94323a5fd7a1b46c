#include "http/message.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <functional>
#include <future>
#include <ios>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"

namespace annals::http {
namespace {

const std::string* first_of(const Pairs& pairs, std::string_view name) {
  const auto it = std::find_if(pairs.begin(), pairs.end(),
                               [&](const auto& pair) { return pair.first == name; });
  return it == pairs.end() ? nullptr : &it->second;
}

/// The value of the cookie `name` in one Cookie header, without its quotes.
std::optional<std::string_view> cookie_in(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto end = std::min(header.find(';'), header.size());
    const std::string_view pair = base::trim(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    std::string_view value = pair.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return std::nullopt;
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  std::copy_if(value.begin(), value.end(), std::back_inserter(out),
               [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  out += '\n';
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
  }
  return "";
}

std::string_view Request::header(std::string_view name) const {
  const std::string* value = first_of(headers, name);
  return value == nullptr ? std::string_view() : *value;
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  const std::string* value = first_of(query, name);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(*value);
}

const std::string& Request::parameter(std::string_view name) const {
  const std::string* value = first_of(path_parameters, name);
  CHECK(value != nullptr);
  return *value;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  for (const auto& [header_name, value] : headers) {
    if (header_name != "cookie") continue;
    if (auto found = cookie_in(value, name)) return found;
  }
  return std::nullopt;
}

Response Response::json(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

Response Response::empty(int status) {
  Response response;
  response.status = status;
  return response;
}

std::string event_text(const Event& event) {
  std::string out;
  if (!event.id.empty()) append_line(out, "id", event.id);
  if (!event.name.empty()) append_line(out, "event", event.name);
  std::string_view rest = event.data;
  for (;;) {
    const auto end = rest.find('\n');
    append_line(out, "data", rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  out += '\n';
  return out;
}

BodySource file_stream(const std::string& path) {
  static constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
  const auto file = std::make_shared<std::ifstream>(path, std::ios::binary);
  if (!*file) throw base::not_found("file");
  return [file] {
    std::string piece(kPieceBytes, '\0');
    file->read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (file->bad()) throw base::Error(base::Code::kInternal, "The file cannot be read.");
    piece.resize(static_cast<std::size_t>(file->gcount()));
    return piece;
  };
}

Response settled(Response reply) {
  if (!reply.later) return reply;
  // Shared: who gives the reply may be still at it when this returns.
  const auto given = std::make_shared<std::promise<std::function<Response()>>>();
  reply.later([given](std::function<Response()> make) { given->set_value(std::move(make)); });
  return given->get_future().get()();
}

}  // namespace annals::http
