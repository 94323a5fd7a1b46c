#include "db/postgres_blobs.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "db/business.h"
#include "db/db.h"
#include "db/postgres_connection.h"

namespace annals::db {

template <class Work>
auto PostgresBlobs::with_connection(BusinessKey business, Work&& work) const {
  std::unique_ptr<PostgresConnection> connection = take_(business);
  struct Return {
    const Give& give;
    std::unique_ptr<PostgresConnection>& connection;
    Return(const Give& how, std::unique_ptr<PostgresConnection>& what)
        : give(how), connection(what) {}
    Return(const Return&) = delete;
    Return& operator=(const Return&) = delete;
    ~Return() {
      try {
        if (connection->in_transaction()) connection->script("ROLLBACK");
      } catch (const base::Error&) {
        connection.reset();
      }
      give(std::move(connection));
    }
  } const back{give_, connection};
  auto result = work(*connection);
  connection->commit();
  return result;
}

constexpr std::string_view kPut = R"(
  INSERT INTO blobs (business, sha256, bytes) VALUES ($1, $2, $3)
  ON CONFLICT (business, sha256) DO NOTHING)";
constexpr std::string_view kGet = "SELECT bytes FROM blobs WHERE business = $1 AND sha256 = $2";
constexpr std::string_view kRemove = "DELETE FROM blobs WHERE business = $1 AND sha256 = $2";

base::Digest PostgresBlobs::put(BusinessKey business, base::ByteSpan bytes) {
  const base::Digest digest = base::sha256({bytes});
  with_connection(business, [&](PostgresConnection& connection) {
    return connection.execute(
        kPut, std::initializer_list<Param>{business, base::ByteSpan(digest), bytes});
  });
  return digest;
}

std::string PostgresBlobs::get(BusinessKey business, const base::Digest& digest) const {
  std::string bytes = with_connection(business, [&](PostgresConnection& connection) {
    Rows rows =
        connection.query(kGet, std::initializer_list<Param>{business, base::ByteSpan(digest)});
    if (!rows.next()) throw base::not_found("file");
    return rows->string(0);
  });
  if (base::sha256({base::as_bytes(bytes)}) != digest) {
    throw base::Error(base::Code::kInternal, "A kept file does not hold what its name says.");
  }
  return bytes;
}

void PostgresBlobs::remove(BusinessKey business, const base::Digest& digest) {
  try {
    with_connection(business, [&](PostgresConnection& connection) {
      return connection.execute(kRemove,
                                std::initializer_list<Param>{business, base::ByteSpan(digest)});
    });
  } catch (const base::Error&) {
    base::log(base::Level::kWarn, "an unused file could not be removed");
  }
}

}  // namespace annals::db
