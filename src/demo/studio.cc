// A fitness studio: memberships with monthly debits, pauses and cancellations, classes, an app.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "demo/houses.h"
#include "demo/scenes.h"
#include "demo/story.h"

namespace annals::demo {
namespace {

constexpr int kMarta = 1;   // manager
constexpr int kDennis = 2;  // trainer
constexpr std::size_t kClients = 230;

const std::vector<std::string> kClasses = {"Rückenfit", "Yoga Flow",  "Spinning",
                                           "Pilates",   "Langhantel", "Aqua-Fitness"};
const std::vector<std::string> kNotes = {
    "Möchte ihren Vertrag zum Jahresende auf Premium umstellen, bitte im November anrufen.",
    "Knie nach Meniskus-OP noch nicht voll belastbar. Trainingsplan angepasst.",
    "Hat nach einer Partnerkarte gefragt. Infomaterial mitgegeben.",
    "Prefers to be addressed in English. New trainer informed.",
    "Schlüssel für Spind 48 verloren, Ersatz ausgehändigt.",
    "Trainiert jetzt mit Heike zusammen, beide wollen dienstags 19 Uhr.",
    "Beschwerde über die Musik im Freihantelbereich. Lautstärke wurde gesenkt.",
    "War sehr zufrieden mit dem Probetraining, überlegt noch wegen der Laufzeit."};
const std::vector<std::string> kCalls = {
    "Wollte wissen, ob der Kurs am Feiertag stattfindet. Ja, 10 Uhr.",
    "Fragt nach einer Pause wegen Schwangerschaft. Formular per E-Mail geschickt.",
    "Rückfrage zur Abbuchung im letzten Monat, erklärt: Servicepauschale.",
    "Asked about the notice period. Three months to the end of the term.",
    "Hat den Termin für das Gerätetraining verwechselt, neuen vereinbart."};

// The debits of a membership, month by month; one in a while fails.
void pay_monthly(Story& story, std::size_t person, std::int64_t from, std::int64_t to,
                 std::int64_t cents) {
  for (std::int64_t day = from + 3; day <= std::min<std::int64_t>(to, 0); day += 30) {
    const std::vector<std::pair<std::string, Json>> details = {{"means", word("direct_debit")},
                                                               {"last4", word("3704")},
                                                               {"for", word("Mitgliedsbeitrag")}};
    if (!story.chance(4)) {
      (void)story.tell(person, story.at(day, 6),
                       {.type = "payment.taken",
                        .title = "Mitgliedsbeitrag",
                        .details = details,
                        .cents = cents});
      continue;
    }
    (void)story.tell(person, story.at(day, 6),
                     {.type = "payment.failed",
                      .title = "Mitgliedsbeitrag: Rücklastschrift",
                      .text = "Konto nicht gedeckt.",
                      .details = details,
                      .cents = cents});
    (void)story.tell(person, story.at(day + 2, 9),
                     {.type = "contract.changed",
                      .title = "Mahnstufe geändert",
                      .staff = kMarta,
                      .changes = {{{"reminder_level", "0", "1"}}}});
    mail(story, person, story.at(day + 2, 9, 10), "Ihre Zahlung ist zurückgekommen",
         "Leider konnten wir den Beitrag nicht einziehen. Bitte überweisen Sie ihn in den nächsten "
         "Tagen.");
    (void)story.tell(person, story.at(day + 8, 11),
                     {.type = "payment.taken",
                      .title = "Mitgliedsbeitrag nachgezahlt",
                      .details = {{"means", word("transfer")}},
                      .cents = cents});
  }
}

void pause(Story& story, std::size_t person, std::int64_t day) {
  (void)story.tell(
      person, story.at(day, 10),
      {.type = "pause.confirmed",
       .title = "Pause bestätigt: 2 Monate",
       .details = {{"from", word(story.date(day + 10))}, {"to", word(story.date(day + 70))}},
       .staff = kMarta});
  if (story.chance(40)) {
    (void)story.tell(person, story.at(day + 30, 12),
                     {.type = "pause.changed",
                      .title = "Pause verlängert",
                      .staff = kMarta,
                      .changes = {{{"to", story.date(day + 70), story.date(day + 100)}}}});
  } else if (story.chance(25)) {
    (void)story.tell(
        person, story.at(day + 20, 12),
        {.type = "pause.deleted", .title = "Pause aufgehoben: trainiert wieder", .staff = kMarta});
  }
}

void cancellation(Story& story, std::size_t person, std::int64_t day) {
  const std::string end = story.date(day + 60);
  (void)story.tell(person, story.at(day, 15),
                   {.type = "cancellation.received",
                    .title = "Kündigung eingegangen",
                    .text = "Per Brief. Grund: Umzug.",
                    .details = {{"received_on", word(story.date(day))}},
                    .staff = kMarta,
                    .method = "mail"});
  (void)story.tell(person, story.at(day + 2, 11),
                   {.type = "cancellation.confirmed",
                    .title = "Kündigung bestätigt zum " + end,
                    .text = "Ihr Vertrag endet am " + end + ". Wir danken für Ihre Treue.",
                    .details = {{"contract", word("Flex 12")}, {"ends_on", word(end)}},
                    .staff = kMarta,
                    .method = "email"});
  (void)story.tell(
      person, story.at(day + 60, 23),
      {.type = "contract.ended", .title = "Vertrag beendet", .details = {{"ended_on", word(end)}}});
  (void)story.tell(person, story.at(day + 60, 23, 1),
                   {.type = "status.changed",
                    .title = "Status geändert",
                    .changes = {{{"status", "Mitglied", "Ehemalig"}}}});
  story.task(person, story.at(day + 1, 9), kMarta, "Rückgewinnungsgespräch führen", day + 14,
             story.at(day + 12, 16));
}

void membership(Story& story, std::size_t person, std::int64_t day) {
  static const std::array<std::int64_t, 3> kPrices = {3'990, 4'990, 6'990};
  const std::int64_t cents = story.pick(kPrices);
  (void)story.tell(
      person, story.at(day, 17, 20),
      {.type = "contract.created",
       .title = "Vertrag Flex 12 abgeschlossen",
       .details = {{"contract", word("Flex 12")},
                   {"start", word(story.date(day))},
                   {"payment_method", word("direct_debit")},
                   {"months", count(12)}},
       .staff = kMarta,
       .method = "in_person",
       .cents = cents,
       .files = story.chance(6)
                    ? std::vector<File>{pdf_file(
                          "Vertrag.pdf", {"Mitgliedsvertrag Flex 12", "Mitglied: siehe Kundenkarte",
                                          "Laufzeit: 12 Monate"})}
                    : std::vector<File>{}});
  if (story.chance(30)) {
    (void)story.tell(person, story.at(day + 20, 16),
                     {.type = "contract.service_added",
                      .title = "Zusatzleistung: Sauna",
                      .staff = kMarta,
                      .cents = 990});
    if (story.chance(30)) {
      (void)story.tell(person, story.at(day + 90, 16),
                       {.type = "contract.service_changed",
                        .title = "Sauna: neuer Preis",
                        .staff = kMarta,
                        .changes = {{{"price", "9,90", "11,90"}}}});
    }
    if (story.chance(30)) {
      (void)story.tell(person, story.at(day + 150, 16),
                       {.type = "contract.service_removed",
                        .title = "Zusatzleistung entfernt: Sauna",
                        .staff = kMarta});
    }
  }
  std::int64_t end = 0;
  if (story.chance(18)) pause(story, person, day + story.between(60, 200));
  if (story.chance(16)) {
    end = day + story.between(150, 400);
    cancellation(story, person, end);
    end += 60;
  }
  pay_monthly(story, person, day, end, cents);
}

void classes(Story& story, std::size_t person, std::int64_t from) {
  for (std::int64_t day = from + story.between(2, 20); day <= 12; day += story.between(12, 60)) {
    if (story.chance(8)) {
      const std::string what = story.pick(kClasses);
      (void)story.tell(
          person, story.at(day - 3, 20),
          {.type = "appointment.waitlisted", .title = "Warteliste: " + what, .actor = "contact"});
      const bool in = story.chance(60);
      (void)story.tell(person, story.at(day - 1, 14),
                       {.type = in ? "appointment.waitlist_confirmed" : "appointment.waitlist_left",
                        .title = (in ? "Nachgerückt: " : "Warteliste verlassen: ") + what,
                        .actor = in ? "automation" : "contact"});
    }
    const std::int64_t fate = story.between(0, 99);
    const std::size_t last = appointment(story, person,
                                         {.what = story.pick(kClasses),
                                          .day = day,
                                          .hour = story.between(9, 20),
                                          .booked_days_before = story.between(1, 10),
                                          .staff = kDennis,
                                          .outcome = fate < 80   ? Outcome::kCame
                                                     : fate < 90 ? Outcome::kDidNotCome
                                                     : fate < 97 ? Outcome::kCanceledByClient
                                                                 : Outcome::kCanceledByStaff,
                                          .moved = story.chance(5),
                                          .text_message = false});
    if (last != 0 && fate >= 80 && fate < 90 && story.chance(20)) {
      // The class may have been moved to a later day.
      (void)story.tell(
          person, std::max(story.at(day + 1, 10), story.time_of(last) + base::kMicrosPerDay / 24),
          {.type = "note",
           .text = "War krank, hat sich telefonisch entschuldigt. Keine Gebühr.",
           .by = kDennis,
           .about = last});
    }
    if (story.chance(25))
      push(story, person, story.at(day - 1, 18), "Morgen: dein Kurs im Kraftwerk");
  }
}

void app_account(Story& story, std::size_t person, std::int64_t day) {
  (void)story.tell(person, story.at(day, 18),
                   {.type = "account.created", .title = "App-Konto angelegt", .actor = "contact"});
  (void)story.tell(person, story.at(day, 18, 1),
                   {.type = "account.password_sent", .actor = "automation"});
  (void)story.tell(person, story.at(day, 18, 6), {.type = "account.signed_in", .actor = "contact"});
  if (story.chance(10)) {
    (void)story.tell(
        person, story.at(day + 4, 20),
        {.type = "account.file_uploaded", .title = "Attest hochgeladen", .actor = "contact"});
  }
  if (story.chance(10)) {
    (void)story.tell(person, story.at(day + 5, 20),
                     {.type = "account.message_posted",
                      .title = "Nachricht in der App",
                      .text = "Kann ich meine Freundin am Samstag mitbringen?",
                      .actor = "contact"});
  }
}

void client(Story& story, std::size_t person) {
  const std::int64_t joined = story.day_of(story.person(person).joined);
  if (joined > -kDays) {
    (void)story.tell(
        person, story.person(person).joined + base::kMicrosPerSecond * 60,
        {.type = "lead.created", .title = "Interessent über die Website", .actor = "contact"});
    (void)story.tell(person, story.at(joined + 1, 11),
                     {.type = "lead.contacted", .staff = kMarta, .method = "phone"});
    if (story.chance(25)) {
      (void)story.tell(person, story.at(joined + 20, 11),
                       {.type = "lead.lost",
                        .title = "Kein Interesse mehr",
                        .text = "Zu weit weg.",
                        .staff = kMarta});
      return;
    }
    (void)story.tell(person, story.at(joined + 5, 17), {.type = "lead.converted", .staff = kMarta});
    (void)story.tell(person, story.at(joined + 5, 18),
                     {.type = "note",
                      .title = "Beratungsgespräch",
                      .text = "Ziel: Rücken stärken, zweimal die Woche. Probetraining am Freitag.",
                      .by = kMarta,
                      .contact_type = "Beratungsgespräch",
                      .method = "in_person"});
  }
  const std::int64_t start = joined + 6;
  app_account(story, person, start);
  membership(story, person, start);
  if (story.chance(70)) classes(story, person, start);
  for (std::int64_t day = start; day < 0; day += story.between(90, 240)) {
    if (story.chance(50))
      (void)note(story, person, story.at(day, story.between(9, 19)),
                 story.chance(50) ? kMarta : kDennis, story.pick(kNotes));
    if (story.chance(40))
      (void)call(story, person, story.at(day + 3, story.between(9, 19)), kMarta, story.chance(70),
                 story.pick(kCalls));
  }
  if (story.chance(35))
    newsletter(story, person, story.at(-75, 9), "Kraftwerk im Herbst: neue Kurse");
  if (story.chance(35))
    newsletter(story, person, story.at(-20, 9), "Bring a friend: zwei Wochen gratis");
  birthdays(story, person, std::max(start, -kDays));
  if (story.chance(8))
    story.task(person, story.at(-story.between(2, 25), 10), kDennis, "Trainingsplan überarbeiten",
               story.between(-6, 12), std::nullopt);
}

void campaign(Story& story) {
  for (std::size_t person = 0; person < story.people().size(); ++person) {
    if (!story.chance(20)) continue;
    (void)story.tell(
        person, story.at(-40, 9),
        {.type = "campaign.added", .title = "Aktion: Sommer im Kraftwerk", .staff = kMarta});
    (void)story.tell(person, story.at(-39, 9),
                     {.type = "campaign.sent",
                      .title = "Sommer im Kraftwerk: 20 % auf Personal Training",
                      .actor = "automation",
                      .contact_type = "Automated Marketing"});
  }
}

// What is rare is told once for certain, so that a visitor of the demo finds it.
void rare(Story& story) {
  const std::size_t wrong =
      note(story, 3, story.at(-12, 11), kDennis, "Beitrag in bar bezahlt, 39,90 EUR.");
  story.correct(wrong, story.at(-12, 12), kDennis, "text", "Beitrag mit Karte bezahlt, 39,90 EUR.",
                "Zahlungsart verwechselt");
  const std::size_t misplaced = note(story, 5, story.at(-9, 11), kDennis, "Schlüssel abgegeben.");
  story.retract(misplaced, story.at(-9, 11, 5), kDennis, "Gehört zu einem anderen Mitglied");
  story.pin(note(story, 7, story.at(-100, 16), kMarta,
                 "Asthma: Notfallspray in der linken Jackentasche."),
            story.at(-100, 16, 1), kMarta);
  (void)story.tell(11, story.at(-33, 10),
                   {.type = "contract.deleted",
                    .title = "Doppelt angelegter Vertrag gelöscht",
                    .staff = kMarta});
  (void)story.tell(12, story.at(-31, 10),
                   {.type = "payment.refunded",
                    .title = "Servicepauschale erstattet",
                    .details = {{"means", word("transfer")}},
                    .staff = kMarta,
                    .cents = 1'990});
  (void)story.tell(13, story.at(-25, 10),
                   {.type = "appointment.participant_removed",
                    .title = "Aus dem Kurs genommen: Rückfit, doppelt gebucht",
                    .staff = kDennis});
  story.change(14, story.at(-22, 10), kMarta,
               object({{"tags", Json::array({word("Stammkunde"), word("VIP")})}}));
  conversation(story, 15, -18, kMarta, "Frage zur Kündigung",
               "Guten Tag, wann muss ich spätestens kündigen? Mein Vertrag läuft bis Ende März.",
               "Guten Tag, die Frist sind drei Monate zum Laufzeitende, also bis zum 31. Dezember. "
               "Herzliche Grüße");
}

}  // namespace

Story studio(base::Micros now, std::uint64_t seed) {
  Story story({.name = "Studio Kraftwerk",
               .time_zone = "Europe/Berlin",
               .locale = "de",
               .currency = "EUR",
               .german = true,
               .domain = "kraftwerk.example",
               .staff = {"Demo", "Marta Lindqvist", "Dennis Okafor", "Rosa Winter"},
               .types = {"Beratungsgespräch", "Beschwerde"}},
              now, seed);
  for (std::size_t i = 0; i < kClients; ++i) {
    // Two thirds were taken over from the old system, at once.
    Person person =
        story.make_person(i < kClients * 2 / 3 ? -kDays : -story.between(5, kDays - 20));
    if (i < kClients * 2 / 3) person.joined = story.at(-kDays, 9);
    client(story, story.add(std::move(person)));
  }
  campaign(story);
  rare(story);
  return story;
}

}  // namespace annals::demo
