#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace annals::base {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "annals: bug: %s is false at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace annals::base
