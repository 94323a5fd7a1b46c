#include "http/multipart.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/message.h"
#include "http/request_head.h"

namespace annals::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kBoundaryCharsMax = 70;
constexpr std::size_t kMediaTypeCharsMax = 255;

/// `form-data; name="a"` and its like.
struct Parameterized {
  std::string value;  // lower case
  Pairs parameters;   // names in lower case, values without quotes
  [[nodiscard]] const std::string* find(std::string_view name) const {
    const auto it = std::find_if(parameters.begin(), parameters.end(),
                                 [&](const auto& pair) { return pair.first == name; });
    return it == parameters.end() ? nullptr : &it->second;
  }
};

/// Takes a token or a quoted string off `text`; nothing where neither stands there. A backslash
/// escapes only a quote or a backslash, since some clients send Windows paths as they are.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const auto size = std::min(text.find_first_of("; \t"), text.size());
    value = text.substr(0, size);
    text.remove_prefix(size);
    return is_token(value) ? std::optional(value) : std::nullopt;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    const bool escapes =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
    if (escapes) ++i;
    value += text[i];
  }
  return std::nullopt;
}

/// Nothing where the syntax is wrong or a parameter stands twice.
std::optional<Parameterized> parse_parameterized(std::string_view text) {
  Parameterized result;
  const auto end = std::min(text.find(';'), text.size());
  result.value = base::ascii_lower(base::trim(text.substr(0, end)));
  text.remove_prefix(end);
  for (;;) {
    text = base::trim(text);
    if (text.empty()) return result;
    if (text.front() != ';') return std::nullopt;
    text = base::trim(text.substr(1));
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name = base::ascii_lower(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    auto value = take_value(text);
    if (!is_token(name) || !value || result.find(name) != nullptr) return std::nullopt;
    result.parameters.emplace_back(name, std::move(*value));
  }
}

std::string boundary_of(const Request& request) {
  const auto type = parse_parameterized(request.header("content-type"));
  if (!type || type->value != "multipart/form-data") {
    throw base::Error(base::Code::kUnsupportedMediaType, "Send the upload as multipart/form-data.",
                      {{"content-type", "unsupported", "Send multipart/form-data."}});
  }
  const std::string* boundary = type->find("boundary");
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
  };
  if (boundary == nullptr || boundary->empty() || boundary->size() > kBoundaryCharsMax ||
      boundary->back() == ' ' || !std::all_of(boundary->begin(), boundary->end(), allowed)) {
    throw base::malformed("content-type", "boundary",
                          "multipart/form-data needs a boundary of 1 to 70 characters.");
  }
  return *boundary;
}

void check_text(const std::string& text, std::size_t chars_max, const std::string& field) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (!base::is_utf8(text) || std::any_of(text.begin(), text.end(), control)) {
    throw base::invalid(field, "encoding", "Must be UTF-8 without control characters.");
  }
  if (base::code_points(text) > chars_max) {
    throw base::invalid(field, "too_long",
                        "Has at most " + std::to_string(chars_max) + " characters.");
  }
}

/// `UTF-8''na%C3%AFve.txt` (RFC 8187).
std::string decode_extended(std::string_view text, const std::string& field) {
  const auto charset_end = text.find('\'');
  const auto language_end =
      charset_end == std::string_view::npos ? charset_end : text.find('\'', charset_end + 1);
  std::optional<std::string> decoded;
  if (language_end != std::string_view::npos &&
      base::ascii_lower(text.substr(0, charset_end)) == "utf-8") {
    decoded = base::percent_decode(text.substr(language_end + 1), false);
  }
  if (!decoded) throw base::malformed(field, "encoding", "filename* must be UTF-8''… (RFC 8187).");
  return *decoded;
}

/// Browsers write a quote in a name as %22 (WHATWG HTML, multipart/form-data encoding).
std::string with_quotes(std::string text) {
  for (std::size_t at = 0; (at = text.find("%22", at)) != std::string::npos; ++at) {
    text.replace(at, 3, "\"");
  }
  return text;
}

std::optional<std::string> filename_of(const Parameterized& disposition, const std::string& field) {
  const std::string* const extended = disposition.find("filename*");
  const std::string* const plain = disposition.find("filename");
  if (extended == nullptr && plain == nullptr) return std::nullopt;
  std::string name = extended != nullptr ? decode_extended(*extended, field) : with_quotes(*plain);
  if (const auto folder = name.find_last_of("/\\"); folder != std::string::npos) {
    name.erase(0, folder + 1);
  }
  check_text(name, kFilenameCharsMax, field);
  return name;
}

