#include "transfer/csv.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/limits.h"

namespace annals::transfer {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} * 1024;

// The characters of windows-1252 at 0x80 to 0x9f; 0 where there is none (WHATWG's table, less the
// controls that it puts there).
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void append_utf8(std::string& out, char16_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

// The code point at `at` of well-formed UTF-8; moves `at` behind it.
char32_t next_point(std::string_view text, std::size_t& at) {
  const auto byte = [&] { return static_cast<unsigned char>(text[at++]); };
  const unsigned char lead = byte();
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  char32_t point = lead & (0x3FU >> more);
  for (int i = 0; i < more && at < text.size(); ++i) point = (point << 6) | (byte() & 0x3FU);
  return point;
}

char encode_point(char32_t point, Encoding encoding) {
  if (point < 0x80) return static_cast<char>(point);
  if (encoding == Encoding::kWindows1252) {
    const auto* found = std::find(kWindows1252.begin(), kWindows1252.end(), point);
    if (found != kWindows1252.end())
      return static_cast<char>(0x80 + (found - kWindows1252.begin()));
    if (point < 0xA0) return '?';
  }
  return point <= 0xFF ? static_cast<char>(point) : '?';
}

}  // namespace

std::optional<Encoding> encoding_named(std::string_view name) {
  const std::string folded = base::ascii_lower(name);
  if (folded == "utf-8" || folded == "utf8") return Encoding::kUtf8;
  if (folded == "windows-1252" || folded == "cp1252") return Encoding::kWindows1252;
  if (folded == "iso-8859-1" || folded == "latin1") return Encoding::kLatin1;
  return std::nullopt;
}

std::optional<std::string> decode(std::string_view bytes, Encoding encoding) {
  if (encoding == Encoding::kUtf8) {
    if (!base::is_utf8(bytes)) return std::nullopt;
    return std::string(bytes);
  }
  std::string out;
  out.reserve(bytes.size() + 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    char16_t point = byte;
    if (byte >= 0x80 && byte < 0xA0 && encoding == Encoding::kWindows1252) {
      point = kWindows1252.at(byte - 0x80U);
      if (point == 0) return std::nullopt;
    }
    append_utf8(out, point);
  }
  return out;
}

std::string encode(std::string_view text, Encoding encoding) {
  if (encoding == Encoding::kUtf8) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) out += encode_point(next_point(text, at), encoding);
  return out;
}

struct CsvReader::Scan {
  std::size_t at = 0;         // the byte to look at
  std::size_t line_from = 0;  // where the current line begins
  std::int64_t line = 0;
  std::string cell;
  bool done = false;  // the row has ended, well or not
  std::vector<std::string> cells{};
};

// Whether there is a byte at `at`, which the input is read for.
bool CsvReader::has(std::size_t at) {
  while (at >= buffer_.size() && !ended_) ended_ = !input_.read(buffer_, kBlockBytes);
  return at < buffer_.size();
}

bool CsvReader::skip_empty_lines() {
  if (!began_) {
    began_ = true;
    if (has(2) && buffer_.compare(0, 3, "\xEF\xBB\xBF") == 0) start_ = 3;
  }
  if (start_ >= kBlockBytes) {
    buffer_.erase(0, start_);
    start_ = 0;
  }
  while (has(start_)) {
    std::size_t at = start_;
    if (buffer_[at] == '\r' && has(at + 1)) ++at;
    if (buffer_[at] != '\n') return true;
    start_ = at + 1;
    ++line_;
  }
  return false;
}

bool CsvReader::next(CsvRow& row) {
  row.cells.clear();
  row.fault.reset();
  if (!skip_empty_lines()) return false;
  row.line = line_;
  Scan scan{.at = start_, .line_from = start_, .line = line_, .cell = {}};
  while (!scan.done) {
    if (has(scan.at) && buffer_[scan.at] == format_.quote) {
      read_quoted(scan, row);
    } else {
      read_plain(scan, row);
    }
  }
  if (row.fault) {
    give_up(row);
    return true;
  }
  row.cells = std::move(scan.cells);
  start_ = scan.at;
  line_ = scan.line;
  return true;
}

