#include "transfer/mapping.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/time.h"
#include "contacts/contacts.h"
#include "entries/draft.h"
#include "entries/entries.h"
#include "transfer/condition.h"
#include "transfer/csv.h"
#include "transfer/mapping_text.h"
#include "transfer/row_keys.h"
#include "transfer/template.h"
#include "transfer/time_rule.h"
#include "transfer/transfer.h"
#include "transfer/value_rule.h"

namespace annals::transfer {

using base::Json;

namespace {

struct Rule {  // [[skip]], [[reject]], [[warn]]
  Condition when;
  Template reason;
};

// emails, phones, addresses, uids: each item a table of templates.
struct ListRule {
  std::string name;
  std::string leading;  // the member without which an item is left out; empty: any but the label
  std::vector<std::vector<std::pair<std::string, Template>>> items;
};

enum class FindBy { kUid, kClientNumber, kEmail, kPhone };

struct ContactRule {
  FindBy find_by = FindBy::kUid;
  bool create = true;
  Template source;
  Template external_id;
  Template address;  // the client number, e-mail address or phone number to find by
  std::string kind = "person";
  std::vector<std::pair<std::string, Template>> texts;
  std::optional<Template> name;
  std::optional<TimeRule> birthday;
  std::vector<ListRule> lists;
  std::vector<Template> tags;
  std::optional<ValueRules> attributes;
};

struct AmountRule {
  Template value;
  Template currency;
  char decimal = '.';
  char group = '\0';
  bool minor = false;
};

struct ActorRule {
  std::string kind;
  Template name;
  Template id;
};

struct EntryRule {
  std::map<std::string, Place> places;  // of the keys that are checked against the catalog
  std::string type;
  std::optional<std::string> category;
  std::optional<Condition> when;
  std::map<std::string, Template> texts;  // contact_type, method, direction, title, text
  std::optional<ActorRule> actor;
  TimeRule occurred_at;
  Template source;
  std::optional<Template> source_id;  // else the row itself is the key
  std::optional<ValueRules> details;
  std::optional<AmountRule> amount;
  std::optional<std::vector<Template>> views;
  bool is_private = false;
  std::optional<bool> manual;
};

char one_character(const Value& value) {
  const std::string text = value.text();
  if (text.size() != 1 || text[0] == '\n' || text[0] == '\r' || text[0] == '\0' || text[0] < 0) {
    fail_at(value.place(), "length", "must be one ASCII character");
  }
  return text[0];
}

}  // namespace

struct Mapping::Rules {
  FileFormat format;
  Names names;
  std::map<std::string, TimeRule> times;
  std::string zone;
  std::optional<std::string> default_source;
  std::vector<Rule> skips;
  std::vector<Rule> rejects;
  std::vector<Rule> warns;
  ContactRule contact;
  std::vector<EntryRule> entries;
  mutable RowKeys row_keys;

  [[nodiscard]] Context context() const { return {names, times, zone}; }
  [[nodiscard]] Template text(const Value& value) const {
    return Template::compile(value.text(), names, value.place());
  }
  [[nodiscard]] Template text(Section& section, const std::string& key) const {
    const auto value = section.take(key);
    return value ? text(*value) : Template();
  }
  [[nodiscard]] std::vector<Template> text_list(const Value& value) const {
    std::vector<Template> out;
    for (const Value& item : value.list()) out.push_back(text(item));
    return out;
  }

  void read_defaults(Section& root, const std::string& business_zone);
  void read_lookups(Section& root);
  void read_times(Section& root);
  void read_rules(Section& root, const std::string& key, std::vector<Rule>& out) const;
  void read_contact(const Value& value);
  [[nodiscard]] ListRule read_list(const Value& value, const std::string& name) const;
  [[nodiscard]] EntryRule read_entry(const Value& value) const;
  [[nodiscard]] AmountRule read_amount(const Value& value) const;
  [[nodiscard]] ActorRule read_actor(const Value& value) const;

