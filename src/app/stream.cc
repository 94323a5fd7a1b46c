#include "app/stream.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "contacts/contacts.h"
#include "db/db.h"
#include "entries/events.h"
#include "http/message.h"

namespace annals::app {
namespace {

// Rows of one look at the journal, and what a client that comes back gets at most: beyond this it
// is better off to read its page again.
constexpr std::int64_t kRowsMax = 1'000;
constexpr std::int64_t kMissedMax = 10'000;
constexpr std::int64_t kRetryMs = 500;  // after the database was away or busy

struct Client {
  access::Actor actor;
  std::optional<base::Id> contact;
  http::EventSource::Send send;
  std::int64_t sent = 0;  // journal position
};

}  // namespace

struct Stream::Hub {
  db::Database& database;
  std::mutex mutex;
  std::condition_variable moved;
  std::map<std::uint64_t, std::shared_ptr<Client>> clients;
  std::uint64_t next_client = 1;
  bool wake = false;  // there may be something to tell
  bool stopping = false;
  std::thread thread{};

  explicit Hub(db::Database& with) : database(with) {}

  void run() {
    bool all_told = true;
    while (true) {
      {
        std::unique_lock lock(mutex);
        if (all_told) {
          moved.wait(lock, [this] { return stopping || wake; });
        } else {
          moved.wait_for(lock, std::chrono::milliseconds(kRetryMs), [this] { return stopping; });
        }
        if (stopping) return;
        wake = false;
      }
      all_told = tell();
    }
  }

  std::map<db::BusinessKey, std::vector<std::pair<std::uint64_t, std::shared_ptr<Client>>>>
  by_business() {
    std::map<db::BusinessKey, std::vector<std::pair<std::uint64_t, std::shared_ptr<Client>>>>
        sorted;
    const std::lock_guard lock(mutex);
    for (const auto& [number, client] : clients) {
      sorted[client->actor.business].emplace_back(number, client);
    }
    return sorted;
  }

  // Brings every client to the journal's end; false where that is to be tried again.
  bool tell() {
    for (const auto& [business, list] : by_business()) {
      try {
        const std::int64_t end = database.read(business, entries::journal_end);
        for (const auto& [number, client] : list) {
          if (client->sent >= end || serve(*client)) continue;
          const std::lock_guard lock(mutex);
          clients.erase(number);
        }
      } catch (const base::Error&) {
        base::log(base::Level::kWarn, "followers could not be told; it is tried again");
        return false;
      }
    }
    return true;
  }

  // As catch_up(). Only what passes by itself is thrown.
  bool serve(Client& client) {
    try {
      return catch_up(client);
    } catch (const base::Error& error) {
      if (error.code() == base::Code::kUnavailable) throw;
      base::log(base::Level::kWarn, "a stream could not be served");
      return false;
    }
  }

  // Sends what the client has not; false where it is gone, or not let in any more.
  bool catch_up(Client& client) {
    while (true) {
      const std::optional<std::vector<entries::Event>> found =
          database.read(client.actor.business, [&](db::Tx& tx) {
            const auto actor = access::renewed(tx, client.actor);
            if (!actor || !actor->may(access::Permission::kEntriesRead)) {
              return std::optional<std::vector<entries::Event>>();
            }
            client.actor = *actor;
            std::vector<base::Id> members;
            if (client.contact) members = contacts::members(tx, *client.contact);
            return std::optional(
                entries::events_after(tx, client.actor, members, client.sent, kRowsMax));
          });
      if (!found) return false;
      for (const entries::Event& event : *found) {
        client.sent = event.pos;
        if (event.data.empty()) continue;  // not for this client
        if (!client.send({std::to_string(event.pos), event.name, event.data})) return false;
      }
      if (static_cast<std::int64_t>(found->size()) < kRowsMax) return true;
    }
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

access::Routes Stream::routes() {
  const auto follow = [hub = hub_](const access::Call& call) {
    access::only_query(call.request, {"contact"});
    auto client = std::make_shared<Client>();
    client->actor = call.actor;
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
    auto events = std::make_shared<http::EventSource>();
    auto number = std::make_shared<std::uint64_t>(0);
    events->open = [hub, client, number](http::EventSource::Send send) {
      client->send = std::move(send);
      {
        const std::lock_guard lock(hub->mutex);
        *number = hub->next_client++;
        hub->clients.emplace(*number, client);
        hub->wake = true;  // for what came since the end was looked up
      }
      hub->moved.notify_one();
    };
    events->close = [hub, number] {
      const std::lock_guard lock(hub->mutex);
      hub->clients.erase(*number);
    };
    http::Response response;
    response.events = std::move(events);
    return response;
  };
  return {{http::Method::kGet, "/stream", access::Permission::kEntriesRead, follow}};
}

}  // namespace annals::app
