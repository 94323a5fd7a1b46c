#include "transfer/import_look.h"

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/json.h"
#include "transfer/csv.h"
#include "transfer/input.h"
#include "transfer/mapping.h"

namespace annals::transfer {
namespace {

using base::Json;

constexpr std::size_t kSampleBytes = std::size_t{1} << 20;
constexpr std::size_t kGuessRows = 20;    // that a delimiter is told by
constexpr std::size_t kSampleRows = 200;  // that what columns hold is told by
constexpr std::size_t kShownRows = 10;
constexpr std::size_t kShownCellBytes = 200;
constexpr std::array<char, 4> kDelimiters = {',', ';', '\t', '|'};

struct Sample {
  std::string text;
  bool cut = false;  // the file has more
};

Sample read_sample(const std::string& path) {
  try {
    const auto input = open_input(path);
    Sample out;
    while (out.text.size() < kSampleBytes &&
           input->read(out.text, kSampleBytes - out.text.size())) {
    }
    std::string more;
    out.cut = out.text.size() >= kSampleBytes && input->read(more, 1);
    return out;
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kInvalid || error.errors().empty()) throw;
    throw base::invalid("file", error.errors()[0].code, error.errors()[0].message);
  }
}

void check_text(const std::string& text) {
  if (text.empty()) throw base::invalid("file", "empty", "is empty");
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw base::invalid("file", "encoding", "is UTF-16; save it as CSV in UTF-8");
  }
  if (text.find('\0') != std::string::npos) {
    throw base::invalid("file", "not_csv",
                        "is no CSV: it holds NUL bytes; of a spreadsheet save a sheet as CSV");
  }
}

// UTF-8 where it can be: the sample may end within a character.
Encoding guess_encoding(const Sample& sample) {
  static constexpr std::size_t kCharacterBytesMax = 4;
  for (std::size_t cut = 0; cut < kCharacterBytesMax; ++cut) {
    if (base::is_utf8(std::string_view(sample.text).substr(0, sample.text.size() - cut))) {
      return Encoding::kUtf8;
    }
    if (!sample.cut || cut + 1 >= sample.text.size()) break;
  }
  const bool windows = decode(sample.text, Encoding::kWindows1252).has_value();
  return windows ? Encoding::kWindows1252 : Encoding::kLatin1;
}

std::vector<CsvRow> read_rows(const Sample& sample, char delimiter, std::size_t rows_max) {
  const auto input = text_input(sample.text);
  CsvReader reader(*input, {.delimiter = delimiter});
  std::vector<CsvRow> rows;
  CsvRow row;
  while (rows.size() <= rows_max && reader.next(row)) rows.push_back(row);
  // The last one may be cut, or has shown that there are enough.
  if (rows.size() > rows_max || (sample.cut && rows.size() > 1)) rows.pop_back();
  return rows;
}

// The one that parts the first rows most often, and most alike.
char guess_delimiter(const Sample& sample) {
  char best = ',';
  std::size_t best_score = 0;
  for (const char delimiter : kDelimiters) {
    const auto rows = read_rows(sample, delimiter, kGuessRows);
    if (rows.empty() || rows.front().cells.size() < 2) continue;
    const auto alike = std::count_if(rows.begin(), rows.end(), [&](const CsvRow& row) {
      return row.cells.size() == rows.front().cells.size();
    });
    const std::size_t score =
        rows.front().cells.size() * 1'000 * static_cast<std::size_t>(alike) / rows.size();
    if (score > best_score) {
      best_score = score;
      best = delimiter;
    }
  }
  return best;
}

bool matches(const char* expression, std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto subject = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  icu::RegexMatcher matcher(icu::UnicodeString::fromUTF8(expression), subject,
                            UREGEX_CASE_INSENSITIVE, status);
  const bool found = U_SUCCESS(status) && matcher.find(status) != 0;
  return U_SUCCESS(status) && found;
}

