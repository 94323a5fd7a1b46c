#include "base/thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

namespace annals::base {

void name_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

void stand_back(int steps) {
  const auto thread = static_cast<id_t>(::gettid());
  errno = 0;
  const int now = ::getpriority(PRIO_PROCESS, thread);
  if (errno != 0) return;
  static_cast<void>(::setpriority(PRIO_PROCESS, thread, now + steps));
}

}  // namespace annals::base
