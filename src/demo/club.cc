// A rowing club: yearly memberships, sessions on the water, letters, and a register that had
// duplicates.
#include <algorithm>
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

constexpr int kMaud = 1;  // secretary, manager
constexpr int kPiet = 2;  // coach
constexpr std::size_t kMembers = 240;

const std::vector<std::string> kSessions = {"Learn to row",       "Masters eight",
                                            "Sculling technique", "Ergometer evening",
                                            "Junior training",    "Sunday long row"};
const std::vector<std::string> kNotes = {
    "Volunteers for the regatta, can drive the trailer.",
    "Swimming certificate seen, allowed to scull alone.",
    "Would like to move from the Tuesday to the Thursday crew.",
    "Verletzt sich leicht am Handgelenk, bitte nur Riemen rechts.",
    "Wants to sponsor new blades. Maud follows up."};
const std::vector<std::string> kCalls = {
    "Asked when the outing leaves on Saturday. 08:30 from the pontoon.",
    "Daughter wants to join the juniors, sent the form.",
    "Questioned the boat levy. Explained the vote of the general meeting.",
    "Away for three months, please keep the locker."};

void membership(Story& story, std::size_t person, std::int64_t joined) {
  const bool taken_over = joined <= -kDays;
  if (!taken_over) {
    (void)story.tell(
        person, story.at(joined, 20, 30),
        {.type = "contract.created",
         .title = "Membership begun",
         .details = {{"membership", word("full")}, {"start", word(story.date(joined))}},
         .staff = kMaud,
         .cents = 32'000});
  }
  for (std::int64_t day = std::max(joined + 10, -500 + static_cast<std::int64_t>(person % 9));
       day <= 0; day += 365) {
    (void)story.tell(person, story.at(day, 10),
                     {.type = "letter.sent",
                      .title = "Membership fee of the year",
                      .by = kMaud,
                      .contact_type = "Contributie lidmaatschap"});
    const std::int64_t fate = story.between(0, 99);
    (void)invoice(story, person,
                  {.what = "Membership fee",
                   .day = day,
                   .cents = 32'000,
                   .means = fate < 70 ? "direct_debit" : "transfer",
                   .fails_first = fate < 7,
                   .voided = fate == 50,
                   .paid = fate < 94,
                   .staff = kMaud});
  }
  if (story.chance(8)) {
    const std::int64_t day = -story.between(20, 250);
    (void)story.tell(person, story.at(day, 12),
                     {.type = "cancellation.received",
                      .title = "Resignation received",
                      .text = "Moves to Utrecht.",
                      .staff = kMaud,
                      .method = "email"});
    (void)story.tell(
        person, story.at(day + 3, 12),
        {.type = "cancellation.confirmed",
         .title = "Resignation confirmed",
         .details = {{"membership", word("full")}, {"ends_on", word(story.date(day + 60))}},
         .staff = kMaud});
    (void)story.tell(person, story.at(day + 60, 1),
                     {.type = "contract.ended", .title = "Membership ended"});
  }
  if (story.chance(9)) {
    (void)story.tell(
        person, story.at(-story.between(60, 300), 12),
        {.type = "pause.confirmed", .title = "Membership paused: a term abroad", .staff = kMaud});
  }
}

void training(Story& story, std::size_t person, std::int64_t from) {
  for (std::int64_t day = from + story.between(4, 40); day <= 9; day += story.between(20, 70)) {
    const std::int64_t fate = story.between(0, 99);
    (void)appointment(story, person,
                      {.what = story.pick(kSessions),
                       .day = day,
                       .hour = story.between(7, 19),
                       .booked_days_before = story.between(1, 6),
                       .staff = kPiet,
                       .outcome = fate < 86   ? Outcome::kCame
                                  : fate < 93 ? Outcome::kDidNotCome
                                              : Outcome::kCanceledByClient,
                       .text_message = story.chance(30)});
  }
}

void member(Story& story, std::size_t person) {
  const std::int64_t joined = story.day_of(story.person(person).joined);
  membership(story, person, joined);
  if (story.chance(60)) training(story, person, joined);
  if (joined > -kDays) {
    (void)story.tell(person, story.at(joined + 1, 9),
                     {.type = "newsletter.subscribed", .title = "The Oarsman", .actor = "contact"});
    mail(story, person, story.at(joined + 1, 10), "Welcome aboard",
         "Welcome to Harbour Rowing Club! Your first outing is on us.");
  }
  for (const std::int64_t day : {-400, -310, -220, -130, -40}) {
    if (story.chance(55))
      newsletter(story, person, story.at(day, 8), "The Oarsman, " + story.date(day).substr(0, 7));
  }
  if (story.chance(30))
    (void)note(story, person, story.at(-story.between(4, 400), story.between(10, 21)),
               story.chance(50) ? kPiet : kMaud, story.pick(kNotes));
  if (story.chance(25))
    (void)call(story, person, story.at(-story.between(4, 400), story.between(10, 21)), kMaud, true,
               story.pick(kCalls));
  if (story.chance(6))
    story.task(person, story.at(-story.between(3, 40), 20), kPiet, "Check the swimming certificate",
               story.between(-3, 20), std::nullopt);
  birthdays(story, person, std::max(joined, -kDays));
}

// Somebody who joined twice: the second record was merged into the first. And one that was not.
void duplicates(Story& story) {
  Person again = story.person(30);
  again.body.set("client_number", word("K-30-B"));
  again.body.set(
      "uids",
      Json::array({object({{"source", word("regatta")}, {"external_id", word("r-4711")}})}));
  again.joined = story.at(-150, 14);
  const std::size_t twice = story.add(std::move(again));
  (void)appointment(
      story, twice,
      {.what = "Learn to row", .day = -140, .hour = 10, .booked_days_before = 5, .staff = kPiet});
  (void)note(story, twice, story.at(-139, 12), kPiet, "Says that she has been a member for years?");
  story.merge(twice, 30, story.at(-138, 9), kMaud);

  Person brother = story.make_person(-120);
  brother.joined = story.at(-120, 14);
  const std::size_t other = story.add(std::move(brother));
  (void)note(story, other, story.at(-110, 12), kMaud, "Same address as his brother.");
  story.merge(other, 31, story.at(-109, 9), kMaud);
  story.unmerge(other, story.at(-108, 9), kMaud);
}

void rare(Story& story) {
  const std::size_t wrong =
      note(story, 2, story.at(-16, 20), kPiet, "Capsized near buoy 7, all well.");
  story.correct(wrong, story.at(-15, 9), kPiet, "text", "Capsized near buoy 9, all well.",
                "Wrong buoy");
  story.retract(note(story, 3, story.at(-13, 20), kPiet, "Owes a round."), story.at(-13, 21), kPiet,
                "A joke, not a record");
  story.pin(note(story, 5, story.at(-80, 20), kMaud, "Honorary member, no fee."),
            story.at(-80, 20, 1), kMaud);
  (void)story.tell(6, story.at(-75, 20),
                   {.type = "meeting",
                    .title = "General meeting",
                    .text = "Elected into the boat committee.",
                    .by = kMaud});
  (void)story.tell(7, story.at(-64, 11),
                   {.type = "document.uploaded",
                    .title = "Swimming certificate",
                    .by = kPiet,
                    .files = {text_file("certificate.txt", "Swims 500 m in clothes.\n")}});
  (void)story.tell(8, story.at(-60, 11),
                   {.type = "call",
                    .title = "Quarrel about boat 12",
                    .text = "Mediated between two crews. Boat 12 goes to the masters on Thursdays.",
                    .by = kMaud,
                    .contact_type = "Complaint",
                    .direction = "inbound"});
  story.task(9, story.at(-30, 10), kMaud, "Return the deposit for the key", -20, story.at(-21, 10));
  story.task(10, story.at(-30, 10), kMaud, "Order a cap", -20, story.at(-25, 10), true);
  story.change(11, story.at(-26, 19), kMaud,
               object({{"phones", Json::array({object({{"number", word("+31 6 12345678")},
                                                       {"label", word("mobile")}})})}}));
}

}  // namespace

Story club(base::Micros now, std::uint64_t seed) {
  Story story({.name = "Harbour Rowing Club",
               .time_zone = "Europe/Amsterdam",
               .locale = "en",
               .currency = "EUR",
               .german = false,
               .domain = "harbourrowing.example",
               .staff = {"Demo", "Maud de Graaf", "Piet Hoekstra", "Cash Auditors"},
               .types = {"Contributie lidmaatschap", "Complaint"}},
              now, seed);
  for (std::size_t i = 0; i < kMembers; ++i) {
    Person person =
        story.make_person(i < kMembers * 3 / 4 ? -kDays : -story.between(5, kDays - 20));
    if (i < kMembers * 3 / 4) person.joined = story.at(-kDays, 9);
    member(story, story.add(std::move(person)));
  }
  duplicates(story);
  rare(story);
  return story;
}

}  // namespace annals::demo
