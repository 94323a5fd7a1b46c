// A seminar house: groups of organisations and single guests, stays, letters, invoices.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/time.h"
#include "demo/houses.h"
#include "demo/scenes.h"
#include "demo/story.h"

namespace annals::demo {
namespace {

constexpr int kVreni = 1;  // manager
constexpr int kLuca = 2;   // reception
constexpr std::size_t kGuests = 210;

const std::vector<std::string> kHouses = {
    "Verein Achtsamkeit Bodensee", "Bergwerk Coaching GmbH",
    "Chorverband Ostschweiz",      "Yogaschule Sonnenhof",
    "Northlight Consulting Ltd",   "Pädagogische Hochschule Kreuzlingen",
    "Stiftung Wald und Weite",     "Lehrerkollegium Arbon"};
const std::vector<std::string> kSeminars = {
    "Stille Tage am See",   "Führung mit Haltung", "Chorwochenende",    "Yoga-Retreat",
    "Writing by the water", "Teamklausur",         "Fasten und Wandern"};
const std::vector<std::string> kCalls = {
    "Fragt nach einem Einzelzimmer mit Seeblick. Notiert, ohne Zusage.",
    "Reist einen Tag früher an, Zimmer 12 ist frei.",
    "Asked for vegan meals for four of the group.",
    "Möchte wissen, ob der Hund mitkommen darf. Ja, im Nebenhaus.",
    "Wollte die Rechnung auf den Verein umschreiben lassen."};
const std::vector<std::string> kNotes = {
    "Glutenfrei. Küche informiert.", "Ruhiges Zimmer, nicht über dem Saal.",
    "Was delighted with the garden, wants to come back in May.",
    "Rollstuhl: Zimmer 3 im Erdgeschoss."};

void stay(Story& story, std::size_t person, std::int64_t day) {
  const std::string what = story.pick(kSeminars);
  const std::int64_t nights = story.between(2, 5);
  if (story.tell(person,
                 story.at(std::min<std::int64_t>(day - story.between(20, 90), -1), 14,
                          story.between(0, 59)),
                 {.type = "stay.booked",
                  .title = "Gebucht: " + what,
                  .details = {{"seminar", word(what)},
                              {"starts_at", word(base::format_rfc3339(story.at(day, 15)))},
                              {"nights", count(nights)},
                              {"room", word("Zimmer " + std::to_string(story.between(1, 28)))}},
                  .actor = "contact",
                  .method = "web",
                  .direction = "inbound"}) == 0) {
    return;
  }
  mail(story, person, story.at(std::min<std::int64_t>(day - 14, -1), 10),
       story.say(person, "Your stay at Haus am See", "Ihr Aufenthalt im Haus am See"),
       story.say(person, "We look forward to seeing you. Arrival from 3 p.m., supper at 6:30 p.m.",
                 "Wir freuen uns auf Sie. Anreise ab 15 Uhr, Abendessen um 18.30 Uhr."));
  if (day > 0) return;
  if (story.chance(7)) {
    (void)story.tell(person, story.at(day - 3, 9),
                     {.type = "appointment.canceled",
                      .title = "Abgesagt: " + what,
                      .text = "Grippe.",
                      .details = {{"canceled_by", word("client")}},
                      .actor = "contact"});
    return;
  }
  (void)story.tell(person, story.at(day, 15, story.between(0, 59)),
                   {.type = "stay.checked_in", .title = "Angereist: " + what, .staff = kLuca});
  (void)story.tell(person, story.at(day + nights, 10, story.between(0, 59)),
                   {.type = "stay.checked_out", .title = "Abgereist: " + what, .staff = kLuca});
  const std::int64_t fate = story.between(0, 99);
  (void)invoice(story, person,
                {.what = what + ", " + std::to_string(nights) + " Nächte",
                 .day = std::min<std::int64_t>(day + nights, 0),
                 .cents = nights * 14'500 + 18'000,
                 .means = fate % 3 == 0   ? "cash"
                          : fate % 3 == 1 ? "card"
                                          : "transfer",
                 .fails_first = fate < 3,
                 .voided = fate == 99,
                 .paid = fate < 93,
                 .staff = kLuca});
  if (story.chance(20)) {
    (void)story.tell(person, story.at(day + nights + 6, 9),
                     {.type = "letter.received",
                      .title = "Dankesbrief",
                      .text = "Liebes Team, es waren wunderbare Tage. Auf bald!",
                      .by = kLuca});
  }
}

void guest(Story& story, std::size_t person) {
  const std::int64_t joined = story.day_of(story.person(person).joined);
  for (std::int64_t day = joined + story.between(25, 120); day <= 60;
       day += story.between(120, 300))
    stay(story, person, day);
  if (story.chance(45))
    (void)call(story, person, story.at(-story.between(3, 400), story.between(9, 17)),
               story.chance(50) ? kLuca : kVreni, story.chance(75), story.pick(kCalls));
  if (story.chance(35))
    (void)note(story, person, story.at(-story.between(3, 400), story.between(9, 17)), kLuca,
               story.pick(kNotes));
  if (story.chance(50)) {
    const base::Micros at = story.at(-95, 10);
    if (story.tell(person, at,
                   {.type = "letter.sent",
                    .title = "Jahresprogramm",
                    .by = kLuca,
                    .contact_type = "Programmversand"}) != 0) {
      const bool back = story.chance(5);
      (void)story.tell(person, at + 5 * base::kMicrosPerDay,
                       {.type = back ? "letter.failed" : "letter.delivered",
                        .title = "Jahresprogramm",
                        .text = back ? "Empfänger unbekannt verzogen." : ""});
    }
  }
  if (story.chance(30)) {
    conversation(
        story, person, -story.between(10, 300), kLuca,
        story.say(person, "Room and meals", "Zimmer und Verpflegung"),
        story.say(
            person, "Dear team, is there a room with a desk? I will have to work one evening.",
            "Guten Tag, gibt es ein Zimmer mit Schreibtisch? Ich muss an einem Abend arbeiten."),
        story.say(person, "Yes, number 14 has one and looks onto the lake. It is yours.",
                  "Ja, Zimmer 14 hat einen und blickt auf den See. Es ist für Sie reserviert."));
  }
}

void houses(Story& story, const std::vector<std::size_t>& organizations) {
  for (const std::size_t organization : organizations) {
    (void)story.tell(organization, story.at(-300, 10),
                     {.type = "contract.created",
                      .title = "Rahmenvertrag Seminargruppen",
                      .details = {{"groups_a_year", count(4)}},
                      .staff = kVreni,
                      .files = {pdf_file("Rahmenvertrag.pdf", {"Rahmenvertrag", "Haus am See",
                                                               "vier Gruppen im Jahr"})}});
    (void)story.tell(organization, story.at(-299, 14),
                     {.type = "meeting",
                      .title = "Jahresgespräch",
                      .text = "Termine für das nächste Jahr abgestimmt, Saal Seeblick gewünscht.",
                      .by = kVreni});
    (void)invoice(story, organization,
                  {.what = "Anzahlung Gruppe",
                   .day = -120,
                   .cents = 240'000,
                   .means = "transfer",
                   .staff = kVreni});
    story.task(organization, story.at(-8, 9), kVreni, "Teilnehmerliste anfordern",
               story.between(-2, 9), std::nullopt);
  }
}

void rare(Story& story) {
  const std::size_t wrong =
      call(story, 20, story.at(-11, 10), kLuca, true, "Anreise am 3., nicht am 5.");
  story.correct(wrong, story.at(-11, 11), kLuca, "text", "Anreise am 5., nicht am 3.",
                "Zahlen vertauscht");
  story.retract(note(story, 21, story.at(-8, 10), kLuca, "Zimmer 9 bezahlt."), story.at(-8, 10, 2),
                kLuca, "Falscher Gast");
  story.pin(
      note(story, 22, story.at(-70, 10), kVreni, "Stammgast seit 1998, bekommt immer Zimmer 7."),
      story.at(-70, 10, 1), kVreni);
  (void)story.tell(23, story.at(-30, 10),
                   {.type = "appointment.participant_removed",
                    .title = "Von der Teilnehmerliste genommen: Chorwochenende",
                    .staff = kLuca});
  story.task(24, story.at(-20, 10), kLuca, "Vergessene Brille nachsenden", -16, story.at(-17, 11));
  story.task(25, story.at(-20, 10), kLuca, "Zusatzbett in Zimmer 4", -10, story.at(-12, 11), true);
}

}  // namespace

Story seminar_house(base::Micros now, std::uint64_t seed) {
  Story story({.name = "Haus am See",
               .time_zone = "Europe/Zurich",
               .locale = "de-CH",
               .currency = "CHF",
               .german = true,
               .domain = "hausamsee.example",
               .staff = {"Demo", "Vreni Ammann", "Luca Bernasconi", "Treuhand Rüegg AG"},
               .types = {"Programmversand", "Küche"}},
              now, seed);
  std::vector<std::size_t> organizations;
  for (const std::string& name : kHouses) {
    Person house = story.make_organization(-kDays, name);
    house.joined = story.at(-kDays, 8);
    organizations.push_back(story.add(std::move(house)));
  }
  for (std::size_t i = 0; i < kGuests; ++i) {
    Person person = story.make_person(i < kGuests / 2 ? -kDays : -story.between(30, kDays - 20));
    if (i < kGuests / 2) person.joined = story.at(-kDays, 9);
    if (i % 7 == 0) person.organization = story.pick(organizations);
    guest(story, story.add(std::move(person)));
  }
  houses(story, organizations);
  rare(story);
  return story;
}

}  // namespace annals::demo
