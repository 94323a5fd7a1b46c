// CSV (RFC 4180) as it is found: CR LF or LF, any one-character delimiter, a byte order mark, UTF-8
// or a Latin code page. Read as a stream, row by row; a row that breaks the rules is handed out
// with its fault, and reading goes on with the next line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transfer/input.h"

namespace annals::transfer {

enum class Encoding { kUtf8, kWindows1252, kLatin1 };
/// `utf-8`, `windows-1252` (`cp1252`), `iso-8859-1` (`latin1`), in any case.
[[nodiscard]] std::optional<Encoding> encoding_named(std::string_view name);
/// UTF-8 of `bytes`; nothing where they are not text in that encoding.
[[nodiscard]] std::optional<std::string> decode(std::string_view bytes, Encoding encoding);
/// `text` (UTF-8) in the encoding, `?` where it has no such character.
[[nodiscard]] std::string encode(std::string_view text, Encoding encoding);

struct CsvFormat {
  char delimiter = ',';
  char quote = '"';
};

/// Why a row cannot be read, and where: line of the file and column (byte) of that line, from 1.
struct CsvFault {
  std::int64_t line = 0;
  std::int64_t column = 0;
  std::string message;
};

struct CsvRow {
  std::int64_t line = 0;  // where it begins, from 1
  /// Bytes as they are in the file, without quotes. Of a row with a fault: the whole line, in one.
  std::vector<std::string> cells;
  std::optional<CsvFault> fault;
};

class CsvReader {
 public:
  /// `input` must outlive the reader.
  CsvReader(Input& input, CsvFormat format) : input_(input), format_(format) {}

  /// The next row; false at the end. Empty lines are no rows. Throws what `input` throws.
  [[nodiscard]] bool next(CsvRow& row);

 private:
  struct Scan;  // the reading of one row

  [[nodiscard]] bool has(std::size_t at);
  [[nodiscard]] bool skip_empty_lines();
  void read_plain(Scan& scan, CsvRow& row);
  void read_quoted(Scan& scan, CsvRow& row);
  void end_cell(Scan& scan);
  void fail(Scan& scan, CsvRow& row, std::size_t at, std::string message);
  void give_up(CsvRow& row);

  Input& input_;
  CsvFormat format_;
  std::string buffer_;
  std::size_t start_ = 0;  // where the row to be read begins in the buffer
  std::int64_t line_ = 1;  // its line
  bool ended_ = false;     // the input has no more
  bool began_ = false;     // the byte order mark has been looked for
};

/// Appends `cells` as one row, quoted where RFC 4180 asks for it, and CR LF.
void append_csv_row(std::string& out, const std::vector<std::string>& cells, CsvFormat format = {});

}  // namespace annals::transfer
