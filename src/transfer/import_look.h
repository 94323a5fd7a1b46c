// What a file to be imported looks like, guessed from its beginning; and what its columns may mean,
// in the few words that a person confirms, which make a whole mapping.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "base/fields.h"
#include "base/json.h"
#include "transfer/csv.h"

namespace annals::transfer {

/// What is said of a file, in place of what would be guessed.
struct FileStated {
  std::optional<char> delimiter{};
  std::optional<Encoding> encoding{};
  std::optional<bool> header{};
};

struct FileLook {
  char delimiter = ',';
  Encoding encoding = Encoding::kUtf8;
  bool header = true;
  std::vector<std::string> columns;            // told apart
  std::vector<std::vector<std::string>> rows;  // the first, UTF-8; faulty ones are left out
};

/// Throws kInvalid (`file`): `empty`, `no_rows`, `not_csv`, `encoding`, `csv`, `gzip`.
[[nodiscard]] FileLook look_at_file(const std::string& path, const FileStated& stated);

/// What a column may mean.
inline constexpr std::array<std::string_view, 13> kColumnMeanings = {
    "external_id", "client_number", "name",  "given_name", "family_name", "email",    "phone",
    "date",        "time",          "title", "text",       "amount",      "source_id"};

/// What a file's rows are, in few words.
struct ImportFields {
  std::string type;  // of the entry that each row is; empty: clients alone
  std::string source;
  std::map<std::string, std::string> columns;  // meaning → column
  std::string date_form = "ymd";               // ymd, dmy, mdy
  std::string decimal = ".";                   // or ","
  std::string currency;
  bool keep_others = true;  // columns without a meaning become details of the entry
};

/// `file_name` names the source. Columns are guessed by their names and the first rows.
[[nodiscard]] ImportFields guess_fields(const FileLook& look, std::string_view file_name,
                                        const access::Actor& actor);

/// Reads what fields_json() writes, less what has a default. Adds errors to `body`.
[[nodiscard]] ImportFields parse_fields(base::Fields body, const FileLook& look,
                                        const access::Actor& actor);
[[nodiscard]] base::Json fields_json(const ImportFields& fields);

/// The mapping that it comes to, as JSON (docs/import.md). Throws kInvalid (`fields.columns…`)
/// where no column says which client a row is of, or when.
[[nodiscard]] base::Json mapping_of_fields(const ImportFields& fields, const FileLook& look);

/// `file` of a mapping, and of an import in the API.
[[nodiscard]] base::Json file_json(const FileLook& look);
[[nodiscard]] std::string_view name_of(Encoding encoding);

}  // namespace annals::transfer
