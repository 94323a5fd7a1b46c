// Finding contacts as one types.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "contacts/search.h"
#include "contacts/terms.h"
#include "contacts/test_clients.h"
#include "db/db.h"

namespace annals::contacts {
namespace {

class Search : public testing::Test {
 protected:
  Search() {
    api_.create(R"({"given_name":"Jürgen","family_name":"Müller","client_number":"K-1001",)"
                R"("phones":[{"number":"0171 2345678"}],)"
                R"("emails":[{"address":"j.mueller@mail.example.com"}],)"
                R"("uids":[{"source":"booking","external_id":"PAT/00417"}]})");
    api_.create(R"({"given_name":"Anna","family_name":"Schmidt"})");
    api_.create(R"({"given_name":"Annalena","family_name":"Berg"})");
    api_.create(R"({"given_name":"Bo","family_name":"Anna","archived":true})");
    api_.create(R"({"kind":"organization","organization_name":"Ørsted & Søn A/S"})");
  }
  // What matched, of the first hit.
  std::string matched(const std::string& query) {
    const auto reply = api_.get("/contacts?q=" + query, api_.owner);
    return reply.at("items.0.match.field") + "=" + reply.at("items.0.match.text");
  }
  Clients api_;
};

TEST_F(Search, finds_by_part_of_a_name_as_it_is_typed) {
  for (const char* query :
       {"m", "mu", "Mül", "MÜLLER", "muller", "jürgen müller", "müller jur", "jurgen   m"}) {
    EXPECT_EQ(api_.names(std::string("q=") + query), "Jürgen Müller") << query;
  }
  EXPECT_EQ(api_.names("q=orsted"), "Ørsted & Søn A/S");
  EXPECT_EQ(api_.names("q=ørsted son"), "Ørsted & Søn A/S");
  EXPECT_EQ(api_.names("q=jurgen schmidt"), "") << "every word must match";
}

TEST_F(Search, puts_the_best_match_first) {
  EXPECT_EQ(api_.names("q=anna"), "Anna Schmidt, Annalena Berg, Bo Anna")
      << "the whole word, then its beginning, archived ones last";
  EXPECT_EQ(api_.names("q=anna&archived=false"), "Anna Schmidt, Annalena Berg");
  EXPECT_EQ(api_.names("q=ann&limit=1"), "Annalena Berg");
}

TEST_F(Search, finds_by_digits_of_a_phone_number) {
  for (const char* query : {"01712345678", "0171", "0171 234", "+49 171 2345", "0049171",
                            "(0171) 2345-678", "5678", "2345678", "171 2345678"}) {
    EXPECT_EQ(api_.names(std::string("q=") + query), "Jürgen Müller") << query;
    EXPECT_EQ(matched(query), "phones=0171 2345678") << query;
  }
  EXPECT_EQ(api_.names("q=müller 0171"), "Jürgen Müller");
  EXPECT_EQ(api_.names("q=017199"), "");
}

TEST_F(Search, finds_by_email_address) {
  for (const char* query : {"j.mueller@mail.example.com", "J.MUELLER@mail", "mueller",
                            "@mail.example.com", "example.com", "mail.ex"}) {
    EXPECT_EQ(matched(query), "emails=j.mueller@mail.example.com") << query;
  }
}

TEST_F(Search, finds_by_client_number_and_uid) {
  for (const char* query : {"K-1001", "k-10", "1001"}) {
    EXPECT_EQ(matched(query), "client_number=K-1001") << query;
  }
  for (const char* query : {"PAT/00417", "pat/0", "00417"}) {
    EXPECT_EQ(matched(query), "uids=PAT/00417") << query;
  }
}

TEST_F(Search, forgives_one_typing_error) {
  for (const char* query : {"schmitt", "schmdit", "schidt", "schmiidt", "achmidt", "shcmidt",
                            "scmid", "anna schmitd", "chmidt"}) {
    EXPECT_EQ(api_.names(std::string("q=") + query), "Anna Schmidt") << query;
  }
  EXPECT_EQ(api_.names("q=xchmitt"), "") << "two errors";
  EXPECT_EQ(api_.names("q=bxrg"), "Annalena Berg");
  EXPECT_EQ(api_.names("q=bx"), "") << "short words are taken as they are";
  EXPECT_EQ(matched("schmitt"), "name=Anna Schmidt");
}

TEST_F(Search, follows_each_change) {
  const auto id = api_.get("/contacts?client_number=K-1001", api_.owner).at("items.0.id");
  api_.patch("/contacts/" + id, R"({"family_name":"Kern","phones":null,"emails":null})",
             api_.owner);
  EXPECT_EQ(api_.names("q=muller"), "");
  EXPECT_EQ(api_.names("q=0171"), "");
  EXPECT_EQ(api_.names("q=kern"), "Jürgen Kern");
  EXPECT_EQ(api_.names("q=muller"), "") << "a word that nobody has any more corrects nothing";
}

TEST_F(Search, filters_what_it_finds) {
  EXPECT_EQ(api_.names("q=anna&kind=organization"), "");
  EXPECT_EQ(api_.names("q=o&kind=organization"), "Ørsted & Søn A/S");
  EXPECT_EQ(api_.names("q=anna&archived=true"), "Bo Anna");
}

TEST_F(Search, takes_any_text) {
  for (const char* query : {"\"",
                            "' OR 1=1",
                            "*",
                            "AND",
                            "NOT anna",
                            "(",
                            "^",
                            "a\"b",
                            "{}:",
                            "-",
                            "....",
                            "@@",
                            "🎉",
                            "\xE2\x80\x8B",
                            "ＡＮＮＡ",
                            "王秀英",
                            "ثم نفس",
                            "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
                            "1;DROP TABLE x",
                            "\xEF\xBB\xBF"}) {
    const auto reply = api_.get(std::string("/contacts?q=") + query, api_.owner);
    EXPECT_EQ(reply.status, 200) << query << reply.text;
    api_.create(std::string(R"({"given_name":"X","tags":["t"],"client_number":)") +
                base::Json::string(query).dump() + "}");
  }
  EXPECT_EQ(api_.get("/contacts?tag=t&limit=200", api_.owner).json.find("items")->items().size(),
            20U);
  EXPECT_EQ(api_.get("/contacts?q=a b c d e f g h i j k l m n o p q", api_.owner).errors(),
            "q too_many");
  EXPECT_EQ(api_.get("/contacts?q=" + std::string(501, 'a'), api_.owner).errors(), "q too_long");
  EXPECT_EQ(api_.get("/contacts?q=\xFF", api_.owner).errors(), "q utf8");
}

// Every text that one typing error makes of `word` (ASCII).
std::vector<std::string> mistyped(const std::string& word) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < word.size(); ++i) {
    texts.push_back(word.substr(0, i) + word.substr(i + 1));
    texts.push_back(word.substr(0, i) + "q" + word.substr(i + 1));
    texts.push_back(word.substr(0, i) + "q" + word.substr(i));
    if (i + 1 < word.size()) {
      std::string swapped = word;
      std::swap(swapped[i], swapped[i + 1]);
      texts.push_back(swapped);
    }
  }
  texts.push_back(word + "q");
  return texts;
}

