#include "app/stream.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/events.h"
#include "http/message.h"
#include "http/metrics.h"

namespace annals::app {

namespace limits = base::limits;

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kRowsMax = 500;  // of one look at the journal
// What a client that comes back gets at most: beyond this it is better off to read its page again.
constexpr std::int64_t kMissedMax = 10'000;
constexpr milliseconds kRetry{500};          // after the database was away or busy
constexpr milliseconds kCatchingUp{20};      // for those who do, to take what they were sent
constexpr std::size_t kClientsAtOnce = 256;  // to be told, then a breath: the thread of the sockets
constexpr milliseconds kBreath{5};           // has others to answer, too

/// A credential, and what it lets see as of the last look at it; one for all who follow with it.
struct Reader {
  access::Actor actor;
  std::optional<catalog::Sight> sight;  // nothing: it is no longer let in
};

struct Client {
  std::uint64_t number = 0;
  std::shared_ptr<Reader> reader;
  std::optional<base::Id> contact;
  std::shared_ptr<http::EventSink> sink;
  std::int64_t sent = 0;  // journal position
};
using Clients = std::vector<std::shared_ptr<Client>>;

/// What is told to one actor's clients alone.
struct Message {
  access::Actor actor;
  std::string text;
};

struct Told {
  entries::Event event;
  std::vector<base::Id> shown_by;  // where some follow single contacts
  std::string text;
};

/// A part of the journal, as it is sent.
struct Look {
  std::vector<Told> rows;
  std::int64_t until = 0;  // journal position
};

std::string key_of(const access::Actor& actor) {
  return std::to_string(static_cast<int>(actor.kind)) + actor.id.text() + actor.session;
}

void renew(db::Tx& tx, Reader& reader) {
  const auto actor = access::renewed(tx, reader.actor);
  reader.sight.reset();
  if (!actor || !actor->may(access::Permission::kEntriesRead)) return;
  reader.actor = *actor;
  reader.sight = catalog::sight(tx, *actor);
}

void renew(db::Tx& tx, const Clients& clients) {
  std::set<Reader*> readers;
  for (const auto& client : clients) readers.insert(client->reader.get());
  for (Reader* reader : readers) renew(tx, *reader);
}

/// What follows on the least that any of `clients` has, and what their readers may see now.
Look look(db::Tx& tx, const Clients& clients) {
  std::int64_t after = clients.front()->sent;
  bool by_contact = false;
  for (const auto& client : clients) {
    after = std::min(after, client->sent);
    by_contact = by_contact || client->contact;
  }
  Look look;
  look.until = entries::journal_end(tx);
  std::vector<entries::Event> events = entries::events_after(tx, after, kRowsMax);
  if (events.empty()) return look;
  renew(tx, clients);
  const bool all = static_cast<std::int64_t>(events.size()) < kRowsMax;
  look.until = all ? std::max(look.until, events.back().pos) : events.back().pos;
  std::map<base::Id, std::vector<base::Id>> shown_by;
  for (entries::Event& event : events) {
    if (event.data.empty()) continue;
    Told& told = look.rows.emplace_back();
    if (by_contact) {
      const auto [it, is_new] = shown_by.try_emplace(event.contact);
      if (is_new) it->second = contacts::shown_by(tx, event.contact);
      told.shown_by = it->second;
    }
    told.text = http::event_text({std::to_string(event.pos), event.name, event.data});
    told.event = std::move(event);
  }
  return look;
}

/// What is sent to the clients of one look: made once for all who get the same.
class Texts {
 public:
  explicit Texts(const Look& look) : look_(look) {}

  const std::string& of(const Client& client) {
    const auto [it, is_new] =
        texts_.try_emplace({client.reader.get(), client.contact.value_or(base::Id{}), client.sent});
    if (!is_new) return it->second;
    for (const Told* told : seen_by(*client.reader)) {
      if (told->event.pos <= client.sent) continue;
      if (client.contact && std::find(told->shown_by.begin(), told->shown_by.end(),
                                      *client.contact) == told->shown_by.end()) {
        continue;
      }
      it->second += told->text;
    }
    return it->second;
  }

 private:
  const std::vector<const Told*>& seen_by(const Reader& reader) {
    const auto [it, is_new] = seen_.try_emplace(&reader);
    if (!is_new) return it->second;
    for (const Told& told : look_.rows) {
      if (entries::may_see(*reader.sight, told.event)) it->second.push_back(&told);
    }
    return it->second;
  }