  [[nodiscard]] bool needs_row_keys() const {
    return std::any_of(entries.begin(), entries.end(),
                       [](const EntryRule& entry) { return !entry.source_id.has_value(); });
  }
  [[nodiscard]] std::vector<std::string> decoded(const CsvRow& row) const;
  void plan_contact(Cells cells, RowPlan& plan) const;
  [[nodiscard]] Json contact_body(Cells cells) const;
  [[nodiscard]] Json draft_json(const EntryRule& entry, Cells cells, const std::string& row_key,
                                const contacts::Selector& selector) const;
  [[nodiscard]] entries::Draft draft(const EntryRule& entry, Cells cells,
                                     const std::string& row_key,
                                     const contacts::Selector& selector) const;
};

FileFormat file_format(const Value& mapping) {
  Section root(mapping);
  FileFormat out;
  const auto file = root.take("file");
  if (!file) return out;
  Section section(*file);
  if (const auto delimiter = section.take("delimiter"))
    out.csv.delimiter = one_character(*delimiter);
  if (const auto quote = section.take("quote")) {
    out.csv.quote = one_character(*quote);
    if (out.csv.quote == out.csv.delimiter) {
      fail_at(quote->place(), "conflict", "is the delimiter too");
    }
  }
  if (const auto encoding = section.take("encoding")) {
    const auto named = encoding_named(encoding->text());
    if (!named) {
      fail_at(encoding->place(), "unknown_value", "is utf-8, windows-1252 or iso-8859-1");
    }
    out.encoding = *named;
  }
  out.header = section.flag("header", true);
  out.trim = section.flag("trim", false);
  if (const auto columns = section.take("columns")) {
    if (out.header) {
      fail_at(columns->place(), "conflict", "is for a file without a header: add header = false");
    }
    for (const Value& name : columns->list()) out.columns.push_back(name.text());
  } else if (!out.header) {
    fail_at(section.place(), "required", "has header = false and no list of columns");
  }
  section.done();
  return out;
}

std::vector<std::string> told_apart(std::vector<std::string> columns) {
  std::map<std::string, int> times;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    // A mapping writes columns in braces.
    std::replace(columns[i].begin(), columns[i].end(), '{', '(');
    std::replace(columns[i].begin(), columns[i].end(), '}', ')');
    if (columns[i].empty()) columns[i] = "column " + std::to_string(i + 1);
    ++times[columns[i]];
  }
  std::map<std::string, int> numbers;
  for (std::string& column : columns) {
    if (times[column] > 1) column += " (" + std::to_string(++numbers[column]) + ")";
  }
  return columns;
}

void Mapping::Rules::read_defaults(Section& root, const std::string& business_zone) {
  zone = business_zone;
  const auto value = root.take("defaults");
  if (!value) return;
  Section section(*value);
  default_source = section.text("source");
  if (const auto named = section.take("time_zone")) {
    zone = named->text();
    if (!base::is_zone(zone)) {
      fail_at(named->place(), "zone", "\"" + zone + "\" is no IANA zone such as Europe/Berlin");
    }
  }
  section.done();
}

void Mapping::Rules::read_lookups(Section& root) {
  const auto value = root.take("lookups");
  if (!value) return;
  for (const auto& [name, table] : Section(*value).rest()) {
    Lookup lookup;
    for (const auto& [cell, text] : Section(table).rest()) {
      if (cell == "*") {
        lookup.otherwise = text.text();
      } else {
        lookup.values.emplace(cell, text.text());
      }
    }
    names.lookups.emplace(name, std::move(lookup));
  }
}

void Mapping::Rules::read_times(Section& root) {
  const auto value = root.take("times");
  if (!value) return;
  std::map<std::string, TimeRule> read;
  for (const auto& [name, table] : Section(*value).rest()) {
    // They may not build on each other: the order of a TOML table says nothing.
    read.emplace(name, compile_time(table, names, {}, zone));
  }
  times = std::move(read);
}

void Mapping::Rules::read_rules(Section& root, const std::string& key,
                                std::vector<Rule>& out) const {
  const auto value = root.take(key);
  if (!value) return;
  for (const Value& item : value->list()) {
    Section section(item);
    Rule rule;
    rule.when = compile_condition(section.require("when"), names, times, zone);
    rule.reason = text(section.require("reason"));
    section.done();
    out.push_back(std::move(rule));
  }
}

