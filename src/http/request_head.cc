#include "http/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "http/message.h"

namespace annals::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kHeaderFieldsUsual = 16;

using CharacterSet = std::array<bool, 256>;

constexpr CharacterSet set_of(std::string_view others) {
  CharacterSet set{};
  for (unsigned char c = '0'; c <= '9'; ++c) set[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) set[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) set[c] = true;
  for (const char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr CharacterSet kToken = set_of("!#$%&'*+-.^_`|~");
constexpr CharacterSet kPath = set_of("-._~!$&'()*+,;=:@%/");  // RFC 3986 §3.3
constexpr CharacterSet kHost = set_of("-._~!$&'()*+,;=:[]%");  // §3.2.2, without user names

constexpr CharacterSet ascii_value() {
  CharacterSet set{};
  for (unsigned char c = 0x20; c < 0x7F; ++c) set[c] = true;
  set['\t'] = true;
  return set;
}
constexpr CharacterSet kAsciiValue = ascii_value();

bool all_in(const CharacterSet& set, std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return set[static_cast<unsigned char>(c)]; });
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string_view trim_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<Method> method_named(std::string_view name) {
  for (const Method method : {Method::kGet, Method::kPost, Method::kPatch, Method::kPut,
                              Method::kDelete, Method::kHead, Method::kOptions}) {
    if (name == name_of(method)) return method;
  }
  return std::nullopt;
}

void refuse_dot_segments(std::string_view path) {
  if (path.find("/.") == std::string_view::npos) return;
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..") {
      throw base::malformed("target", "dot_segment", "A path cannot have `.` or `..` segments.");
    }
    rest.remove_prefix(segment.size());
  }
}

/// The path, decoded, as handlers and the router may trust it.
std::string decode_path(std::string_view raw) {
  if (!all_in(kPath, raw)) {
    throw base::malformed("target", "character", "Percent-encode what a path cannot hold.");
  }
  if (raw.find('%') == std::string_view::npos) {
    refuse_dot_segments(raw);
    return std::string(raw);
  }
  auto path = base::percent_decode(raw, false);
  if (!path) throw base::malformed("target", "escape", "A % must be followed by two hex digits.");
  // A slash that was encoded would move the borders between segments.
  const auto slashes = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '/');
  };
  if (slashes(*path) != slashes(raw) || path->find('\\') != std::string::npos) {
    throw base::malformed("target", "encoded_slash", "Slashes cannot be encoded in a path.");
  }
  if (std::any_of(path->begin(), path->end(), is_control) || !base::is_utf8(*path)) {
    throw base::malformed("target", "encoding", "A path must be UTF-8 without control characters.");
  }
  refuse_dot_segments(*path);
  return std::move(*path);
}

std::string decode_query_part(std::string_view raw) {
  if (raw.find_first_of("%+") == std::string_view::npos) return std::string(raw);
  auto part = base::percent_decode(raw, true);
  if (!part) throw base::malformed("query", "escape", "A % must be followed by two hex digits.");
  if (!base::is_utf8(*part) || part->find('\0') != std::string::npos) {
    throw base::malformed("query", "encoding", "A query must be UTF-8 without zero bytes.");
  }
  return std::move(*part);
}

Pairs decode_query(std::string_view raw) {
  Pairs query;
  while (!raw.empty()) {
    const std::string_view pair = raw.substr(0, raw.find('&'));
    raw.remove_prefix(std::min(pair.size() + 1, raw.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    query.emplace_back(decode_query_part(pair.substr(0, equals)), decode_query_part(value));
  }
  return query;
}

/// The authority of an absolute target ("http://host:port/…"), taken off `target`.
std::optional<std::string_view> take_authority(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::string_view authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority.size());
    return authority;
  }
  return std::nullopt;
}

void read_target(RequestHead& head, std::string_view target,
                 std::optional<std::string_view>& authority) {
  if (target == "*" && head.method == Method::kOptions) {
    head.whole_server = true;
    return;
  }
  authority = take_authority(target);
  const auto question = target.find('?');
  std::string_view path = target.substr(0, question);
  if (authority && path.empty()) path = "/";
  if (!path.starts_with('/')) {
    throw base::malformed("target", "form", "The target must be a path that begins with `/`.");
  }
  head.path = decode_path(path);
  if (question == std::string_view::npos) return;
  const std::string_view query = target.substr(question + 1);
  const auto visible = [](char c) { return c > 0x20 && c < 0x7F && c != '#'; };
  if (!std::all_of(query.begin(), query.end(), visible)) {
    throw base::malformed("query", "character", "Percent-encode what a query cannot hold.");
  }
  head.query = decode_query(query);
}

void read_request_line(RequestHead& head, std::string_view line,
                       std::optional<std::string_view>& authority) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  const std::string_view method = line.substr(0, first);
  if (first == std::string_view::npos || first == last || !is_token(method)) {
    throw base::malformed("request_line", "syntax",
                          "A request begins with `METHOD /path HTTP/1.1` and single spaces.");
  }
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    throw base::malformed("request_line", "version", "This server speaks HTTP/1.1 and HTTP/1.0.");
  }
  head.http_1_0 = version == "HTTP/1.0";
  head.keep_alive = !head.http_1_0;
  head.method = method_named(method);
  read_target(head, line.substr(first + 1, last - first - 1), authority);
}

