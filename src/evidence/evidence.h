// What proves the history: checkpoints, tiles and proofs by the API, `annals verify`, and evidence
// bundles, which are exported by a job of the server or by `annals export`.
#pragma once
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "access/actor.h"
#include "access/route.h"
#include "access/settings.h"
#include "base/clock.h"
#include "base/id.h"
#include "db/db.h"
#include "entries/select.h"
#include "ledger/signer.h"

namespace annals::evidence {

/// /ledger/… . `signer` must outlive the routes.
[[nodiscard]] access::Routes routes(ledger::Signer& signer);

/// The keys of new businesses, by `signer`, which must outlive it.
[[nodiscard]] access::LedgerKey ledger_key(ledger::Signer& signer);

struct VerifyCommand {
  std::vector<access::Business> businesses;
  std::vector<std::string> known_checkpoints;  // files
  std::vector<std::string> keys;               // verifier keys that the auditor was given
  std::string keys_folder;
  std::string authorities;  // a file of certificates in PEM that vouch for who stamped
  // What stands, to be compared with the leaves of its changes.
  std::function<std::vector<access::CurrentSettings>(db::Tx&)> settings;
  std::string state_file;
  int threads = 0;        // 0: one a core
  bool terminal = false;  // draw a bar on `err`
};

/// `annals verify`: names each fault in a line of `out`, then says what was found. Exit codes: 0
/// verified, 10 verified but compared with no checkpoint from outside, 20 stopped on the way, 30
/// diverged from a known checkpoint, 40 invalid, 64 usage.
int verify_command(db::Database& database, const VerifyCommand& command, std::ostream& out,
                   std::ostream& err);

/// What bundles take from slices above this one.
struct Neighbours {
  entries::Members members;                                           // contacts::members
  std::function<std::string(db::Tx&, const base::Id&)> contact_name;  // contacts::name_of
};

/// Is told of each change of a job: whose it is, and the job as GET /exports/{id} shows it.
using JobListener = std::function<void(const access::Actor&, const std::string&)>;

/// The exports that people asked for: made one after the other on a thread of their own, kept for
/// a day (limits::kExportKeptSeconds) or until the server stops. Each is for who asked for it.
class Exports {
 public:
  /// `folder` is made where it is missing. All of these must outlive it.
  Exports(db::Database& database, ledger::Signer& signer, Neighbours neighbours,
          JobListener listener, const std::string& folder, const base::Clock& clock);
  ~Exports();  // stop()
  Exports(const Exports&) = delete;
  Exports& operator=(const Exports&) = delete;

  /// /exports . This must outlive the routes.
  [[nodiscard]] access::Routes routes();
  /// Drops those that were kept long enough. Safe from any thread.
  void drop_old();
  /// Gives up what is being made, and removes all files. Idempotent.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// What `annals export` asks for.
struct ExportOrder {
  std::string bundle;                  // the file to write
  std::optional<std::string> contact;  // its id
  std::string filters;                 // a query string of GET /entries
  bool all_leaves = false;
  bool terminal = false;  // tell of the progress on `err`
};

/// With everything that an owner of the business sees. Throws what is wrong.
int export_command(db::Database& database, ledger::Signer& signer, const Neighbours& neighbours,
                   const access::Business& business, const ExportOrder& asked,
                   const base::Clock& clock, std::ostream& out, std::ostream& err);

/// `server` is its address, `api_key` of one who may export: with what that lets see. Throws what
/// is wrong.
int remote_export_command(const std::string& server, const std::string& api_key,
                          const ExportOrder& order, std::ostream& out, std::ostream& err);

}  // namespace annals::evidence