ListRule Mapping::Rules::read_list(const Value& value, const std::string& name) const {
  static const std::map<std::string, std::vector<std::string>> kMembers = {
      {"emails", {"address", "label"}},
      {"phones", {"number", "label"}},
      {"uids", {"external_id", "source"}},
      {"addresses", {"street", "postal_code", "city", "region", "country", "label"}}};
  const std::vector<std::string>& members = kMembers.at(name);
  ListRule out{name, name == "addresses" ? "" : members[0], {}};
  for (const Value& item : value.list()) {
    auto& made = out.items.emplace_back();
    if (item.is_text() && (name == "emails" || name == "phones")) {
      made.emplace_back(members[0], text(item));
      continue;
    }
    Section section(item);
    for (const std::string& member : members) {
      if (const auto given = section.take(member)) made.emplace_back(member, text(*given));
    }
    section.done();
    if (!out.leading.empty() && (made.empty() || made[0].first != out.leading)) {
      fail_at(item.place(), "required", "needs " + out.leading);
    }
  }
  return out;
}

void Mapping::Rules::read_contact(const Value& value) {
  Section section(value);
  const auto find_by = section.take("find_by");
  const std::string by = find_by ? find_by->text() : "uid";
  if (by == "uid") {
    const auto source = section.take("source");
    if (!source && !default_source) fail_at(section.place(), "required", "needs a source");
    contact.source =
        source ? text(*source) : Template::compile(*default_source, {}, section.place());
    contact.external_id = text(section.require("external_id"));
  } else if (by == "client_number" || by == "email" || by == "phone") {
    contact.find_by = by == "email"   ? FindBy::kEmail
                      : by == "phone" ? FindBy::kPhone
                                      : FindBy::kClientNumber;
    contact.address = text(section.require(by));
  } else {
    fail_at(find_by->place(), "unknown_value", "is uid, client_number, email or phone");
  }
  contact.create = section.flag("create", true);
  if (const auto kind = section.take("kind")) {
    contact.kind = kind->text();
    if (contact.kind != "person" && contact.kind != "organization") {
      fail_at(kind->place(), "unknown_value", "is person or organization");
    }
  }
  for (const char* key :
       {"given_name", "family_name", "organization_name", "client_number", "language"}) {
    if (const auto given = section.take(key)) contact.texts.emplace_back(key, text(*given));
  }
  if (const auto name = section.take("name")) contact.name = text(*name);
  if (const auto birthday = section.take("birthday")) {
    contact.birthday = compile_time(*birthday, names, times, zone);
  }
  for (const char* key : {"emails", "phones", "uids", "addresses"}) {
    if (const auto given = section.take(key)) contact.lists.push_back(read_list(*given, key));
  }
  if (const auto tags = section.take("tags")) contact.tags = text_list(*tags);
  if (const auto attributes = section.take("attributes")) {
    contact.attributes = ValueRules::compile(*attributes, context());
  }
  section.done();
}

AmountRule Mapping::Rules::read_amount(const Value& value) const {
  Section section(value);
  AmountRule out;
  out.value = text(section.require("value"));
  out.currency = text(section.require("currency"));
  out.minor = section.flag("minor_units", false);
  if (const auto decimal = section.take("decimal")) out.decimal = one_character(*decimal);
  if (const auto group = section.take("group")) {
    out.group = one_character(*group);
    if (out.group == out.decimal) fail_at(group->place(), "conflict", "is the decimal mark too");
  }
  section.done();
  return out;
}

ActorRule Mapping::Rules::read_actor(const Value& value) const {
  Section section(value);
  ActorRule out;
  const Value kind = section.require("kind");
  out.kind = kind.text();
  static const std::vector<std::string> kKinds = {"staff", "contact", "automation", "none"};
  if (std::find(kKinds.begin(), kKinds.end(), out.kind) == kKinds.end()) {
    fail_at(kind.place(), "unknown_value", "is staff, contact, automation or none");
  }
  out.name = text(section, "name");
  out.id = text(section, "id");
  section.done();
  return out;
}

