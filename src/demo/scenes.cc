#include "demo/scenes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/time.h"
#include "demo/story.h"

namespace annals::demo {
namespace {

constexpr base::Micros kMinute = 60 * base::kMicrosPerSecond;
constexpr base::Micros kHour = 60 * kMinute;

std::string clock_of(std::int64_t hour) { return std::to_string(hour) + ":00"; }

void remind(Story& story, std::size_t person, const Visit& visit) {
  const base::Micros at = story.at(visit.day - 1, 12);
  const std::string when = clock_of(visit.hour);
  const std::string text = story.say(person, "A reminder of your appointment tomorrow at ",
                                     "Wir erinnern an Ihren Termin morgen um ") +
                           when + ": " + visit.what + ".";
  if (visit.text_message) {
    text_message(story, person, at, text);
    return;
  }
  (void)story.tell(person, at,
                   {.type = "appointment.reminder_sent",
                    .title = story.house("Reminder: ", "Erinnerung: ") + visit.what,
                    .text = text,
                    .actor = "automation"});
}

void cancel(Story& story, std::size_t person, const Visit& visit, std::int64_t booked_day,
            std::size_t& last) {
  const bool client = visit.outcome == Outcome::kCanceledByClient;
  last = story.tell(person, story.at(std::max(visit.day - 1, booked_day), 19, story.between(0, 59)),
                    {.type = "appointment.canceled",
                     .title = story.house("Canceled: ", "Abgesagt: ") + visit.what,
                     .text = client ? story.house("Canceled in the app.", "In der App abgesagt.")
                                    : story.house("Canceled by us: the therapist is ill.",
                                                  "Von uns abgesagt: Krankheit im Team."),
                     .details = {{"canceled_by", word(client ? "client" : "staff")}},
                     .actor = client ? "contact" : "",
                     .staff = client ? -1 : visit.staff,
                     .method = client ? "app" : ""});
}

}  // namespace

std::size_t appointment(Story& story, std::size_t person, const Visit& visit) {
  const std::int64_t booked_day = std::min<std::int64_t>(visit.day - visit.booked_days_before, 0);
  const base::Micros booked = std::min(
      story.at(booked_day, story.between(7, 20), story.between(0, 59)), story.now() - kHour);
  const std::string starts_at = base::format_rfc3339(story.at(visit.day, visit.hour));
  if (story.tell(person, booked,
                 {.type = "appointment.booked",
                  .title = story.house("Booked: ", "Gebucht: ") + visit.what,
                  .details = {{"service", word(visit.what)},
                              {"starts_at", word(starts_at)},
                              {"minutes", count(50)},
                              {"with",
                               word(story.setting().staff[static_cast<std::size_t>(visit.staff)])}},
                  .actor = visit.by_client ? "contact" : "",
                  .staff = visit.by_client ? -1 : visit.staff,
                  .method = visit.by_client ? "app" : "phone",
                  .direction = "inbound"}) == 0) {
    return 0;
  }
  (void)story.tell(person, booked + 2 * kMinute,
                   {.type = "appointment.confirmation_sent",
                    .title = story.house("Confirmation: ", "Bestätigung: ") + visit.what,
                    .actor = "automation"});
  Visit held = visit;
  if (visit.moved && visit.day <= 0) {
    held.day = visit.day + 1;
    (void)story.tell(
        person, story.at(visit.day - 1, 9, 30),
        {.type = "appointment.changed",
         .title = story.house("Moved by a day: ", "Um einen Tag verschoben: ") + visit.what,
         .staff = visit.staff,
         .changes = {
             {{"starts_at", starts_at, base::format_rfc3339(story.at(held.day, visit.hour))}}}});
  }
  std::size_t last = 0;
  if (visit.outcome == Outcome::kCanceledByClient || visit.outcome == Outcome::kCanceledByStaff) {
    cancel(story, person, held, booked_day, last);
    return last;
  }
  if (held.day - booked_day >= 2) remind(story, person, held);
  const bool came = visit.outcome == Outcome::kCame;
  return story.tell(person, story.at(held.day, held.hour + 1),
                    {.type = came ? "appointment.completed" : "appointment.no_show",
                     .title = (came ? story.house("Came: ", "Wahrgenommen: ")
                                    : story.house("Did not come: ", "Nicht erschienen: ")) +
                              visit.what,
                     .details = {{"service", word(visit.what)}},
                     .staff = visit.staff});
}

std::size_t invoice(Story& story, std::size_t person, const Bill& bill) {
  const std::string number = "R-" + story.date(bill.day).substr(0, 4) + "-" +
                             std::to_string(story.between(10'000, 99'999));
  const std::vector<std::pair<std::string, Json>> details = {{"number", word(number)},
                                                             {"for", word(bill.what)}};
  const base::Micros at = story.at(bill.day, 17, story.between(0, 50));
  std::size_t last =
      story.tell(person, at,
                 {.type = "invoice.created",
                  .title = story.house("Invoice ", "Rechnung ") + number + ": " + bill.what,
                  .details = details,
                  .staff = bill.staff,
                  .cents = bill.cents});
  if (last == 0) return 0;
  (void)story.tell(person, at + 5 * kMinute,
                   {.type = "invoice.sent",
                    .title = story.house("Invoice sent: ", "Rechnung versandt: ") + number,
                    .details = details,
                    .actor = "automation",
                    .cents = bill.cents});
  if (bill.voided) {
    return story.tell(person, at + 26 * kHour,
                      {.type = "invoice.voided",
                       .title = story.house("Invoice voided: ", "Rechnung storniert: ") + number,
                       .text = story.house("Billed twice.", "Doppelt berechnet."),
                       .details = details,
                       .staff = bill.staff,
                       .cents = bill.cents});
  }
  std::vector<std::pair<std::string, Json>> paid = details;
  paid.emplace_back("means", word(bill.means));
  if (bill.means == "card") {
    paid.emplace_back("last4", word(std::to_string(story.between(1000, 9999))));
  }
  base::Micros when =
      bill.means == "cash" ? at + 6 * kMinute : at + story.between(1, 9) * 24 * kHour;
  if (bill.fails_first) {
    last =
        story.tell(person, when,
                   {.type = "payment.failed",
                    .title = story.house("Payment failed: ", "Zahlung fehlgeschlagen: ") + number,
                    .text = story.house("Insufficient funds.", "Konto nicht gedeckt."),
                    .details = paid,
                    .cents = bill.cents});
    when += 6 * 24 * kHour;
  }
  if (!bill.paid) return last;
  const std::size_t taken =
      story.tell(person, when,
                 {.type = "payment.taken",
                  .title = story.house("Payment for ", "Zahlung zu ") + number,
                  .details = paid,
                  .method = bill.means == "cash" ? "in_person" : "",
                  .cents = bill.cents});
  return taken != 0 ? taken : last;
}

namespace {

// What became of an e-mail: reported about it or, as some systems do, as entries of their own.
class Fate {
 public:
  Fate(Story& story, std::size_t person, std::size_t step, const std::string& type,
       const Telling& telling)
      : story_(story), person_(person), step_(step), type_(type), telling_(telling) {}

