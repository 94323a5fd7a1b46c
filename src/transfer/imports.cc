#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "access/route.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/fields.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "db/db.h"
#include "db/folder_lock.h"
#include "http/message.h"
#include "transfer/csv.h"
#include "transfer/import.h"
#include "transfer/import_job.h"
#include "transfer/import_look.h"
#include "transfer/import_upload.h"
#include "transfer/mapping_text.h"
#include "transfer/transfer.h"

namespace annals::transfer {
namespace {

namespace fs = std::filesystem;

using access::Call;
using access::Permission;
using http::Response;

constexpr base::Micros kProgressUs = 250'000;                 // between what is told of it
constexpr base::Micros kKeepUs = 5 * base::kMicrosPerSecond;  // between what is written down
constexpr int kSlotsMax = 64;                                 // processes that share a folder
// Short transactions, so that other writes wait for little beside an import.
constexpr std::int64_t kBatchEntries = 256;
constexpr std::size_t kFindingsMax = 100;

/// Thrown into a run that is given up.
struct GivenUp : std::exception {};

using JobPointer = std::shared_ptr<ImportJob>;

// The first folder in `folder` that no other process works in, made where there is none.
std::pair<std::string, std::unique_ptr<db::FolderLock>> free_slot(const std::string& folder) {
  for (int slot = 1;; ++slot) {
    const std::string own = folder + "/" + std::to_string(slot);
    std::error_code error;
    fs::create_directories(own, error);
    if (error) {
      throw base::invalid("data", "not_writable", own + " cannot be made: " + error.message());
    }
    fs::permissions(folder, fs::perms::owner_all, error);
    try {
      return {own, std::make_unique<db::FolderLock>(own)};
    } catch (const base::Error&) {
      if (slot == kSlotsMax) throw;
    }
  }
}

std::optional<bool> flag_in_query(const Call& call, std::string_view name) {
  const auto text = call.request.query_value(name);
  if (!text) return std::nullopt;
  if (*text != "true" && *text != "false") {
    throw base::malformed(std::string(name), "boolean", "must be true or false");
  }
  return *text == "true";
}

FileStated stated_in_query(const Call& call) {
  FileStated stated;
  if (const auto text = call.request.query_value("delimiter")) {
    if (text->size() != 1 || (*text)[0] < '\t' || (*text)[0] == '\n' || (*text)[0] == '\r' ||
        (*text)[0] == '"') {
      throw base::malformed("delimiter", "length", "must be one ASCII character, not a quote");
    }
    stated.delimiter = (*text)[0];
  }
  if (const auto text = call.request.query_value("encoding")) {
    stated.encoding = encoding_named(*text);
    if (!stated.encoding) {
      throw base::malformed("encoding", "unknown_value",
                            "must be utf-8, windows-1252 or iso-8859-1");
    }
  }
  stated.header = flag_in_query(call, "header");
  return stated;
}

std::string name_in_query(const Call& call) {
  const auto text = call.request.query_value("name");
  if (!text || base::trim(*text).empty()) {
    throw base::malformed("name", "required", "must be the file's name");
  }
  if (base::code_points(*text) > base::limits::kNameCharsMax) {
    throw base::malformed(
        "name", "too_long",
        "must have at most " + std::to_string(base::limits::kNameCharsMax) + " characters");
  }
  return std::string(base::trim(*text));
}

Response file_response(const ImportJob& job, const std::string& path, const char* suffix) {
  Response response;
  response.stream = http::file_stream(path);
  response.headers.emplace_back("content-type",
                                "text/csv; charset=" + std::string(name_of(job.look.encoding)));
  response.headers.emplace_back("content-disposition", "attachment; filename*=UTF-8''" +
                                                           base::percent_encode(job.name + suffix));
  return response;
}

// What is to be run, as a body says it.
struct Order {
  bool dry_run = false;
  base::Json fields{};
  base::Json mapping{};
  FileLook look{};
};

void remove_folder(const std::string& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace

struct Imports::Parts {
  db::Database& database;
  ImportListener listener;
  const base::Clock& clock;
  std::string folder{};
  std::unique_ptr<db::FolderLock> held{};
  std::mutex mutex{};
  std::condition_variable moved{};
  std::deque<JobPointer> jobs{};                       // oldest first
  std::map<db::BusinessKey, std::size_t> uploading{};  // how many come
  std::deque<JobPointer> waiting{};
  bool stopping = false;
  std::vector<std::thread> workers{};

  // With the mutex held.
  void tell(const ImportJob& job) const { listener(job.actor, import_json(job, true)); }
  void drop(const JobPointer& job);
  void make_room(db::BusinessKey business);
  [[nodiscard]] JobPointer next_waiting();
  [[nodiscard]] JobPointer find(const Call& call);

  void load();
  void work();
  void run(ImportJob& job);
  void attempt(ImportJob& job, ImportReport& report);
  void advance(ImportJob& job, const ImportReport& report, std::int64_t bytes,
               base::Micros& told_at, base::Micros& kept_at);
  void end(ImportJob& job, ImportStatus status, std::string error);

  [[nodiscard]] std::shared_ptr<http::BodySink> receive(const Call& call);
  Response add(const Call& call);
  Response list(const Call& call);
  Response show(const Call& call);
  Response preview(const Call& call);
  [[nodiscard]] Order read_order(const Call& call, const ImportJob& job,
                                 const FileLook& guessed) const;
  Response start(const Call& call);
  Response cancel(const Call& call);
  Response remove(const Call& call);
  Response report(const Call& call, std::string ImportReport::* file, const char* suffix);
};

namespace {

ImportRun run_of(const ImportJob& job, const base::Json& mapping, bool dry_run) {
  return {.data = job.file(),
          .name = job.name,
          .mapping = mapping_of_json(mapping, "mapping"),
          .rejected_file = job.folder + "/rejected.csv",
          .warnings_file = job.folder + "/warnings.csv",
          .batch_entries = kBatchEntries,
          .findings_max = kFindingsMax,
          .dry_run = dry_run,
          .progress = {}};
}

// What is wrong with a mapping that was made of fields is wrong with the fields.
base::Error about_fields(const base::Error& error) {
  std::vector<base::FieldError> errors = error.errors();
  for (base::FieldError& one : errors) {
    const bool type = one.field == "mapping.entries[0].type";
    if (one.field.starts_with("mapping")) one.field = type ? "fields.type" : "fields";
  }
  return errors.empty() ? error : base::invalid_fields(std::move(errors));
}

}  // namespace

Imports::Imports(db::Database& database, ImportListener listener, const std::string& folder,
                 const base::Clock& clock)
    : parts_(std::make_unique<Parts>(database, std::move(listener), clock)) {
  std::tie(parts_->folder, parts_->held) = free_slot(folder);
  parts_->load();
  for (std::size_t i = 0; i < base::limits::kImportsAtOnce; ++i) {
    parts_->workers.emplace_back([this] { parts_->work(); });
  }
}

Imports::~Imports() { stop(); }

void Imports::stop() {
  {
    const std::lock_guard lock(parts_->mutex);
    parts_->stopping = true;
  }
  parts_->moved.notify_all();
  for (std::thread& worker : parts_->workers) {
    if (worker.joinable()) worker.join();
  }
}

void Imports::Parts::load() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_directory()) continue;
    if (auto job = read_import(entry.path().string())) {
      jobs.push_back(std::make_shared<ImportJob>(std::move(*job)));
    } else {
      remove_folder(entry.path().string());  // an upload that never came to its end
    }
  }
  std::sort(jobs.begin(), jobs.end(),
            [](const auto& a, const auto& b) { return a->created_at < b->created_at; });
}

