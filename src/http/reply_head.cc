#include "http/reply_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/time.h"
#include "http/message.h"
#include "http/problem.h"
#include "http/request_head.h"

namespace annals::http {
namespace {

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool is_servers_own(std::string_view name) {
  return name == "connection" || name == "content-length" || name == "transfer-encoding" ||
         name == "date" || name == "x-request-id" || name == "keep-alive";
}

}  // namespace

bool is_sendable(const Response& response) {
  return std::all_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
    return is_token(header.first) && is_field_value(header.second);
  });
}

void write_reply_head(std::string& out, const Response& response, const ReplyFraming& framing,
                      std::string_view request_id, std::string_view date) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out += ' ';
  out += reason_of(response.status);
  out += "\r\n";
  bool has_cache_control = false;
  for (const auto& [name, value] : response.headers) {
    const std::string lower = base::ascii_lower(name);
    if (is_servers_own(lower)) continue;
    has_cache_control = has_cache_control || lower == "cache-control";
    append_header(out, name, value);
  }
  if (!has_cache_control) out += "Cache-Control: no-store\r\n";
  out += "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
  append_header(out, "X-Request-Id", request_id);
  append_header(out, "Date", date);
  if (framing.length) {
    out += "Content-Length: ";
    append_number(out, *framing.length);
    out += "\r\n";
  }
  if (framing.chunked) out += "Transfer-Encoding: chunked\r\n";
  if (!framing.keep_alive) {
    out += "Connection: close\r\n";
  } else if (framing.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

std::string http_date(base::Micros instant) {
  static constexpr std::array<const char*, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                       "Mon", "Tue", "Wed"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = static_cast<base::Day>(instant / base::kMicrosPerDay);
  const auto second =
      static_cast<int>(instant / base::kMicrosPerSecond - std::int64_t{day} * 86'400);
  const std::string date = base::format_date(day);  // 1994-11-06
  const auto month = static_cast<std::size_t>((date[5] - '0') * 10 + (date[6] - '0') - 1);
  std::array<char, 40> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%s, %.2s %s %.4s %02d:%02d:%02d GMT",
                    kDays.at(static_cast<std::size_t>(day % 7)), date.c_str() + 8,
                    kMonths.at(month), date.c_str(), second / 3600, second / 60 % 60, second % 60);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace annals::http