EntryRule Mapping::Rules::read_entry(const Value& value) const {
  Section section(value);
  EntryRule out;
  for (const char* key : {"type", "category", "contact_type", "views"}) {
    if (const auto given = section.take(key)) out.places.emplace(key, given->place());
  }
  out.type = section.require("type").text();
  out.category = section.text("category");
  if (const auto when = section.take("when")) {
    out.when = compile_condition(*when, names, times, zone);
  }
  for (const char* key : {"contact_type", "method", "direction", "title", "text"}) {
    if (const auto given = section.take(key)) out.texts.emplace(key, text(*given));
  }
  if (const auto actor = section.take("actor")) out.actor = read_actor(*actor);
  out.occurred_at = compile_time(section.require("occurred_at"), names, times, zone);
  const auto source = section.take("source");
  if (!source && !default_source) fail_at(section.place(), "required", "needs a source");
  out.source = source ? text(*source) : Template::compile(*default_source, {}, section.place());
  if (const auto source_id = section.take("source_id")) {
    out.source_id = text(*source_id);
    if (out.source_id->is_fixed()) {
      fail_at(source_id->place(), "template",
              "is the same for every row; put a column into it that is different in each");
    }
  }
  if (const auto details = section.take("details")) {
    out.details = ValueRules::compile(*details, context());
  }
  if (const auto amount = section.take("amount")) out.amount = read_amount(*amount);
  if (const auto views = section.take("views")) out.views = text_list(*views);
  out.is_private = section.flag("private", false);
  if (const auto origin = section.take("origin")) {
    if (origin->text() != "manual" && origin->text() != "automatic") {
      fail_at(origin->place(), "unknown_value", "is manual or automatic");
    }
    out.manual = origin->text() == "manual";
  }
  section.done();
  return out;
}

Mapping Mapping::compile(const Value& text, const FileFormat& format,
                         std::vector<std::string> columns, const std::string& time_zone) {
  auto rules = std::make_unique<Rules>();
  rules->format = format;
  rules->names.columns = std::move(columns);
  Section root(text);
  (void)root.take("file");  // file_format() has read it
  rules->read_defaults(root, time_zone);
  rules->read_lookups(root);
  rules->read_times(root);
  rules->read_rules(root, "skip", rules->skips);
  rules->read_rules(root, "reject", rules->rejects);
  rules->read_rules(root, "warn", rules->warns);
  rules->read_contact(root.require("contact"));
  if (const auto entries = root.take("entries")) {
    for (const Value& item : entries->list()) rules->entries.push_back(rules->read_entry(item));
  }
  root.done();
  return Mapping(std::move(rules));
}

Mapping::Mapping(std::unique_ptr<Rules> rules) : rules_(std::move(rules)) {}
Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;
Mapping::~Mapping() = default;

const std::vector<std::string>& Mapping::columns() const { return rules_->names.columns; }

std::vector<Stated> Mapping::stated() const {
  std::vector<Stated> out;
  for (const EntryRule& entry : rules_->entries) {
    Stated& stated = out.emplace_back(Stated{entry.places, entry.type, entry.category, {}, {}});
    const auto contact_type = entry.texts.find("contact_type");
    if (contact_type != entry.texts.end() && contact_type->second.is_fixed()) {
      stated.contact_type = contact_type->second.render({});
    }
    if (!entry.views) continue;
    for (const Template& view : *entry.views) {
      if (view.is_fixed()) stated.views.push_back(view.render({}));
    }
  }
  return out;
}

std::vector<std::string> Mapping::Rules::decoded(const CsvRow& row) const {
  if (row.fault) {
    throw base::invalid(
        "line " + std::to_string(row.fault->line) + ", column " + std::to_string(row.fault->column),
        "csv", row.fault->message);
  }
  if (row.cells.size() != names.columns.size()) {
    throw base::invalid("line " + std::to_string(row.line), "columns",
                        "the row has " + std::to_string(row.cells.size()) +
                            " cells, and the file " + std::to_string(names.columns.size()) +
                            " columns");
  }
  std::vector<std::string> out;
  out.reserve(row.cells.size());
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    auto text = decode(row.cells[i], format.encoding);
    if (!text) {
      throw base::invalid(names.columns[i], "encoding",
                          "is not text in the encoding that the mapping states");
    }
    out.push_back(format.trim ? std::string(base::trim(*text)) : std::move(*text));
  }
  return out;
}

namespace {

// A whole name, parted at its last space; of an organisation it stays whole.
void set_name(Json& body, const std::string& text) {
  const std::string_view name = base::trim(text);
  if (name.empty()) return;
  if (body.find("kind")->text() == "organization") {
    body.set("organization_name", Json::string(std::string(name)));
    return;
  }
  const std::size_t space = name.rfind(' ');
  body.set("given_name", Json::string(std::string(base::trim(name.substr(0, space)))));
  if (space == std::string_view::npos) return;
  body.set("family_name", Json::string(std::string(name.substr(space + 1))));
}

}  // namespace