constexpr const char* kAddress = R"(^[^@\s]+@[^@\s]+\.[^@\s]+$)";
constexpr const char* kDateCell = R"(^(\d{4}-\d\d?-\d\d?|\d\d?[./-]\d\d?[./-](\d{4}|\d\d))(\D|$))";

// A first row that holds an address or a date names no columns.
bool guess_header(const CsvRow& first) {
  return std::none_of(first.cells.begin(), first.cells.end(), [](const std::string& cell) {
    return matches(kAddress, cell) || matches(kDateCell, cell);
  });
}

std::vector<std::string> decoded(const CsvRow& row, Encoding encoding) {
  std::vector<std::string> out;
  for (const std::string& cell : row.cells) {
    const auto text = decode(cell, encoding);
    out.emplace_back(text ? base::trim(*text) : std::string_view("\xEF\xBF\xBD"));
  }
  return out;
}

}  // namespace

FileLook look_at_file(const std::string& path, const FileStated& stated) {
  const Sample sample = read_sample(path);
  check_text(sample.text);
  FileLook look;
  look.encoding = stated.encoding.value_or(guess_encoding(sample));
  look.delimiter = stated.delimiter ? *stated.delimiter : guess_delimiter(sample);
  auto rows = read_rows(sample, look.delimiter, kSampleRows);
  if (rows.empty()) throw base::invalid("file", "empty", "is empty");
  if (const auto& fault = rows.front().fault) {
    throw base::invalid("file", "csv",
                        "line " + std::to_string(fault->line) + ", column " +
                            std::to_string(fault->column) + ": " + fault->message);
  }
  look.header = stated.header.value_or(guess_header(rows.front()));
  look.columns = told_apart(look.header ? decoded(rows.front(), look.encoding)
                                        : std::vector<std::string>(rows.front().cells.size()));
  if (look.header) rows.erase(rows.begin());
  if (rows.empty() && !sample.cut) {
    throw base::invalid("file", "no_rows", "has no rows under its first, which names the columns");
  }
  for (const CsvRow& row : rows) {
    if (!row.fault) look.rows.push_back(decoded(row, look.encoding));
  }
  return look;
}

// --------------------------------------------------------------------------- what columns mean

namespace {

// By name, as people and programs head columns; in the order of kColumnMeanings.
constexpr std::array<const char*, kColumnMeanings.size()> kNamed = {
    R"(^(client|customer|contact|patient|member|kunden?|klant|kliento?)[ _-]?id$|^uid$)",
    R"((client|customer|kunden|klant|mitglieds?|member)[ _-]?(number|no|nr|nummer)|^k[ -]?nr)",
    R"(^(full[ _-]?)?name$|^(client|customer|kunde|klant|klientas|nom complet)$)",
    R"(given|first[ _-]?name|vorname|voornaam|^vardas|prénom|prenom)",
    R"(family|last[ _-]?name|surname|nachname|achternaam|pavard|^nom$)",
    R"(mail|paštas)",
    R"(phone|\btel|mobil|handy)",
    R"(date|datum|day|data|when|zeitpunkt|created|scheduled|occurred|jour)",
    R"(^time$|uhrzeit|^tijd$|^laikas$|^heure$)",
    R"(title|subject|betreff|titel|onderwerp|tema|sujet|objet|service|leistung)",
    R"(text|note|comment|description|bemerkung|notiz|opmerking|pastab|beschreibung|remarque)",
    R"(amount|price|total|betrag|preis|bedrag|suma|montant)",
    R"((appointment|booking|invoice|event|payment|order|termin|entry)[ _-]?(id|no|nr)|^id$)"};

std::vector<std::string> cells_of(const FileLook& look, const std::string& column) {
  const auto at = std::find(look.columns.begin(), look.columns.end(), column);
  const auto position = static_cast<std::size_t>(at - look.columns.begin());
  std::vector<std::string> out;
  for (const auto& row : look.rows) {
    if (position < row.size() && !row[position].empty()) out.push_back(row[position]);
  }
  return out;
}

bool any_matches(const std::vector<std::string>& cells, const char* expression) {
  return std::any_of(cells.begin(), cells.end(),
                     [&](const std::string& cell) { return matches(expression, cell); });
}

std::string guess_date_form(const std::vector<std::string>& cells) {
  if (any_matches(cells, R"(^\d{4}-\d\d?-\d\d?)")) return "ymd";
  return any_matches(cells, R"(^\d\d?[./-](1[3-9]|2\d|3[01])[./-]\d{2,4})") ? "mdy" : "dmy";
}

// A comma with one or two digits behind it, or a point with three, is how `1.234,50` is written.
std::string guess_decimal(const std::vector<std::string>& cells) {
  if (any_matches(cells, R"(,\d{1,2}(\D*)$)")) return ",";
  if (any_matches(cells, R"(\.\d{1,2}(\D*)$)")) return ".";
  return any_matches(cells, R"(\.\d{3}(\D*)$)") ? "," : ".";
}

std::string guess_source(std::string_view file_name) {
  std::string_view name = base::trim(file_name);
  for (const std::string_view end : {".gz", ".csv", ".txt", ".tsv"}) {
    if (name.size() > end.size() && base::ascii_lower(name).ends_with(end)) {
      name.remove_suffix(end.size());
    }
  }
  return name.empty() ? "import" : std::string(name);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '{' || c == '}') out += c;
  }
  return out;
}

