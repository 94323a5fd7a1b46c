#include "access/directory.h"

#include <optional>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "db/db.h"

namespace annals::access {
namespace {

constexpr db::LookUp kName{.one = "SELECT id, name FROM staff WHERE business = $1 AND id = $2"};
constexpr const char* kActiveName =
    "SELECT name FROM staff WHERE business = $1 AND id = $2 AND active = 1";
constexpr db::LookUp kSecret{.one = "SELECT business, secret FROM businesses WHERE business = $2"};

}  // namespace

std::optional<std::string> staff_name(db::Tx& tx, const base::Id& staff) {
  db::Rows rows = tx.look_up(kName, staff);
  if (!rows.next()) return std::nullopt;
  return rows->string(1);
}

std::optional<std::string> active_staff_name(db::Tx& tx, const base::Id& staff) {
  db::Rows rows = tx.query(kActiveName, {tx.business(), staff});
  if (!rows.next()) return std::nullopt;
  return rows->string(0);
}

base::Bytes business_secret(db::Tx& tx, db::BusinessKey business) {
  db::Rows rows = tx.look_up(kSecret, business);
  if (!rows.next()) throw base::not_found("business");
  const base::ByteSpan secret = rows->blob(1);
  return {secret.begin(), secret.end()};
}

}  // namespace annals::access
