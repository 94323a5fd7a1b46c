#include "app/commands.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/settings.h"
#include "app/open.h"
#include "app/route_list.h"
#include "app/server.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/temp_folder.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "demo/demo.h"
#include "evidence/evidence.h"
#include "ledger/signer.h"
#include "transfer/transfer.h"

namespace annals::app {
namespace {

CLI::Option* flag(CLI::App* command, const std::string& name, std::string& value,
                  const std::string& description) {
  std::string environment = "ANNALS_";
  for (const char c : name.substr(2)) {
    environment += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return command->add_option(name, value, description)->envname(environment)->capture_default_str();
}

access::Business choose_business(db::Database& database, const std::string& wanted) {
  const std::vector<access::Business> all =
      database.read_as_is(db::kNoBusiness, [](db::Tx& tx) { return access::all_businesses(tx); });
  if (all.empty()) {
    throw base::invalid("data", "empty",
                        "has no business yet; add one by `annals business add` or by the set-up "
                        "page of `annals serve`");
  }
  if (wanted.empty() && all.size() == 1) return all.front();
  std::string names;
  for (const access::Business& business : all) {
    if (business.name == wanted || business.id.text() == wanted) return business;
    names += "\n  " + business.id.text() + "  " + business.name;
  }
  throw base::invalid("business", wanted.empty() ? "required" : "unknown",
                      "name one of these by its id or name:" + names);
}

// What the terminal's user types does not stand in the process list, other than a flag's value.
std::string read_password() {
  // NOLINTBEGIN(concurrency-mt-unsafe): one thread alone asks, and none sets the environment
  const char* given = ::getenv("ANNALS_PASSWORD");
  if (given != nullptr) return given;
  if (::isatty(STDIN_FILENO) != 0) {
    const char* typed = ::getpass("Password: ");
    return typed == nullptr ? std::string() : std::string(typed);
  }
  // NOLINTEND(concurrency-mt-unsafe)
  std::string line;
  std::getline(std::cin, line);
  return line;
}

constexpr int kPatience = 100;  // looks, of a tenth of a second each

// Until the index is up to date, or, in `patience` looks, has come no nearer to that.
void wait_for_index(const db::Database& database, int patience) {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const std::int64_t all = database.lag();
  std::int64_t before = all;
  for (int looks = 0; database.lag() > 0 && looks < patience; ++looks) {
    if (database.lag() != before) looks = 0;
    before = database.lag();
    if (terminal) {
      std::cerr << "\r" << 100 * (all - database.lag()) / std::max<std::int64_t>(all, 1) << " % of "
                << all << " rows" << std::flush;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  if (terminal) std::cerr << "\n";
}

}  // namespace

CLI::App* Commands::add(CLI::App& app, const std::string& name, const std::string& description,
                        std::function<int()> body) {
  CLI::App* command = app.add_subcommand(name, description);
  flag(command, "--data", serve_.data, "The data folder");
  flag(command, "--database", serve_.database, "postgresql://…, in place of a folder");
  command->callback([this, body = std::move(body)] { chosen_ = body; });
  return command;
}

Commands::Commands(CLI::App& app) {
  add_serve(app);
  add_import(app);
  add_backup(app);
  add_demo(app);
  add_rebuild(app);
  add_migrate_engine(app);
  add_business(app);
  add_staff(app);
  add_ledger(app);
  add_verify(app);
  add_export(app);
  add_routes(app);
}

void Commands::add_serve(CLI::App& app) {
  CLI::App* command =
      add(app, "serve", "Serve the web app and the API", [this] { return serve(serve_); });
  flag(command, "--listen", serve_.listen, "HOST:PORT; port 0 takes any free one");
  flag(command, "--tls-certificate", serve_.tls_certificate, "A PEM file: serve by TLS");
  flag(command, "--tls-key", serve_.tls_key, "The certificate's key, a PEM file");
  flag(command, "--keys", serve_.keys, "The folder of the ledger's keys (keys in --data)");
  flag(command, "--checkpoints", serve_.checkpoints, "A folder that keeps each checkpoint too");
  flag(command, "--timestamp-authority", serve_.timestamp_authority,
       "An address that stamps each checkpoint (RFC 3161)");
  flag(command, "--checkpoint-webhook", serve_.checkpoint_webhook,
       "An address that each checkpoint is posted to");
  command->add_option("--threads", serve_.handlers, "Requests that are worked on at once")
      ->envname("ANNALS_THREADS")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      ->add_option("--queue-wait", serve_.queue_wait_ms,
                   "Milliseconds that a request may have to wait; more is refused with 503")
      ->envname("ANNALS_QUEUE_WAIT")
      ->check(CLI::Range(10, 60'000))
      ->capture_default_str();
}

void Commands::add_import(CLI::App& app) {
  CLI::App* command = add(app, "import", "Import a CSV file (docs/import.md)", [this] {
    transfer::ImportCommand import;
    import.options.data = import_data_;
    import.options.mapping = import_mapping_;
    import.options.rejected_file = import_rejected_;
    import.options.warnings_file = import_warnings_;
    import.folder = serve_.place();
    import.dry_run = import_dry_run_;
    import.terminal = ::isatty(STDERR_FILENO) != 0;
    import.open = [](const std::string& folder) { return open_database(folder); };
    import.actor = [this](db::Database& database) {
      return access::system_actor(choose_business(database, business_));
    };
    return transfer::import_command(import, std::cout, std::cerr);
  });
  command->add_option("file", import_data_, "The CSV file, plain or .gz")->required();
  command->add_option("--mapping", import_mapping_, "The TOML file that says what is what")
      ->required();
  command->add_option("--rejected", import_rejected_, "Where rejected rows go");
  command->add_option("--warnings", import_warnings_, "Where rows with a warning are listed");
  command->add_flag("--dry-run", import_dry_run_, "Say what would happen, and store nothing");
  flag(command, "--business", business_, "Its id or name, where there are several");
}

void Commands::add_demo(CLI::App& app) {
  add(app, "demo", "Make the demo's four businesses in a new folder", [this] {
    need_folder("make the demo there and copy it by annals migrate-engine.");
    const demo::Report report =
        demo::make({.folder = serve_.data, .open = [](const auto& folder, const auto& clock) {
                      return open_database(folder, clock);
                    }});
    std::cout << report.contacts << " contacts with " << report.entries
              << " entries, corrections and tasks\nSign in as " << demo::kEmail
              << " with the password " << demo::kPassword << "\n";
    return 0;
  });
}

void Commands::add_backup(CLI::App& app) {
  CLI::App* backup = add(app, "backup", "Copy the data, also while a server runs on it", [this] {
    need_folder("back up PostgreSQL by pg_dump.");
    if (!backup_check_.empty()) {
      return transfer::check_backup_command(backup_check_, std::cout, std::cerr);
    }
    return transfer::backup_command(serve_.data, backup_to_, base::system_clock(), std::cout,
                                    std::cerr);
  });
  CLI::Option* to = backup->add_option("--to", backup_to_, "A new folder");
  backup->add_option("--check", backup_check_, "Check this backup instead")->excludes(to);
  CLI::App* restore = add(app, "restore", "Put a backup into a data folder", [this] {
    need_folder("restore PostgreSQL by pg_restore.");
    return transfer::restore_command(restore_from_, serve_.data, restore_replace_,
                                     base::system_clock(), std::cout, std::cerr);
  });
  restore->add_option("--from", restore_from_, "The backup")->required();
  restore->add_flag("--replace", restore_replace_, "Move what is in the data folder aside first");
}

void Commands::add_rebuild(CLI::App& app) {
  add(app, "rebuild", "Make the index anew from the journal", [this] {
    rebuild_index(serve_.place());
    const auto database = open_database(serve_.place());
    wait_for_index(*database, kPatience);
    std::cout << "The index is up to date.\n";
    return 0;
  });
}

void Commands::add_migrate_engine(CLI::App& app) {
  add(app, "migrate-engine", "Copy all businesses of --data into the database of --database",
      [this] {
        if (!is_postgres(serve_.database)) {
          throw base::invalid(
              "database", "required",
              "Name the target: --database postgresql://…, and the source: --data.");
        }
        const transfer::MoveCommand command{.from = open_database(serve_.data),
                                            .to = open_database(serve_.database),
                                            .terminal = ::isatty(STDERR_FILENO) != 0};
        return transfer::move_command(command, std::cout, std::cerr);
      });
}

// For what works on the files of a data folder.
void Commands::need_folder(const std::string& instead) const {
  if (serve_.database.empty()) return;
  throw base::invalid("database", "folder_only", "This works on a data folder only; " + instead);
}

void Commands::add_business(CLI::App& app) {
  CLI::App* business = app.add_subcommand("business", "Businesses on this server");
  business->require_subcommand(1);
  add(*business, "list", "List them", [this] {
    const auto database = open_database(serve_.place());
    const auto all = database->read_as_is(db::kNoBusiness,
                                          [](db::Tx& tx) { return access::all_businesses(tx); });
    for (const access::Business& one : all) {
      std::cout << one.id.text() << "  " << one.name << "  " << one.time_zone << "\n";
    }
    return 0;
  });
  CLI::App* added = add(*business, "add", "Add one with its owner", [this] {
    const auto database = open_database(serve_.place());
    base::Json owner = base::Json::object();
    owner.set("name", base::Json::string(staff_name_));
    owner.set("email", base::Json::string(staff_email_));
    owner.set("password", base::Json::string(read_password()));
    base::Json own = base::Json::object();
    own.set("name", base::Json::string(business_));
    own.set("time_zone", base::Json::string(time_zone_));
    own.set("locale", base::Json::string(locale_));
    own.set("currency", base::Json::string(currency_));
    base::Json body = base::Json::object();
    body.set("business", std::move(own));
    body.set("owner", std::move(owner));
    ledger::Signer signer(*database, serve_.keys_folder(), "", base::system_clock());
    const access::Business made = access::add_business(
        *database, body, {.seed = catalog::seed, .ledger_key = evidence::ledger_key(signer)});
    std::cout << made.id.text() << "\n";
    return 0;
  });
  added->add_option("name", business_, "Its name")->required();
  added->add_option("--time-zone", time_zone_, "IANA, like Europe/Berlin")->required();
  added->add_option("--currency", currency_, "ISO 4217, like EUR")->required();
  added->add_option("--locale", locale_, "BCP 47")->capture_default_str();
  added->add_option("--owner-email", staff_email_, "The owner's e-mail address")->required();
  added->add_option("--owner-name", staff_name_, "The owner's name")->required();
  flag(added, "--keys", serve_.keys, "The folder of the ledger's keys (keys in --data)");
}

void Commands::add_staff(CLI::App& app) {
  CLI::App* staff = app.add_subcommand("staff", "Staff members");
  staff->require_subcommand(1);
  CLI::App* reset = add(*staff, "reset-password", "Give a staff member a new password", [this] {
    const auto database = open_database(serve_.place());
    const db::BusinessKey business =
        business_.empty() ? db::kNoBusiness : choose_business(*database, business_).key;
    std::cout << access::reset_password(*database, staff_email_, business, {}) << "\n";
    return 0;
  });
  reset->add_option("email", staff_email_, "The e-mail address")->required();
  flag(reset, "--business", business_, "In this business alone");
  CLI::App* added = add(*staff, "add", "Add a staff member", [this] {
    const auto database = open_database(serve_.place());
    base::Json body = base::Json::object();
    body.set("email", base::Json::string(staff_email_));
    body.set("name", base::Json::string(staff_name_));
    body.set("role", base::Json::string(staff_role_));
    body.set("password", base::Json::string(read_password()));
    const access::Business business = choose_business(*database, business_);
    std::cout << access::add_staff(*database, business.key, body, {}).text() << "\n";
    return 0;
  });
  added->add_option("email", staff_email_, "The e-mail address")->required();
  added->add_option("--name", staff_name_, "The name")->required();
  added->add_option("--role", staff_role_, "owner, manager, staff or auditor")
      ->capture_default_str();
  flag(added, "--business", business_, "Its id or name, where there are several");
}

void Commands::add_ledger(CLI::App& app) {
  CLI::App* ledger = app.add_subcommand("ledger", "The ledger's checkpoints and keys");
  ledger->require_subcommand(1);
  using Work = ledger::SignedCheckpoint (*)(ledger::Signer&, const ledger::Log&, const Commands&);
  const auto add_work = [&](const std::string& name, const std::string& description, Work work) {
    CLI::App* command = add(*ledger, name, description, [this, work] {
      const auto database = open_database(serve_.place());
      const access::Business business = choose_business(*database, business_);
      ledger::Signer signer(*database, serve_.keys_folder(), serve_.checkpoints,
                            base::system_clock());
      std::cout << work(signer, {.business = business.key, .id = business.id}, *this).note;
      return 0;
    });
    flag(command, "--business", business_, "Its id or name, where there are several");
    flag(command, "--keys", serve_.keys, "The folder of the ledger's keys (keys in --data)");
    return command;
  };
  add_work("checkpoint", "Sign the ledger as it stands",
           [](ledger::Signer& signer, const ledger::Log& log, const Commands&) {
             return signer.sign(log);
           });
  add_work("rotate-key", "Go on with a new key",
           [](ledger::Signer& signer, const ledger::Log& log, const Commands&) {
             return signer.rotate_key(log);
           });
  add_work("new-epoch", "Go on after a restored backup or a lost key",
           [](ledger::Signer& signer, const ledger::Log& log, const Commands& self) {
             return signer.begin_epoch(log, self.ledger_reason_);
           })
      ->add_option("--reason", ledger_reason_, "What happened; it stands in the ledger")
      ->required();
}

namespace {

std::vector<access::CurrentSettings> current_settings(db::Tx& tx) {
  std::vector<access::CurrentSettings> all = access::current_settings(tx);
  for (access::CurrentSettings& more : catalog::current_settings(tx)) {
    all.push_back(std::move(more));
  }
  return all;
}

}  // namespace

void Commands::add_verify(CLI::App& app) {
  CLI::App* command = add(app, "verify", "Compare everything with the ledger", [this] {
    const auto database = open_database(serve_.place());
    wait_for_index(*database, kPatience);
    evidence::VerifyCommand verify{.businesses = {},
                                   .known_checkpoints = verify_known_,
                                   .keys = verify_keys_,
                                   .keys_folder = serve_.keys_folder(),
                                   .authorities = verify_authorities_,
                                   .settings = current_settings,
                                   .state_file = verify_state_,
                                   .threads = verify_threads_,
                                   .terminal = ::isatty(STDERR_FILENO) != 0};
    if (business_.empty()) {
      verify.businesses = database->read_as_is(
          db::kNoBusiness, [](db::Tx& tx) { return access::all_businesses(tx); });
    } else {
      verify.businesses = {choose_business(*database, business_)};
    }
    return evidence::verify_command(*database, verify, std::cout, std::cerr);
  });
  flag(command, "--business", business_, "This one alone, by its id or name");
  flag(command, "--keys", serve_.keys, "The folder of the ledger's keys (keys in --data)");
  command->add_option("--known-checkpoint", verify_known_, "A checkpoint that was kept elsewhere");
  command->add_option("--key", verify_keys_, "A public key that the auditor was given");
  command->add_option("--tsa-ca", verify_authorities_,
                      "Certificates in PEM of the time stamp authorities that you trust");
  command->add_option("--state", verify_state_, "A file: an interrupted run goes on from there");
  command->add_option("--threads", verify_threads_, "0: one a core")->check(CLI::Range(0, 256));
}

void Commands::add_export(CLI::App& app) {
  CLI::App* command = add(app, "export", "Write an evidence bundle (docs/ledger.md)", [this] {
    if (!server_.empty()) {
      return evidence::remote_export_command(server_, api_key_, export_order(), std::cout,
                                             std::cerr);
    }
    const auto database = open_database(serve_.place());
    wait_for_index(*database, kPatience);
    ledger::Signer signer(*database, serve_.keys_folder(), serve_.checkpoints,
                          base::system_clock());
    return evidence::export_command(
        *database, signer, {.members = contacts::members, .contact_name = contacts::name_of},
        choose_business(*database, business_), export_order(), base::system_clock(), std::cout,
        std::cerr);
  });
  command->add_option("--bundle", export_bundle_, "The zip file to write")->required();
  CLI::Option* key = flag(command, "--api-key", api_key_, "Of one who may export from --server");
  flag(command, "--server", server_, "A running server's address, in place of --data")->needs(key);
  command->add_option("--contact", export_contact_, "All of this contact, by its id");
  command->add_option(
      "--filter", export_filter_,
      "What to show: a query string of GET /entries, category=payments&from=2016-01-01");
  command->add_flag("--all-leaves", export_all_leaves_,
                    "With every leaf of the ledger, so that nothing can be left out unseen");
  flag(command, "--business", business_, "Its id or name, where there are several");
  flag(command, "--keys", serve_.keys, "The folder of the ledger's keys (keys in --data)");
}

evidence::ExportOrder Commands::export_order() const {
  evidence::ExportOrder order{.bundle = export_bundle_,
                              .contact = {},
                              .filters = export_filter_,
                              .all_leaves = export_all_leaves_,
                              .terminal = ::isatty(STDERR_FILENO) != 0};
  if (!export_contact_.empty()) order.contact = export_contact_;
  return order;
}

void Commands::add_routes(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("routes", "List the API's routes with the permission each asks for");
  command->callback([this] {
    chosen_ = [] {
      const base::TempFolder folder;
      ServeOptions options;
      options.data = folder.path() + "/data";
      options.listen = "127.0.0.1:0";
      const Instance instance(options);
      std::cout << list_routes(instance.routes());
      return 0;
    };
  });
}

}  // namespace annals::app