void Imports::Parts::drop(const JobPointer& job) {
  remove_folder(job->folder);
  jobs.erase(std::find(jobs.begin(), jobs.end(), job));
}

// Of imports that were run to their end the oldest makes room.
void Imports::Parts::make_room(db::BusinessKey business) {
  std::size_t count = uploading[business];
  JobPointer oldest;
  for (const JobPointer& job : jobs) {
    if (job->actor.business != business) continue;
    ++count;
    if (!oldest && job->status == ImportStatus::kDone && !job->dry_run) oldest = job;
  }
  if (count < base::limits::kImportsMax) return;
  if (!oldest) {
    throw base::Error(base::Code::kTooManyRequests,
                      "There are " + std::to_string(base::limits::kImportsMax) +
                          " imports already; run them, or remove one.");
  }
  drop(oldest);
}

// ----------------------------------------------------------------------------------- at work

// One of a business at a time, so that one business does not keep the others waiting.
JobPointer Imports::Parts::next_waiting() {
  const auto is_free = [&](const JobPointer& job) {
    return std::none_of(jobs.begin(), jobs.end(), [&](const JobPointer& other) {
      return other->status == ImportStatus::kRunning &&
             other->actor.business == job->actor.business;
    });
  };
  const auto next = std::find_if(waiting.begin(), waiting.end(), is_free);
  if (next == waiting.end()) return nullptr;
  JobPointer job = *next;
  waiting.erase(next);
  return job;
}

