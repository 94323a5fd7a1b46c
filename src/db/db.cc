#include "db/db.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/blocking.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"

namespace annals::db {
namespace {

// Something that comes true once. std::atomic::wait() yields its processor several times before it
// sleeps; where many threads wait for one commit, each of those is a switch to another in vain.
class Signal {
 public:
  void wait() const {
    while (word_.load(std::memory_order_acquire) == 0) {
      ::syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, 0U, nullptr, nullptr, 0U);
    }
  }
  // Once this has stored, the waiting thread may free the signal: the call that follows takes its
  // address only, and at worst wakes somebody who then looks again.
  void set() {
    word_.store(1, std::memory_order_release);
    ::syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1U, nullptr, nullptr, 0U);
  }

 private:
  std::atomic<std::uint32_t> word_ = 0;
};
static_assert(sizeof(Signal) == sizeof(std::uint32_t));

}  // namespace

base::Id Row::id(int column) const {
  const base::ByteSpan bytes = blob(column);
  base::Id id;
  if (bytes.size() != id.bytes.size()) {
    throw base::Error(base::Code::kInternal, "A column that holds an id has another size.");
  }
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

std::optional<base::Id> Row::maybe_id(int column) const {
  if (is_null(column)) return std::nullopt;
  return id(column);
}

std::optional<std::string> Row::maybe_string(int column) const {
  if (is_null(column)) return std::nullopt;
  return string(column);
}

std::optional<std::int64_t> Row::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

void Database::run_write(BusinessKey business, const std::function<void(Tx&)>& body,
                         const Ahead& ahead) {
  Signal done;
  std::exception_ptr failure;
  const base::Blocking blocking;
  begin_write(
      business, [&body](Tx& tx) { body(tx); },
      ahead ? [&ahead](Tx& tx, Asks& asks) { ahead(tx, asks); } : Ahead(),
      [&](std::exception_ptr error) {
        failure = std::move(error);
        done.set();
      });
  done.wait();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace annals::db
