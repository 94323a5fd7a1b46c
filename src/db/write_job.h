// What the writers of both engines share: a transaction that remembers what to do when it ends, and
// a write that waits for its turn. Private to db/.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "db/db.h"

namespace annals::db {

/// The part of a Tx that no engine does differently.
class HookedTx : public Tx {
 public:
  HookedTx(BusinessKey business, bool writable, const base::Clock& clock,
           std::shared_ptr<void>& memory)
      : business_(business),
        writable_(writable),
        clock_(clock),
        now_(clock.now()),
        memory_(memory) {}

  [[nodiscard]] base::Micros now() const override { return now_; }
  [[nodiscard]] BusinessKey business() const override { return business_; }
  [[nodiscard]] bool writable() const override { return writable_; }
  [[nodiscard]] const base::Clock& clock() const override { return clock_; }
  [[nodiscard]] std::shared_ptr<void>& writer_memory() override { return memory_; }
  void on_rollback(std::function<void()> undo) override { undos_.push_back(std::move(undo)); }
  void on_commit(std::function<void()> done) override { dones_.push_back(std::move(done)); }
  void journal_reaches(std::int64_t pos, std::size_t bytes) override {
    journal_pos_ = std::max(journal_pos_, pos);
    journal_bytes_ += bytes;
  }
  void nested(const std::function<void()>& part) override {
    const std::size_t undos = undos_.size();
    const std::size_t dones = dones_.size();
    const std::int64_t pos = journal_pos_;
    const std::size_t bytes = journal_bytes_;
    begin_part();
    try {
      part();
      end_part();
    } catch (...) {
      undo(undos);
      dones_.resize(dones);
      journal_pos_ = pos;
      journal_bytes_ = bytes;
      roll_back_part();
      throw;
    }
  }

  /// To be called by the writer, once it is known how the transaction ended.
  void rolled_back() {
    undo(0);
    dones_.clear();
    journal_pos_ = 0;
    journal_bytes_ = 0;
  }
  void committed() {
    for (auto& done : dones_) done();
  }
  [[nodiscard]] std::int64_t journal_pos() const { return journal_pos_; }
  [[nodiscard]] std::size_t journal_bytes() const { return journal_bytes_; }

 protected:
  virtual void begin_part() = 0;
  virtual void end_part() = 0;
  virtual void roll_back_part() = 0;  // nothing, where the whole transaction is gone

 private:
  void undo(std::size_t down_to) {
    while (undos_.size() > down_to) {
      undos_.back()();
      undos_.pop_back();
    }
  }

  BusinessKey business_;
  bool writable_;
  const base::Clock& clock_;
  base::Micros now_;
  std::shared_ptr<void>& memory_;
  std::vector<std::function<void()>> undos_;
  std::vector<std::function<void()>> dones_;
  std::int64_t journal_pos_ = 0;
  std::size_t journal_bytes_ = 0;
};

/// A write that waits for its turn. Whoever takes it from the queue calls finish() once.
struct WriteJob {
  BusinessKey business;
  std::function<void(Tx&)> body;
  Database::Ahead ahead;
  std::function<void(std::exception_ptr)> ended;
  std::exception_ptr error{};
  std::unique_ptr<HookedTx> tx{};

  void finish() {
    tx.reset();
    const std::unique_ptr<WriteJob> own(this);
    ended(std::move(error));  // whoever is told is the only one to hold it
  }
};

/// Has `queue` take the write, with `mutex` held; where `check` throws, or the queue is full, the
/// write ends with that.
template <class Check>
void enqueue(std::mutex& mutex, std::deque<WriteJob*>& queue, WriteJob given, const Check& check) {
  auto job = std::make_unique<WriteJob>(std::move(given));
  try {
    const std::lock_guard lock(mutex);
    check();
    if (queue.size() >= base::limits::kQueueEntriesMax) {
      throw base::Error(base::Code::kUnavailable,
                        "Too many writes are waiting; nothing was stored. Try again.");
    }
    queue.push_back(nullptr);
    queue.back() = job.release();  // whoever takes it from the queue finishes it
  } catch (...) {
    job->error = std::current_exception();
    job.release()->finish();
  }
}

}  // namespace annals::db
