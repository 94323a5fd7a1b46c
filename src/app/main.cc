// `annals`: one program, its commands.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "app/commands.h"
#include "app/version.h"
#include "base/error.h"
#include "base/log.h"

namespace {

using annals::app::Commands;

// sysexits.h: what a service manager takes for "mend the configuration, do not start again".
constexpr int kExitConfiguration = 78;
constexpr int kExitFailure = 1;

void explain(const annals::base::Error& error) {
  std::fprintf(stderr, "annals: %s\n", error.message().c_str());
  for (const auto& field : error.errors()) {
    if (error.message().find(field.message) != std::string::npos) continue;
    std::fprintf(stderr, "  %s: %s\n", field.field.c_str(), field.message.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Annals: the record of everything that happens between a business and its clients.");
  app.set_version_flag("--version", std::string(annals::app::version()));
  app.set_config("--config", "", "A TOML file that says the same as the flags");
  app.require_subcommand(1);
  app.fallthrough();
  std::string level = "info";
  app.add_option("--log-level", level, "debug, info, warn or error")
      ->envname("ANNALS_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  Commands commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  using annals::base::Level;
  annals::base::set_log_level(level == "debug"   ? Level::kDebug
                              : level == "warn"  ? Level::kWarn
                              : level == "error" ? Level::kError
                                                 : Level::kInfo);
  try {
    return commands.run();
  } catch (const annals::base::Error& error) {
    explain(error);
    return error.code() == annals::base::Code::kInvalid ? kExitConfiguration : kExitFailure;
  }
}
