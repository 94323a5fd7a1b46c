#include "base/temp_folder.h"

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/error.h"

namespace annals::base {

TempFolder::TempFolder() {
  path_ = (std::filesystem::temp_directory_path() / "annals-XXXXXX").string();
  CHECK(::mkdtemp(path_.data()) != nullptr);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace annals::base
