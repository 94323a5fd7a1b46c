#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/files.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "db/db.h"
#include "db/folder_lock.h"
#include "entries/select.h"
#include "evidence/bundle_export.h"
#include "evidence/evidence.h"
#include "evidence/export_query.h"
#include "http/message.h"
#include "ledger/signer.h"

namespace annals::evidence {
namespace {

namespace fs = std::filesystem;

using access::Call;
using access::Permission;
using http::Response;

constexpr base::Micros kProgressUs = 250'000;  // between what is told of it

enum class Status { kWaiting, kRunning, kDone, kFailed };

std::string_view name_of(Status status) {
  switch (status) {
    case Status::kWaiting:
      return "waiting";
    case Status::kRunning:
      return "running";
    case Status::kDone:
      return "done";
    case Status::kFailed:
      return "failed";
  }
  return "";
}

struct Job {
  base::Id id;
  BundleOrder order;
  std::string path;
  base::Micros created_at = 0;
  Status status = Status::kWaiting;
  std::int64_t done = 0;
  std::int64_t all = 0;
  base::Micros told_at = 0;  // steady
  base::Micros finished_at = 0;
  std::int64_t size = 0;
  std::string sha256{};
  std::string error{};

  [[nodiscard]] bool over() const { return status == Status::kDone || status == Status::kFailed; }
};

std::string job_json(const Job& job) {
  base::JsonWriter out;
  out.begin_object()
      .member("id", job.id.text())
      .member("format", "bundle")
      .member("status", name_of(job.status));
  out.key("progress").begin_object().member("done", job.done).member("all", job.all).end_object();
  out.member("created_at", base::format_rfc3339(job.created_at));
  out.key("finished_at");
  if (job.over()) {
    out.value(base::format_rfc3339(job.finished_at));
  } else {
    out.value(nullptr);
  }
  if (job.status == Status::kDone) out.member("size", job.size).member("sha256", job.sha256);
  if (job.status == Status::kFailed) out.member("error", job.error);
  return out.end_object().take();
}

/// Thrown into the work of a job that is given up.
struct GivenUp : std::exception {};

// A folder of this process in `folder`. What processes that are gone left there goes.
std::string own_folder(const std::string& folder, const base::Clock& clock) {
  std::error_code error;
  fs::create_directories(folder, error);
  fs::permissions(folder, fs::perms::owner_all, error);
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    try {
      const db::FolderLock unused(entry.path().string());
      fs::remove_all(entry.path(), error);
    } catch (const base::Error&) {
      continue;  // somebody works there
    }
  }
  const std::string own = folder + "/" + base::make_id(clock.now()).text();
  fs::create_directory(own, error);
  if (error) {
    throw base::invalid("data", "not_writable", own + " cannot be made: " + error.message());
  }
  return own;
}

Response file_response(const Job& job) {
  Response response;
  response.stream = http::file_stream(job.path);
  response.headers.emplace_back("content-type", "application/zip");
  response.headers.emplace_back("content-disposition",
                                "attachment; filename=\"annals-bundle-" + job.id.text() + ".zip\"");
  return response;
}

void check_format(base::Fields& body) {
  const auto format = body.one_of("format", {"pdf", "csv", "xlsx", "ndjson", "bundle"}, true);
  if (format && *format != "bundle") {
    body.fail("format", "unsupported",
              "must be bundle; GET /entries gives CSV and NDJSON as they are asked for");
  }
}

}  // namespace

struct Exports::Parts {
  db::Database& database;
  ledger::Signer& signer;
  Neighbours neighbours;
  JobListener listener;
  const base::Clock& clock;
  std::string folder;
  std::optional<db::FolderLock> held{};
  std::mutex mutex{};
  std::condition_variable moved{};
  std::deque<std::shared_ptr<Job>> jobs{};  // oldest first
  bool stopping = false;
  std::thread worker{};

  void work();
  void make(Job& job);
  void advance(Job& job, std::int64_t done, std::int64_t all);
  void end(Job& job, std::string error, std::int64_t size, std::string sha256);
  void tell(const Job& job) const { listener(job.order.actor, job_json(job)); }
  void drop(const std::shared_ptr<Job>& job);
  void make_room(db::BusinessKey business);
  [[nodiscard]] std::shared_ptr<Job> next_waiting();
  [[nodiscard]] std::shared_ptr<Job> find(const Call& call);
  Response add(const Call& call);
};

Exports::Exports(db::Database& database, ledger::Signer& signer, Neighbours neighbours,
                 JobListener listener, const std::string& folder, const base::Clock& clock)
    : parts_(std::make_unique<Parts>(database, signer, std::move(neighbours), std::move(listener),
                                     clock, own_folder(folder, clock))) {
  parts_->held.emplace(parts_->folder);
  parts_->worker = std::thread([this] { parts_->work(); });
}

Exports::~Exports() { stop(); }

void Exports::stop() {
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->moved.notify_all();
  if (parts_->worker.joinable()) parts_->worker.join();
  std::error_code ignored;
  fs::remove_all(parts_->folder, ignored);
}

// With the mutex held, here and in the next three.
void Exports::Parts::drop(const std::shared_ptr<Job>& job) {
  std::error_code ignored;
  fs::remove(job->path, ignored);
  jobs.erase(std::find(jobs.begin(), jobs.end(), job));
}

