#include "evidence/announce.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "db/db.h"
#include "evidence/retry_queue.h"
#include "http/client.h"
#include "ledger/signer.h"
#include "ledger/stamps.h"
#include "tlog/stamp.h"

namespace annals::evidence {
namespace {

constexpr std::string_view kNoteType = "text/plain; charset=utf-8";
constexpr std::int64_t kRequestMs = 10'000;
constexpr std::size_t kWebhookReplyBytesMax = std::size_t{64} << 10;  // which nobody reads

void check_address(const std::string& url, const char* option) {
  if (url.empty() || http::is_web_address(url)) return;
  throw base::invalid(option, "address", "must be an address, http://… or https://…");
}

base::Error refused(const std::string& why) { return {base::Code::kUnavailable, why}; }

struct Checkpoint {
  ledger::Log log;
  ledger::SignedCheckpoint signed_one;

  /// As it stands in its note: "annals/<business> 123".
  [[nodiscard]] std::string name() const {
    return ledger::origin(log.id, signed_one.epoch) + " " + std::to_string(signed_one.size);
  }
};

}  // namespace

struct Announcer::Parts {
  Parts(db::Database& database_given, AnnounceOptions options_given)
      : database(database_given), options(std::move(options_given)) {
    if (!options.timestamp_authority.empty()) stamps.emplace("time stamps", RetryPace{});
    if (!options.webhook.empty()) webhook.emplace("webhook", RetryPace{});
  }

  void add_stamp(const Checkpoint& checkpoint) {
    if (!stamps) return;
    stamps->add(
        {.name = checkpoint.name(), .work = [this, checkpoint](const std::atomic<bool>& stopping) {
           stamp(checkpoint, stopping);
         }});
  }
  void tell(const Checkpoint& checkpoint) {
    if (!webhook) return;
    webhook->add(
        {.name = checkpoint.name(), .work = [this, checkpoint](const std::atomic<bool>& stopping) {
           send(checkpoint, kNoteType, checkpoint.signed_one.note, stopping);
         }});
  }
  void tell_stamp(const Checkpoint& checkpoint, const base::Bytes& stamp) {
    if (!webhook) return;
    webhook->add({.name = "stamp of " + checkpoint.name(),
                  .work = [this, checkpoint, stamp](const std::atomic<bool>& stopping) {
                    send(checkpoint, tlog::kStampReplyType, base::as_text(stamp), stopping);
                  }});
  }

  void stamp(const Checkpoint& checkpoint, const std::atomic<bool>& stopping);
  [[nodiscard]] base::Bytes new_stamp(const Checkpoint& checkpoint,
                                      const std::atomic<bool>& stopping);
  void send(const Checkpoint& checkpoint, std::string_view type, std::string_view body,
            const std::atomic<bool>& stopping) const;

  db::Database& database;
  const AnnounceOptions options;
  // In this order: a stamp that just came may still go to the webhook's queue.
  std::optional<RetryQueue> webhook;
  std::optional<RetryQueue> stamps;
};

// The stamp may be in the database, and its file not yet be there.
void Announcer::Parts::stamp(const Checkpoint& checkpoint, const std::atomic<bool>& stopping) {
  const ledger::SignedCheckpoint& made = checkpoint.signed_one;
  std::optional<ledger::CheckpointStamp> known = database.read_as_is(
      checkpoint.log.business, [&](db::Tx& tx) { return ledger::stamp_of(tx, made); });
  base::Bytes stamp = known ? std::move(known->response) : new_stamp(checkpoint, stopping);
  if (!options.checkpoints.empty()) {
    base::write_file(ledger::published_path(options.checkpoints, checkpoint.log.id, made, ".tsr"),
                     std::string(base::as_text(stamp)));
  }
}

base::Bytes Announcer::Parts::new_stamp(const Checkpoint& checkpoint,
                                        const std::atomic<bool>& stopping) {
  const ledger::SignedCheckpoint& made = checkpoint.signed_one;
  const base::Bytes request = tlog::stamp_request(made.note, base::system_random());
  const http::WebReply reply = http::post({.url = options.timestamp_authority,
                                           .content_type = std::string(tlog::kStampRequestType),
                                           .body = std::string(base::as_text(request)),
                                           .reply_bytes_max = tlog::kStampBytesMax,
                                           .deadline_ms = kRequestMs,
                                           .give_up = &stopping});
  if (reply.status != 200) throw refused("It answers " + std::to_string(reply.status) + ".");
  const std::string fault = tlog::stamp_fault(request, base::as_bytes(reply.body));
  if (!fault.empty()) throw refused("What it answers is no stamp of this: " + fault + ".");
  const base::ByteSpan bytes = base::as_bytes(reply.body);
  base::Bytes stamp(bytes.begin(), bytes.end());
  database.write(checkpoint.log.business, [&](db::Tx& tx) { ledger::keep_stamp(tx, made, stamp); });
  tell_stamp(checkpoint, stamp);
  return stamp;
}

void Announcer::Parts::send(const Checkpoint& checkpoint, std::string_view type,
                            std::string_view body, const std::atomic<bool>& stopping) const {
  const http::WebReply reply = http::post({.url = options.webhook,
                                           .content_type = std::string(type),
                                           .body = std::string(body),
                                           .headers = {{"Annals-Checkpoint", checkpoint.name()}},
                                           .reply_bytes_max = kWebhookReplyBytesMax,
                                           .deadline_ms = kRequestMs,
                                           .give_up = &stopping});
  if (reply.status < 200 || reply.status > 299) {
    throw refused("It answers " + std::to_string(reply.status) + ".");
  }
}

Announcer::Announcer(db::Database& database, const AnnounceOptions& options) {
  check_address(options.timestamp_authority, "timestamp-authority");
  check_address(options.webhook, "checkpoint-webhook");
  parts_ = std::make_unique<Parts>(database, options);
}

Announcer::~Announcer() { stop(); }

void Announcer::announce(const ledger::Log& log, const ledger::SignedCheckpoint& checkpoint) {
  const Checkpoint one{.log = log, .signed_one = checkpoint};
  parts_->tell(one);
  parts_->add_stamp(one);
}

void Announcer::catch_up(const std::vector<access::Business>& businesses) {
  if (!parts_->stamps) return;
  for (const access::Business& business : businesses) {
    const auto last = parts_->database.read_as_is(
        business.key, [](db::Tx& tx) -> std::optional<ledger::SignedCheckpoint> {
          auto found = ledger::last_checkpoint(tx);
          if (found && ledger::stamp_of(tx, *found)) return std::nullopt;
          return found;
        });
    if (last) parts_->add_stamp({.log = {business.key, business.id}, .signed_one = *last});
  }
}

void Announcer::stop() {
  if (!parts_) return;
  if (parts_->stamps) parts_->stamps->stop();
  if (parts_->webhook) parts_->webhook->stop();
}

}  // namespace annals::evidence
