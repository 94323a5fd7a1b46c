#include "bundle/zip.h"

#include <fcntl.h>
#include <minizip/unzip.h>
#include <minizip/zip.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zconf.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"

namespace annals::bundle {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
constexpr unsigned long kEncrypted = 1;
constexpr unsigned long kUtf8Names = 1UL << 11U;

base::Error broken(const std::string& what) { return base::malformed("bundle", "zip", what); }

[[noreturn]] void cannot_write(const std::string& path) {
  const int reason = errno;
  throw base::Error(reason == ENOSPC || reason == EDQUOT || reason == EFBIG
                        ? base::Code::kStorageFull
                        : base::Code::kUnavailable,
                    path + ": " + std::generic_category().message(reason));
}

// A date is asked for by the format; the same one always, since the manifest has the true one.
zip_fileinfo no_date() {
  zip_fileinfo info{};
  info.tmz_date.tm_year = 1980;
  info.tmz_date.tm_mday = 1;
  return info;
}

}  // namespace

// --------------------------------------------------------------------------------------- writing

struct ZipWriter::Handle {
  std::string path;
  zipFile zip = nullptr;
  bool in_member = false;
};

ZipWriter::ZipWriter(std::string path)
    : handle_(std::make_unique<Handle>(Handle{.path = std::move(path)})) {
  errno = 0;
  handle_->zip = zipOpen64(handle_->path.c_str(), APPEND_STATUS_CREATE);
  if (handle_->zip == nullptr) cannot_write(handle_->path);
}

ZipWriter::~ZipWriter() {
  if (handle_->zip != nullptr) zipClose(handle_->zip, nullptr);
}

void ZipWriter::begin(const std::string& name, bool packed) {
  CHECK(!handle_->in_member && name.size() <= kNameBytesMax);
  const zip_fileinfo info = no_date();
  errno = 0;
  const int result =
      zipOpenNewFileInZip4_64(handle_->zip, name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr,
                              packed ? Z_DEFLATED : 0, Z_DEFAULT_COMPRESSION, 0, -MAX_WBITS,
                              DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, nullptr, 0, 0, kUtf8Names, 1);
  if (result != ZIP_OK) cannot_write(handle_->path);
  handle_->in_member = true;
}

void ZipWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kPieceBytes);
    errno = 0;
    if (zipWriteInFileInZip(handle_->zip, bytes.data(), static_cast<unsigned>(count)) != ZIP_OK) {
      cannot_write(handle_->path);
    }
    bytes.remove_prefix(count);
  }
}

void ZipWriter::end() {
  errno = 0;
  if (zipCloseFileInZip(handle_->zip) != ZIP_OK) cannot_write(handle_->path);
  handle_->in_member = false;
}

void ZipWriter::close() {
  errno = 0;
  const int result = zipClose(std::exchange(handle_->zip, nullptr), nullptr);
  if (result != ZIP_OK) cannot_write(handle_->path);
}

// --------------------------------------------------------------------------------------- reading

struct ZipReader::Handle {
  std::string path;
  unzFile zip = nullptr;
  int fd = -1;
  std::string name{};           // of the open member; empty for none
  std::int64_t bytes_left = 0;  // of it
  std::array<char, kPieceBytes> piece{};

  // Programs that read without the directory take the name from there. It stands before the
  // member's data, with its extra field between them.
  void check_name_beside_content() const {
    const int extra = unzGetLocalExtrafield(zip, nullptr, 0);
    const auto data = static_cast<std::int64_t>(unzGetCurrentFileZStreamPos64(zip));
    std::string found(name.size(), '\0');
    const std::int64_t at = data - extra - static_cast<std::int64_t>(name.size());
    if (extra < 0 || at < 0 ||
        ::pread(fd, found.data(), found.size(), at) != static_cast<ssize_t>(found.size()) ||
        found != name) {
      throw broken("the zip file names " + name + " in two ways");
    }
  }
};