// A cell without quotes: up to the next delimiter or the end of the line. A quote inside is a
// character like any other.
void CsvReader::read_plain(Scan& scan, CsvRow& row) {
  const std::size_t from = scan.at;
  while (has(scan.at)) {
    const char c = buffer_[scan.at];
    if (c == format_.delimiter || c == '\n') break;
    if (scan.at - start_ >= base::limits::kImportRowBytesMax) {
      return fail(scan, row, scan.at, "the row is longer than 1 MiB");
    }
    ++scan.at;
  }
  std::size_t to = scan.at;
  const bool line_ends = !has(scan.at) || buffer_[scan.at] == '\n';
  if (line_ends && to > from && buffer_[to - 1] == '\r') --to;
  scan.cell.assign(buffer_, from, to - from);
  if (scan.cell.size() > base::limits::kImportCellBytesMax) {
    return fail(scan, row, from, "the cell is longer than 256 KiB");
  }
  if (scan.cell.find('\0') != std::string::npos) {
    return fail(scan, row, from + scan.cell.find('\0'), "a NUL byte is no text");
  }
  end_cell(scan);
  if (scan.cells.size() > base::limits::kImportColumnsMax) {
    fail(scan, row, from, "the row has more than 1,000 cells");
  }
}

void CsvReader::read_quoted(Scan& scan, CsvRow& row) {
  const std::size_t opened = scan.at;
  const std::size_t opened_from = scan.line_from;
  const std::int64_t opened_line = scan.line;
  const auto unterminated = [&](const char* message) {
    row.fault = CsvFault{opened_line, static_cast<std::int64_t>(opened - opened_from) + 1, message};
    scan.done = true;
  };
  scan.cell.clear();
  for (++scan.at;; ++scan.at) {
    if (!has(scan.at)) return unterminated("the quote that opens here is never closed");
    if (scan.at - start_ >= base::limits::kImportRowBytesMax) {
      return unterminated("the quote that opens here is not closed within 1 MiB");
    }
    const char c = buffer_[scan.at];
    if (c == format_.quote) {
      if (!has(scan.at + 1) || buffer_[scan.at + 1] != format_.quote) break;
      ++scan.at;
    }
    if (c == '\0') return fail(scan, row, scan.at, "a NUL byte is no text");
    if (c == '\n') {
      ++scan.line;
      scan.line_from = scan.at + 1;
    }
    scan.cell += c;
  }
  ++scan.at;
  if (scan.cell.size() > base::limits::kImportCellBytesMax) {
    return unterminated("the cell is longer than 256 KiB");
  }
  if (has(scan.at) && buffer_[scan.at] == '\r' &&
      (!has(scan.at + 1) || buffer_[scan.at + 1] == '\n')) {
    ++scan.at;
  }
  if (has(scan.at) && buffer_[scan.at] != format_.delimiter && buffer_[scan.at] != '\n') {
    return fail(scan, row, scan.at,
                "text follows a closing quote; a quote inside a quoted cell is written twice");
  }
  end_cell(scan);
}

// Takes the cell, and the delimiter or the end of the line that follows it.
void CsvReader::end_cell(Scan& scan) {
  scan.cells.push_back(std::move(scan.cell));
  scan.cell.clear();
  if (!has(scan.at)) {
    scan.done = true;
    return;
  }
  if (buffer_[scan.at] == '\n') {
    ++scan.line;
    scan.done = true;
  }
  ++scan.at;
}

void CsvReader::fail(Scan& scan, CsvRow& row, std::size_t at, std::string message) {
  row.fault =
      CsvFault{scan.line, static_cast<std::int64_t>(at - scan.line_from) + 1, std::move(message)};
  scan.done = true;
}

// Hands out the line that the row begins on as it is, and goes on behind it.
void CsvReader::give_up(CsvRow& row) {
  std::size_t end = start_;
  std::string kept;
  while (has(end) && buffer_[end] != '\n') {
    // Of a line without an end only the beginning is kept.
    if (end - start_ >= base::limits::kImportRowBytesMax) {
      if (kept.empty()) kept = buffer_.substr(start_, base::limits::kImportCellBytesMax);
      buffer_.erase(0, end);
      start_ = end = 0;
    }
    ++end;
  }
  if (kept.empty()) kept = buffer_.substr(start_, end - start_);
  if (!kept.empty() && kept.back() == '\r') kept.pop_back();
  row.cells = {std::move(kept)};
  start_ = std::min(end + 1, buffer_.size());
  ++line_;
}

void append_csv_row(std::string& out, const std::vector<std::string>& cells, CsvFormat format) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += format.delimiter;
    const std::string& cell = cells[i];
    const std::string special = {format.delimiter, format.quote, '\r', '\n'};
    // A row of one empty cell would be an empty line, which is no row.
    const bool quoted =
        cell.find_first_of(special) != std::string::npos || (cells.size() == 1 && cell.empty());
    if (!quoted) {
      out += cell;
      continue;
    }
    out += format.quote;
    for (const char c : cell) {
      if (c == format.quote) out += format.quote;
      out += c;
    }
    out += format.quote;
  }
  out += "\r\n";
}

}  // namespace annals::transfer
