// A file on its way from a client to a folder of its own.
#pragma once
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/id.h"
#include "http/message.h"

namespace annals::transfer {

/// Writes to `folder`/file, and removes the folder in the end unless it was kept.
class ImportUpload final : public http::BodySink {
 public:
  /// Makes the folder. Throws kStorageFull.
  ImportUpload(const base::Id& id, std::string folder);
  ~ImportUpload() override;
  ImportUpload(const ImportUpload&) = delete;
  ImportUpload& operator=(const ImportUpload&) = delete;

  /// Throws kStorageFull, also where little room would be left for what else the server does.
  void write(std::string_view piece) override;
  /// All has come: brings it to the disk. Throws kStorageFull.
  void finish();
  /// From now on the folder is another's to remove.
  void keep() { kept_ = true; }

  [[nodiscard]] const base::Id& id() const { return id_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  /// After finish().
  [[nodiscard]] const std::string& sha256() const { return sha256_; }

 private:
  base::Id id_;
  std::string folder_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
  base::Sha256 hash_;
  std::string sha256_;
  bool kept_ = false;
};

}  // namespace annals::transfer
