// A mapping says how rows become contacts and entries. It is TOML; docs/import.md has every key.
// Compiled against the columns of one file, it is all that is needed to plan rows: a row in, a
// contact and drafts of entries out, with nothing read or written.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "contacts/contacts.h"
#include "entries/entries.h"
#include "transfer/csv.h"
#include "transfer/mapping_text.h"
#include "transfer/template.h"
#include "transfer/transfer.h"

namespace annals::transfer {

/// `[file]`: how the bytes are to be read.
struct FileFormat {
  CsvFormat csv;
  Encoding encoding = Encoding::kUtf8;
  bool header = true;
  bool trim = false;
  std::vector<std::string> columns;  // where the file has no header
};

/// Throws kInvalid with line and column.
[[nodiscard]] FileFormat file_format(const Value& mapping);

/// Names of columns as a mapping names them: one without a name is `column 3`, several of one name
/// are `Name (1)`, `Name (2)`, and braces are round.
[[nodiscard]] std::vector<std::string> told_apart(std::vector<std::string> columns);

/// What a row is to become.
struct RowPlan {
  std::int64_t line = 0;
  std::vector<std::string> raw;        // the cells as the file has them
  std::optional<std::string> skipped;  // why nothing is to be done
  std::optional<std::string> rejected;
  std::vector<ImportFault> faults;  // of a row that is rejected
  std::vector<std::string> warnings;
  contacts::Selector selector;
  std::optional<base::Json> create;  // a body as POST /contacts takes it
  std::vector<entries::Draft> drafts;
};

/// What `error` says of a row, for programs.
[[nodiscard]] std::vector<ImportFault> faults_of(const base::Error& error);

/// What an entry of the mapping states for all rows, to be checked against the catalog before
/// anything is written.
struct Stated {
  std::map<std::string, Place> places;  // of type, category, contact_type, views
  std::string type;
  std::optional<std::string> category;
  std::optional<std::string> contact_type;  // where it is the same for all rows
  std::vector<std::string> views;
};

class Mapping {
 public:
  /// `columns` are the file's; `time_zone` is the business's, for times that name none. Throws
  /// kInvalid with line, column and key.
  static Mapping compile(const Value& text, const FileFormat& format,
                         std::vector<std::string> columns, const std::string& time_zone);

  Mapping(Mapping&&) noexcept;
  Mapping& operator=(Mapping&&) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  /// One thread at a time.
  [[nodiscard]] RowPlan plan(CsvRow row) const;
  [[nodiscard]] const std::vector<std::string>& columns() const;
  [[nodiscard]] std::vector<Stated> stated() const;

 private:
  struct Rules;
  explicit Mapping(std::unique_ptr<Rules> rules);
  std::unique_ptr<Rules> rules_;
};

}  // namespace annals::transfer
