// Uploads by multipart/form-data (RFC 7578), read strictly.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace annals::http {

inline constexpr std::size_t kMultipartPartsMax = 32;
inline constexpr std::size_t kMultipartHeaderBytesMax = 4 * 1024;  // of one part
inline constexpr std::size_t kFilenameCharsMax = 255;

struct Part {
  std::string name;
  std::optional<std::string> filename;  // without folders; `filename*` wins over `filename`
  std::string media_type;    // as sent; else text/plain, or application/octet-stream for a file
  std::string_view content;  // in the request's body
};

/// Throws kUnsupportedMediaType where the request is of another type; kMalformed or kInvalid (too
/// many parts, a bad name) that names the part as the field, or `content-type` or `body`.
[[nodiscard]] std::vector<Part> parse_multipart(const Request& request);

}  // namespace annals::http
