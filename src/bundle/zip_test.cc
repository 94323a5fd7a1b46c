#include "bundle/zip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/temp_folder.h"
#include "bundle/format.h"
#include "bundle/test_bundle.h"

namespace annals::bundle {
namespace {

class Zip : public ::testing::Test {
 protected:
  base::TempFolder folder_;
  std::string path_ = folder_.path() + "/bundle.zip";

  std::string honest() {
    TestLedger().write(path_);
    return base::read_file(path_, 1 << 20);
  }
  void write(std::string_view bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  // The exit code of annals-verify; nothing where the bundle is no such, as it has to say then.
  [[nodiscard]] std::optional<Said> said() const {
    try {
      return said_of(path_);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kMalformed) << error.message();
      return std::nullopt;
    }
  }
};

TEST_F(Zip, what_was_written_is_read) {
  const Members members = {{"a", ""}, {"b/c", std::string(300'000, 'x')}, {"d", "\0\1"}};
  pack(path_, members);
  EXPECT_EQ(unpack(path_), members);
}

TEST_F(Zip, what_is_no_file_is_told_from_what_is_no_zip_file) {
  for (const std::string& path : {folder_.path(), folder_.path() + "/nowhere", std::string("")}) {
    try {
      const ZipReader zip(path);
      ADD_FAILURE() << path;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kNotFound) << path;
    }
  }
  for (const std::string& bytes : {std::string(), std::string("PK"), std::string(100'000, '\0')}) {
    write(bytes);
    EXPECT_FALSE(said());
  }
}

TEST_F(Zip, a_bundle_that_is_cut_off_anywhere_is_none) {
  const std::string whole = honest();
  for (std::size_t size = 0; size < whole.size(); size += 61) {
    write(whole.substr(0, size));
    EXPECT_FALSE(said()) << size;
  }
}

TEST_F(Zip, a_flipped_bit_is_found_or_stands_where_nothing_is_said) {
  const std::string whole = honest();
  const Said untouched = *said();
  for (std::size_t at = 0; at < whole.size(); at += 23) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    write(changed);
    const auto found = said();
    if (found && found->code == untouched.code) {
      EXPECT_EQ(found->verdicts, untouched.verdicts) << at;
      EXPECT_EQ(found->problems, "") << at;
    }
  }
}

TEST_F(Zip, a_file_that_is_there_twice_is_refused) {
  Members members = {{"a", "1"}, {"a", "2"}};
  pack(path_, members);
  EXPECT_THROW(static_cast<void>(unpack(path_)), base::Error);
  static_cast<void>(honest());
  members = unpack(path_);
  members.push_back(members.front());
  pack(path_, members);
  EXPECT_FALSE(said());
}

TEST_F(Zip, a_file_with_two_names_is_refused) {
  pack(path_, {{"index.html", "yes"}, {"other.html", "no"}});
  const std::string whole = base::read_file(path_, 1 << 20);
  const std::size_t beside = whole.find("index.html");
  const std::size_t directory = whole.rfind("index.html");
  ASSERT_NE(beside, directory);
  for (const std::size_t at : {beside, directory}) {
    std::string changed = whole;
    changed[at] = 'I';
    write(changed);
    EXPECT_THROW(static_cast<void>(unpack(path_)), base::Error) << at;
  }
}

TEST_F(Zip, a_file_that_the_manifest_does_not_name_is_refused) {
  for (const char* name :
       {"../evil", "/etc/passwd", "index.html/x", "x", "INDEX.HTML", "files/../../x", "files\\x"}) {
    static_cast<void>(honest());
    Members members = unpack(path_);
    members.emplace_back(name, "evil");
    pack(path_, members);
    EXPECT_FALSE(said()) << name;
  }
}

TEST_F(Zip, an_encrypted_file_is_refused) {
  pack(path_, {{"a", "1"}});
  std::string bytes = base::read_file(path_, 1 << 20);
  const std::size_t directory = bytes.find("PK\1\2");
  bytes.at(directory + 8) = static_cast<char>(bytes.at(directory + 8) | 1);
  write(bytes);
  EXPECT_THROW(static_cast<void>(unpack(path_)), base::Error);
}

TEST_F(Zip, more_files_than_a_bundle_can_have_are_refused) {
  Members members;
  for (int i = 0; i < 30'000; ++i) members.emplace_back(std::to_string(i), "");
  pack(path_, members);
  EXPECT_FALSE(said());
}

TEST_F(Zip, a_file_that_unpacks_to_far_more_is_not_kept_in_memory) {
  // 64 MiB in 64 KiB: one line of records, of salts; a manifest; an attachment.
  const std::string file = attachment_path(test_id(30), "r.txt");
  for (const std::string_view name : {kRecords, kSalts, kManifest, std::string_view(file)}) {
    static_cast<void>(honest());
    Members members = unpack(path_);
    for (auto& [one, content] : members) {
      if (one != name) continue;
      const std::string rest = content.substr(std::min(content.find('\n'), content.size()));
      content = std::string((std::size_t{64} << 20) - rest.size(), ' ') + rest;
    }
    if (name != kManifest) {
      for (auto& [one, content] : members) {
        if (one != kManifest) continue;
        Manifest manifest = parse_manifest(content);
        for (File& of : manifest.files) {
          if (of.path == name) of.size = std::int64_t{64} << 20;
        }
        content = format_manifest(manifest);
      }
    }
    pack(path_, members);
    EXPECT_LT(base::read_file(path_, 1 << 20).size(), std::size_t{200} << 10);
    EXPECT_FALSE(said()) << name;
  }
}

}  // namespace
}  // namespace annals::bundle