Json Mapping::Rules::contact_body(Cells cells) const {
  Json body = Json::object();
  body.set("kind", Json::string(contact.kind));
  for (const auto& [key, rule] : contact.texts) {
    std::string text = rule.render(cells);
    if (!text.empty()) body.set(key, Json::string(std::move(text)));
  }
  if (contact.name) set_name(body, contact.name->render(cells));
  if (contact.birthday && !contact.birthday->is_empty(cells)) {
    const base::Micros instant = contact.birthday->instant(cells);
    body.set("birthday",
             Json::string(base::format_date(base::day_in_zone(instant, contact.birthday->zone))));
  }
  for (const ListRule& list : contact.lists) {
    std::vector<Json> items;
    for (const auto& item : list.items) {
      Json made = Json::object();
      for (const auto& [key, rule] : item) {
        std::string text = rule.render(cells);
        if (!text.empty()) made.set(key, Json::string(std::move(text)));
      }
      const std::size_t label = made.find("label") != nullptr ? 1 : 0;
      const bool filled =
          list.leading.empty() ? made.members().size() > label : made.find(list.leading) != nullptr;
      if (filled) items.push_back(std::move(made));
    }
    if (!items.empty()) body.set(list.name, Json::array(std::move(items)));
  }
  std::vector<Json> tags;
  for (const Template& tag : contact.tags) {
    std::string text = tag.render(cells);
    if (!text.empty()) tags.push_back(Json::string(std::move(text)));
  }
  if (!tags.empty()) body.set("tags", Json::array(std::move(tags)));
  if (contact.attributes) {
    Json attributes = contact.attributes->render(cells);
    if (!attributes.members().empty()) body.set("attributes", std::move(attributes));
  }
  return body;
}

void Mapping::Rules::plan_contact(Cells cells, RowPlan& plan) const {
  const auto required = [&](const Template& rule, const char* key) {
    std::string text = rule.render(cells);
    if (text.empty()) {
      throw base::invalid(key, "required", "is empty for this row, so there is no contact to find");
    }
    return text;
  };
  switch (contact.find_by) {
    case FindBy::kUid: {
      std::string source = required(contact.source, "contact.source");
      plan.selector.uid.emplace(std::move(source),
                                required(contact.external_id, "contact.external_id"));
      break;
    }
    case FindBy::kClientNumber:
      plan.selector.client_number = base::trim(required(contact.address, "contact.client_number"));
      break;
    case FindBy::kEmail:
      plan.selector.email = required(contact.address, "contact.email");
      break;
    case FindBy::kPhone:
      plan.selector.phone = required(contact.address, "contact.phone");
      break;
  }
  if (contact.create) plan.create = contact_body(cells);
}

namespace {

Json amount_of(const AmountRule& rule, Cells cells) {
  const std::string text = rule.value.render(cells);
  if (base::trim(text).empty()) return {};
  std::string currency = rule.currency.render(cells);
  const int digits = rule.minor ? 0 : currency_digits(currency);
  const auto value =
      minor_units(without_currency(text, currency), rule.decimal, rule.group, digits);
  if (!value) {
    throw UnreadableCell("amount", "number", text,
                         "is no amount of " + currency + " as the mapping spells them");
  }
  Json out = Json::object();
  out.set("value", Json::number(*value));
  out.set("currency", Json::string(std::move(currency)));
  return out;
}

Json actor_of(const ActorRule& rule, Cells cells) {
  std::string name = rule.name.render(cells);
  std::string id = rule.id.render(cells);
  // A staff member that the row does not name is nobody.
  if (rule.kind == "staff" && name.empty() && id.empty()) return {};
  Json out = Json::object();
  out.set("kind", Json::string(rule.kind));
  if (!id.empty()) out.set("id", Json::string(std::move(id)));
  if (!name.empty()) out.set("name", Json::string(std::move(name)));
  return out;
}

Json contact_json(const contacts::Selector& selector) {
  Json out = Json::object();
  if (selector.uid) {
    out.set("source", Json::string(selector.uid->first));
    out.set("external_id", Json::string(selector.uid->second));
  } else if (selector.client_number) {
    out.set("client_number", Json::string(*selector.client_number));
  } else if (selector.email) {
    out.set("email", Json::string(*selector.email));
  } else if (selector.phone) {
    out.set("phone", Json::string(*selector.phone));
  }
  return out;
}

}  // namespace

