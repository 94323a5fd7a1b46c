#include "app/server.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "app/open.h"
#include "app/record.h"
#include "app/sandbox.h"
#include "app/stream.h"
#include "app/version.h"
#include "app/web_routes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/attachments.h"
#include "entries/history.h"
#include "evidence/announce.h"
#include "evidence/evidence.h"
#include "http/message.h"
#include "http/metrics.h"
#include "http/router.h"
#include "http/server.h"
#include "ledger/signer.h"
#include "tasks/tasks.h"
#include "transfer/transfer.h"

namespace annals::app {
namespace {

using http::Response;

constexpr base::Micros kUnusedAttachmentAge = base::kMicrosPerDay;
constexpr std::int64_t kHousekeepingSeconds = 3'600;
constexpr std::int64_t kReadyLagMax = 1'000;  // journal rows that an index may be behind

// Requests that run at a time, each with a read connection if it needs one.
int readers_at_once() {
  static constexpr unsigned kReadersMin = 8;
  return static_cast<int>(std::max(kReadersMin, 2 * std::thread::hardware_concurrency()));
}

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Address parse_listen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  Address address;
  bool good = colon != std::string::npos && colon > 0;
  if (good) {
    address.host = listen.substr(0, colon);
    if (address.host.front() == '[' && address.host.back() == ']') {
      address.host = address.host.substr(1, address.host.size() - 2);
    }
    const char* end = listen.data() + listen.size();
    const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, address.port);
    good = error == std::errc{} && stop == end;
  }
  if (!good) {
    throw base::invalid("listen", "address",
                        "must be HOST:PORT, like 127.0.0.1:8080 or [::1]:8080");
  }
  return address;
}

access::Routes all_routes(Stream& stream, ledger::Signer& signer, evidence::Exports& exports,
                          transfer::Imports& imports, const base::Clock& clock) {
  access::Routes all;
  const auto add = [&all](access::Routes more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  };
  add(access::routes(
      {.seed = catalog::seed, .ledger_key = evidence::ledger_key(signer), .clock = &clock}));
  add(catalog::routes());
  add(contacts::routes());
  add(record_routes());
  add(sandbox_routes());
  add(entries::routes({.members = contacts::members,
                       .open_tasks = tasks::open_count,
                       .contact_name = contacts::name_of}));
  add(evidence::routes(signer));
  add(exports.routes());
  add(imports.routes());
  add(tasks::routes());
  add(stream.routes());
  return all;
}

std::string status_json(std::string_view status) {
  base::JsonWriter out;
  out.begin_object().member("status", status).member("version", version()).end_object();
  return out.take();
}

Response readiness(const db::Database& database) {
  if (!database.writable()) {
    throw base::Error(base::Code::kUnavailable, "The database does not take writes.");
  }
  if (database.lag() > kReadyLagMax) {
    throw base::Error(base::Code::kUnavailable, "The index is being brought up to date.");
  }
  return Response::json(200, status_json("ready"));
}

Response metrics(const db::Database& database) {
  static http::Gauge lag =
      http::gauge("annals_index_lag_rows", "Journal rows that the index has not got yet.");
  static http::Gauge writable = http::gauge("annals_writable", "1 while the disk takes writes.");
  lag.set(static_cast<double>(database.lag()));
  writable.set(database.writable() ? 1 : 0);
  Response response;
  response.headers.emplace_back("content-type", "text/plain; version=0.0.4");
  response.body = http::serialize_metrics();
  return response;
}

void add_operation_routes(http::Router& router, const db::Database& database) {
  const auto get = [&router](const char* path, http::Admission admission, http::Handler handler) {
    router.add({.method = http::Method::kGet,
                .pattern = path,
                .handler = std::move(handler),
                .admission = admission});
  };
  // Who watches over the server has to see it most when it is busy.
  using http::Admission;
  get("/healthz", Admission::kAtOnce,
      [](const http::Request&) { return Response::json(200, status_json("ok")); });
  get("/readyz", Admission::kAtOnce,
      [&database](const http::Request&) { return readiness(database); });
  get("/metrics", Admission::kAlways,
      [&database](const http::Request&) { return metrics(database); });
}

}  // namespace

struct Instance::Parts {
  std::unique_ptr<db::Database> database;
  std::unique_ptr<access::Gate> gate;
  std::unique_ptr<Stream> stream;
  std::unique_ptr<evidence::Announcer> announcer;
  std::unique_ptr<ledger::Signer> signer;
  std::unique_ptr<evidence::Exports> exports;
  std::unique_ptr<transfer::Imports> imports;
  access::Routes routes;
  std::unique_ptr<http::Server> server;
  std::string host;
  bool tls = false;

  std::mutex mutex{};
  std::condition_variable stopped{};
  bool stopping = false;
  std::thread housekeeper{};

