// GET /stream: what happens, as it happens, to whoever may see it (server-sent events).
#pragma once
#include <memory>
#include <string>

#include "access/actor.h"
#include "access/route.h"
#include "db/db.h"

namespace annals::app {

/// Follows the journal and sends `entry` and `task` events to the clients of its route, and `job`
/// events to whom a job is for. One thread.
class Stream {
 public:
  /// `database` must outlive it.
  explicit Stream(db::Database& database);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Sends a `job` event, without an id since nobody gets it later, to all who follow as this
  /// actor. From any thread.
  void tell_job(const access::Actor& actor, const std::string& data);

  /// GET /stream?contact=; refers to this object.
  [[nodiscard]] access::Routes routes();

 private:
  struct Hub;
  std::shared_ptr<Hub> hub_;
};

}  // namespace annals::app
