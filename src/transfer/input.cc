#include "transfer/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zconf.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/limits.h"

namespace annals::transfer {
namespace {

class TextInput final : public Input {
 public:
  explicit TextInput(std::string text) : text_(std::move(text)) {}

  bool read(std::string& out, std::size_t bytes) override {
    const std::size_t count = std::min(bytes, text_.size() - at_);
    out.append(text_, at_, count);
    at_ += count;
    return count > 0;
  }
  [[nodiscard]] std::int64_t position() const override { return static_cast<std::int64_t>(at_); }
  [[nodiscard]] std::int64_t size() const override {
    return static_cast<std::int64_t>(text_.size());
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

class FileInput final : public Input {
 public:
  FileInput(int descriptor, std::int64_t size, std::string path)
      : descriptor_(descriptor), size_(size), path_(std::move(path)) {}
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;
  ~FileInput() override { ::close(descriptor_); }

  bool read(std::string& out, std::size_t bytes) override {
    const std::size_t before = out.size();
    out.resize(before + bytes);
    ssize_t count = 0;
    do {
      count = ::read(descriptor_, out.data() + before, bytes);
    } while (count < 0 && errno == EINTR);
    out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0) {
      const int reason = errno;
      throw base::Error(base::Code::kUnavailable,
                        path_ + " cannot be read: " + std::generic_category().message(reason));
    }
    position_ += count;
    return count > 0;
  }
  [[nodiscard]] std::int64_t position() const override { return position_; }
  [[nodiscard]] std::int64_t size() const override { return size_; }

 private:
  int descriptor_;
  std::int64_t size_;
  std::int64_t position_ = 0;
  std::string path_;
};

// Text as zlib takes it.
Bytef* as_zlib(char* text) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): zlib's bytes are unsigned
  return reinterpret_cast<Bytef*>(text);
}

class GzipInput final : public Input {
 public:
  explicit GzipInput(std::unique_ptr<Input> packed, std::string first)
      : packed_(std::move(packed)), pending_(std::move(first)) {
    // 15 bits of window, + 16: a gzip header is expected.
    CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK);
  }
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;
  ~GzipInput() override { inflateEnd(&stream_); }

  bool read(std::string& out, std::size_t bytes) override {
    if (failure_) std::rethrow_exception(failure_);
    const std::size_t before = out.size();
    out.resize(before + bytes);
    stream_.next_out = as_zlib(out.data() + before);
    stream_.avail_out = static_cast<uInt>(bytes);
    try {
      while (stream_.avail_out > 0 && inflate_some()) {
      }
    } catch (const base::Error&) {
      // What came before the damage is handed out first.
      if (stream_.avail_out == bytes) throw;
      failure_ = std::current_exception();
    }
    const std::size_t count = bytes - stream_.avail_out;
    out.resize(before + count);
    unpacked_ += static_cast<std::int64_t>(count);
    if (unpacked_ > base::limits::kImportUnpackedBytesMax) {
      throw base::invalid("data", "too_long",
                          "The file unpacks to more than 32 GiB; split it into several.");
    }
    return count > 0;
  }
  [[nodiscard]] std::int64_t position() const override { return packed_->position(); }
  [[nodiscard]] std::int64_t size() const override { return packed_->size(); }

 private:
  // One step of inflation; false at the end of the last member.
  bool inflate_some() {
    if (stream_.avail_in == 0 && !refill()) {
      if (between_members_) return false;
      throw base::invalid("data", "gzip", "The .gz file is cut off; fetch it again.");
    }
    if (between_members_) {
      // gzip tools pad with zero bytes; anything else after a member is another member.
      if (*stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
        return true;
      }
      CHECK(inflateReset(&stream_) == Z_OK);
      between_members_ = false;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      between_members_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      throw base::invalid("data", "gzip", "The .gz file is damaged; fetch it again.");
    }
    return true;
  }

  bool refill() {
    if (pending_.empty() && !packed_->read(pending_, std::size_t{64} * 1024)) return false;
    block_ = std::exchange(pending_, {});
    stream_.next_in = as_zlib(block_.data());
    stream_.avail_in = static_cast<uInt>(block_.size());
    return true;
  }

  std::unique_ptr<Input> packed_;
  std::string pending_;  // read and not yet given to zlib
  std::string block_;    // what zlib reads
  z_stream stream_{};
  bool between_members_ = false;
  std::exception_ptr failure_;
  std::int64_t unpacked_ = 0;
};

// The first bytes again, then the rest.
class PeekedInput final : public Input {
 public:
  PeekedInput(std::string first, std::unique_ptr<Input> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}
  bool read(std::string& out, std::size_t bytes) override {
    if (first_.empty()) return rest_->read(out, bytes);
    out += std::exchange(first_, {});
    return true;
  }
  [[nodiscard]] std::int64_t position() const override { return rest_->position(); }
  [[nodiscard]] std::int64_t size() const override { return rest_->size(); }

 private:
  std::string first_;
  std::unique_ptr<Input> rest_;
};

std::unique_ptr<Input> unpack(std::unique_ptr<Input> raw) {
  std::string first;
  while (first.size() < 2 && raw->read(first, 2 - first.size())) {
  }
  if (first == "\x1f\x8b") return std::make_unique<GzipInput>(std::move(raw), std::move(first));
  return std::make_unique<PeekedInput>(std::move(first), std::move(raw));
}

}  // namespace

std::unique_ptr<Input> open_input(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status{};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    const std::string why = std::generic_category().message(errno);
    if (descriptor >= 0) ::close(descriptor);
    throw base::Error(base::Code::kNotFound, path + " cannot be opened: " + why);
  }
  auto file = std::make_unique<FileInput>(
      descriptor, static_cast<std::int64_t>(S_ISREG(status.st_mode) ? status.st_size : 0), path);
  if (S_ISDIR(status.st_mode)) {
    throw base::Error(base::Code::kNotFound, path + " is a folder; name a file in it");
  }
  if (status.st_size > base::limits::kImportFileBytesMax) {
    throw base::Error(base::Code::kTooLarge, path + " is longer than 2 GiB; split it into several");
  }
  return unpack(std::move(file));
}

std::unique_ptr<Input> text_input(std::string text) {
  return unpack(std::make_unique<TextInput>(std::move(text)));
}

}  // namespace annals::transfer