  // So that there is a checkpoint outside of the database also where nobody asks for one.
  void sign_all() const {
    const auto all = database->read_as_is(db::kNoBusiness,
                                          [](db::Tx& tx) { return access::all_businesses(tx); });
    for (const access::Business& business : all) {
      try {
        static_cast<void>(signer->sign({.business = business.key, .id = business.id}));
      } catch (const base::Error& error) {
        base::log(base::Level::kError, "the ledger is not signed",
                  {{"business", business.key}, {"reason", std::string_view(error.what())}});
      }
    }
    announcer->catch_up(all);
  }

  void keep_house(const base::Clock& clock) {
    std::unique_lock lock(mutex);
    while (!stopping) {
      lock.unlock();
      try {
        entries::drop_unused_attachments(*database, clock.now() - kUnusedAttachmentAge);
        exports->drop_old();
        imports->drop_old();
        sign_all();
      } catch (const base::Error&) {
        base::log(base::Level::kWarn, "housekeeping did not come through; it is tried again");
      }
      lock.lock();
      stopped.wait_for(lock, std::chrono::seconds(kHousekeepingSeconds),
                       [this] { return stopping; });
    }
  }
};

Instance::Instance(const ServeOptions& options, const base::Clock& clock)
    : parts_(std::make_unique<Parts>()) {
  const Address address = parse_listen(options.listen);
  Parts& parts = *parts_;
  parts.host = address.host;
  parts.tls = !options.tls_certificate.empty();
  const int readers = readers_at_once();
  parts.database = open_database(options.place(), clock, readers);
  parts.gate = std::make_unique<access::Gate>(*parts.database, clock);
  parts.stream = std::make_unique<Stream>(*parts.database);
  parts.signer = std::make_unique<ledger::Signer>(*parts.database, options.keys_folder(),
                                                  options.checkpoints, clock);
  parts.announcer = std::make_unique<evidence::Announcer>(
      *parts.database, evidence::AnnounceOptions{.timestamp_authority = options.timestamp_authority,
                                                 .webhook = options.checkpoint_webhook,
                                                 .checkpoints = options.checkpoints});
  parts.signer->on_signed([&parts](const auto& log, const auto& checkpoint) {
    parts.announcer->announce(log, checkpoint);
  });
  const auto tell_job = [&stream = *parts.stream](const access::Actor& actor,
                                                  const std::string& job) {
    stream.tell_job(actor, job);
  };
  parts.exports = std::make_unique<evidence::Exports>(
      *parts.database, *parts.signer,
      evidence::Neighbours{.members = contacts::members, .contact_name = contacts::name_of},
      tell_job, options.data + "/exports", clock);
  parts.imports = std::make_unique<transfer::Imports>(*parts.database, tell_job,
                                                      options.data + "/imports", clock);
  parts.routes = all_routes(*parts.stream, *parts.signer, *parts.exports, *parts.imports, clock);
  http::Router router;
  for (const access::Route& route : parts.routes) router.add(parts.gate->bind(route));
  add_operation_routes(router, *parts.database);
  for (http::Route& route : web_routes()) router.add(std::move(route));
  parts.server = std::make_unique<http::Server>(
      http::ServerOptions{.host = address.host,
                          .port = address.port,
                          .tls_certificate_file = options.tls_certificate,
                          .tls_key_file = options.tls_key,
                          .handlers = options.handlers,
                          .handlers_running = readers,
                          .queue_wait_ms = options.queue_wait_ms,
                          .queue_late_ms = 2 * options.queue_wait_ms},
      std::move(router));
  parts.server->start();
  parts.housekeeper = std::thread([&parts, &clock] { parts.keep_house(clock); });
}

Instance::~Instance() { stop(); }

void Instance::stop() {
  {
    const std::lock_guard lock(parts_->mutex);
    if (parts_->stopping) return;
    parts_->stopping = true;
  }
  parts_->stopped.notify_all();
  parts_->housekeeper.join();
  parts_->server->stop();
  parts_->exports->stop();
  parts_->imports->stop();
  parts_->announcer->stop();
  parts_->stream.reset();
}

std::uint16_t Instance::port() const { return parts_->server->port(); }

std::string Instance::url() const {
  const bool v6 = parts_->host.find(':') != std::string::npos;
  return std::string(parts_->tls ? "https://" : "http://") +
         (v6 ? "[" + parts_->host + "]" : parts_->host) + ":" + std::to_string(port());
}

const std::vector<access::Route>& Instance::routes() const { return parts_->routes; }

int serve(const ServeOptions& options) {
  // Blocked in this thread and so in all that it starts; sigwait() below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  Instance instance(options);
  const std::string url = instance.url();
  base::log(base::Level::kInfo, "listening", {{"url", std::string_view(url)}});
  std::printf("Annals listens at %s\n", url.c_str());
  std::fflush(stdout);
  int received = 0;
  sigwait(&signals, &received);
  base::log(base::Level::kInfo, "stopping", {{"signal", std::int64_t{received}}});
  instance.stop();
  return 0;
}

}  // namespace annals::app