void Imports::Parts::work() {
  std::unique_lock lock(mutex);
  while (true) {
    JobPointer job;
    moved.wait(lock, [&] { return stopping || (job = next_waiting()) != nullptr; });
    if (stopping) return;
    job->status = ImportStatus::kRunning;
    tell(*job);
    lock.unlock();
    run(*job);
    moved.notify_all();
    lock.lock();
  }
}

void Imports::Parts::attempt(ImportJob& job, ImportReport& report) {
  std::unique_lock lock(mutex);
  const access::Actor actor = job.actor;
  ImportRun order = run_of(job, job.mapping, job.dry_run);
  keep_import(job);
  lock.unlock();
  base::Micros told_at = 0;
  base::Micros kept_at = clock.steady();
  order.progress = [&](const ImportReport& so_far, std::int64_t bytes, std::int64_t) {
    advance(job, so_far, bytes, told_at, kept_at);
  };
  run_import(database, actor, order, report);
}

void Imports::Parts::run(ImportJob& job) {
  ImportStatus status = ImportStatus::kDone;
  std::string error;
  ImportReport report;
  try {
    attempt(job, report);
  } catch (const GivenUp&) {
    const std::lock_guard lock(mutex);
    status = job.cancel ? ImportStatus::kCanceled : ImportStatus::kInterrupted;
  } catch (const base::Error& reason) {
    status = ImportStatus::kFailed;
    error = reason.message();
  } catch (const std::exception& reason) {
    base::log(base::Level::kError, "an import failed",
              {{"reason", std::string_view(reason.what())}});
    status = ImportStatus::kFailed;
    error = "Something unexpected went wrong; the server's log says what.";
  }
  {
    const std::lock_guard lock(mutex);
    job.report = std::move(report);
  }
  end(job, status, std::move(error));
}

void Imports::Parts::advance(ImportJob& job, const ImportReport& report, std::int64_t bytes,
                             base::Micros& told_at, base::Micros& kept_at) {
  const base::Micros now = clock.steady();
  const std::lock_guard lock(mutex);
  if (stopping || job.cancel) throw GivenUp();
  job.report = report;
  job.bytes_read = bytes;
  if (now - told_at < kProgressUs) return;
  told_at = now;
  tell(job);
  if (now - kept_at < kKeepUs) return;
  kept_at = now;
  keep_import(job);
}

void Imports::Parts::end(ImportJob& job, ImportStatus status, std::string error) {
  const std::lock_guard lock(mutex);
  job.status = status;
  job.error = std::move(error);
  job.finished_at = job.touched_at = clock.now();
  if (status == ImportStatus::kDone) job.bytes_read = job.size;
  // All of it is stored: nobody needs it again.
  if (status == ImportStatus::kDone && !job.dry_run && job.report.counts.rejected == 0) {
    std::error_code ignored;
    fs::remove(job.file(), ignored);
    job.has_file = false;
  }
  try {
    keep_import(job);
  } catch (const base::Error& reason) {
    base::log(base::Level::kError, "an import cannot be written down",
              {{"reason", std::string_view(reason.what())}});
  }
  tell(job);
}

void Imports::drop_old() {
  const base::Micros before =
      parts_->clock.now() - base::limits::kImportKeptSeconds * base::kMicrosPerSecond;
  const std::lock_guard lock(parts_->mutex);
  const std::vector<JobPointer> all(parts_->jobs.begin(), parts_->jobs.end());
  for (const JobPointer& job : all) {
    if (!job->is_busy() && job->touched_at < before) parts_->drop(job);
  }
}

// ------------------------------------------------------------------------------------- asked

std::shared_ptr<http::BodySink> Imports::Parts::receive(const Call& call) {
  access::only_query(call.request, {"name"});
  static_cast<void>(name_in_query(call));
  const db::BusinessKey business = call.actor.business;
  const base::Id id = base::make_id(clock.now());
  const std::lock_guard lock(mutex);
  if (uploading[business] >= base::limits::kImportUploadsMax) {
    throw base::Error(base::Code::kTooManyRequests,
                      "There are " + std::to_string(base::limits::kImportUploadsMax) +
                          " files coming already; wait until one is there.");
  }
  make_room(business);
  auto upload = std::make_unique<ImportUpload>(id, folder + "/" + id.text());
  ++uploading[business];
  return {upload.release(), [this, business](ImportUpload* one) {
            delete one;  // NOLINT(cppcoreguidelines-owning-memory): the pointer's own deleter
            const std::lock_guard guard(mutex);
            --uploading[business];
          }};
}

