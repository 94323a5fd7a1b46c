#include "db/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <mutex>
#include <string>
#include <system_error>

#include "base/blocking.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "db/business.h"

namespace annals::db {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::Error;

constexpr std::size_t kSettledMax = 10'000;  // digests remembered

[[noreturn]] void throw_errno() {
  if (errno == ENOSPC || errno == EDQUOT) {
    throw Error(Code::kStorageFull, "The disk is full: the file was not kept.");
  }
  throw Error(Code::kUnavailable, "The file could not be written; try again.");
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw_errno();
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  void write(base::ByteSpan bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_errno();
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void sync() const {
    if (::fsync(fd_) != 0) throw_errno();
  }

 private:
  int fd_;
};

}  // namespace

std::string FileBlobs::path(const base::Digest& digest) const {
  const std::string name = base::hex(digest);
  return folder_ + "/" + name.substr(0, 2) + "/" + name;
}

base::Digest FileBlobs::put(BusinessKey /*business*/, base::ByteSpan bytes) {
  const base::Blocking blocking;
  const base::Digest digest = base::sha256({bytes});
  const fs::path target = path(digest);
  std::error_code ec;
  if (fs::file_size(target, ec) != bytes.size() || ec) write_whole(target, bytes);
  if (is_settled(digest)) return digest;
  // The name is durable with its folders only. One that is there may come from a try whose folders
  // could not be synced, or be another thread's that has not come to it yet.
  for (const fs::path& folder :
       {target.parent_path(), fs::path(folder_), fs::path(folder_).parent_path()}) {
    File(folder.string(), O_RDONLY | O_DIRECTORY).sync();
  }
  settle(digest);
  return digest;
}

void FileBlobs::write_whole(const fs::path& target, base::ByteSpan bytes) {
  static std::atomic<std::uint64_t> count = 0;
  std::error_code ec;
  fs::create_directories(target.parent_path(), ec);
  if (ec) {
    errno = ec.value();
    throw_errno();
  }
  const std::string temporary = target.string() + ".part" + std::to_string(++count);
  try {
    const File file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(bytes);
    file.sync();
    if (::rename(temporary.c_str(), target.c_str()) != 0) throw_errno();
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

bool FileBlobs::is_settled(const base::Digest& digest) {
  const std::lock_guard lock(mutex_);
  return settled_.contains(digest);
}

void FileBlobs::settle(const base::Digest& digest) {
  const std::lock_guard lock(mutex_);
  if (settled_.size() >= kSettledMax) settled_.clear();
  settled_.insert(digest);
}

std::string FileBlobs::get(BusinessKey /*business*/, const base::Digest& digest) const {
  std::ifstream in(path(digest), std::ios::binary);
  if (!in) throw base::not_found("file");
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (base::sha256({base::as_bytes(bytes)}) != digest) {
    throw Error(Code::kInternal, "A kept file does not hold what its name says.");
  }
  return bytes;
}

void FileBlobs::remove(BusinessKey /*business*/, const base::Digest& digest) {
  {
    const std::lock_guard lock(mutex_);
    settled_.erase(digest);
  }
  std::error_code ignored;
  fs::remove(path(digest), ignored);
}

}  // namespace annals::db
