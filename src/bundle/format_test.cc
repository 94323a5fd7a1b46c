#include "bundle/format.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "bundle/test_bundle.h"
#include "tlog/tree.h"

namespace annals::bundle {
namespace {

const std::string kHash(64, 'a');

Manifest manifest() {
  Manifest manifest{.business = test_id(1),
                    .business_name = "Studio Größe",
                    .made_at = "2026-03-02T08:30:00.000000Z",
                    .made_by = "Ina",
                    .asked = "category=payments",
                    .contacts = {{test_id(4), "Anna", test_id(2), 6}},
                    .all_leaves = true,
                    .entries = 3,
                    .shown = 5,
                    .withheld = 1,
                    .erased = 2,
                    .files = {}};
  for (const std::string_view path :
       {kPage, kCheckpoint, kKeys, kLeaves, kRecords, kSalts, kProofs, kConsistency, kAllLeaves}) {
    manifest.files.push_back({std::string(path), 10, kHash});
  }
  manifest.files.push_back({attachment_path(test_id(30), "r.txt"), 8, kHash});
  return manifest;
}

TEST(Format, a_manifest_is_read_as_it_was_written) {
  EXPECT_EQ(parse_manifest(format_manifest(manifest())), manifest());
}

TEST(Format, a_manifest_names_no_other_files_and_none_twice) {
  for (const char* path :
       {"../x", "/etc/passwd", "files/../x", "files/a", "files\\x", "FILES/x", "manifest.json", "",
        "files/04040404-0404-0404-0404-040404040404-", "index.html ", "index.html/x",
        "files/04040404-0404-0404-0404-040404040404-a/b"}) {
    Manifest changed = manifest();
    changed.files.push_back({path, 1, kHash});
    EXPECT_THROW(static_cast<void>(parse_manifest(format_manifest(changed))), base::Error) << path;
  }
  Manifest twice = manifest();
  twice.files.push_back(twice.files.front());
  EXPECT_THROW(static_cast<void>(parse_manifest(format_manifest(twice))), base::Error);
  for (std::size_t i = 0; i < 8; ++i) {
    Manifest lacking = manifest();
    lacking.files.erase(lacking.files.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THROW(static_cast<void>(parse_manifest(format_manifest(lacking))), base::Error) << i;
  }
}

TEST(Format, a_manifest_that_is_none_is_refused) {
  const std::string good = format_manifest(manifest());
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string text = good;
    text.replace(text.find(what), what.size(), instead);
    return text;
  };
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string("null"), std::string(""),
        with("annals-bundle", "annals-bungle"), with("\"version\":1", "\"version\":2"),
        with("\"version\":1", "\"version\":\"1\""), with("\"entries\":3", "\"entries\":-3"),
        with("\"entries\":3", "\"entries\":3.5"), with("\"size\":10", "\"size\":1e99"),
        with("\"all_leaves\":true", "\"all_leaves\":1"), with(kHash, "AA"),
        with("\"asked\"", "\"askew\""), with("Studio Gr", "Studio \xff")}) {
    EXPECT_THROW(static_cast<void>(parse_manifest(text)), base::Error) << text.substr(0, 60);
  }
}

TEST(Format, rows_are_read_as_they_were_written) {
  const TestLedger ledger;
  Row row = ledger.rows[1];
  row.path = {tlog::Hash{1}, tlog::Hash{2}};
  EXPECT_EQ(parse_row(format_row(row)), row);
  const Row without = TestLedger::withheld(row);
  EXPECT_EQ(parse_row(format_row(without)), without);
  EXPECT_EQ(format_row(without).record, "");
  EXPECT_EQ(format_row(without).salts, "");
}

TEST(Format, lines_that_are_no_rows_are_refused) {
  const Row row = TestLedger().rows[0];
  const Lines good = format_row(row);
  for (const std::string& leaf :
       {std::string(), std::string("shown"), good.leaf + " x", "seen" + good.leaf.substr(5),
        good.leaf.substr(0, good.leaf.size() - 2), "shown -1 " + base::hex(row.leaf),
        "shown 00 " + base::hex(row.leaf), "shown 99999999999999999999 " + base::hex(row.leaf),
        "shown  0 " + base::hex(row.leaf), "shown 0 " + std::string(132, 'g')}) {
    EXPECT_THROW(static_cast<void>(parse_row({leaf, good.record, good.salts, good.proof})),
                 base::Error)
        << leaf;
  }
  EXPECT_THROW(static_cast<void>(parse_row({good.leaf, "", "abcd", ""})), base::Error);
  EXPECT_THROW(static_cast<void>(parse_row({good.leaf, "", "", "AAAA"})), base::Error);
  std::string many;
  for (int i = 0; i < 200; ++i) many += base::base64(tlog::Hash{}) + " ";
  EXPECT_THROW(static_cast<void>(parse_row({good.leaf, "", "", many})), base::Error);
}

TEST(Format, earlier_checkpoints_are_read_as_they_were_written) {
  const Earlier earlier{.size = 7, .root = tlog::Hash{3}, .path = {tlog::Hash{1}}};
  EXPECT_EQ(parse_earlier(format_earlier(earlier)), earlier);
  for (const char* line : {"", "7", "x AAAA", "7 AAAA"}) {
    EXPECT_THROW(static_cast<void>(parse_earlier(line)), base::Error) << line;
  }
}

TEST(Format, an_attachment_has_a_name_that_is_plain_everywhere) {
  const std::string begin = "files/" + test_id(30).text() + "-";
  EXPECT_EQ(attachment_path(test_id(30), "r.txt"), begin + "r.txt");
  EXPECT_EQ(attachment_path(test_id(30), "../a\\b:c \"ü\".pdf"), begin + ".._a_b_c_____.pdf");
  EXPECT_EQ(attachment_path(test_id(30), ""), begin + "_");
  const std::string lengthy = attachment_path(test_id(30), std::string(500, 'x') + ".pdf");
  EXPECT_EQ(lengthy.size(), kPathBytesMax);
  EXPECT_TRUE(lengthy.ends_with("x.pdf"));
}

}  // namespace
}  // namespace annals::bundle