void read_field(RequestHead& head, std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    throw base::malformed("header", "folded", "A header field must stand on one line.");
  }
  const auto colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_token(name)) {
    throw base::malformed("header", "name",
                          "A header field is a name, directly a colon, and a value.");
  }
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  const bool ascii = all_in(kAsciiValue, value);
  if (!ascii && (!is_field_value(value) || !base::is_utf8(value))) {
    throw base::malformed(base::ascii_lower(name), "value",
                          "A header value must be UTF-8 without control characters.");
  }
  if (head.headers.size() == kHeaderFieldsMax) {
    throw base::malformed("header", "too_many", "A request has at most 100 header fields.");
  }
  head.headers.emplace_back(base::ascii_lower(name), value);
}

/// The one value of a field that may stand once; nothing where it is absent.
std::optional<std::string_view> single(const RequestHead& head, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [field, value] : head.headers) {
    if (field != name) continue;
    if (found) throw base::malformed(std::string(name), "repeated", "This field may stand once.");
    found = value;
  }
  return found;
}

void read_framing(RequestHead& head) {
  const auto length = single(head, "content-length");
  const auto coding = single(head, "transfer-encoding");
  if (length) {
    std::uint64_t value = 0;
    const char* const begin = length->data();
    const char* const end = begin + length->size();
    const auto [parsed, error] = std::from_chars(begin, end, value);
    if (error != std::errc() || parsed != end) {
      throw base::malformed("content-length", "number",
                            "Content-Length must be a number of bytes.");
    }
    head.content_length = value;
  }
  if (!coding) return;
  if (length) {
    throw base::malformed("transfer-encoding", "with_length",
                          "Send Content-Length or Transfer-Encoding, not both.");
  }
  if (head.http_1_0 || !equal_ignoring_case(*coding, "chunked")) {
    throw base::malformed("transfer-encoding", "coding",
                          "The only Transfer-Encoding is `chunked`, on HTTP/1.1.");
  }
  head.chunked = true;
}

void read_host(const RequestHead& head, const std::optional<std::string_view>& authority) {
  const auto host = single(head, "host");
  if (!host) {
    if (head.http_1_0 && !authority) return;
    throw base::malformed("host", "required", "HTTP/1.1 asks for a Host header.");
  }
  if (host->empty() || !all_in(kHost, *host)) {
    throw base::malformed("host", "syntax", "Host must be a name or address, and a port at most.");
  }
  if (authority && !equal_ignoring_case(*authority, *host)) {
    throw base::malformed("host", "differs", "Host and the target name different hosts.");
  }
}

void read_connection(RequestHead& head) {
  bool close = false;
  for (const auto& [name, value] : head.headers) {
    if (name != "connection") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      const std::string_view option = trim_blanks(part);
      if (!option.empty() && !is_token(option)) {
        throw base::malformed("connection", "syntax", "Connection is a list of names.");
      }
      if (equal_ignoring_case(option, "close")) close = true;
      if (equal_ignoring_case(option, "keep-alive")) head.keep_alive = true;
    }
  }
  if (close) head.keep_alive = false;
}

/// Fields of which two could mean two things, so that handlers may take the first for the only.
constexpr std::array<std::string_view, 8> kSingleFields = {
    "authorization", "content-type",  "idempotency-key", "if-match",
    "if-none-match", "last-event-id", "origin",          "range"};

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && all_in(kToken, text); }

bool is_field_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return is_control(c) && c != '\t'; });
}

std::optional<std::size_t> HeadScanner::scan(std::string_view received) {
  for (;;) {
    const auto feed = received.find('\n', looked_at_);
    if (feed == std::string_view::npos) {
      looked_at_ = received.size();
      return std::nullopt;
    }
    if (feed == 0 || received[feed - 1] != '\r') {
      throw base::malformed("header", "line_end", "Lines of a header end with CR LF.");
    }
    const bool empty_line = feed - 1 == line_start_;
    looked_at_ = line_start_ = feed + 1;
    if (empty_line) return line_start_;
  }
}

RequestHead parse_head(std::string_view text) {
  RequestHead head;
  head.headers.reserve(kHeaderFieldsUsual);
  std::optional<std::string_view> authority;
  bool first = true;
  while (text.size() > kLineEnd.size()) {
    const auto end = text.find(kLineEnd);
    if (end == std::string_view::npos || end == 0) break;
    const std::string_view line = text.substr(0, end);
    if (first) {
      read_request_line(head, line, authority);
    } else {
      read_field(head, line);
    }
    first = false;
    text.remove_prefix(end + kLineEnd.size());
  }
  if (first || text != kLineEnd) {
    throw base::malformed("request_line", "syntax", "A header ends with one empty line.");
  }
  read_framing(head);
  read_host(head, authority);
  read_connection(head);
  for (const std::string_view name : kSingleFields) static_cast<void>(single(head, name));
  if (const auto expect = single(head, "expect")) {
    if (!equal_ignoring_case(*expect, "100-continue")) {
      throw base::malformed("expect", "expectation", "The only expectation is `100-continue`.");
    }
    head.expects_continue = !head.http_1_0;
  }
  return head;
}

}  // namespace annals::http
