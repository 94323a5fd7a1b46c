// For tests: a server without sockets that keeps histories, wired as the program wires it.
#pragma once
#include <string>

#include "access/test_api.h"
#include "app/record.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "entries/derive.h"
#include "entries/history.h"
#include "tasks/tasks.h"

namespace annals::app {

class History : public access::TestApi {
 public:
  History()
      : access::TestApi({.seed = catalog::seed}, entries::derivation(contacts::index)),
        owner(set_up()) {
    add(contacts::routes());
    add(catalog::routes());
    add(record_routes());
    add(entries::routes({.members = contacts::members, .open_tasks = tasks::open_count}));
    add(tasks::routes());
  }
  std::string owner;
};

}  // namespace annals::app
