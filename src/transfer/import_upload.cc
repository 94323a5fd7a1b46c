#include "transfer/import_upload.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"

namespace annals::transfer {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void no_room(const char* what, int reason) {
  throw base::Error(base::Code::kStorageFull, std::string("The file cannot be ") + what + ": " +
                                                  std::generic_category().message(reason));
}

}  // namespace

ImportUpload::ImportUpload(const base::Id& id, std::string folder)
    : id_(id), folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directory(folder_, error);
  fs::permissions(folder_, fs::perms::owner_all, error);
  descriptor_ = ::open((folder_ + "/file").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                       S_IRUSR | S_IWUSR);
  if (descriptor_ < 0) no_room("made", errno);
}

ImportUpload::~ImportUpload() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (kept_) return;
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void ImportUpload::write(std::string_view piece) {
  struct statvfs disk{};
  if (::fstatvfs(descriptor_, &disk) == 0 &&
      disk.f_bavail * disk.f_frsize <
          static_cast<std::uint64_t>(base::limits::kImportDiskLeftBytesMin)) {
    throw base::Error(base::Code::kStorageFull,
                      "The server's disk has too little room for this file.");
  }
  hash_.add(base::as_bytes(piece));
  size_ += static_cast<std::int64_t>(piece.size());
  while (!piece.empty()) {
    const ssize_t count = ::write(descriptor_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) no_room("written", errno);
    piece.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ImportUpload::finish() {
  if (::fdatasync(descriptor_) != 0) no_room("written", errno);
  ::close(std::exchange(descriptor_, -1));
  sha256_ = base::hex(hash_.digest());
}

}  // namespace annals::transfer
