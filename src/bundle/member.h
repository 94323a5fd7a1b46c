// Members of a zip file that are read at the same time, each through a handle of its own. Private
// to bundle/.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "bundle/zip.h"

namespace annals::bundle {

/// All of a member. Throws kMalformed beyond `bytes_max`.
[[nodiscard]] std::string read_member(const std::string& zip, const ZipMember& member,
                                      std::size_t bytes_max);

/// A member line by line.
class LineReader {
 public:
  LineReader(const std::string& zip, const ZipMember& member, std::size_t line_bytes_max);
  /// Nothing at the end. Throws kMalformed where a line is too long or has no end.
  [[nodiscard]] std::optional<std::string> next();

 private:
  std::string name_;
  std::size_t line_bytes_max_;
  ZipReader zip_;
  std::string_view rest_{};
};

}  // namespace annals::bundle