Json text(std::string value) { return Json::string(std::move(value)); }

}  // namespace

ImportFields guess_fields(const FileLook& look, std::string_view file_name,
                          const access::Actor& actor) {
  ImportFields out;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < kColumnMeanings.size(); ++i) {
    const auto column = std::find_if(
        look.columns.begin(), look.columns.end(),
        [&](const auto& name) { return !taken.contains(name) && matches(kNamed.at(i), name); });
    if (column == look.columns.end()) continue;
    taken.insert(*column);
    out.columns.emplace(kColumnMeanings.at(i), *column);
  }
  const auto date = out.columns.find("date");
  if (date != out.columns.end()) {
    out.type = "note";
    out.date_form = guess_date_form(cells_of(look, date->second));
  }
  const auto amount = out.columns.find("amount");
  if (amount != out.columns.end()) out.decimal = guess_decimal(cells_of(look, amount->second));
  out.source = guess_source(file_name);
  out.currency = actor.currency;
  return out;
}

ImportFields parse_fields(base::Fields body, const FileLook& look, const access::Actor& actor) {
  ImportFields out;
  out.type = body.text("type").value_or("");
  out.source = body.text("source", {.required = true}).value_or("");
  out.date_form = body.one_of("date_form", {"ymd", "dmy", "mdy"}).value_or("ymd");
  out.decimal = body.one_of("decimal", {".", ","}).value_or(".");
  out.currency = body.text("currency").value_or(actor.currency);
  out.keep_others = body.boolean("keep_others").value_or(true);
  auto columns = body.object("columns", true);
  if (!columns) return out;
  for (const std::string_view meaning : kColumnMeanings) {
    const auto name = columns->text(meaning, {.chars_max = base::limits::kTextBytesMax});
    if (!name) continue;
    if (std::find(look.columns.begin(), look.columns.end(), *name) == look.columns.end()) {
      columns->fail(meaning, "unknown_column", "the file has no column \"" + *name + "\"");
    }
    out.columns.emplace(meaning, *name);
  }
  return out;
}

Json fields_json(const ImportFields& fields) {
  Json columns = Json::object();
  for (const auto& [meaning, column] : fields.columns) columns.set(meaning, text(column));
  return Json::object({{"type", fields.type.empty() ? Json() : text(fields.type)},
                       {"source", text(fields.source)},
                       {"columns", std::move(columns)},
                       {"date_form", text(fields.date_form)},
                       {"decimal", text(fields.decimal)},
                       {"currency", text(fields.currency)},
                       {"keep_others", Json::boolean(fields.keep_others)}});
}

namespace {

// Makes a mapping of fields.
class Maker {
 public:
  Maker(const ImportFields& fields, const FileLook& look) : fields_(fields), look_(look) {}

