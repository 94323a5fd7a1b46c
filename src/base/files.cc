#include "base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"

namespace annals::base {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_errno(const std::string& path) {
  const int reason = errno;
  const Code code = reason == ENOENT                       ? Code::kNotFound
                    : reason == ENOSPC || reason == EDQUOT ? Code::kStorageFull
                                                           : Code::kUnavailable;
  throw Error(code, path + ": " + std::generic_category().message(reason));
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw_errno(path);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(fd_); }

  [[nodiscard]] std::size_t size() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) throw_errno(path_);
    return static_cast<std::size_t>(status.st_size);
  }
  /// 0 at the end.
  [[nodiscard]] std::size_t read(std::span<char> out) const {
    while (true) {
      const ssize_t count = ::read(fd_, out.data(), out.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) throw_errno(path_);
    }
  }
  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno != EINTR) throw_errno(path_);
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void sync() const {
    if (::fsync(fd_) != 0) throw_errno(path_);
  }
  [[nodiscard]] int number() const { return fd_; }

 private:
  std::string path_;
  int fd_;
};

void make_parent(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  std::error_code error;
  if (fs::create_directories(parent, error)) ::chmod(parent.c_str(), 0700);
  if (error) {
    errno = error.value();
    throw_errno(parent.string());
  }
}

}  // namespace

std::string sha256_of_file(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  const std::size_t size = file.size();
  if (size == 0) return hex(sha256({}));
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (bytes == MAP_FAILED) throw_errno(path);
  const Digest digest = sha256({ByteSpan(static_cast<const std::uint8_t*>(bytes), size)});
  ::munmap(bytes, size);
  return hex(digest);
}

void put_in_place(const std::string& path) {
  Descriptor(path + ".part", O_RDONLY).sync();
  if (std::rename((path + ".part").c_str(), path.c_str()) != 0) throw_errno(path);
  sync_folder(fs::path(path).parent_path().string());
}

void copy_file(const std::string& from, const std::string& to) {
  const Descriptor source(from, O_RDONLY);
  make_parent(to);
  {
    const Descriptor target(to + ".part", O_WRONLY | O_CREAT | O_TRUNC);
    std::array<char, std::size_t{64} * 1024> block{};
    while (const std::size_t count = source.read(block)) target.write({block.data(), count});
  }
  put_in_place(to);
}

void write_file(const std::string& path, const std::string& bytes) {
  make_parent(path);
  {
    const Descriptor target(path + ".part", O_WRONLY | O_CREAT | O_TRUNC);
    target.write(bytes);
  }
  put_in_place(path);
}

std::string read_file(const std::string& path, std::int64_t bytes_max) {
  const Descriptor file(path, O_RDONLY);
  std::string bytes;
  std::array<char, std::size_t{64} * 1024> block{};
  while (const std::size_t count = file.read(block)) {
    bytes.append(block.data(), count);
    if (static_cast<std::int64_t>(bytes.size()) > bytes_max) {
      throw Error(Code::kTooLarge, path + " is too long");
    }
  }
  return bytes;
}

void sync_folder(const std::string& path) {
  Descriptor(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace annals::base
