// The history against a model of it: random recordings, corrections and retractions, read back as
// of random instants, through the routes as the program wires them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/test_api.h"
#include "app/test_history.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/time.h"

namespace annals::app {
namespace {

struct Version {
  base::Micros recorded_at = 0;
  base::Micros occurred_at = 0;
  std::string title;
};

struct Modelled {
  std::string id;
  std::string contact;
  std::string type;
  std::size_t order = 0;  // of recording, for entries of one instant
  std::vector<Version> versions;
  std::vector<std::size_t> version_order;
  std::optional<base::Micros> retracted_at;
};

base::Micros time_of(const std::string& text) { return *base::parse_rfc3339(text); }

class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) {
      contacts_.push_back(
          api.post("/contacts", R"({"kind":"person","given_name":"Client"})", api.owner).at("id"));
    }
  }

  void step() {
    // Forward most of the time, and now and then back.
    api.clock.advance(static_cast<base::Micros>(random_.below(5'000'000)) - 500'000);
    const std::uint32_t what = random_.below(10);
    if (what < 6 || entries_.empty()) {
      record();
    } else if (what < 9) {
      correct(entries_[random_.below(static_cast<std::uint32_t>(entries_.size()))]);
    } else {
      retract(entries_[random_.below(static_cast<std::uint32_t>(entries_.size()))]);
    }
  }

  // "title" or "~title" (struck out), newest first, as known at `as_of`.
  std::vector<std::string> expected(const std::string& contact, std::optional<base::Micros> as_of) {
    struct Line {
      base::Micros occurred_at;
      std::size_t order;
      std::string text;
    };
    std::vector<Line> lines;
    for (const Modelled& entry : entries_) {
      if (!contact.empty() && entry.contact != contact) continue;
      std::optional<std::size_t> shown;
      for (std::size_t i = 0; i < entry.versions.size(); ++i) {
        if (!as_of || entry.versions[i].recorded_at <= *as_of) shown = i;
      }
      if (!shown) continue;
      const bool struck = entry.retracted_at && (!as_of || *entry.retracted_at <= *as_of);
      const Version& version = entry.versions[*shown];
      lines.push_back(
          {version.occurred_at, entry.version_order[*shown], (struck ? "~" : "") + version.title});
    }
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
      return std::pair(a.occurred_at, a.order) > std::pair(b.occurred_at, b.order);
    });
    std::vector<std::string> texts;
    texts.reserve(lines.size());
    for (const Line& line : lines) texts.push_back(line.text);
    return texts;
  }

  std::vector<std::string> shown(const std::string& contact, std::optional<base::Micros> as_of) {
    std::vector<std::string> texts;
    std::string cursor;
    while (true) {
      std::string path = contact.empty() ? "/entries" : "/contacts/" + contact + "/entries";
      path += "?limit=7&category=notes";
      if (as_of) path += "&as_of=" + base::format_rfc3339(*as_of);
      if (!cursor.empty()) path += "&cursor=" + cursor;
      const access::Reply reply = api.get(path, api.owner);
      EXPECT_EQ(reply.status, 200) << reply.text;
      for (const base::Json& item : reply.json.find("items")->items()) {
        texts.push_back((item.find("retracted")->is_null() ? "" : "~") +
                        item.find("title")->text());
      }
      cursor = reply.at("next_cursor");
      if (cursor.empty()) return texts;
    }
  }

  void check() {
    for (const std::string& contact : {contacts_[0], contacts_[1], contacts_[2], std::string()}) {
      EXPECT_EQ(shown(contact, std::nullopt), expected(contact, std::nullopt));
      for (int i = 0; i < 6; ++i) {
        const Modelled& some = entries_[random_.below(static_cast<std::uint32_t>(entries_.size()))];
        const base::Micros as_of = some.versions.back().recorded_at - random_.below(2);
        EXPECT_EQ(shown(contact, as_of), expected(contact, as_of)) << as_of;
      }
    }
    check_facets();
  }

  void check_facets() {
    std::map<std::string, std::int64_t> types;
    for (const Modelled& entry : entries_) {
      if (!entry.retracted_at) ++types[entry.type];
    }
    const access::Reply all = api.get("/entries?facets=1&category=notes", api.owner);
    EXPECT_EQ(all.at("facets_exact"), "true");
    for (const char* type : {"note", "call", "visit"}) {
      const std::string counted = all.at(std::string("facets.type.") + type);
      EXPECT_EQ(counted.empty() ? "0" : counted, std::to_string(types[type])) << type;
    }
  }

  History api;

 private:
  void record() {
    static constexpr const char* kTypes[] = {"note", "call", "visit"};
    Modelled entry;
    entry.contact = contacts_[random_.below(3)];
    entry.type = kTypes[random_.below(3)];
    entry.order = next_order_++;
    const Version version = next_version();
    const access::Reply reply =
        api.post("/entries",
                 R"({"type":")" + entry.type + R"(","contact":{"id":")" + entry.contact +
                     R"("},"title":")" + version.title + R"(","occurred_at":")" +
                     base::format_rfc3339(version.occurred_at) + "\"}",
                 api.owner);
    ASSERT_EQ(reply.status, 201) << reply.text;
    entry.id = reply.at("id");
    add_version(entry, version);
    entries_.push_back(std::move(entry));
  }

  void correct(Modelled& entry) {
    const Version version = next_version();
    const access::Reply reply =
        api.post("/entries/" + entry.id + "/corrections",
                 R"({"title":")" + version.title + R"(","occurred_at":")" +
                     base::format_rfc3339(version.occurred_at) + R"(","reason":"r"})",
                 api.owner);
    ASSERT_EQ(reply.status, entry.retracted_at ? 409 : 201) << reply.text;
    if (!entry.retracted_at) add_version(entry, version);
  }

  void retract(Modelled& entry) {
    const access::Reply reply =
        api.post("/entries/" + entry.id + "/retraction", R"({"reason":"r"})", api.owner);
    ASSERT_EQ(reply.status, entry.retracted_at ? 409 : 201) << reply.text;
    if (entry.retracted_at) return;
    entry.retracted_at = time_of(reply.at("retracted.at"));
    ++next_order_;
  }

  Version next_version() {
    return {0, 1'700'000'000'000'000 + base::Micros{random_.below(20)} * 3'600'000'000,
            "t" + std::to_string(++titles_)};
  }

  void add_version(Modelled& entry, Version version) {
    const access::Reply reply = api.get("/entries/" + entry.id, api.owner);
    const auto& versions = reply.json.find("versions")->items();
    version.recorded_at = time_of(versions.back().find("recorded_at")->text());
    entry.versions.push_back(version);
    entry.version_order.push_back(next_order_++);
  }

  base::SeededRandom random_;
  std::vector<std::string> contacts_;
  std::vector<Modelled> entries_;
  std::size_t next_order_ = 0;
  int titles_ = 0;
};

TEST(HistoryModelTest, ReadsWhatTheModelSays) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Model model(seed);
    for (int i = 0; i < 60 && !testing::Test::HasFatalFailure(); ++i) model.step();
    model.check();
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace annals::app
