// For tests: a server without sockets that keeps histories, wired as the program wires it.
#pragma once
#include <cstdint>
#include <string>

#include "access/test_api.h"
#include "app/record.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/derive.h"
#include "entries/history.h"
#include "tasks/tasks.h"

namespace annals::app {

class History : public access::TestApi {
 public:
  explicit History(std::int64_t wal_bytes_max = db::kWalBytesMax)
      : access::TestApi({.seed = catalog::seed}, {.derive = entries::derivation(contacts::index),
                                                  .wal_bytes_max = wal_bytes_max}),
        owner(set_up()) {
    add(contacts::routes());
    add(catalog::routes());
    add(record_routes());
    add(entries::routes({.members = contacts::members,
                         .open_tasks = tasks::open_count,
                         .contact_name = contacts::name_of}));
    add(tasks::routes());
  }
  std::string owner;
};

}  // namespace annals::app