TEST(Spelling, of_each_name_any_single_error_is_forgiven) {
  Clients api;
  const std::vector<std::string> names = {
      "anders",     "bauer",      "becker",    "fischer",  "hoffmann", "jansen",
      "kazlauskas", "keller",     "koch",      "kruger",   "lange",    "lehmann",
      "maier",      "martin",     "mayer",     "meier",    "meyer",    "muller",
      "neumann",    "petrauskas", "richter",   "schafer",  "schmid",   "schmidt",
      "schmitt",    "schmitz",    "schneider", "schroder", "schulz",   "schulze",
      "vandijk",    "wagner",     "weber",     "werner",   "wolff",    "zimmermann"};
  for (const std::string& name : names) api.create(R"({"family_name":")" + name + "\"}");
  std::string missed;
  api.database->read(1, [&](db::Tx& tx) {
    for (const std::string& name : names) {
      for (const std::string& query : mistyped(name)) {
        if (query.size() < 4) continue;
        const auto hits = search(tx, query, {}, "DE", 40);
        const bool found = std::any_of(hits.begin(), hits.end(), [&](const Hit& hit) {
          return hit.contact.profile.family_name == name;
        });
        if (!found) missed.append(query).append(" (").append(name).append(") ");
      }
    }
  });
  EXPECT_EQ(missed, "");
}

TEST(Terms, of_phone_numbers_are_international_and_national) {
  EXPECT_EQ(phone_texts({"x", "", "+491712345678"}),
            (std::vector<std::string>{"491712345678", "1712345678"}));
  EXPECT_EQ(phone_texts({"x", "", "+12125550123"}),
            (std::vector<std::string>{"12125550123", "2125550123"}));
  EXPECT_EQ(phone_texts({"x", "", "+37061234567"}),
            (std::vector<std::string>{"37061234567", "61234567"}));
  EXPECT_EQ(phone_texts({"0-12", "", {}}), (std::vector<std::string>{"012", "12"}));
}

}  // namespace
}  // namespace annals::contacts