Response Imports::Parts::add(const Call& call) {
  access::only_query(call.request, {"name"});
  auto* upload = dynamic_cast<ImportUpload*>(call.request.sink.get());
  if (upload == nullptr) throw base::invalid("file", "required", "must be the request's body");
  upload->finish();
  const auto job = std::make_shared<ImportJob>();
  job->id = upload->id();
  job->actor = call.actor;
  job->folder = upload->folder();
  job->name = name_in_query(call);
  job->size = upload->size();
  job->sha256 = upload->sha256();
  job->look = look_at_file(job->file(), {});
  job->guess = guess_fields(job->look, job->name, call.actor);
  job->created_at = job->touched_at = clock.now();
  keep_import(*job);
  // A request that is repeated is one whose file is the same.
  http::Request stand_in;
  stand_in.method = call.request.method;
  stand_in.path = call.request.path;
  stand_in.query = call.request.query;
  stand_in.headers = call.request.headers;
  stand_in.body = job->sha256;
  const Response reply = Call{stand_in, call.actor, database}.write(
      [&](db::Tx&) { return Response::json(201, import_json(*job, false)); });
  if (reply.body.find(job->id.text()) == std::string::npos) return reply;  // the first one's
  upload->keep();
  const std::lock_guard lock(mutex);
  jobs.push_back(job);
  return reply;
}

JobPointer Imports::Parts::find(const Call& call) {
  const base::Id id = access::path_id(call.request, "import");
  const auto job = std::find_if(jobs.begin(), jobs.end(), [&](const auto& one) {
    return one->id == id && one->actor.is(call.actor);
  });
  if (job == jobs.end()) throw base::not_found("import");
  return *job;
}

Response Imports::Parts::list(const Call& call) {
  access::only_query(call.request, {});
  base::JsonWriter out;
  out.begin_object().key("items").begin_array();
  {
    const std::lock_guard lock(mutex);
    for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
      if ((*job)->actor.is(call.actor)) out.raw(import_json(**job, true));
    }
  }
  out.end_array().member("next_cursor", nullptr).end_object();
  return Response::json(200, out.take());
}

Response Imports::Parts::show(const Call& call) {
  access::only_query(call.request, {});
  const std::lock_guard lock(mutex);
  return Response::json(200, import_json(*find(call), false));
}

namespace {

void check_runnable(const ImportJob& job) {
  if (job.is_busy()) {
    throw base::conflict("status", "busy",
                         "This import is " + std::string(name_of(job.status)) + ".");
  }
  if (!job.has_file) {
    throw base::conflict("status", "no_file",
                         "Every row of this file is stored, and the file removed.");
  }
}

}  // namespace

// The file as it looks when it is read in another way, and what that makes of its columns.
Response Imports::Parts::preview(const Call& call) {
  access::only_query(call.request, {"delimiter", "encoding", "header"});
  const FileStated stated = stated_in_query(call);
  std::unique_lock lock(mutex);
  const JobPointer job = find(call);
  check_runnable(*job);
  ImportJob copy = *job;
  lock.unlock();
  copy.look = look_at_file(copy.file(), stated);
  copy.guess = guess_fields(copy.look, copy.name, call.actor);
  return Response::json(200, import_json(copy, false));
}

Order Imports::Parts::read_order(const Call& call, const ImportJob& job,
                                 const FileLook& guessed) const {
  const base::Json json = access::json_body(call.request);
  base::Fields body(json);
  Order order{.dry_run = body.boolean("dry_run").value_or(false), .look = guessed};
  const base::Json* mapping = body.any("mapping");
  const auto fields = body.object("fields");
  const auto file = body.object("file");
  if (mapping != nullptr && (fields || file)) {
    body.fail("mapping", "one_of", "cannot stand beside fields or file");
  }
  FileStated stated{};
  if (file) {
    base::Fields given = *file;
    const auto delimiter =
        given.text("delimiter", {.multiline = true, .trimmed = false, .chars_max = 1});
    if (delimiter && !delimiter->empty()) stated.delimiter = (*delimiter)[0];
    const auto encoding = given.one_of("encoding", {"utf-8", "windows-1252", "iso-8859-1"});
    if (encoding) stated.encoding = encoding_named(*encoding);
    stated.header = given.boolean("header");
    if (body.ok()) order.look = look_at_file(job.file(), stated);
  }
  std::optional<ImportFields> said;
  if (fields) {
    said = parse_fields(*fields, order.look, call.actor);
  } else if (mapping != nullptr) {
    order.mapping = *mapping;
  } else if (!job.mapping.is_null()) {
    order.fields = job.fields;
    order.mapping = job.mapping;
  } else {
    body.fail("fields", "required", "say what the columns mean, by fields or by a mapping");
  }
  body.finish();
  if (said) {
    order.fields = fields_json(*said);
    order.mapping = mapping_of_fields(*said, order.look);
  }
  return order;
}

