// How long it takes to find a contact among 100,000, query by query as they are typed. The names
// come from syllables by a fixed seed, common ones far oftener than rare ones, as names are.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "access/access.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "catalog/catalog.h"
#include "contacts/contacts.h"
#include "contacts/search.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "entries/derive.h"

namespace annals::contacts {
namespace {

constexpr std::uint32_t kContacts = 100'000;
constexpr std::uint32_t kContactsPerWrite = 1'000;

constexpr const char* kBusiness =
    R"({"business":{"name":"B","time_zone":"Europe/Berlin","locale":"de","currency":"EUR"},)"
    R"("owner":{"name":"Ada","email":"ada@annals.example","password":"correct horse"}})";

std::string name_of(std::uint32_t number) {
  static constexpr const char* kBegin[] = {"Mar", "An",  "Schm", "Ber", "Jo",  "Kar", "Lu",
                                           "Wag", "Hof", "Fi",   "Be",  "Ro",  "Ste", "Gro",
                                           "Kö",  "Mül", "Vo",   "Bra", "Zim", "Kla"};
  static constexpr const char* kMiddle[] = {"",   "ia", "er", "ne", "il",
                                            "an", "is", "or", "el", "u"};
  static constexpr const char* kEnd[] = {"a",   "ler", "mann", "idt", "ke", "ner", "son", "ina",
                                         "ger", "us",  "ig",   "ert", "th", "o",   "en"};
  const std::uint32_t end = number / 20 % 15;
  const std::uint32_t middle = number / 300 % 10;
  return std::string(kBegin[number % 20]) + kMiddle[middle] + kEnd[end];
}

// Small numbers oftener than great ones.
std::uint32_t skewed(const base::SeededRandom& random, std::uint32_t bound) {
  return random.below(1 + random.below(1 + random.below(bound)));
}

std::string body_of(const base::SeededRandom& random, std::uint32_t i) {
  const std::string given = name_of(skewed(random, 600));
  const std::string family = name_of(skewed(random, 3'000));
  const std::string number = std::to_string(1'000'000 + random.below(9'000'000));
  base::JsonWriter json;
  json.begin_object().member("given_name", given).member("family_name", family);
  json.key("phones").begin_array().begin_object().member("number", "0171 " + number);
  json.end_object().end_array();
  json.member("client_number", "K-" + std::to_string(i));
  json.key("emails").begin_array().begin_object();
  json.member("address", "c" + std::to_string(i) + ".x@example" + std::to_string(i % 50) + ".com");
  json.end_object().end_array().end_object();
  return json.take();
}

class Clinic {
 public:
  Clinic()
      : database_(
            db::open_sqlite({.folder = folder_.path(), .derive = entries::derivation(index)})) {
    access::add_business(*database_, base::parse_json(kBusiness), {.seed = catalog::seed});
    const base::SeededRandom random(7);
    for (std::uint32_t i = 0; i < kContacts; i += kContactsPerWrite) {
      std::vector<base::Json> bodies;
      for (std::uint32_t j = i; j < i + kContactsPerWrite; ++j) {
        bodies.push_back(base::parse_json(body_of(random, j)));
      }
      database_->write(1, [&](db::Tx& tx) {
        const auto actor = access::system_actor(*access::find_business(tx, 1));
        for (const base::Json& body : bodies) create(tx, actor, body);
      });
    }
    while (database_->lag() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  db::Database& database() { return *database_; }

 private:
  base::TempFolder folder_;
  std::unique_ptr<db::Database> database_;
};

Clinic& clinic() {
  static Clinic instance;
  return instance;
}

void find(benchmark::State& state, const std::string& query) {
  db::Database& database = clinic().database();
  const base::Clock& clock = base::system_clock();
  std::vector<base::Micros> took;
  std::size_t hits = 0;
  for (auto _ : state) {
    const base::Micros begin = clock.steady();
    hits = database.read(1, [&](db::Tx& tx) { return search(tx, query, {}, "DE", 20).size(); });
    took.push_back(clock.steady() - begin);
  }
  std::sort(took.begin(), took.end());
  state.counters["hits"] = static_cast<double>(hits);
  state.counters["p99_ms"] = static_cast<double>(took[(took.size() - 1) * 99 / 100]) / 1'000.0;
}

BENCHMARK_CAPTURE(find, one_letter, "m")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, two_letters, "ma")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, common_word, "maria")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, two_single_letters, "m s")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, word_and_letter, "mara s")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, two_words, "mara schmler")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, mistyped, "schmlr")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, two_mistyped, "zimemnn maraa")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, nothing, "xyzzyx qqqqqq")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, phone_begins, "0171 2")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, phone_of_all, "0171")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, phone_ends, "4567")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, address, "c4711.x@example")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, domain, "example7.com")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, client_number, "K-4711")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(find, number, "4711")->Unit(benchmark::kMillisecond);

void list_first_page(benchmark::State& state) {
  db::Database& database = clinic().database();
  Filter people;
  people.organizations = false;
  for (auto _ : state) {
    const std::size_t n =
        database.read(1, [&](db::Tx& tx) { return list(tx, people, {}, 50).size(); });
    benchmark::DoNotOptimize(n);
  }
}
BENCHMARK(list_first_page)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace annals::contacts

BENCHMARK_MAIN();
