// The demo's data: a studio, a clinic, a seminar house and a club, each with a few hundred clients
// whose histories of the last year and a half make sense to a person. Made from a fixed seed and
// ending at the clock's now; recorded through the same routes and operations as everything else.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "access/access.h"
#include "base/clock.h"
#include "db/db.h"

namespace annals::demo {

/// Who signs in, as owner of all four businesses.
inline constexpr const char* kEmail = "demo@annals.example";
inline constexpr const char* kPassword = "annals-demo";

struct Options {
  std::string folder;
  const base::Clock* clock = &base::system_clock();
  std::uint64_t seed = 1;
  access::PasswordCost password_cost{};
  /// Opens a data folder as the server does, with a clock that this program sets.
  std::function<std::unique_ptr<db::Database>(const std::string& folder, const base::Clock&)>
      open{};
};

struct Report {
  std::int64_t contacts = 0;
  std::int64_t entries = 0;
};

/// Makes the data in `options.folder` + ".part" and then moves it to its name, so that it is there
/// whole or not at all. Throws kInvalid (field `data`) where the folder holds something already.
Report make(const Options& options);

}  // namespace annals::demo
