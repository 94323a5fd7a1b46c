// Files kept by what they hold: named by their SHA-256, so that the same bytes stand once.
#pragma once
#include <string>

#include "base/encoding.h"
#include "base/hash.h"
#include "db/business.h"

namespace annals::db {

class Blobs {
 public:
  virtual ~Blobs() = default;
  /// Keeps `bytes` durably before it returns, so that what refers to them may be committed.
  /// Throws kStorageFull or kUnavailable. Safe from any thread.
  virtual base::Digest put(BusinessKey business, base::ByteSpan bytes) = 0;
  /// Throws kNotFound, and kInternal where the file does not hold what its name says.
  [[nodiscard]] virtual std::string get(BusinessKey business, const base::Digest& digest) const = 0;
  /// Removes them, where they are there. Logs what goes wrong, throws nothing.
  virtual void remove(BusinessKey business, const base::Digest& digest) = 0;
};

/// Files under `folder`/<first two hex digits>/<hex>, the same ones for all businesses.
class FileBlobs final : public Blobs {
 public:
  explicit FileBlobs(std::string folder) : folder_(std::move(folder)) {}
  base::Digest put(BusinessKey business, base::ByteSpan bytes) override;
  [[nodiscard]] std::string get(BusinessKey business, const base::Digest& digest) const override;
  void remove(BusinessKey business, const base::Digest& digest) override;

 private:
  [[nodiscard]] std::string path(const base::Digest& digest) const;
  std::string folder_;
};

}  // namespace annals::db
