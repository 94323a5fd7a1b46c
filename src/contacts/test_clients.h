// For tests: a server with contacts, whose changes are derived as the program derives them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "access/test_api.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"

namespace annals::contacts {

/// Brings the search rows of the contacts of the next journal rows up to date.
inline std::int64_t derive_contacts(db::Tx& tx, std::int64_t after) {
  struct Row {
    std::int64_t pos;
    db::BusinessKey business;
    base::Id contact;
  };
  std::vector<Row> next;
  auto rows = tx.query(
      "SELECT pos, business, contact FROM journal WHERE pos > $1 ORDER BY pos LIMIT 1000", {after});
  while (rows.next()) next.push_back({rows->integer(0), rows->integer(1), rows->id(2)});
  for (const Row& row : next) index(tx, row.business, row.contact);
  return next.empty() ? after : next.back().pos;
}

class Clients : public access::TestApi {
 public:
  Clients()
      : access::TestApi({.seed = catalog::seed}, {.derive = derive_contacts}), owner(set_up()) {
    add(routes());
  }

  /// Creates a contact and returns its id.
  std::string create(const std::string& body) {
    const auto reply = post("/contacts", body, owner);
    EXPECT_EQ(reply.status, 201) << reply.text;
    return reply.at("id");
  }
  /// The names of what a list holds, in its order: "Anna Kern, Jo Li".
  std::string names(const std::string& query) {
    const auto reply = get("/contacts?" + query, owner);
    EXPECT_EQ(reply.status, 200) << reply.text;
    std::string out;
    if (const base::Json* items = reply.json.find("items")) {
      for (const base::Json& item : items->items()) {
        if (!out.empty()) out += ", ";
        out += item.find("name")->text();
      }
    }
    return out;
  }
  /// What the journal says of a contact: "contact.created, contact.changed".
  std::string history(const std::string& contact) {
    const base::Id id = *base::parse_id(contact);
    return database->read(1, [&](db::Tx& tx) {
      std::string out;
      auto rows =
          tx.query("SELECT record FROM journal WHERE business = $1 AND contact = $2 ORDER BY pos",
                   {tx.business(), id});
      while (rows.next()) {
        if (!out.empty()) out += ", ";
        out += base::parse_json(rows->text(0)).find("type")->text();
      }
      return out;
    });
  }
  /// The last record of a contact.
  base::Json last_record(const std::string& contact) {
    const base::Id id = *base::parse_id(contact);
    return database->read(1, [&](db::Tx& tx) {
      auto rows = tx.query(
          "SELECT record FROM journal WHERE business = $1 AND contact = $2 ORDER BY pos DESC",
          {tx.business(), id});
      return rows.next() ? base::parse_json(rows->text(0)) : base::Json();
    });
  }

  std::string owner;  // cookie
};

}  // namespace annals::contacts
