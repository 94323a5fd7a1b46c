#include "demo/words.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace annals::demo {

using Words = std::vector<std::string>;

const Words kGermanWomen = {"Anna",    "Lena",   "Katharina", "Sabine", "Jana",      "Ursula",
                            "Mareike", "Greta",  "Heike",     "Birgit", "Franziska", "Käthe",
                            "Amelie",  "Sophie", "Nele",      "Ingrid", "Theresa",   "Zoë"};
const Words kGermanMen = {"Jürgen", "Lukas",  "Stefan", "Björn",  "Matthias", "Karl-Heinz",
                          "Paul",   "Moritz", "Felix",  "Günter", "Tobias",   "Jonas",
                          "Emil",   "Anton",  "Dirk",   "Holger", "Sören",    "Wolfgang"};
const Words kEnglishWomen = {"Grace",  "Olivia", "Charlotte", "Emily",  "Harriet", "Siobhan",
                             "Megan",  "Ruth",   "Priya",     "Imogen", "Beatrix", "Aoife",
                             "Hannah", "Zara",   "Eleanor",   "Molly",  "Chloé",   "Ines"};
const Words kEnglishMen = {"Oliver", "Harry",  "Thomas", "Callum", "Rhys",  "Edward",
                           "Samuel", "George", "Dylan",  "Ravi",   "Angus", "Leo",
                           "Isaac",  "Owen",   "Hugh",   "Martin", "José",  "Noah"};
const Words kGermanFamilies = {"Müller",  "Schneider",  "Weiß",      "Groß",   "Köhler",
                               "Becker",  "Hoffmann",   "Schäfer",   "Krüger", "Lehmann",
                               "Brandt",  "Vogel",      "Friedrich", "Jäger",  "Sommerfeld",
                               "Winkler", "Engelhardt", "Böhm",      "Nowak",  "von der Heide"};
const Words kEnglishFamilies = {"Hartley",  "Whitfield", "O'Connor",    "Bennett",  "Fletcher",
                                "Ashworth", "Kavanagh",  "Lloyd-Jones", "Marsh",    "Pemberton",
                                "Sinclair", "Thornton",  "Baxter",      "Drummond", "Quigley",
                                "Rowe",     "Stanhope",  "Turner",      "Wyatt",    "Mackenzie"};
const Words kFamiliesOfTheWorld = {"Ørsted",       "Kowalczyk",   "Yılmaz",       "Nguyễn",
                                   "García Pérez", "Petrauskas",  "de Vries",     "D'Angelo",
                                   "Çelik",        "Żukauskaitė", "Papadopoulou", "Lefèvre",
                                   "Иванова",      "田中",        "Al-Sayed"};
const Words kMailDomains = {"mail.example", "post.example", "inbox.example", "letters.example"};
const Words kGermanStreets = {"Lindenstraße", "Am Mühlbach", "Goethestraße", "Kastanienallee",
                              "Hafenweg",     "Schulgasse",  "Bergstraße",   "Rosenweg"};
const Words kEnglishStreets = {"Mill Lane",    "Orchard Road", "Church Street", "Station Road",
                               "Harbour View", "Elm Grove",    "King's Parade", "Canal Walk"};
const std::vector<Place> kGermanPlaces = {{"10437", "Berlin", "DE"},   {"22765", "Hamburg", "DE"},
                                          {"79098", "Freiburg", "DE"}, {"04109", "Leipzig", "DE"},
                                          {"88131", "Lindau", "DE"},   {"6900", "Bregenz", "AT"}};
const std::vector<Place> kEnglishPlaces = {{"BS1 4DJ", "Bristol", "GB"},
                                           {"CB2 1TN", "Cambridge", "GB"},
                                           {"EH3 9QG", "Edinburgh", "GB"},
                                           {"CF10 1EP", "Cardiff", "GB"},
                                           {"T12 X8N6", "Cork", "IE"}};
const Words kGermanTags = {"Stammkunde", "Empfehlung", "Firmenkunde", "Rechnung per Post"};
const Words kEnglishTags = {"regular", "referred", "needs parking", "prefers mornings"};

std::string mail_name(std::string_view name) {
  std::string out;
  for (const base::Token& token : base::analyse(name)) {
    for (const char c : token.word) {
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    }
  }
  // A name in another script leaves nothing that an address may hold.
  return out.empty() ? "client" : out;
}

}  // namespace annals::demo
