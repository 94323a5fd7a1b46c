#include <algorithm>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "access/access.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "bundle/format.h"
#include "db/db.h"
#include "evidence/bundle_export.h"
#include "evidence/evidence.h"
#include "evidence/export_query.h"
#include "ledger/signer.h"

namespace annals::evidence {

int export_command(db::Database& database, ledger::Signer& signer, const Neighbours& neighbours,
                   const access::Business& business, const ExportOrder& asked,
                   const base::Clock& clock, std::ostream& out, std::ostream& err) {
  BundleOrder order{.actor = access::system_actor(business),
                    .business_name = business.name,
                    .query = {.contact = {}, .filters = parse_query_text(asked.filters)},
                    .all_leaves = asked.all_leaves};
  if (asked.contact) {
    order.query.contact = base::parse_id(*asked.contact);
    if (!order.query.contact) throw base::invalid("contact", "id", "is no id of a contact");
  }
  const auto progress = [&](std::int64_t done, std::int64_t all) {
    if (!asked.terminal) return;
    err << "\r" << 100 * done / std::max<std::int64_t>(all, 1) << " % of " << all << " leaves"
        << std::flush;
  };
  const BundleMade made =
      make_bundle(database, signer, neighbours, order, clock, asked.bundle, progress);
  if (asked.terminal) err << "\n";
  const bundle::Manifest& manifest = made.manifest;
  out << manifest.entries << " entries in " << manifest.shown << " leaves; " << manifest.withheld
      << " leaves are withheld, " << manifest.erased << " were erased\n";
  if (made.files_missing > 0) {
    out << made.files_missing << " attachments are not there; `annals verify` names them\n";
  }
  return 0;
}

}  // namespace annals::evidence