ZipReader::ZipReader(std::string path)
    : handle_(std::make_unique<Handle>(Handle{.path = std::move(path)})) {
  Handle& handle = *handle_;
  // (without waiting for who writes to a pipe)
  handle.fd = ::open(handle.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (handle.fd < 0) {
    throw base::Error(base::Code::kNotFound,
                      "cannot be read: " + std::generic_category().message(errno));
  }
  struct stat status{};
  if (::fstat(handle.fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(handle.fd);
    throw base::Error(base::Code::kNotFound, "cannot be read: it is no file");
  }
  handle.zip = unzOpen64(handle.path.c_str());
  if (handle.zip == nullptr) {
    ::close(handle.fd);
    throw broken("this is no zip file, or its end is missing");
  }
}

ZipReader::~ZipReader() {
  unzCloseCurrentFile(handle_->zip);
  unzClose(handle_->zip);
  ::close(handle_->fd);
}

std::vector<ZipMember> ZipReader::members(std::size_t members_max) {
  Handle& handle = *handle_;
  std::vector<ZipMember> members;
  std::set<std::string> names;
  unz_global_info64 global{};
  if (unzGetGlobalInfo64(handle.zip, &global) != UNZ_OK) throw broken("the zip file is damaged");
  if (global.number_entry > members_max) throw broken("the zip file has too many files");
  int result = global.number_entry == 0 ? UNZ_END_OF_LIST_OF_FILE : unzGoToFirstFile(handle.zip);
  while (result == UNZ_OK) {
    unz_file_info64 info{};
    std::array<char, kNameBytesMax + 1> name{};
    unz64_file_pos place{};
    if (unzGetCurrentFileInfo64(handle.zip, &info, name.data(), name.size(), nullptr, 0, nullptr,
                                0) != UNZ_OK ||
        unzGetFilePos64(handle.zip, &place) != UNZ_OK) {
      throw broken("the zip file's directory is damaged");
    }
    const auto length =
        static_cast<std::size_t>(std::find(name.begin(), name.end(), '\0') - name.begin());
    if (info.size_filename != length || length == 0 || length > kNameBytesMax) {
      throw broken("a file in the zip file has no proper name");
    }
    ZipMember member{.name = std::string(name.data(), length),
                     .size = static_cast<std::int64_t>(info.uncompressed_size),
                     .place = place.pos_in_zip_directory,
                     .number = place.num_of_file};
    const bool readable = (info.flag & kEncrypted) == 0 &&
                          (info.compression_method == 0 || info.compression_method == Z_DEFLATED);
    if (member.size < 0 || !readable) throw broken("a file in the zip file cannot be unpacked");
    if (!names.insert(member.name).second) throw broken("the zip file has a file twice");
    members.push_back(std::move(member));
    result = unzGoToNextFile(handle.zip);
  }
  if (result != UNZ_END_OF_LIST_OF_FILE || members.size() != global.number_entry) {
    throw broken("the zip file's directory is damaged");
  }
  return members;
}

void ZipReader::open(const ZipMember& member) {
  Handle& handle = *handle_;
  unzCloseCurrentFile(handle.zip);
  unz64_file_pos place{};
  place.pos_in_zip_directory = member.place;
  place.num_of_file = member.number;
  handle.name = member.name;
  handle.bytes_left = member.size;
  if (unzGoToFilePos64(handle.zip, &place) != UNZ_OK || unzOpenCurrentFile(handle.zip) != UNZ_OK) {
    throw broken("the zip file is damaged at " + member.name);
  }
  handle.check_name_beside_content();
}

std::string_view ZipReader::read() {
  Handle& handle = *handle_;
  const int count =
      unzReadCurrentFile(handle.zip, handle.piece.data(), static_cast<unsigned>(kPieceBytes));
  handle.bytes_left -= count;
  if (count < 0 || handle.bytes_left < 0) {
    throw broken("the zip file is damaged at " + handle.name);
  }
  if (count == 0 && (handle.bytes_left > 0 || unzCloseCurrentFile(handle.zip) != UNZ_OK)) {
    throw broken("the zip file is damaged at " + handle.name);
  }
  return {handle.piece.data(), static_cast<std::size_t>(count)};
}

}  // namespace annals::bundle
