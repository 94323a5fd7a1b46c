// The types that work out of the box: PRODUCT.md §1 in full.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "catalog/catalog.h"
#include "catalog/store.h"

namespace annals::catalog {
namespace {

// name, category, method, direction, status, title; ordered by name, which a test checks.
constexpr Type kTypes[] = {
    {"account.created", "account", "web", "inbound", "", "Account created"},
    {"account.file_uploaded", "account", "web", "inbound", "", "File uploaded by the client"},
    {"account.message_posted", "account", "web", "inbound", "", "Message posted by the client"},
    {"account.password_sent", "account", "email", "outbound", "", "Password sent"},
    {"account.signed_in", "account", "web", "inbound", "", "Client signed in"},

    {"appointment.booked", "appointments", "", "", "", "Appointment booked"},
    {"appointment.canceled", "appointments", "", "", "", "Appointment canceled"},
    {"appointment.changed", "appointments", "", "", "", "Appointment changed"},
    {"appointment.completed", "appointments", "in_person", "inbound", "", "Appointment completed"},
    {"appointment.confirmation_sent", "appointments", "email", "outbound", "",
     "Appointment confirmation sent"},
    {"appointment.no_show", "appointments", "", "", "", "Client did not come"},
    {"appointment.participant_removed", "appointments", "", "internal", "",
     "Participant removed from the appointment"},
    {"appointment.reminder_sent", "appointments", "email", "outbound", "",
     "Appointment reminder sent"},
    {"appointment.waitlist_confirmed", "appointments", "email", "outbound", "",
     "Confirmed from the waiting list"},
    {"appointment.waitlist_left", "appointments", "", "", "", "Left the waiting list"},
    {"appointment.waitlisted", "appointments", "", "", "", "Put on the waiting list"},

    {"birthday.sent", "marketing", "email", "outbound", "", "Birthday greeting sent"},

    {"call", "notes", "phone", "", "", "Call"},

    {"campaign.added", "marketing", "", "internal", "", "Added to a campaign"},
    {"campaign.sent", "marketing", "email", "outbound", "", "Campaign message sent"},

    {"cancellation.confirmed", "contracts", "", "outbound", "", "Cancellation confirmed"},
    {"cancellation.received", "contracts", "", "inbound", "", "Cancellation received"},

    {"consent.signed", "documents", "", "inbound", "", "Consent signed"},
    {"consent.withdrawn", "documents", "", "inbound", "", "Consent withdrawn"},

    {"contact.changed", "profile", "", "internal", "", "Contact changed"},
    {"contact.created", "profile", "", "internal", "", "Contact created"},
    {"contact.erased", "data_protection", "", "internal", "", "Contact erased"},
    {"contact.exported", "data_protection", "", "internal", "", "Contact exported"},
    {"contact.merged", "data_protection", "", "internal", "", "Contacts merged"},
    {"contact.restricted", "data_protection", "", "internal", "", "Processing restricted"},
    {"contact.unmerged", "data_protection", "", "internal", "", "Merge undone"},

    {"contract.changed", "contracts", "", "internal", "", "Contract changed"},
    {"contract.created", "contracts", "", "internal", "", "Contract created"},
    {"contract.deleted", "contracts", "", "internal", "", "Contract deleted"},
    {"contract.ended", "contracts", "", "internal", "", "Contract ended"},
    {"contract.service_added", "contracts", "", "internal", "", "Additional service added"},
    {"contract.service_changed", "contracts", "", "internal", "", "Additional service changed"},
    {"contract.service_removed", "contracts", "", "internal", "", "Additional service removed"},

    {"document.printed", "documents", "", "internal", "", "Document printed"},
    {"document.uploaded", "documents", "", "internal", "", "Document uploaded"},

    {"email.bounced", "messages", "email", "outbound", "bounced", "E-mail bounced"},
    {"email.clicked", "messages", "email", "outbound", "clicked", "Link in an e-mail clicked"},
    {"email.complained", "messages", "email", "outbound", "complained",
     "E-mail reported as unwanted"},
    {"email.delivered", "messages", "email", "outbound", "delivered", "E-mail delivered"},
    {"email.failed", "messages", "email", "outbound", "failed", "E-mail not sent"},
    {"email.opened", "messages", "email", "outbound", "opened", "E-mail opened"},
    {"email.received", "messages", "email", "inbound", "", "E-mail received"},
    {"email.sent", "messages", "email", "outbound", "sent", "E-mail sent"},

    {"invoice.created", "payments", "", "internal", "", "Invoice created"},
    {"invoice.sent", "payments", "email", "outbound", "", "Invoice sent"},
    {"invoice.voided", "payments", "", "internal", "", "Invoice voided"},

    {"lead.contacted", "marketing", "", "outbound", "", "Lead contacted"},
    {"lead.converted", "marketing", "", "internal", "", "Lead became a client"},
    {"lead.created", "marketing", "", "inbound", "", "Lead created"},
    {"lead.lost", "marketing", "", "internal", "", "Lead lost"},

    {"letter.delivered", "messages", "mail", "outbound", "delivered", "Letter delivered"},
    {"letter.failed", "messages", "mail", "outbound", "failed", "Letter came back"},
    {"letter.received", "messages", "mail", "inbound", "", "Letter received"},
    {"letter.sent", "messages", "mail", "outbound", "sent", "Letter sent"},

    {"meeting", "notes", "in_person", "", "", "Meeting"},

    {"newsletter.bounced", "messages", "email", "outbound", "bounced", "Newsletter bounced"},
    {"newsletter.clicked", "messages", "email", "outbound", "clicked",
     "Link in a newsletter clicked"},
    {"newsletter.complained", "messages", "email", "outbound", "complained",
     "Newsletter reported as unwanted"},
    {"newsletter.delivered", "messages", "email", "outbound", "delivered", "Newsletter delivered"},
    {"newsletter.failed", "messages", "email", "outbound", "failed", "Newsletter not sent"},
    {"newsletter.opened", "messages", "email", "outbound", "opened", "Newsletter opened"},
    {"newsletter.sent", "messages", "email", "outbound", "sent", "Newsletter sent"},
    {"newsletter.subscribed", "messages", "web", "inbound", "", "Newsletter subscribed"},
    {"newsletter.unsubscribed", "messages", "web", "inbound", "", "Newsletter unsubscribed"},

    {"note", "notes", "", "internal", "", "Note"},

    {"pause.changed", "contracts", "", "internal", "", "Pause changed"},
    {"pause.confirmed", "contracts", "", "outbound", "", "Pause confirmed"},
    {"pause.deleted", "contracts", "", "internal", "", "Pause deleted"},

    {"payment.failed", "payments", "", "inbound", "", "Payment failed"},
    {"payment.refunded", "payments", "", "outbound", "", "Payment refunded"},
    {"payment.taken", "payments", "", "inbound", "", "Payment taken"},

    // What is known of a push message ends with "sent" (PRODUCT.md §4); later news do not add to
    // it.
    {"push.clicked", "messages", "push", "outbound", "sent", "Push message clicked"},
    {"push.delivered", "messages", "push", "outbound", "sent", "Push message delivered"},
    {"push.failed", "messages", "push", "outbound", "failed", "Push message not sent"},
    {"push.opened", "messages", "push", "outbound", "sent", "Push message opened"},
    {"push.sent", "messages", "push", "outbound", "sent", "Push message sent"},

    {"sms.delivered", "messages", "sms", "outbound", "delivered", "Text message delivered"},
    {"sms.failed", "messages", "sms", "outbound", "failed", "Text message not sent"},
    {"sms.received", "messages", "sms", "inbound", "", "Text message received"},
    {"sms.sent", "messages", "sms", "outbound", "sent", "Text message sent"},

    {"status.changed", "profile", "", "internal", "", "Status changed"},

    {"stay.booked", "appointments", "", "", "", "Stay booked"},
    {"stay.checked_in", "appointments", "in_person", "inbound", "", "Checked in"},
    {"stay.checked_out", "appointments", "in_person", "inbound", "", "Checked out"},

    {"task.canceled", "tasks", "", "internal", "", "Task canceled"},
    {"task.completed", "tasks", "", "internal", "", "Task completed"},
    {"task.created", "tasks", "", "internal", "", "Task created"},

    {"visit", "notes", "in_person", "inbound", "", "Visit"},
};

constexpr std::string_view kCategories[] = {"contracts", "appointments",    "payments", "messages",
                                            "notes",     "documents",       "tasks",    "account",
                                            "marketing", "data_protection", "profile"};
constexpr std::string_view kMethods[] = {"email", "in_person", "mail",  "phone", "push",
                                         "sms",   "chat",      "video", "app",   "web"};
constexpr std::string_view kDirections[] = {"inbound", "outbound", "internal"};

bool among(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::span<const Type> builtin_types() { return kTypes; }

const Type* builtin_type(std::string_view name) {
  const auto* found =
      std::lower_bound(std::begin(kTypes), std::end(kTypes), name,
                       [](const Type& type, std::string_view key) { return type.name < key; });
  return found != std::end(kTypes) && found->name == name ? found : nullptr;
}

std::span<const std::string_view> categories() { return kCategories; }
bool is_category(std::string_view name) { return among(kCategories, name); }
bool is_method(std::string_view name) { return among(kMethods, name); }
bool is_direction(std::string_view name) { return among(kDirections, name); }

std::string title_from(std::string_view type) {
  std::string title(type);
  for (char& c : title) {
    if (c == '.' || c == '_') c = ' ';
  }
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') {
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  }
  return title;
}

bool is_type_name(std::string_view type) {
  if (type.empty() || type.size() > base::limits::kTypeCharsMax) return false;
  bool begins = true;  // a part of the name
  for (const char c : type) {
    const bool is_part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_part && (c != '.' || begins)) return false;
    begins = c == '.';
  }
  return !begins;
}

}  // namespace annals::catalog
