#include "transfer/template.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "transfer/mapping_text.h"

namespace annals::transfer {

std::size_t Names::column(const std::string& name, const Place& place) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found != columns.end()) {
    if (std::find(found + 1, columns.end(), name) != columns.end()) {
      fail_at(place, "ambiguous_column", "the file has several columns \"" + name + "\"");
    }
    return static_cast<std::size_t>(found - columns.begin());
  }
  if (std::find(columns.begin(), columns.end(), name + " (1)") != columns.end()) {
    fail_at(place, "ambiguous_column",
            "the file has several columns \"" + name + "\": write \"" + name + " (1)\" and so on");
  }
  const auto similar = std::find_if(columns.begin(), columns.end(), [&](const auto& other) {
    return base::ascii_lower(base::trim(other)) == base::ascii_lower(base::trim(name));
  });
  if (similar != columns.end()) {
    fail_at(place, "unknown_column",
            "the file has no column \"" + name + "\"; it has \"" + *similar + "\"");
  }
  fail_at(place, "unknown_column", "the file has no column \"" + name + "\"");
}

Template::Piece Template::placeholder(const std::string& name, const Names& names,
                                      const Place& place) {
  const bool is_column =
      std::find(names.columns.begin(), names.columns.end(), name) != names.columns.end();
  const std::size_t colon = name.rfind(':');
  if (is_column || colon == std::string::npos) {
    return {.literal = "", .column = names.column(name, place), .column_name = name};
  }
  const std::string column = name.substr(0, colon);
  const auto lookup = names.lookups.find(name.substr(colon + 1));
  if (lookup == names.lookups.end()) {
    fail_at(place, "unknown_lookup",
            "there is no table [lookups." + name.substr(colon + 1) + "] for \"{" + name + "}\"");
  }
  return {.literal = "",
          .column = names.column(column, place),
          .column_name = column,
          .lookup = lookup->second};
}

Template Template::compile(std::string_view text, const Names& names, const Place& place) {
  Template out;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) out.pieces_.push_back({.literal = std::exchange(literal, {})});
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
      literal += c;
      ++at;
    } else if (c == '{') {
      const std::size_t close = text.find('}', at);
      if (close == std::string_view::npos) {
        fail_at(place, "template", "a { is not closed; write {{ for a brace itself");
      }
      flush();
      out.pieces_.push_back(
          placeholder(std::string(text.substr(at + 1, close - at - 1)), names, place));
      at = close;
    } else if (c == '}') {
      fail_at(place, "template", "a } closes nothing; write }} for a brace itself");
    } else {
      literal += c;
    }
  }
  flush();
  return out;
}

Template Template::of_column(std::size_t column, const std::string& name) {
  Template out;
  out.pieces_.push_back({.literal = "", .column = column, .column_name = name});
  return out;
}

std::string Template::render(Cells cells) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (!piece.column) {
      out += piece.literal;
      continue;
    }
    const std::string& cell = cells[*piece.column];
    if (!piece.lookup) {
      out += cell;
      continue;
    }
    const auto found = piece.lookup->values.find(cell);
    if (found != piece.lookup->values.end()) {
      out += found->second;
    } else if (piece.lookup->otherwise) {
      out += *piece.lookup->otherwise;
    } else {
      throw UnreadableCell(piece.column_name, "not_in_lookup", cell,
                           "is not in the mapping's table for it");
    }
  }
  return out;
}

bool Template::is_fixed() const {
  return std::all_of(pieces_.begin(), pieces_.end(),
                     [](const Piece& piece) { return !piece.column.has_value(); });
}

}  // namespace annals::transfer
