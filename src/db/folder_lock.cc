#include "db/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>

#include "base/error.h"

namespace annals::db {

FolderLock::FolderLock(const std::string& folder)
    : fd_(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (fd_ < 0) {
    throw base::invalid("data", "not_writable",
                        "The folder " + folder + " cannot be written by this user.");
  }
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    throw base::invalid(
        "data", "in_use",
        "The folder " + folder + " is in use by another annals process; stop that one first.");
  }
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace annals::db
