// Files kept by what they hold: named by their SHA-256, so that the same bytes stand once.
#pragma once
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <utility>

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
  static void write_whole(const std::filesystem::path& target, base::ByteSpan bytes);
  [[nodiscard]] bool is_settled(const base::Digest& digest);
  void settle(const base::Digest& digest);

  std::string folder_;
  std::mutex mutex_;
  std::set<base::Digest> settled_;  // whose names are known to be durable
};

}  // namespace annals::db