Response Imports::Parts::start(const Call& call) {
  access::only_query(call.request, {});
  std::unique_lock lock(mutex);
  const JobPointer job = find(call);
  check_runnable(*job);
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): others change it once unlocked
  const ImportJob copy = *job;
  lock.unlock();
  const Order order = read_order(call, copy, copy.look);
  try {
    check_import(database, call.actor, run_of(copy, order.mapping, order.dry_run));
  } catch (const base::Error& error) {
    if (order.fields.is_null()) throw;
    throw about_fields(error);
  }
  lock.lock();
  check_runnable(*job);
  job->actor = call.actor;
  job->look = order.look;
  job->fields = order.fields;
  job->mapping = order.mapping;
  job->dry_run = order.dry_run;
  job->report = {};
  job->bytes_read = 0;
  job->error.clear();
  job->cancel = false;
  job->status = ImportStatus::kWaiting;
  job->touched_at = clock.now();
  keep_import(*job);
  waiting.push_back(job);
  tell(*job);
  Response reply = Response::json(202, import_json(*job, false));
  lock.unlock();
  moved.notify_all();
  return reply;
}

Response Imports::Parts::cancel(const Call& call) {
  access::only_query(call.request, {});
  const std::lock_guard lock(mutex);
  const JobPointer job = find(call);
  if (!job->is_busy()) {
    throw base::conflict("status", "not_busy",
                         "This import is " + std::string(name_of(job->status)) + ".");
  }
  // Who runs it sees that after the transaction that it is in.
  job->cancel = true;
  const auto queued = std::find(waiting.begin(), waiting.end(), job);
  if (queued != waiting.end()) {
    waiting.erase(queued);
    job->status = ImportStatus::kCanceled;
    job->finished_at = job->touched_at = clock.now();
    keep_import(*job);
    tell(*job);
  }
  return Response::json(200, import_json(*job, false));
}

Response Imports::Parts::remove(const Call& call) {
  access::only_query(call.request, {});
  const std::lock_guard lock(mutex);
  const JobPointer job = find(call);
  if (job->is_busy()) {
    throw base::conflict("status", "busy", "Cancel this import first.");
  }
  drop(job);
  return Response::empty();
}

Response Imports::Parts::report(const Call& call, std::string ImportReport::* file,
                                const char* suffix) {
  access::only_query(call.request, {});
  const std::lock_guard lock(mutex);
  const JobPointer job = find(call);
  if (job->is_busy()) {
    throw base::conflict("status", "busy",
                         "This import is " + std::string(name_of(job->status)) + ".");
  }
  return file_response(*job, job->report.*file, suffix);
}

access::Routes Imports::routes() {
  using enum http::Method;
  static constexpr Permission kNeeded = Permission::kSettingsWrite;
  const auto route = [this](http::Method method, const char* path,
                            Response (Parts::*answer)(const Call&)) {
    return access::Route{method, path, kNeeded,
                         [this, answer](const Call& call) { return (*parts_.*answer)(call); }};
  };
  access::Route upload = route(kPost, "/imports", &Parts::add);
  upload.body_bytes_max = static_cast<std::size_t>(base::limits::kImportFileBytesMax);
  upload.body_deadline_ms = base::limits::kImportUploadMs;
  upload.take_body = [this](const Call& call) { return parts_->receive(call); };
  const auto report = [this](const char* path, std::string ImportReport::* file,
                             const char* suffix) {
    return access::Route{kGet, path, kNeeded, [this, file, suffix](const Call& call) {
                           return parts_->report(call, file, suffix);
                         }};
  };
  return {upload,
          route(kGet, "/imports", &Parts::list),
          route(kGet, "/imports/{id}", &Parts::show),
          route(kDelete, "/imports/{id}", &Parts::remove),
          route(kGet, "/imports/{id}/preview", &Parts::preview),
          route(kPost, "/imports/{id}/run", &Parts::start),
          route(kPost, "/imports/{id}/cancel", &Parts::cancel),
          report("/imports/{id}/rejected", &ImportReport::rejected_file, ".rejected.csv"),
          report("/imports/{id}/warnings", &ImportReport::warnings_file, ".warnings.csv")};
}

}  // namespace annals::transfer
