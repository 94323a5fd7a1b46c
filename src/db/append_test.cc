// Tx::append(), nested() and look_up() in writes that share a commit, on either engine: whatever
// waits to be sent, each write must see and leave what it would alone.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/temp_folder.h"
#include "db/business.h"
#include "db/db.h"
#include "db/test_database.h"

namespace annals::db {
namespace {

using base::Code;
using base::Error;

constexpr BusinessKey kBusiness = 1;
constexpr InsertInto kViews{
    .table = "log_views (business, key, name, roles, version)", .types = "ittti", .conflict = {}};
constexpr const char* kAdd =
    "INSERT INTO log_views (business, key, name, roles, version) VALUES ($1, $2, 'A', '[]', 1)";
constexpr const char* kRename = "UPDATE log_views SET name = $3 WHERE business = $1 AND key = $2";
constexpr const char* kKeys = "SELECT key FROM log_views WHERE business = $1 ORDER BY key";
constexpr LookUp kView{
    .one = "SELECT key, name FROM log_views WHERE business = $1 AND key = $2",
    .many = "SELECT key, name FROM log_views WHERE business = $1 AND key = ANY ($2)",
    .of_appended = true};
constexpr LookUp kNameOf{.one = "SELECT key, name FROM log_views WHERE business = $1 AND key = $2"};

using Keys = std::set<std::string>;
using Work = std::function<void(Tx&)>;

void append(Tx& tx, const std::string& key) { tx.append(kViews, {kBusiness, key, "A", "[]", 1}); }

Keys keys(Tx& tx) {
  Keys all;
  auto rows = tx.query(kKeys, {kBusiness});
  while (rows.next()) all.insert(rows->string(0));
  return all;
}

std::string name_by(Tx& tx, const LookUp& what, const std::string& key) {
  auto rows = tx.look_up(what, key);
  return rows.next() ? rows->string(1) : "none";
}

class AppendTest : public testing::Test {
 protected:
  // What `works` threw, in a commit that they share: the writer is held until all of them wait.
  std::vector<std::exception_ptr> together(const std::vector<Work>& works) {
    std::atomic<bool> go = false;
    std::atomic<std::size_t> started = 0;
    std::thread holds([&] { database_->write(kBusiness, [&](Tx&) { go.wait(false); }); });
    std::vector<std::exception_ptr> thrown(works.size());
    std::vector<std::thread> threads;
    threads.reserve(works.size());
    for (std::size_t i = 0; i < works.size(); ++i) {
      threads.emplace_back([&, i] {
        ++started;
        try {
          database_->write(kBusiness, works[i]);
        } catch (...) {
          thrown[i] = std::current_exception();
        }
      });
    }
    while (started < works.size()) std::this_thread::yield();
    go = true;
    go.notify_all();
    holds.join();
    for (auto& thread : threads) thread.join();
    return thrown;
  }
  Keys stored() {
    return database_->read(kBusiness, [](Tx& tx) { return keys(tx); });
  }