  const Look& look_;
  std::map<const Reader*, std::vector<const Told*>> seen_;
  std::map<std::tuple<const Reader*, base::Id, std::int64_t>, std::string> texts_;
};

}  // namespace

struct Stream::Hub {
  enum class Outcome { kAllTold, kMore, kFailed };

  db::Database& database;
  std::mutex mutex;
  std::condition_variable moved;
  std::map<std::uint64_t, std::shared_ptr<Client>> clients;
  std::map<std::string, std::weak_ptr<Reader>> readers;  // by credential
  http::Counter looks =
      http::counter("annals_stream_looks_total", "Looks at the journal for all who follow it.");
  std::vector<Message> messages;
  std::uint64_t next_client = 1;
  bool wake = false;  // there may be something to tell
  bool stopping = false;
  std::thread thread{};

  explicit Hub(db::Database& with) : database(with) {}

  // ---- from any thread ----

  std::shared_ptr<Reader> reader_of(const access::Actor& actor) {
    const std::string key = key_of(actor);
    const std::lock_guard lock(mutex);
    auto reader = readers[key].lock();
    if (reader) return reader;
    reader = std::make_shared<Reader>(Reader{actor, std::nullopt});
    readers[key] = reader;
    return reader;
  }

  void open(const std::shared_ptr<Client>& client) {
    {
      const std::lock_guard lock(mutex);
      client->number = next_client++;
      clients.emplace(client->number, client);
      wake = true;  // for what came since the end was looked up
    }
    moved.notify_one();
  }

  void close(const Client& client) {
    const std::lock_guard lock(mutex);
    clients.erase(client.number);
  }

  void add(Message message) {
    {
      const std::lock_guard lock(mutex);
      if (clients.empty()) return;
      messages.push_back(std::move(message));
      wake = true;
    }
    moved.notify_one();
  }

  // ---- on the thread ----

  void run() {
    base::name_thread("stream");
    Outcome outcome = Outcome::kAllTold;
    base::Micros check_at = 0;
    while (wait(outcome, check_at)) {
      const base::Micros now = base::system_clock().steady();
      const bool check = now >= check_at;
      if (check) check_at = now + limits::kStreamAccessCheckMs * 1'000;
      outcome = Outcome::kAllTold;
      pass_on_messages();
      for (const auto& [business, list] : by_business()) {
        outcome = std::max(outcome, serve(business, list, check));
      }
      if (check) forget_readers();
    }
  }

  // False where it is over.
  bool wait(Outcome outcome, base::Micros check_at) {
    std::unique_lock lock(mutex);
    if (outcome != Outcome::kAllTold) {
      const auto pause = outcome == Outcome::kMore ? kCatchingUp : kRetry;
      moved.wait_for(lock, pause, [this] { return stopping; });
    } else if (clients.empty()) {
      moved.wait(lock, [this] { return stopping || wake; });
    } else {
      const std::chrono::microseconds left(check_at - base::system_clock().steady());
      moved.wait_for(lock, left, [this] { return stopping || wake; });
    }
    wake = false;
    return !stopping;
  }

  std::map<db::BusinessKey, Clients> by_business() {
    std::map<db::BusinessKey, Clients> sorted;
    const std::lock_guard lock(mutex);
    for (const auto& [number, client] : clients) {
      sorted[client->reader->actor.business].push_back(client);
    }
    return sorted;
  }

  void pass_on_messages() {
    std::vector<Message> all;
    {
      const std::lock_guard lock(mutex);
      all.swap(messages);
    }
    if (all.empty()) return;
    for (const auto& [business, list] : by_business()) {
      for (const auto& client : list) {
        for (const Message& message : all) {
          if (message.actor.is(client->reader->actor)) client->sink->send(message.text);
        }
      }
    }
  }

  void forget_readers() {
    const std::lock_guard lock(mutex);
    std::erase_if(readers, [](const auto& reader) { return reader.second.expired(); });
  }

