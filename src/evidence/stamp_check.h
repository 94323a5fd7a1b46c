// The time stamps of a log's checkpoints, and its leaves' times against them: what was there when
// an authority stamped it was recorded before, and what was not there yet was recorded after.
// Private to evidence/.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "db/db.h"

namespace annals::evidence {

class StampCheck {
 public:
  /// Reads the stamps of `epoch`; tells of those that are none, are of another checkpoint or, where
  /// `authorities` (certificates in PEM) are given, are not signed by one that these vouch for.
  /// Throws kInvalid (`tsa-ca`) where those are none.
  void read(db::Database& database, db::BusinessKey business, std::int64_t epoch,
            const std::string& authorities, const std::function<void(const std::string&)>& fault);

  /// What is wrong with the time of a leaf; empty for nothing. Leaves are to be asked for in order.
  [[nodiscard]] std::string fault_of(std::int64_t leaf_index, base::Micros recorded_at);

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(stamps_.size()); }

 private:
  struct Stamp {
    std::int64_t size = 0;
    base::Micros time = 0;       // that the authority tells
    base::Micros signed_at = 0;  // when the checkpoint was made, which may be long before
    base::Micros latest = 0;     // of leaves below `size`: the earliest time of this and later ones
  };
  std::vector<Stamp> stamps_;  // sizes rise
  std::size_t next_ = 0;       // the first whose checkpoint holds the leaf
  base::Micros earliest_ = 0;  // of leaves that no checkpoint before it holds
};

}  // namespace annals::evidence