// The draft as POST /entries takes it, so that one reader checks both.
Json Mapping::Rules::draft_json(const EntryRule& entry, Cells cells, const std::string& row_key,
                                const contacts::Selector& selector) const {
  Json out = Json::object();
  const auto text = [&](const char* key, std::string value) {
    if (!value.empty()) out.set(key, Json::string(std::move(value)));
  };
  const auto member = [&](const char* key, Json value) {
    if (!value.is_null()) out.set(key, std::move(value));
  };
  out.set("type", Json::string(entry.type));
  out.set("contact", contact_json(selector));
  if (entry.category) text("category", *entry.category);
  for (const auto& [key, rule] : entry.texts) text(key.c_str(), rule.render(cells));
  if (entry.actor) member("actor", actor_of(*entry.actor, cells));
  text("occurred_at", base::format_rfc3339(entry.occurred_at.instant(cells)));
  text("time_zone", entry.occurred_at.zone);
  text("source", entry.source.render(cells));
  text("source_id", entry.source_id ? entry.source_id->render(cells) : row_key);
  if (out.find("source") == nullptr || out.find("source_id") == nullptr) {
    throw base::invalid("source_id", "required", "or source is empty for this row");
  }
  if (entry.manual) text("origin", *entry.manual ? "manual" : "automatic");
  if (entry.details) {
    Json details = entry.details->render(cells);
    if (!details.members().empty()) out.set("details", std::move(details));
  }
  if (entry.amount) member("amount", amount_of(*entry.amount, cells));
  if (entry.views) {
    std::vector<Json> views;
    for (const Template& view : *entry.views) {
      std::string name = view.render(cells);
      if (!name.empty()) views.push_back(Json::string(std::move(name)));
    }
    out.set("views", Json::array(std::move(views)));
  }
  if (entry.is_private) out.set("private", Json::boolean(true));
  return out;
}

entries::Draft Mapping::Rules::draft(const EntryRule& entry, Cells cells,
                                     const std::string& row_key,
                                     const contacts::Selector& selector) const {
  const Json json = draft_json(entry, cells, row_key, selector);
  base::Fields fields(json);
  static_cast<void>(fields.any("contact"));
  entries::Draft out = entries::parse_draft(fields, json);
  fields.finish();
  return out;
}

std::vector<ImportFault> faults_of(const base::Error& error) {
  const auto* unreadable = dynamic_cast<const UnreadableCell*>(&error);
  std::vector<ImportFault> out;
  for (const base::FieldError& one : error.errors()) {
    out.push_back({one.field, one.code, unreadable == nullptr ? "" : unreadable->cell()});
  }
  return out;
}

RowPlan Mapping::plan(CsvRow row) const {
  RowPlan out;
  out.line = row.line;
  try {
    const std::vector<std::string> cells = rules_->decoded(row);
    const std::string row_key = rules_->needs_row_keys() ? rules_->row_keys.next(cells) : "";
    for (const Rule& rule : rules_->skips) {
      if (!rule.when(cells)) continue;
      out.skipped = rule.reason.render(cells);
      break;
    }
    if (!out.skipped) {
      for (const Rule& rule : rules_->rejects) {
        if (rule.when(cells)) throw base::invalid("row", "rule", rule.reason.render(cells));
      }
      for (const Rule& rule : rules_->warns) {
        if (rule.when(cells)) out.warnings.push_back(rule.reason.render(cells));
      }
      rules_->plan_contact(cells, out);
      for (const EntryRule& entry : rules_->entries) {
        if (entry.when && !(*entry.when)(cells)) continue;
        // Of several entries of one row without an id each has a key of its own.
        const auto number = &entry - rules_->entries.data();
        const std::string key = number == 0 ? row_key : row_key + "." + std::to_string(number + 1);
        out.drafts.push_back(rules_->draft(entry, cells, key, out.selector));
      }
    }
  } catch (const base::Error& error) {
    out.rejected = error.message();
    out.faults = faults_of(error);
    out.drafts.clear();
  }
  out.raw = std::move(row.cells);
  return out;
}

}  // namespace annals::transfer
