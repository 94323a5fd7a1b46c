// bench_bare_append: how fast SQLite itself takes what the server writes. JSON on standard output.
#include <CLI/CLI.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "bench/bare_tables.h"
#include "bench/clock.h"
#include "bench/histogram.h"
#include "bench/values.h"

namespace {

namespace bench = annals::bench;

struct Options {
  std::string folder;
  std::size_t threads = 0;  // that wait; 0: the writer makes the rows itself
  std::size_t group = 1;    // without waiting threads: rows of a commit
  double seconds = 10;
  std::uint64_t rows = 0;  // at most so many; 0: as many as the time allows
  std::size_t contacts = 10'000;
  bool derive = true;
};

struct Result {
  std::uint64_t rows = 0;
  double seconds = 0;        // until the last commit
  double drain_seconds = 0;  // until the last row was derived, after that
  bench::Histogram latency;  // of a waiting thread, or of a commit
};

constexpr std::size_t kGroupMax = 1'024;

// Threads that each wait for their row, and the writer that commits what waits, as the server has.
class Waiting {
 public:
  Waiting(const Options& options, bench::JournalWriter& writer, bench::Applier* applier,
          const bench::Values& values)
      : options_(options),
        writer_(writer),
        applier_(applier),
        values_(values),
        next_(writer.first_number()),
        end_number_(options.rows > 0 ? next_ + options.rows : UINT64_MAX) {}

  Result run() {
    const std::int64_t begin = bench::now_ns();
    end_ = begin + bench::to_ns(options_.seconds);
    running_ = options_.threads;
    std::vector<std::thread> threads;
    std::vector<bench::Histogram> latencies(options_.threads);
    threads.reserve(options_.threads);
    for (bench::Histogram& latency : latencies) {
      threads.emplace_back([this, &latency] { wait_for_rows(latency); });
    }
    commit_what_waits();
    for (std::thread& thread : threads) thread.join();
    Result result;
    result.seconds = static_cast<double>(bench::now_ns() - begin) / 1e9;
    for (const bench::Histogram& latency : latencies) result.latency.add(latency);
    result.rows = result.latency.count();
    return result;
  }

 private:
  struct Job {
    bench::Row row;
    std::atomic<bool> done = false;
  };

  void wait_for_rows(bench::Histogram& latency) {
    Job job;
    while (bench::now_ns() < end_) {
      const std::uint64_t number = next_++;
      if (number >= end_number_) break;
      values_.row(number, job.row);
      job.done.store(false, std::memory_order_relaxed);
      const std::int64_t from = bench::now_ns();
      {
        const std::lock_guard lock(mutex_);
        queue_.push_back(&job);
      }
      work_.notify_one();
      job.done.wait(false, std::memory_order_acquire);
      latency.record(bench::now_ns() - from);
    }
    const std::lock_guard lock(mutex_);
    --running_;
    work_.notify_one();
  }

  void commit_what_waits() {
    std::vector<Job*> group;
    std::vector<const bench::Row*> rows;
    while (true) {
      group.clear();
      rows.clear();
      {
        std::unique_lock lock(mutex_);
        work_.wait(lock, [this] { return running_ == 0 || !queue_.empty(); });
        if (queue_.empty()) return;
        while (!queue_.empty() && group.size() < kGroupMax) {
          group.push_back(queue_.front());
          queue_.pop_front();
        }
      }
      for (const Job* job : group) rows.push_back(&job->row);
      writer_.commit(rows);
      std::vector<bench::Row> committed;
      committed.reserve(group.size());
      for (Job* job : group) {
        if (applier_ != nullptr) committed.push_back(std::move(job->row));
        job->done.store(true, std::memory_order_release);
        job->done.notify_one();
      }
      if (applier_ != nullptr) applier_->give(std::move(committed));
      writer_.checkpoint_if_due();
    }
  }

  const Options& options_;
  bench::JournalWriter& writer_;
  bench::Applier* applier_;
  const bench::Values& values_;
  std::atomic<std::uint64_t> next_;
  const std::uint64_t end_number_;
  std::int64_t end_ = 0;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Job*> queue_;
  std::size_t running_ = 0;
};

// One thread that commits groups of a fixed size, one after the other.
Result run_groups(const Options& options, bench::JournalWriter& writer, bench::Applier* applier,
                  const bench::Values& values) {
  Result result;
  std::uint64_t number = writer.first_number();
  const std::int64_t begin = bench::now_ns();
  const std::int64_t end = begin + bench::to_ns(options.seconds);
  while (bench::now_ns() < end && (options.rows == 0 || result.rows < options.rows)) {
    std::vector<bench::Row> rows(options.group);
    std::vector<const bench::Row*> group;
    group.reserve(rows.size());
    for (bench::Row& row : rows) {
      values.row(number++, row);
      group.push_back(&row);
    }
    const std::int64_t from = bench::now_ns();
    writer.commit(group);
    result.latency.record(bench::now_ns() - from);
    result.rows += rows.size();
    if (applier != nullptr) applier->give(std::move(rows));
    writer.checkpoint_if_due();
  }
  result.seconds = static_cast<double>(bench::now_ns() - begin) / 1e9;
  return result;
}

void print(const Result& result, const bench::Applier* applier) {
  annals::base::JsonWriter out;
  const auto n = static_cast<double>(result.rows);
  out.begin_object().member("rows", static_cast<std::int64_t>(result.rows));
  out.key("seconds").raw(std::to_string(result.seconds));
  out.key("rate").raw(std::to_string(n / result.seconds));
  out.key("sustained_rate").raw(std::to_string(n / (result.seconds + result.drain_seconds)));
  out.key("latency_ms");
  result.latency.write(out);
  if (applier != nullptr) {
    out.key("lag_ms");
    applier->lag().write(out);
  }
  std::puts(out.end_object().text().c_str());
}

void measure(const Options& options) {
  bench::prepare_folder(options.folder);
  const bench::Values values(bench::contacts_of(options.folder, options.contacts),
                             annals::base::system_clock().now());
  bench::JournalWriter writer(options.folder);
  std::optional<bench::Applier> applier;
  if (options.derive) applier.emplace(options.folder);
  bench::Applier* derived = applier ? &*applier : nullptr;
  Result result = options.threads > 0 ? Waiting(options, writer, derived, values).run()
                                      : run_groups(options, writer, derived, values);
  if (applier) {
    const std::int64_t from = bench::now_ns();
    applier->drain();
    result.drain_seconds = static_cast<double>(bench::now_ns() - from) / 1e9;
  }
  print(result, derived);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Writes into SQLite what the server would write, and nothing else.");
  Options options;
  bool journal_only = false;
  app.add_option("--folder", options.folder, "A data folder, made where missing")->required();
  app.add_option("--threads", options.threads, "Threads that wait for a row each");
  app.add_option("--group", options.group, "Without them: rows of a commit")->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_option("--rows", options.rows, "At most so many");
  app.add_option("--contacts", options.contacts, "Of a new folder")->capture_default_str();
  app.add_flag("--journal-only", journal_only, "Leave the derived tables");
  CLI11_PARSE(app, argc, argv);
  options.derive = !journal_only;
  try {
    measure(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_bare_append: %s\n", error.what());
    return 1;
  }
}
