// GET /stream: what happens, as it happens, to whoever may see it (server-sent events).
#pragma once
#include <memory>

#include "access/route.h"
#include "db/db.h"

namespace annals::app {

/// Follows the journal and sends `entry` and `task` events to the clients of its route. One thread.
class Stream {
 public:
  /// `database` must outlive it.
  explicit Stream(db::Database& database);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// GET /stream?contact=; refers to this object.
  [[nodiscard]] access::Routes routes();

 private:
  struct Hub;
  std::shared_ptr<Hub> hub_;
};

}  // namespace annals::app
