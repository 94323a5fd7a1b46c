// Blobs in a table, where several servers find them. Private to db/.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "db/blobs.h"
#include "db/postgres_connection.h"

namespace annals::db {

class PostgresBlobs final : public Blobs {
 public:
  using Take = std::function<std::unique_ptr<PostgresConnection>(BusinessKey)>;
  using Give = std::function<void(std::unique_ptr<PostgresConnection>)>;
  /// Connections come from a pool, in a transaction of the business, and go back there without.
  PostgresBlobs(Take take, Give give) : take_(std::move(take)), give_(std::move(give)) {}
  base::Digest put(BusinessKey business, base::ByteSpan bytes) override;
  [[nodiscard]] std::string get(BusinessKey business, const base::Digest& digest) const override;
  void remove(BusinessKey business, const base::Digest& digest) override;

 private:
  template <class Work>
  auto with_connection(BusinessKey business, Work&& work) const;

  Take take_;
  Give give_;
};

}  // namespace annals::db
