#include "entries/delivery.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/limits.h"
#include "entries/draft.h"
#include "entries/record.h"
#include "entries/record_text.h"

namespace annals::entries {
namespace {

constexpr std::string_view kKind = "delivery";

// From what says least to what is worst.
constexpr std::array<std::string_view, 9> kStatuses = {"awaiting_send", "sent",    "delivered",
                                                       "unopened",      "opened",  "clicked",
                                                       "failed",        "bounced", "complained"};
constexpr std::array<std::string_view, 5> kOfSms = {"awaiting_send", "sent", "delivered",
                                                    "unopened", "failed"};
constexpr std::array<std::string_view, 3> kOfPush = {"awaiting_send", "sent", "failed"};
constexpr std::array<std::string_view, 4> kOfMail = {"awaiting_send", "sent", "delivered",
                                                     "failed"};

template <class List>
bool holds(const List& list, std::string_view status) {
  return std::find(list.begin(), list.end(), status) != list.end();
}

// 0 for no status.
std::size_t rank(std::string_view status) {
  const auto* const at = std::find(kStatuses.begin(), kStatuses.end(), status);
  return at == kStatuses.end() ? 0 : static_cast<std::size_t>(at - kStatuses.begin()) + 1;
}

bool is_of_person(std::string_view status) { return status == "opened" || status == "clicked"; }

std::optional<base::Id> id_of(std::string_view written) {
  return base::parse_id(base::json_string(written));
}

}  // namespace

// The members stand in the order of their names, which RFC 8785 asks for.
std::string serialise(const Delivery& delivery) {
  base::JsonWriter out;
  out.begin_object()
      .member("business", delivery.business.text())
      .member("contact", delivery.contact.text())
      .member("event", delivery.id.text())
      .member("id", delivery.entry.text())
      .member("kind", kKind);
  if (delivery.machine) out.member("machine", true);
  out.member("occurred_at", delivery.occurred_at);
  if (!delivery.reason.empty()) out.member("reason", delivery.reason);
  out.member("recorded_at", delivery.recorded_at);
  write_recorded_by(out, delivery.recorded_by);
  if (!delivery.source_id.empty()) out.member("source_id", delivery.source_id);
  out.member("status", delivery.status).member("v", kRecordLayout).end_object();
  return out.take();
}

Delivery parse_delivery(std::string_view text) {
  Delivery delivery;
  bool is_delivery = false;
  base::JsonScan scan(text);
  while (scan.next_member()) {
    const std::string_view name = scan.key();
    const std::string_view value = scan.value();
    if (name == "business") delivery.business = id_of(value).value_or(base::Id{});
    if (name == "contact") delivery.contact = id_of(value).value_or(base::Id{});
    if (name == "event") delivery.id = id_of(value).value_or(base::Id{});
    if (name == "id") delivery.entry = id_of(value).value_or(base::Id{});
    if (name == "kind") is_delivery = base::json_string(value) == kKind;
    if (name == "machine") delivery.machine = value == "true";
    if (name == "occurred_at") delivery.occurred_at = base::json_integer(value).value_or(0);
    if (name == "reason") delivery.reason = base::json_string(value);
    if (name == "recorded_at") delivery.recorded_at = base::json_integer(value).value_or(0);
    if (name == "recorded_by") delivery.recorded_by = read_recorded_by(value);
    if (name == "source_id") delivery.source_id = base::json_string(value);
    if (name == "status") delivery.status = base::json_string(value);
  }
  if (!is_delivery) {
    throw base::Error(base::Code::kInternal, "A record of the journal is no delivery event.");
  }
  return delivery;
}

DeliveryDraft parse_delivery_draft(const base::Json& json) {
  base::Fields body(json);
  DeliveryDraft draft;
  draft.status = body.text("status", {.required = true}).value_or("");
  if (!draft.status.empty() && !is_status(draft.status)) {
    body.fail("status", "status",
              "This is no status; use awaiting_send, sent, delivered, unopened, opened, clicked, "
              "bounced, complained or failed.");
  }
  draft.reason =
      body.text("reason", {.multiline = true, .chars_max = base::limits::kDeliveryReasonCharsMax})
          .value_or("");
  draft.machine = body.boolean("machine").value_or(false);
  if (draft.machine && !is_of_person(draft.status)) {
    body.fail("machine", "machine", "Only what was opened or clicked can be a machine's doing.");
  }
  draft.occurred_at = occurred_at_of(body);
  draft.source_id =
      body.text("source_id", {.chars_max = base::limits::kSourceIdCharsMax}).value_or("");
  body.finish();
  draft.canonical = json.canonical();
  return draft;
}

bool is_status(std::string_view status) { return holds(kStatuses, status); }

bool is_sent_by(std::string_view method) {
  return method == "email" || method == "sms" || method == "push" || method == "mail";
}

bool is_status_of(std::string_view method, std::string_view status) {
  if (method == "email") return is_status(status);
  if (method == "sms") return holds(kOfSms, status);
  if (method == "push") return holds(kOfPush, status);
  return method == "mail" && holds(kOfMail, status);
}

std::string_view status_after(std::string_view before, std::string_view status, bool machine) {
  if (machine) return before;
  return rank(status) > rank(before) ? status : before;
}

}  // namespace annals::entries
