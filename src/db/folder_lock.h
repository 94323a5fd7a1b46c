// That one process alone works on a data folder.
#pragma once
#include <string>

namespace annals::db {

/// Held until its end, or the process's. Throws kInvalid `data`: `not_writable`, `in_use`.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace annals::db
