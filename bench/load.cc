// bench_load: puts a load on an Annals server (or any HTTP server) and says how it was answered, as
// JSON on standard output.
#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "base/json.h"
#include "bench/client.h"
#include "bench/requests.h"

namespace {

namespace bench = annals::bench;
using annals::base::JsonWriter;

void write(JsonWriter& out, const bench::LoadResult& result) {
  const auto decimal = [](double value) { return std::to_string(value); };
  const auto whole = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  out.begin_object();
  out.key("seconds").raw(decimal(result.seconds));
  out.member("sent", whole(result.sent)).member("answered", whole(result.answered.count()));
  out.member("entries", whole(result.entries));
  out.key("rate").raw(decimal(static_cast<double>(result.answered.count()) / result.seconds));
  out.key("entries_rate").raw(decimal(static_cast<double>(result.entries) / result.seconds));
  out.member("left", whole(result.left));
  out.key("statuses").begin_object();
  for (const auto& [status, n] : result.statuses) out.member(std::to_string(status), whole(n));
  out.end_object().key("errors").begin_object();
  for (const auto& [what, n] : result.errors) out.member(what, whole(n));
  out.end_object().key("latency_ms");
  result.answered.write(out);
  out.key("refused_ms");
  result.refused.write(out);
  out.member("without_retry_after", whole(result.without_retry_after));
  out.key("by_second").begin_array();
  for (const std::uint64_t n : result.by_second) out.value(whole(n));
  out.end_array();
  if (!result.first_problem.empty()) out.member("first_problem", result.first_problem);
  out.end_object();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Puts a load on a server.");
  bench::LoadOptions options;
  bench::AppendOptions append;
  std::string contacts_file;
  std::string targets_file;
  app.add_option("--host", options.host)->capture_default_str();
  app.add_option("--port", options.port)->required();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_option("--warmup", options.warmup_seconds, "Seconds before, not counted");
  app.add_option("--requests", options.requests, "At most so many");
  app.add_option("--rate", options.rate, "Requests a second (open loop); 0: closed loop");
  app.add_option("--backlog", options.backlog_seconds, "Open loop: seconds a request may be late");
  app.add_option("--key", append.key, "An API key");
  app.add_option("--contacts", contacts_file, "Append entries for the contacts with these ids");
  app.add_option("--batch", append.batch, "Entries a request")->capture_default_str();
  app.add_option("--first", append.first, "Number of the first entry");
  app.add_option("--hot", append.hot, "Share of entries for the first contact alone");
  app.add_option("--targets", targets_file, "GET what the lines of this file name");
  CLI11_PARSE(app, argc, argv);
  try {
    append.host = options.host + ":" + std::to_string(options.port);
    std::unique_ptr<bench::Requests> requests;
    if (!targets_file.empty()) {
      requests = bench::get_requests(append.host, append.key, bench::read_lines(targets_file));
    } else {
      append.contacts = bench::read_lines(contacts_file);
      requests = bench::append_requests(append);
    }
    JsonWriter out;
    write(out, bench::run_load(options, *requests));
    std::puts(out.text().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 1;
  }
}
