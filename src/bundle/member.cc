#include "bundle/member.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "bundle/zip.h"

namespace annals::bundle {

std::string read_member(const std::string& zip, const ZipMember& member, std::size_t bytes_max) {
  ZipReader reader(zip);
  reader.open(member);
  std::string bytes;
  for (std::string_view piece = reader.read(); !piece.empty(); piece = reader.read()) {
    bytes += piece;
    if (bytes.size() > bytes_max) throw base::malformed(member.name, "bundle", "is too long");
  }
  return bytes;
}

LineReader::LineReader(const std::string& zip, const ZipMember& member, std::size_t line_bytes_max)
    : name_(member.name), line_bytes_max_(line_bytes_max), zip_(zip) {
  zip_.open(member);
}

std::optional<std::string> LineReader::next() {
  std::string line;
  while (true) {
    if (rest_.empty()) {
      rest_ = zip_.read();
      if (rest_.empty() && line.empty()) return std::nullopt;
      if (rest_.empty()) throw base::malformed(name_, "bundle", "its last line has no end");
    }
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line += rest_.substr(0, end);
    if (line.size() > line_bytes_max_) {
      throw base::malformed(name_, "bundle", "a line is too long");
    }
    const bool whole = end < rest_.size();
    rest_.remove_prefix(whole ? end + 1 : end);
    if (whole) return line;
  }
}

}  // namespace annals::bundle