  Json mapping() {
    Json out = Json::object();
    out.set("file", file_json(look_));
    out.set("defaults", Json::object({{"source", text(escaped(fields_.source))}}));
    out.set("contact", contact());
    if (!fields_.type.empty()) out.set("entries", Json::array({entry()}));
    return out;
  }

 private:
  [[nodiscard]] const std::string* column(const char* meaning) const {
    const auto found = fields_.columns.find(meaning);
    return found == fields_.columns.end() ? nullptr : &found->second;
  }
  [[nodiscard]] Json cell(const char* meaning) const { return text("{" + *column(meaning) + "}"); }
  void set(Json& out, const char* key, const char* meaning) const {
    if (column(meaning) != nullptr) out.set(key, cell(meaning));
  }

  // What the client is found by, the surest first.
  void find_by(Json& out) const {
    for (const char* by : {"client_number", "email", "phone"}) {
      if (column("external_id") != nullptr || column(by) == nullptr) continue;
      out.set("find_by", text(by));
      out.set(by, cell(by));
      return;
    }
    for (const char* by : {"external_id", "name", "family_name", "given_name"}) {
      if (column(by) == nullptr) continue;
      out.set("find_by", text("uid"));
      out.set("external_id", cell(by));
      return;
    }
    throw base::invalid("fields.columns", "required",
                        "needs a column that tells the client: an id, a number, an e-mail address, "
                        "a phone number or a name");
  }

  Json contact() const {
    Json out = Json::object();
    find_by(out);
    for (const char* key : {"name", "given_name", "family_name", "client_number"}) {
      set(out, key, key);
    }
    if (column("email") != nullptr) out.set("emails", Json::array({cell("email")}));
    if (column("phone") != nullptr) out.set("phones", Json::array({cell("phone")}));
    return out;
  }

  Json entry() const {
    if (column("date") == nullptr) {
      throw base::invalid("fields.columns.date", "required",
                          "says when it happened; without it rows are clients alone");
    }
    Json when = Json::object();
    if (column("time") == nullptr) {
      when.set("column", text(*column("date")));
    } else {
      when.set("text", text(cell("date").text() + " " + cell("time").text()));
    }
    when.set("format", text(fields_.date_form));
    Json out = Json::object({{"type", text(fields_.type)}, {"occurred_at", std::move(when)}});
    for (const char* key : {"source_id", "title", "text"}) set(out, key, key);
    if (column("amount") != nullptr) {
      out.set("amount", Json::object({{"value", cell("amount")},
                                      {"currency", text(escaped(fields_.currency))},
                                      {"decimal", text(fields_.decimal)},
                                      {"group", text(fields_.decimal == "," ? "." : ",")}}));
    }
    Json details = Json::object();
    for (const std::string& name : look_.columns) {
      const bool used = std::any_of(fields_.columns.begin(), fields_.columns.end(),
                                    [&](const auto& one) { return one.second == name; });
      if (fields_.keep_others && !used) {
        details.set(name, Json::object({{"column", text(name)}}));
      }
    }
    if (!details.members().empty()) out.set("details", std::move(details));
    return out;
  }

  const ImportFields& fields_;
  const FileLook& look_;
};

}  // namespace

Json mapping_of_fields(const ImportFields& fields, const FileLook& look) {
  return Maker(fields, look).mapping();
}

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "utf-8";
    case Encoding::kWindows1252:
      return "windows-1252";
    case Encoding::kLatin1:
      return "iso-8859-1";
  }
  return "";
}

Json file_json(const FileLook& look) {
  Json out = Json::object({{"delimiter", text(std::string(1, look.delimiter))},
                           {"encoding", text(std::string(name_of(look.encoding)))},
                           {"header", Json::boolean(look.header)},
                           {"trim", Json::boolean(true)}});
  if (look.header) return out;
  std::vector<Json> columns;
  for (const std::string& name : look.columns) columns.push_back(text(name));
  out.set("columns", Json::array(std::move(columns)));
  return out;
}

}  // namespace annals::transfer