  void is(const char* status, base::Micros at, const std::string& reason = {},
          bool machine = false) {
    if (!apart_) return story_.deliver(step_, at, status, reason, machine);
    if (machine) return;
    Telling telling = telling_;
    telling.type = type_ + "." + status;
    telling.text = reason;
    (void)story_.tell(person_, at, std::move(telling));
  }

 private:
  Story& story_;
  std::size_t person_;
  std::size_t step_;
  std::string type_;
  Telling telling_;
  bool apart_ = story_.chance(type_ == "newsletter" ? 50 : 15);
};

}  // namespace

void mail(Story& story, std::size_t person, base::Micros at, const std::string& subject,
          const std::string& text, int by) {
  const std::size_t sent = story.tell(person, at,
                                      {.type = "email.sent",
                                       .title = subject,
                                       .text = text,
                                       .details = {{"to", word(story.person(person).email)}},
                                       .by = by,
                                       .actor = by == kAutomatic ? "automation" : ""});
  if (sent == 0) return;
  Fate fate(story, person, sent, "email", {.type = {}, .title = subject});
  const std::int64_t luck = story.between(0, 99);
  if (luck < 4) {
    fate.is("bounced", at + kMinute, "550 5.1.1 mailbox unavailable");
    // A filter of theirs had looked into it before.
    if (luck < 2) fate.is("opened", at + 2 * kMinute, {}, true);
    return;
  }
  if (luck < 5) return fate.is("failed", at + kMinute, "the mail server did not answer");
  fate.is("delivered", at + kMinute);
  if (luck < 20) fate.is("opened", at + 2 * kMinute, {}, true);
  if (luck < 40) return;
  fate.is("opened", at + story.between(1, 40) * kHour);
  if (luck > 80) fate.is("clicked", at + 41 * kHour);
  if (luck == 79) fate.is("complained", at + 42 * kHour);
}

void newsletter(Story& story, std::size_t person, base::Micros at, const std::string& subject) {
  const auto telling = [&](const char* type) {
    return Telling{.type = type, .title = subject, .contact_type = "Automated Marketing"};
  };
  const std::size_t sent = story.tell(person, at, telling("newsletter.sent"));
  if (sent == 0) return;
  Fate fate(story, person, sent, "newsletter", telling(""));
  const std::int64_t luck = story.between(0, 99);
  if (luck < 3) return fate.is("bounced", at + kMinute, "552 5.2.2 mailbox full");
  if (luck == 3) return fate.is("failed", at + kMinute);
  fate.is("delivered", at + kMinute);
  if (luck > 60) fate.is("opened", at + story.between(1, 50) * kHour);
  if (luck > 85) fate.is("clicked", at + 51 * kHour);
  if (luck == 98) fate.is("complained", at + 52 * kHour);
  if (luck == 99) (void)story.tell(person, at + 52 * kHour, telling("newsletter.unsubscribed"));
}

void text_message(Story& story, std::size_t person, base::Micros at, const std::string& text) {
  const std::size_t sent = story.tell(person, at,
                                      {.type = "sms.sent",
                                       .text = text,
                                       .details = {{"to", word(story.person(person).phone)}},
                                       .actor = "automation",
                                       .contact_type = "Client Notifications"});
  if (sent == 0) return;
  Fate fate(story, person, sent, "sms", {.type = {}});
  if (story.chance(97)) return fate.is("delivered", at + kMinute);
  fate.is("failed", at + kMinute,
          story.house("The number is not in service.", "Die Nummer ist nicht vergeben."));
}

void push(Story& story, std::size_t person, base::Micros at, const std::string& text) {
  if (story.tell(person, at, {.type = "push.sent", .title = text, .actor = "automation"}) == 0)
    return;
  if (!story.chance(94)) {
    (void)story.tell(person, at + kMinute, {.type = "push.failed", .title = text});
    return;
  }
  (void)story.tell(person, at + kMinute, {.type = "push.delivered", .title = text});
  if (story.chance(45))
    (void)story.tell(person, at + 30 * kMinute, {.type = "push.opened", .title = text});
  if (story.chance(15))
    (void)story.tell(person, at + 31 * kMinute, {.type = "push.clicked", .title = text});
}

void conversation(Story& story, std::size_t person, std::int64_t day, int staff,
                  const std::string& subject, const std::string& question,
                  const std::string& answer) {
  const base::Micros asked = story.at(day, story.between(7, 21), story.between(0, 59));
  if (story.tell(person, asked,
                 {.type = "email.received",
                  .title = subject,
                  .text = question,
                  .details = {{"from", word(story.person(person).email)}},
                  .actor = "contact"}) == 0) {
    return;
  }
  mail(story, person, asked + story.between(2, 40) * kHour, "Re: " + subject, answer, staff);
}

std::size_t call(Story& story, std::size_t person, base::Micros at, int staff, bool inbound,
                 const std::string& text) {
  return story.tell(person, at,
                    {.type = "call",
                     .title = inbound ? story.house("Called us", "Anruf des Kunden")
                                      : story.house("We called", "Anruf von uns"),
                     .text = text,
                     .by = staff,
                     .direction = inbound ? "inbound" : "outbound"});
}

std::size_t note(Story& story, std::size_t person, base::Micros at, int staff,
                 const std::string& text) {
  return story.tell(person, at, {.type = "note", .text = text, .by = staff});
}

void birthdays(Story& story, std::size_t person, std::int64_t first_day) {
  const Json* birthday = story.person(person).body.find("birthday");
  if (birthday == nullptr) return;
  const int last_year = std::stoi(story.date(0).substr(0, 4));
  for (int year = std::stoi(story.date(first_day).substr(0, 4)); year <= last_year; ++year) {
    const auto date = base::parse_date(std::to_string(year) + birthday->text().substr(4));
    const auto today = base::parse_date(story.date(0));
    if (!date || !today || *date - *today < first_day) continue;
    (void)story.tell(
        person, story.at(*date - *today, 8),
        {.type = "birthday.sent",
         .title = story.say(person, "Happy birthday, ", "Alles Gute zum Geburtstag, ") +
                  story.person(person).given + "!",
         .actor = "automation",
         .contact_type = "Automated Marketing"});
  }
}

File text_file(const std::string& name, const std::string& text) {
  return {name, "text/plain", text};
}

File pdf_file(const std::string& name, const std::vector<std::string>& lines) {
  std::string content = "BT /F1 12 Tf 60 780 Td 18 TL\n";
  for (const std::string& line : lines) {
    content += "(";
    for (const char c : line) {
      if (c == '(' || c == ')' || c == '\\') content += '\\';
      content += c;
    }
    content += ") Tj T*\n";
  }
  content += "ET\n";
  const std::vector<std::string> objects = {
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      ("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
       "/Resources << /Font << /F1 5 0 R >> >> >>"),
      "<< /Length " + std::to_string(content.size()) + " >>\nstream\n" + content + "endstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
  std::string pdf = "%PDF-1.4\n";
  std::string table = "0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::string offset = std::to_string(pdf.size());
    table += std::string(10 - offset.size(), '0') + offset + " 00000 n \n";
    pdf += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::string start = std::to_string(pdf.size());
  pdf += "xref\n0 6\n" + table + "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n" + start +
         "\n%%EOF\n";
  return {name, "application/pdf", pdf};
}

}  // namespace annals::demo
