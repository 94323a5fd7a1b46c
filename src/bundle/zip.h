// Zip files through minizip: written as a stream, and read as if somebody hostile had made them.
// Private to bundle/.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace annals::bundle {

/// Writes one member after the other. One thread. Throws kStorageFull or kUnavailable.
class ZipWriter {
 public:
  explicit ZipWriter(std::string path);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  /// Begins a member; what is written next belongs to it. `packed`: by deflate, else as it is.
  void begin(const std::string& name, bool packed);
  void write(std::string_view bytes);
  void end();
  /// Writes the directory. Nothing can be added after it.
  void close();

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

struct ZipMember {
  std::string name;
  std::int64_t size = 0;
  std::uint64_t place = 0;  // of its line in the directory
  std::uint64_t number = 0;
};

/// Reads a zip file by its directory, as programs that unpack do. Throws kNotFound where it cannot
/// be opened, kMalformed where it is none, and where it is one that two programs could read
/// differently: names twice or that differ from those beside the content, members that are
/// encrypted or packed in another way than by deflate. One thread.
class ZipReader {
 public:
  explicit ZipReader(std::string path);
  ~ZipReader();
  ZipReader(const ZipReader&) = delete;
  ZipReader& operator=(const ZipReader&) = delete;

  /// At most `members_max` of them.
  [[nodiscard]] std::vector<ZipMember> members(std::size_t members_max);
  /// Begins to read one. What was read before ends.
  void open(const ZipMember& member);
  /// The next piece of it, empty at its end; once that is reached its checksum holds, and it had as
  /// many bytes as the directory says. The view lives until the next call.
  [[nodiscard]] std::string_view read();

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace annals::bundle