  base::TempFolder folder_;
  std::unique_ptr<Database> database_ = open_for_test({.folder = folder_.path()});
};

TEST_F(AppendTest, IsSeenByTheSameWriteAndByTheNextOfItsCommit) {
  std::atomic<int> misses = 0;
  std::vector<Work> works;
  works.reserve(8);
  for (int i = 0; i < 8; ++i) {
    works.emplace_back([&misses, key = std::to_string(i)](Tx& tx) {
      const std::size_t before = keys(tx).size();
      append(tx, key);
      if (keys(tx).size() != before + 1) ++misses;
      append(tx, key + "again");
    });
  }
  together(works);
  EXPECT_EQ(misses, 0);
  EXPECT_EQ(stored().size(), 16U);
}

TEST_F(AppendTest, GoesWithTheWriteThatThrows) {
  const auto thrown = together({
      [](Tx& tx) { append(tx, "a"); },
      [](Tx& tx) {
        append(tx, "lost");
        throw base::invalid("name", "test", "no");
      },
      [](Tx& tx) {
        append(tx, "lost too");
        EXPECT_TRUE(keys(tx).contains("lost too"));
        tx.execute(kAdd, {kBusiness, "lost as well"});
        append(tx, "and this");
        throw base::invalid("name", "test", "no");
      },
      [](Tx& tx) { append(tx, "b"); },
  });
  EXPECT_FALSE(thrown[0] || thrown[3]);
  EXPECT_TRUE(thrown[1] && thrown[2]);
  EXPECT_EQ(stored(), (Keys{"a", "b"}));
}

// A key that is taken is noticed when the rows are sent, which may be after another write's.
TEST_F(AppendTest, ThatBreaksAKeyFailsItsOwnWriteAlone) {
  database_->write(kBusiness, [](Tx& tx) { append(tx, "taken"); });
  const auto thrown = together({
      [](Tx& tx) { append(tx, "a"); },
      [](Tx& tx) {
        append(tx, "lost");
        append(tx, "taken");
      },
      [](Tx& tx) { append(tx, "b"); },
  });
  EXPECT_FALSE(thrown[0] || thrown[2]);
  ASSERT_TRUE(thrown[1]);
  try {
    std::rethrow_exception(thrown[1]);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kConflict);
  }
  EXPECT_EQ(stored(), (Keys{"a", "b", "taken"}));
}

TEST_F(AppendTest, LookUpsTellTheTruth) {
  database_->write(kBusiness, [](Tx& tx) {
    EXPECT_EQ(name_by(tx, kView, "a"), "none");
    append(tx, "a");
    tx.forget_answer(kView, "a");
    EXPECT_EQ(name_by(tx, kView, "a"), "A");
    EXPECT_EQ(name_by(tx, kNameOf, "a"), "A");
    tx.execute(kRename, {kBusiness, "a", "B"});
    EXPECT_EQ(name_by(tx, kNameOf, "a"), "B");
    EXPECT_THROW(tx.nested([&] {
      tx.execute(kRename, {kBusiness, "a", "C"});
      EXPECT_EQ(name_by(tx, kNameOf, "a"), "C");
      throw base::invalid("", "test", "no");
    }),
                 Error);
    EXPECT_EQ(name_by(tx, kNameOf, "a"), "B");
  });
  // Of the commits before it nothing is taken for granted that append() may have changed.
  database_->write(
      kBusiness, [](Tx& tx) { EXPECT_EQ(name_by(tx, kView, "a"), "B"); },
      [](Tx&, Asks& asks) {
        asks.add(kView, "a");
        asks.add(kView, "b");
      });
}

TEST_F(AppendTest, AnAnswerGoesWithTheWriteThatMadeItTrue) {
  EXPECT_THROW(database_->write(kBusiness,
                                [](Tx& tx) {
                                  tx.execute(kAdd, {kBusiness, "a"});
                                  EXPECT_EQ(name_by(tx, kNameOf, "a"), "A");
                                  throw base::invalid("", "test", "no");
                                }),
               Error);
  database_->write(kBusiness, [](Tx& tx) { EXPECT_EQ(name_by(tx, kNameOf, "a"), "none"); });
}

// -------------------------------------------------------------------- against a model, at random

class Program {
 public:
  Program(std::uint64_t seed, std::string name) : seed_(seed), name_(std::move(name)) {}

  // What the write does; it checks on the way that it sees what it should of its own keys.
  void run(Tx& tx) {
    random_ = seed_;
    next_ = 0;
    kept_.clear();
    steps(tx, 0);
    if (draw(4) == 0) {
      kept_.clear();
      throw base::invalid("", "test", "the write gives up");
    }
  }
  [[nodiscard]] const Keys& kept() const { return kept_; }
  [[nodiscard]] int misses() const { return misses_; }

 private:
  void steps(Tx& tx, int depth) {
    for (auto left = draw(5); left > 0; --left) {
      const std::string key = name_ + "." + std::to_string(next_++);
      switch (draw(4)) {
        case 0:
          tx.execute(kAdd, {kBusiness, key});
          kept_.insert(key);
          break;
        case 1:
          look(tx);
          break;
        case 2:
          if (depth < 2) part(tx, depth);
          break;
        default:
          append(tx, key);
          kept_.insert(key);
      }
    }
  }
  void part(Tx& tx, int depth) {
    const Keys before = kept_;
    try {
      tx.nested([&] {
        steps(tx, depth + 1);
        if (draw(2) == 0) throw base::invalid("", "test", "the part gives up");
      });
    } catch (const Error&) {
      kept_ = before;
    }
  }
  void look(Tx& tx) {
    Keys mine;
    for (const std::string& key : keys(tx)) {
      if (key.starts_with(name_ + ".")) mine.insert(key);
    }
    if (mine != kept_) ++misses_;
  }

  // Knuth's MMIX: the same in each run.
  std::uint64_t draw(std::uint64_t below) {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return (random_ >> 33U) % below;
  }

  std::uint64_t seed_;
  std::string name_;
  std::uint64_t random_ = 0;
  int next_ = 0;
  Keys kept_;
  int misses_ = 0;
};

TEST_F(AppendTest, WritesOfOneCommitDoWhatTheyWouldAlone) {
  constexpr int kRounds = 40;
  constexpr int kWrites = 12;
  std::uint64_t seed = 1;
  Keys expected;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Program> programs;
    std::vector<Work> works;
    programs.reserve(kWrites);
    for (int i = 0; i < kWrites; ++i) {
      programs.emplace_back(seed++, std::to_string(round) + "-" + std::to_string(i));
    }
    works.reserve(programs.size());
    for (Program& program : programs) {
      works.emplace_back([&program](Tx& tx) { program.run(tx); });
    }
    together(works);
    for (const Program& program : programs) {
      expected.insert(program.kept().begin(), program.kept().end());
      EXPECT_EQ(program.misses(), 0);
    }
    ASSERT_EQ(stored(), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace annals::db
