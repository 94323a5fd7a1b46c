// Texts made from a row: `Appointment {AppointmentID} in {Neighbourhood}`. A brace is written twice
// to stand for itself. `{Column:lookup}` passes the cell through a table of the mapping.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "transfer/mapping_text.h"

namespace annals::transfer {

/// The cells of one row, UTF-8, as many as there are columns.
using Cells = std::span<const std::string>;

/// kInvalid (field: the column): `cell` cannot be read as what it should be.
class UnreadableCell : public base::Error {
 public:
  /// `rule` goes on where the cell ends: `is no whole number`.
  UnreadableCell(std::string column, std::string code, std::string cell, const std::string& rule)
      : Error(base::invalid(std::move(column), std::move(code), "\"" + cell + "\" " + rule)),
        cell_(std::move(cell)) {}
  [[nodiscard]] const std::string& cell() const { return cell_; }

 private:
  std::string cell_;
};

/// `F` → `female`. Where `otherwise` is empty, a cell that is not in the table rejects its row.
struct Lookup {
  std::map<std::string, std::string, std::less<>> values;
  std::optional<std::string> otherwise;
};

/// What names may stand in a mapping.
struct Names {
  std::vector<std::string> columns;
  std::map<std::string, Lookup> lookups;

  /// The position of a column. Throws kInvalid at `place`, with the nearest name there is.
  [[nodiscard]] std::size_t column(const std::string& name, const Place& place) const;
};

class Template {
 public:
  /// Throws kInvalid at `place`.
  static Template compile(std::string_view text, const Names& names, const Place& place);
  /// A column's cell as it is.
  static Template of_column(std::size_t column, const std::string& name);

  /// Throws kInvalid (field: the column) where a lookup has no such cell.
  [[nodiscard]] std::string render(Cells cells) const;
  /// Whether it is the same for every row.
  [[nodiscard]] bool is_fixed() const;

 private:
  struct Piece {
    std::string literal;  // or:
    std::optional<std::size_t> column{};
    std::string column_name{};
    std::optional<Lookup> lookup{};
  };
  static Piece placeholder(const std::string& name, const Names& names, const Place& place);
  std::vector<Piece> pieces_;
};

}  // namespace annals::transfer
