// `annals verify`: whether the whole database is what the ledger says.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "access/access.h"
#include "db/db.h"
#include "evidence/settings_check.h"

namespace annals::evidence {

/// What does not agree, and where.
struct Fault {
  std::string business;  // its id
  std::string contact;   // empty where it is about the log as a whole
  std::string entry;
  std::int64_t version = 0;
  std::string what;
};

struct KnownCheckpoint {
  std::string from;  // the file's name, for messages
  std::string note;
  bool outside = true;  // was kept by somebody else than this server
};

struct VerifyOptions {
  std::vector<access::Business> businesses;
  std::vector<KnownCheckpoint> known;
  std::vector<std::string> keys;  // verifier keys from outside of the database
  std::string keys_folder;        // .pub and .checkpoint of each business stand there
  std::string authorities;        // certificates in PEM that vouch for who stamped; empty: any may
  ReadSettings settings{};        // to be compared with their leaves
  std::string state_file;         // where an interrupted run goes on from; empty: nowhere
  int threads = 0;                // 0: one a core
  /// Called now and then on the caller's thread. What it throws ends the run and comes out.
  std::function<void(std::int64_t done, std::int64_t all)> progress{};
  std::function<void(const Fault&)> fault{};
};

struct VerifyReport {
  std::int64_t businesses = 0;
  std::int64_t leaves = 0;
  std::int64_t files = 0;
  std::int64_t faults = 0;
  std::int64_t diverged = 0;  // from checkpoints that are known
  std::int64_t anchors = 0;   // checkpoints from outside that hold
  std::int64_t stamps = 0;    // time stamps of checkpoints that are what they should be
  /// sysexits aside: 0 verified, 10 unanchored, 30 diverged, 40 invalid.
  [[nodiscard]] int exit_code() const;
};

/// Reads everything; changes nothing but the state file.
[[nodiscard]] VerifyReport verify(db::Database& database, const VerifyOptions& options);

}  // namespace annals::evidence
