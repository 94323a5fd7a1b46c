// `annals-verify`: checks an evidence bundle on any computer, without a server and a network.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "bundle/check.h"
#include "bundle/format.h"
#include "bundle/page.h"
#include "tlog/note.h"

namespace {

namespace bundle = annals::bundle;

constexpr int kInvalid = 40;
constexpr int kUsage = 64;
constexpr std::int64_t kKeyFileBytesMax = 1 << 20;
constexpr std::int64_t kAuthoritiesBytesMax = 4 << 20;

struct Options {
  std::string bundle;
  std::vector<std::string> known;
  std::string keys;
  std::string authorities;
  bool quiet = false;
};

// The lines of a file of verifier keys, such as keys/<business>.pub.
std::vector<std::string> read_keys(const std::string& file) {
  std::vector<std::string> keys;
  std::string_view rest;
  const std::string text = annals::base::read_file(file, kKeyFileBytesMax);
  for (rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) keys.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (keys.empty()) throw annals::base::invalid("key", "empty", file + " holds no key");
  return keys;
}

void print(const bundle::Finding& finding) {
  const std::string verdict(bundle::name_of(finding.verdict));
  std::string line = verdict + std::string(10 - verdict.size(), ' ');
  if (!finding.entry.empty()) line += "entry " + finding.entry + " ";
  line += "leaf " + std::to_string(finding.leaf);
  if (finding.versions > 1) line += ", " + std::to_string(finding.versions) + " versions";
  if (finding.delivery_events > 0) {
    line += ", " + std::to_string(finding.delivery_events) + " delivery events";
  }
  if (finding.retracted) line += ", retracted";
  if (!finding.what.empty()) line += ": " + finding.what;
  std::printf("%s\n", line.c_str());
}

void print(const bundle::StampFinding& stamp) {
  std::printf("stamped   %s: the first %llu leaves were there; %s\n",
              bundle::time_text(stamp.time).c_str(), static_cast<unsigned long long>(stamp.size),
              stamp.trusted ? "an authority that was given signed it"
                            : "whose signature that is tells --tsa-ca FILE, or openssl ts -verify");
}

void sum_up(const bundle::Report& report) {
  const bundle::Manifest& manifest = report.manifest;
  std::printf(
      "%lld entries; of %lld leaves %lld are withheld and %lld erased; ledger %s of %llu "
      "leaves\n",
      static_cast<long long>(report.entries), static_cast<long long>(report.leaves),
      static_cast<long long>(manifest.withheld), static_cast<long long>(manifest.erased),
      report.checkpoint.origin.c_str(), static_cast<unsigned long long>(report.checkpoint.size));
  switch (report.exit_code()) {
    case 0:
      std::printf("Verified.\n");
      break;
    case 10:
      std::printf(
          "Verified, but compared with no checkpoint from elsewhere (--known-checkpoint "
          "FILE): a ledger that was made up as a whole would look the same.\n");
      break;
    case 20:
      std::printf("Incomplete: what is there agrees with the ledger, and something is missing.\n");
      break;
    case 30:
      std::printf("Diverged: this is not the ledger that was signed before.\n");
      break;
    default:
      std::printf("Invalid.\n");
  }
}

int run(const Options& options) {
  bundle::CheckOptions check;
  for (const std::string& file : options.known) {
    check.known.push_back({file, annals::base::read_file(file, static_cast<std::int64_t>(
                                                                   annals::tlog::kNoteBytesMax))});
  }
  if (!options.keys.empty()) check.keys = read_keys(options.keys);
  if (!options.authorities.empty()) {
    check.authorities = annals::base::read_file(options.authorities, kAuthoritiesBytesMax);
  }
  check.stamp = [&](const bundle::StampFinding& stamp) {
    if (!options.quiet) print(stamp);
  };
  check.finding = [&](const bundle::Finding& finding) {
    if (!options.quiet || finding.verdict == bundle::Verdict::kMismatch) print(finding);
  };
  check.problem = [](const std::string& what) { std::printf("problem   %s\n", what.c_str()); };
  const bundle::Report report = bundle::check(options.bundle, check);
  sum_up(report);
  return report.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("annals-verify: checks an evidence bundle of Annals, without a server.");
  Options options;
  app.set_version_flag("--version", std::string(ANNALS_VERSION));
  app.add_option("bundle", options.bundle, "The bundle, a zip file")->required();
  app.add_option("--known-checkpoint", options.known,
                 "A checkpoint of this ledger that you kept; may be given more than once");
  app.add_option("--key", options.keys,
                 "A file with the public keys that you were given, to trust no others");
  app.add_option("--tsa-ca", options.authorities,
                 "Certificates in PEM of the time stamp authorities that you trust");
  app.add_flag("--quiet", options.quiet, "Tell only of what is wrong");
  app.footer(
      "Exit codes: 0 verified, 10 verified without a known checkpoint, 20 incomplete, 30 "
      "diverged from a known checkpoint, 40 invalid, 64 usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  using annals::base::Code;
  try {
    return run(options);
  } catch (const annals::base::Error& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "annals-verify: %s\n", error.message().c_str());
    return error.code() == Code::kMalformed ? kInvalid : kUsage;
  } catch (const std::exception&) {
    std::fflush(stdout);
    std::fprintf(stderr, "annals-verify: the bundle takes more memory than there is\n");
    return kInvalid;
  }
}
