// The parts of a transaction that can be taken back by themselves: the writes that share a commit,
// and what is nested in them. Private to db/.
#pragma once
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace annals::db {

/// Rows that the writes of one commit appended (Tx::append()) and that wait to be sent. `Rows` has
///   Mark               how far they go
///   mark()             that
///   grew_since(mark)   whether there are more
///   cut(mark)          forgets what came after it
///   send(connection, mark)  sends what came before it, and forgets that
///   subtract(mark, sent)    what is left of a mark once the rows before `sent` were sent
template <class Rows>
struct Pending {
  Rows rows{};
  /// What failed when rows were sent: they may be of any of the writes, so that the transaction is
  /// spoiled for all.
  std::exception_ptr spoiled{};
};

/// Most writes only append. Their part can be taken back by forgetting its rows, and needs a
/// savepoint only once it sends anything else: savepoints cost a trip to PostgreSQL, and have
/// SQLite copy each page that is touched. Where no `pending` is given each part has one.
template <class Connection, class Rows>
class WriteParts {
 public:
  WriteParts(Connection& connection, Pending<Rows>* pending)
      : connection_(connection), pending_(pending) {}

  void begin() {
    parts_.push_back({});
    if (pending_ != nullptr) {
      parts_.back().mark = pending_->rows.mark();
    } else {
      save(parts_.size() - 1);
    }
  }
  /// Where it throws, the part is still there to be taken back.
  void end() {
    if (parts_.back().saved) connection_.script("RELEASE " + name(parts_.size() - 1));
    parts_.pop_back();
  }
  /// Takes the last part back. `alive`: whether there is still a transaction to do that in. False
  /// where it had sent nothing.
  bool roll_back(bool alive) {
    const Part part = std::move(parts_.back());
    parts_.pop_back();
    if (pending_ != nullptr) pending_->rows.cut(part.mark);
    if (!part.saved || !alive) return false;
    const std::string savepoint = name(parts_.size());
    connection_.script("ROLLBACK TO " + savepoint + "; RELEASE " + savepoint);
    return true;
  }

  /// To be called before anything else is sent, which might see what waits, or (`writes`) change
  /// something: sends what came before each part, makes its savepoint where it needs one, and sends
  /// what came since.
  void send(bool writes) {
    if (pending_ == nullptr) return;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].saved || (!writes && !pending_->rows.grew_since(parts_[i].mark))) continue;
      const auto before = parts_[i].mark;
      send_before(before);
      save(i);
    }
    send_before(pending_->rows.mark());
  }

 private:
  struct Part {
    typename Rows::Mark mark{};
    bool saved = false;
  };
  static std::string name(std::size_t depth) { return "part" + std::to_string(depth); }
  void save(std::size_t depth) {
    connection_.script("SAVEPOINT " + name(depth));
    parts_[depth].saved = true;
  }
  void send_before(const typename Rows::Mark& mark) {
    try {
      pending_->rows.send(connection_, mark);
    } catch (...) {
      pending_->spoiled = std::current_exception();
      throw;
    }
    for (Part& part : parts_) Rows::subtract(part.mark, mark);
  }

  Connection& connection_;
  Pending<Rows>* pending_;
  std::vector<Part> parts_;
};

}  // namespace annals::db