void Exports::Parts::make_room(db::BusinessKey business) {
  std::size_t count = 0;
  std::shared_ptr<Job> oldest;
  for (const auto& job : jobs) {
    if (job->order.actor.business != business) continue;
    ++count;
    if (!oldest && job->over()) oldest = job;
  }
  if (count < base::limits::kExportsMax) return;
  if (!oldest) {
    throw base::Error(base::Code::kTooManyRequests,
                      "There are 20 exports waiting already; wait until one is done.");
  }
  drop(oldest);
}

std::shared_ptr<Job> Exports::Parts::next_waiting() {
  const auto job = std::find_if(jobs.begin(), jobs.end(),
                                [](const auto& one) { return one->status == Status::kWaiting; });
  return job == jobs.end() ? nullptr : *job;
}

void Exports::Parts::work() {
  std::unique_lock lock(mutex);
  while (true) {
    std::shared_ptr<Job> job;
    moved.wait(lock, [&] { return stopping || (job = next_waiting()) != nullptr; });
    if (stopping) return;
    job->status = Status::kRunning;
    lock.unlock();
    make(*job);
    lock.lock();
  }
}

void Exports::Parts::make(Job& job) {
  std::string error;
  std::int64_t size = 0;
  std::string sha256;
  try {
    static_cast<void>(
        make_bundle(database, signer, neighbours, job.order, clock, job.path,
                    [&](std::int64_t done, std::int64_t all) { advance(job, done, all); }));
    size = static_cast<std::int64_t>(fs::file_size(job.path));
    sha256 = base::sha256_of_file(job.path);
  } catch (const base::Error& reason) {
    error = reason.message();
  } catch (const GivenUp&) {
    error = "The server was stopped.";
  } catch (const std::exception& reason) {
    base::log(base::Level::kError, "an export failed",
              {{"reason", std::string_view(reason.what())}});
    error = "Something unexpected went wrong; the server's log says what.";
  }
  end(job, std::move(error), size, std::move(sha256));
}

void Exports::Parts::advance(Job& job, std::int64_t done, std::int64_t all) {
  const base::Micros now = clock.steady();
  const std::lock_guard lock(mutex);
  if (stopping) throw GivenUp();
  job.done = done;
  job.all = all;
  if (now - job.told_at < kProgressUs) return;
  job.told_at = now;
  tell(job);
}

void Exports::Parts::end(Job& job, std::string error, std::int64_t size, std::string sha256) {
  const std::lock_guard lock(mutex);
  job.status = error.empty() ? Status::kDone : Status::kFailed;
  job.error = std::move(error);
  job.size = size;
  job.sha256 = std::move(sha256);
  job.finished_at = clock.now();
  tell(job);
}

void Exports::drop_old() {
  const base::Micros before =
      parts_->clock.now() - base::limits::kExportKeptSeconds * base::kMicrosPerSecond;
  const std::lock_guard lock(parts_->mutex);
  const std::vector<std::shared_ptr<Job>> all(parts_->jobs.begin(), parts_->jobs.end());
  for (const auto& job : all) {
    if (job->over() && job->finished_at < before) parts_->drop(job);
  }
}

Response Exports::Parts::add(const Call& call) {
  access::only_query(call.request, {});
  const base::Json json = access::json_body(call.request);
  base::Fields body(json);
  check_format(body);
  BundleOrder order{.actor = call.actor,
                    .business_name = {},
                    .query = read_query(body),
                    .all_leaves = body.boolean("all_leaves").value_or(false)};
  body.finish();
  call.read([&](db::Tx& tx) {
    entries::check_query(tx, call.actor, order.query, neighbours.members);
    const auto business = access::find_business(tx, tx.business());
    CHECK(business);
    order.business_name = business->name;
  });
  const auto job = std::make_shared<Job>();
  job->id = base::make_id(clock.now());
  job->order = std::move(order);
  job->path = folder + "/" + job->id.text() + ".zip";
  job->created_at = clock.now();
  {
    const std::lock_guard lock(mutex);
    make_room(call.actor.business);
  }
  // The same reply again for a request that is repeated; then this job was never asked for.
  const Response reply = call.write([&](db::Tx&) { return Response::json(202, job_json(*job)); });
  if (reply.body.find(job->id.text()) == std::string::npos) return reply;
  {
    const std::lock_guard lock(mutex);
    jobs.push_back(job);
  }
  moved.notify_all();
  return reply;
}

std::shared_ptr<Job> Exports::Parts::find(const Call& call) {
  access::only_query(call.request, {});
  const base::Id id = access::path_id(call.request, "export");
  const std::lock_guard lock(mutex);
  const auto job = std::find_if(jobs.begin(), jobs.end(), [&](const auto& one) {
    return one->id == id && one->order.actor.is(call.actor);
  });
  if (job == jobs.end()) throw base::not_found("export");
  return *job;
}

access::Routes Exports::routes() {
  using enum http::Method;
  const auto show = [this](const Call& call) {
    const std::shared_ptr<Job> job = parts_->find(call);
    const std::lock_guard lock(parts_->mutex);
    return Response::json(200, job_json(*job));
  };
  const auto download = [this](const Call& call) {
    const std::shared_ptr<Job> job = parts_->find(call);
    const std::lock_guard lock(parts_->mutex);
    if (job->status != Status::kDone) {
      throw base::conflict("status", "not_done",
                           "This export is " + std::string(name_of(job->status)) + ".");
    }
    return file_response(*job);
  };
  return {
      {kPost, "/exports", Permission::kExport,
       [this](const Call& call) { return parts_->add(call); }},
      {kGet, "/exports/{id}", Permission::kExport, show},
      {kGet, "/exports/{id}/file", Permission::kExport, download},
  };
}

}  // namespace annals::evidence