std::string media_type_of(const std::optional<std::string_view>& sent, bool is_file,
                          const std::string& field) {
  if (!sent) return is_file ? "application/octet-stream" : "text/plain";
  const auto type = parse_parameterized(*sent);
  const auto slash = type ? type->value.find('/') : std::string::npos;
  if (slash == std::string::npos || !is_token(type->value.substr(0, slash)) ||
      !is_token(type->value.substr(slash + 1)) || sent->size() > kMediaTypeCharsMax) {
    throw base::malformed(field, "media_type", "Content-Type must be a media type.");
  }
  return std::string(*sent);
}

/// The three header fields of a part that mean something.
struct PartHeader {
  std::optional<std::string_view> disposition, type, encoding;
};

PartHeader read_part_header(std::string_view text, const std::string& field) {
  PartHeader header;
  while (!text.empty()) {
    const auto end = std::min(text.find(kLineEnd), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + kLineEnd.size(), text.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
        !is_field_value(line.substr(colon + 1))) {
      throw base::malformed(field, "header", "A part's header has a line that is no field.");
    }
    const std::string name = base::ascii_lower(line.substr(0, colon));
    std::optional<std::string_view>* known = name == "content-disposition" ? &header.disposition
                                             : name == "content-type"      ? &header.type
                                             : name == "content-transfer-encoding"
                                                 ? &header.encoding
                                                 : nullptr;
    if (known == nullptr) continue;
    if (*known) throw base::malformed(field, "repeated", "A part has a header field twice.");
    *known = base::trim(line.substr(colon + 1));
  }
  return header;
}

Part read_part(std::string_view text, std::size_t index) {
  const std::string place = "parts[" + std::to_string(index) + "]";
  const auto header_end = text.find("\r\n\r\n");
  if (header_end > kMultipartHeaderBytesMax) {  // npos too
    throw base::malformed(place, "header",
                          "A part begins with header fields of 4 KiB at most and an empty line.");
  }
  const PartHeader header = read_part_header(text.substr(0, header_end), place);
  const auto disposition = parse_parameterized(header.disposition.value_or(""));
  const bool form_data = disposition && disposition->value == "form-data";
  const std::string* const name = form_data ? disposition->find("name") : nullptr;
  if (name == nullptr || name->empty()) {
    throw base::malformed(place, "disposition",
                          "A part needs `Content-Disposition: form-data; name=\"…\"`.");
  }
  Part part;
  part.name = with_quotes(*name);
  check_text(part.name, base::limits::kNameCharsMax, place + ".name");
  const std::string encoding = base::ascii_lower(header.encoding.value_or("binary"));
  if (encoding != "binary" && encoding != "8bit" && encoding != "7bit") {
    throw base::malformed(part.name, "transfer_encoding", "Send the content as it is.");
  }
  part.filename = filename_of(*disposition, part.name + ".filename");
  part.media_type =
      media_type_of(header.type, part.filename.has_value(), part.name + ".content_type");
  part.content = text.substr(header_end + 4);
  return part;
}

}  // namespace

std::vector<Part> parse_multipart(const Request& request) {
  const std::string delimiter = "\r\n--" + boundary_of(request);
  std::string_view body = request.body;
  // The first delimiter needs no line end before it.
  const std::string_view first = std::string_view(delimiter).substr(kLineEnd.size());
  if (body.starts_with(delimiter)) {
    body.remove_prefix(delimiter.size());
  } else if (body.starts_with(first)) {
    body.remove_prefix(first.size());
  } else {
    throw base::malformed("body", "boundary", "The body must begin with its boundary.");
  }
  std::vector<Part> parts;
  while (!body.starts_with("--")) {
    body.remove_prefix(std::min(body.find_first_not_of(" \t"), body.size()));
    if (!body.starts_with(kLineEnd)) {
      throw base::malformed("body", "boundary", "A boundary must stand on a line of its own.");
    }
    if (parts.size() == kMultipartPartsMax) {
      throw base::invalid("body", "too_many", "An upload has at most 32 parts.");
    }
    const auto end = body.find(delimiter, kLineEnd.size());
    if (end == std::string_view::npos) {
      throw base::malformed("body", "cut", "The body ends before its last boundary.");
    }
    parts.push_back(read_part(body.substr(kLineEnd.size(), end - kLineEnd.size()), parts.size()));
    body.remove_prefix(end + delimiter.size());
  }
  body.remove_prefix(2);
  if (!base::trim(body).empty()) {
    throw base::malformed("body", "epilogue", "Nothing may follow the last boundary.");
  }
  return parts;
}

}  // namespace annals::http
