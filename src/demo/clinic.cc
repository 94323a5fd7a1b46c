// A practice for physiotherapy: courses of treatment, reminders by text message, forms and papers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "demo/houses.h"
#include "demo/scenes.h"
#include "demo/story.h"

namespace annals::demo {
namespace {

constexpr int kNadia = 1;  // manager
constexpr int kTom = 2;    // therapist
constexpr int kEsi = 3;    // front desk
constexpr std::size_t kClients = 220;

const std::vector<std::string> kServices = {"Physiotherapy", "Sports massage", "Manual therapy",
                                            "Gait analysis", "Pilates rehab",  "Follow-up"};
const std::vector<std::string> kFindings = {
    ("Left shoulder: abduction to 110°, pain at the end of the range. Continue the programme, add "
     "band work."),
    "Lower back much better. Sleeps through again. Two more sessions, then review.",
    "Knee still swollen after stairs. Letter to the GP suggested an MRI.",
    "Came straight from work, tense. Breathing exercises, home programme reduced to three.",
    "Post-op week 6: full weight bearing allowed by the surgeon. Gait training started."};
const std::vector<std::string> kCalls = {
    "Asked whether her insurer covers ten sessions. Sent the quote by e-mail.",
    "Running late by fifteen minutes, told Tom.",
    "Wants an earlier appointment, put on the list for cancellations.",
    "Möchte den Bericht auf Deutsch für die Krankenkasse. Tom übersetzt bis Freitag.",
    ("Complained about waiting twenty minutes last week. Apologised, offered the first slot of the "
     "day.")};
const std::vector<std::string> kNotes = {
    "Needs the ramp at the back entrance.", "Daughter drives her, please keep Tuesdays.",
    "Prefers text messages, no calls at work.",
    "Bitte nur vormittags anrufen, arbeitet im Schichtdienst."};

void course(Story& story, std::size_t person, std::int64_t first) {
  const std::string service = story.pick(kServices);
  const std::int64_t sessions = story.between(3, 8);
  (void)story.tell(
      person, story.at(first, 9, 40),
      {.type = "consent.signed",
       .title = "Consent to treatment signed",
       .by = kEsi,
       .method = "in_person",
       .views = {"medical"},
       .files = story.chance(9) ? std::vector<File>{pdf_file(
                                      "consent.pdf", {"Consent to treatment",
                                                      "Read, understood and signed at the desk."})}
                                : std::vector<File>{}});
  std::int64_t day = first;
  for (std::int64_t i = 0; i < sessions && day <= 21; ++i, day += story.between(5, 9)) {
    const std::int64_t fate = story.between(0, 99);
    const std::size_t last = appointment(story, person,
                                         {.what = service,
                                          .day = day,
                                          .hour = story.between(8, 17),
                                          .booked_days_before = story.between(3, 14),
                                          .staff = kTom,
                                          .outcome = fate < 82   ? Outcome::kCame
                                                     : fate < 92 ? Outcome::kDidNotCome
                                                     : fate < 98 ? Outcome::kCanceledByClient
                                                                 : Outcome::kCanceledByStaff,
                                          .moved = story.chance(4),
                                          .by_client = story.chance(60)});
    if (last != 0 && fate < 82 && story.chance(55)) {
      (void)story.tell(person, story.at(day, 18, story.between(0, 50)),
                       {.type = "note",
                        .title = "Findings",
                        .text = story.pick(kFindings),
                        .by = kTom,
                        .views = {"medical"}});
    }
    if (last != 0 && fate >= 82 && fate < 92 && story.chance(50)) {
      (void)call(
          story, person, story.at(day, 18, story.between(0, 50)), kEsi, false,
          "Tried to reach the client after the missed appointment, left a message on the mailbox.");
    }
  }
  const std::int64_t fate = story.between(0, 99);
  (void)invoice(story, person,
                {.what = service + ", " + std::to_string(sessions) + " sessions",
                 .day = std::min<std::int64_t>(day, 0),
                 .cents = sessions * 6'500,
                 .means = story.chance(70) ? "card" : "transfer",
                 .fails_first = fate < 6,
                 .voided = fate > 96,
                 .paid = fate < 90,
                 .staff = kEsi});
}

void client(Story& story, std::size_t person) {
  const std::int64_t joined = story.day_of(story.person(person).joined);
  for (std::int64_t day = joined + story.between(1, 30); day <= 3; day += story.between(150, 330)) {
    course(story, person, day);
    if (story.chance(35))
      (void)call(story, person, story.at(day + 4, story.between(9, 16)), kEsi, story.chance(80),
                 story.pick(kCalls));
    if (story.chance(25))
      (void)note(story, person, story.at(day + 1, story.between(9, 16)), kEsi, story.pick(kNotes));
    if (story.chance(10)) {
      (void)story.tell(
          person, story.at(day + 12, 11),
          {.type = "document.uploaded",
           .title = "Letter of the GP",
           .by = kEsi,
           .views = {"medical"},
           .files = {text_file(
               "gp-letter.txt",
               "Dear colleagues,\n\nplease treat for chronic low back pain, ten sessions.\n")}});
    }
    if (story.chance(6)) {
      (void)story.tell(person, story.at(day + 40, 11),
                       {.type = "document.printed",
                        .title = "Privacy notice printed and handed over",
                        .by = kEsi});
    }
    if (story.chance(12)) {
      (void)story.tell(person, story.at(day + 15, 20),
                       {.type = "sms.received",
                        .text = "Sorry, stuck on the train. Can I come at 4 instead?",
                        .actor = "contact"});
    }
    if (story.chance(12)) {
      story.task(person, story.at(std::min<std::int64_t>(day + 30, -1), 15), kEsi,
                 "Ask for the insurer's approval", std::min<std::int64_t>(day + 37, 5),
                 story.at(std::min<std::int64_t>(day + 36, 4), 10), story.chance(12));
    }
  }
  birthdays(story, person, std::max(joined, -kDays));
}

void rare(Story& story) {
  const std::size_t wrong = note(story, 2, story.at(-14, 15), kTom, "Right knee, stage two.");
  story.correct(wrong, story.at(-14, 16), kTom, "text", "Left knee, stage two.", "Wrong side");
  story.correct(wrong, story.at(-13, 9), kTom, "text", "Left knee, stage two, no effusion.",
                "Completed after the examination");
  story.retract(note(story, 4, story.at(-10, 15), kEsi, "Called about the invoice."),
                story.at(-10, 15, 3), kEsi, "Written into the wrong file");
  story.pin(note(story, 6, story.at(-60, 9), kTom, "ALLERGY: latex. Use nitrile gloves."),
            story.at(-60, 9, 1), kTom);
  (void)story.tell(8, story.at(-50, 10),
                   {.type = "visit",
                    .title = "Came to the desk",
                    .text = "Picked up the exercise sheets.",
                    .by = kEsi});
  (void)story.tell(9, story.at(-48, 10),
                   {.type = "consent.withdrawn",
                    .title = "Consent to reminders by text message withdrawn",
                    .by = kEsi});
  (void)story.tell(
      10, story.at(-45, 10),
      {.type = "contact.exported",
       .title = "Access request: everything handed over as PDF",
       .by = kNadia,
       .files = {pdf_file("access-package.pdf", {"Everything that we keep about you"})}});
  (void)story.tell(11, story.at(-44, 10),
                   {.type = "contact.restricted",
                    .title = "Processing restricted at the client's request",
                    .by = kNadia});
  (void)story.tell(12, story.at(-40, 10),
                   {.type = "payment.refunded",
                    .title = "One session refunded",
                    .details = {{"means", word("card")}, {"last4", word("4242")}},
                    .staff = kEsi,
                    .cents = 6'500});
  (void)story.tell(13, story.at(-39, 16),
                   {.type = "note",
                    .title = "In confidence",
                    .text = "Going through a divorce, please be patient about the open invoice.",
                    .by = kTom,
                    .is_private = true});
  (void)story.tell(14, story.at(-30, 9),
                   {.type = "note",
                    .title = "Complaint",
                    .text = "The room was cold. Heating has been repaired, client told by phone.",
                    .by = kNadia,
                    .contact_type = "Complaint"});
  conversation(story, 15, -21, kEsi, "Receipt for my insurer",
               "Hello, could you send me the receipts of last year once more? Thank you!",
               "Hello, of course: they are in your customer area now. Kind regards, Esi");
  Person erased = story.make_person(-200);
  erased.body = object({{"kind", word("person")},
                        {"given_name", word("Erased")},
                        {"family_name", word("Client")},
                        {"client_number", word("K-ERASED-1")}});
  const std::size_t gone = story.add(std::move(erased));
  (void)story.tell(
      gone, story.at(-35, 10),
      {.type = "contact.erased", .title = "Content erased at the client's request", .by = kNadia});
}

}  // namespace

Story clinic(base::Micros now, std::uint64_t seed) {
  Story story(
      {.name = "Lindenpark Physiotherapy",
       .time_zone = "Europe/London",
       .locale = "en-GB",
       .currency = "GBP",
       .german = false,
       .domain = "lindenpark.example",
       .staff = {"Demo", "Nadia Rahman", "Tom Sutherland", "Esi Boateng", "Audit Partners LLP"},
       .types = {"Complaint", "Findings"}},
      now, seed);
  for (std::size_t i = 0; i < kClients; ++i) {
    Person person = story.make_person(i < kClients / 2 ? -kDays : -story.between(5, kDays - 20));
    if (i < kClients / 2) person.joined = story.at(-kDays, 9);
    client(story, story.add(std::move(person)));
  }
  rare(story);
  return story;
}

}  // namespace annals::demo