  Outcome serve(db::BusinessKey business, const Clients& list, bool check) {
    try {
      if (check) check_access(business, list);
      return tell(business, list);
    } catch (const base::Error& error) {
      if (error.code() == base::Code::kUnavailable) {
        base::log(base::Level::kWarn, "followers could not be told; it is tried again");
        return Outcome::kFailed;
      }
      base::log(base::Level::kWarn, "followers could not be served");
      for (const auto& client : list) end(*client);
      return Outcome::kAllTold;
    }
  }

  void check_access(db::BusinessKey business, const Clients& list) {
    database.read_as_is(business, [&](db::Tx& tx) { renew(tx, list); });
    for (const auto& client : list) {
      if (!client->reader->sight) end(*client);
    }
  }

  // Brings the clients on: those near the journal's end to it, in one look for all; of those that
  // are far behind, who has taken what was sent, a look's length.
  Outcome tell(db::BusinessKey business, const Clients& list) {
    const std::int64_t end = database.read_as_is(business, entries::journal_end);
    Clients near;
    Clients far;
    bool waiting = false;
    for (const auto& client : list) {
      if (client->sent >= end) continue;
      if (end - client->sent <= kRowsMax) {
        near.push_back(client);
      } else if (client->sink->drained()) {
        far.push_back(client);
      } else {
        waiting = true;
      }
    }
    for (const Clients* some : {&near, &far}) {
      if (some->empty()) continue;
      looks.add();
      deliver(*some, database.read(business, [&](db::Tx& tx) { return look(tx, *some); }));
    }
    return far.empty() && !waiting ? Outcome::kAllTold : Outcome::kMore;
  }

  void deliver(const Clients& list, const Look& look) {
    Texts texts(look);
    std::size_t sent = 0;
    for (const auto& client : list) {
      if (!look.rows.empty() && !client->reader->sight) {
        end(*client);
        continue;
      }
      const std::string& text = texts.of(*client);
      client->sent = std::max(client->sent, look.until);
      if (text.empty()) continue;
      if (!client->sink->send(text)) close(*client);
      if (++sent % kClientsAtOnce == 0) breathe();
    }
  }

  void breathe() {
    std::unique_lock lock(mutex);
    moved.wait_for(lock, kBreath, [this] { return stopping; });
  }

  void end(const Client& client) {
    client.sink->end();
    close(client);
  }
};

namespace {

std::optional<std::int64_t> last_event_id(const http::Request& request) {
  const std::string_view text = request.header("last-event-id");
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

Stream::Stream(db::Database& database) : hub_(std::make_shared<Hub>(database)) {
  database.on_journal([weak = std::weak_ptr(hub_)](std::int64_t) {
    const auto hub = weak.lock();
    if (!hub) return;
    {
      const std::lock_guard lock(hub->mutex);
      hub->wake = true;
    }
    hub->moved.notify_one();
  });
  hub_->thread = std::thread([hub = hub_.get()] { hub->run(); });
}

Stream::~Stream() {
  {
    const std::lock_guard lock(hub_->mutex);
    hub_->stopping = true;
  }
  hub_->moved.notify_one();
  hub_->thread.join();
}

void Stream::tell_job(const access::Actor& actor, const std::string& data) {
  hub_->add({actor, http::event_text({"", "job", data})});
}

access::Routes Stream::routes() {
  const auto follow = [hub = hub_](const access::Call& call) {
    access::only_query(call.request, {"contact"});
    auto client = std::make_shared<Client>();
    if (const auto contact = call.request.query_value("contact")) {
      client->contact = base::parse_id(*contact);
      if (!client->contact) throw base::malformed("contact", "id", "This is no id.");
    }
    const std::int64_t end = call.read([&](db::Tx& tx) {
      if (client->contact) static_cast<void>(contacts::members(tx, *client->contact));
      return entries::journal_end(tx);
    });
    const std::int64_t missed = last_event_id(call.request).value_or(end);
    client->sent = std::max(std::min(missed, end), end - kMissedMax);
    client->reader = hub->reader_of(call.actor);
    auto events = std::make_shared<http::EventSource>();
    events->open = [hub, client](std::shared_ptr<http::EventSink> sink) {
      client->sink = std::move(sink);
      hub->open(client);
    };
    events->close = [hub, client] { hub->close(*client); };
    http::Response response;
    response.events = std::move(events);
    return response;
  };
  return {{http::Method::kGet, "/stream", access::Permission::kEntriesRead, follow}};
}

}  // namespace annals::app
