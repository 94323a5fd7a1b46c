#include "bundle/check.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "bundle/format.h"
#include "bundle/test_bundle.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/test_authority.h"
#include "tlog/tree.h"

namespace annals::bundle {
namespace {

class Check : public ::testing::Test {
 protected:
  base::TempFolder folder_;
  TestLedger ledger_;
  std::string path_ = folder_.path() + "/bundle.zip";

  std::string& member(Members& members, std::string_view name) {
    for (auto& [one, content] : members) {
      if (one == name) return content;
    }
    throw base::not_found(std::string(name));
  }

  // The bundle with members that somebody changed, who makes the manifest agree with them.
  Said after(const std::function<void(Members&)>& change, bool adjusted = true,
             const TestLedger::Changes& changes = {}) {
    ledger_.write(path_, changes);
    Members members = unpack(path_);
    change(members);
    if (adjusted) {
      Manifest manifest = parse_manifest(member(members, kManifest));
      for (File& file : manifest.files) {
        const std::string& content = member(members, file.path);
        file.size = static_cast<std::int64_t>(content.size());
        file.sha256 = base::hex(base::sha256({base::as_bytes(content)}));
      }
      member(members, kManifest) = format_manifest(manifest);
    }
    pack(path_, members);
    return said_of(path_);
  }
  Said after_in(std::string_view name, const std::string& what, const std::string& instead,
                bool adjusted = true) {
    return after(
        [&](Members& members) {
          std::string& content = member(members, name);
          const std::size_t at = content.find(what);
          if (at == std::string::npos) throw base::not_found(what);
          content.replace(at, what.size(), instead);
        },
        adjusted);
  }
};

TEST_F(Check, an_honest_bundle_has_a_verdict_an_entry) {
  ledger_.write(path_);
  const Said said = said_of(path_);
  EXPECT_EQ(said.code, 10) << said.problems;
  EXPECT_EQ(said.verdicts,
            (std::vector<std::string>{"ok 0", "corrected 1", "corrected 3", "withheld 6"}));
  EXPECT_EQ(said.problems, "");
}

// What is said of Anna's bundle where the delivery event of entry 10 is changed so, and its rows
// stand in this order.
Said with_event(const std::string& path, const std::vector<std::size_t>& order,
                const std::function<void(Row&)>& change = {}) {
  const TestLedger ledger(0, true);
  TestLedger::Changes changes;
  changes.manifest = [](Manifest& manifest) { manifest.contacts.front().leaves = 7; };
  changes.rows = [&](std::vector<Row>& rows) {
    rows.clear();
    for (const std::size_t index : order) rows.push_back(ledger.rows.at(index));
    rows.push_back(TestLedger::withheld(ledger.rows.at(6)));
    for (Row& row : rows) {
      if (row.index == 7 && change) change(row);
    }
  };
  ledger.write(path, changes);
  return said_of(path);
}

TEST_F(Check, delivery_events_belong_to_their_entry) {
  const Said said = with_event(path_, {0, 1, 2, 7, 3, 4});
  EXPECT_EQ(said.code, 10) << said.problems;
  EXPECT_EQ(said.verdicts,
            (std::vector<std::string>{"ok 0", "corrected 1", "corrected 3", "withheld 6"}));
  const Said alone = with_event(path_, {0, 7, 3, 4});
  EXPECT_EQ(alone.code, 20);
  EXPECT_NE(alone.problems.find("is not in the bundle, but a delivery event of it is"),
            std::string::npos)
      << alone.problems;
}

TEST_F(Check, a_changed_delivery_event_is_a_mismatch) {
  const auto replaced = [&](const std::string& what, const std::string& instead) {
    return with_event(path_, {0, 1, 2, 7, 3, 4}, [&](Row& row) {
      const std::size_t at = row.record.find(what);
      ASSERT_NE(at, std::string::npos);
      row.record.replace(at, what.size(), instead);
    });
  };
  const Said status = replaced("bounced", "opened");
  EXPECT_EQ(status.code, 40);
  EXPECT_NE(status.problems.find("a delivery event: its record or salt is not what was entered"),
            std::string::npos)
      << status.problems;
  // Nor does a leaf of one kind stand for a record of another.
  const Said kind = replaced(R"("kind":"delivery",)", "");
  EXPECT_EQ(kind.code, 40);
}

TEST_F(Check, a_checkpoint_that_was_kept_anchors_it_or_not) {
  ledger_.write(path_);
  const auto with = [&](const std::string& note) {
    return said_of(path_, CheckOptions{.known = {{"kept.note", note}}});
  };
  EXPECT_EQ(with(ledger_.note(ledger_.size())).code, 0);
  EXPECT_EQ(with(ledger_.note(3)).code, 0);
  const Said unproven = with(ledger_.note(2));
  EXPECT_EQ(unproven.code, 20);
  EXPECT_NE(unproven.problems.find("no proof that leads from it"), std::string::npos);
  const TestLedger longer(1);
  EXPECT_EQ(with(longer.note(longer.size())).code, 20);
  EXPECT_THROW(static_cast<void>(with("no note")), base::Error);
}

TEST_F(Check, a_checkpoint_that_was_kept_of_another_ledger_diverges) {
  TestLedger::Changes all{.all_leaves = true};
  for (const bool all_leaves : {false, true}) {
    all.all_leaves = all_leaves;
    ledger_.write(path_, all);
    const std::string text = tlog::format_checkpoint(
        {.origin = ledger_.origin(), .size = 3, .root = {}, .extensions = {}});
    const std::string note =
        tlog::format_note({.text = text, .signatures = {ledger_.key.sign(text)}});
    EXPECT_EQ(said_of(path_, {.known = {{"a", note}}}).code, 30);
    const std::string other =
        tlog::format_checkpoint({.origin = "annals/x", .size = 3, .root = {}, .extensions = {}});
    EXPECT_EQ(
        said_of(path_,
                {.known = {{"b", tlog::format_note(
                                     {.text = other, .signatures = {ledger_.key.sign(other)}})}}})
            .code,
        30);
  }
}

TEST_F(Check, a_checkpoint_of_another_epoch_is_not_compared) {
  ledger_.write(path_);
  const std::string text = tlog::format_checkpoint(
      {.origin = ledger_.origin() + "/2", .size = 3, .root = {}, .extensions = {}});
  const Said said = said_of(
      path_, {.known = {{"a", tlog::format_note(
                                  {.text = text, .signatures = {ledger_.key.sign(text)}})}}});
  EXPECT_EQ(said.code, 20);
  EXPECT_NE(said.problems.find("another epoch"), std::string::npos);
}

TEST_F(Check, all_leaves_lead_from_any_checkpoint_and_show_that_none_is_left_out) {
  const TestLedger longer(300);
  longer.write(path_, {.all_leaves = true});
  for (const std::size_t size : {1U, 2U, 4U, 100U, 306U, 307U}) {
    EXPECT_EQ(said_of(path_, {.known = {{"a", longer.note(size)}}}).code, 0) << size;
  }
  // Its last leaf is left out, and the manifest says that there was none.
  longer.write(path_, {.rows = [](std::vector<Row>& rows) { rows.pop_back(); },
                       .manifest = [](Manifest& m) { m.contacts.front().leaves = 5; },
                       .all_leaves = true});
  const Said said = said_of(path_);
  EXPECT_EQ(said.code, 20);
  EXPECT_NE(said.problems.find("the ledger has 6 leaves of contact"), std::string::npos);
}

TEST_F(Check, a_key_that_was_given_is_the_only_one_that_is_trusted) {
  ledger_.write(path_);
  EXPECT_EQ(said_of(path_, {.keys = {ledger_.key.verifier().text()}}).code, 10);
  const auto other = tlog::SigningKey::make(ledger_.origin(), base::SeededRandom(2));
  const Said said = said_of(path_, {.keys = {other.verifier().text()}});
  EXPECT_EQ(said.code, 40);
  EXPECT_NE(said.problems.find("none of the keys that were given"), std::string::npos);
}

TEST_F(Check, any_changed_file_is_not_what_the_manifest_says) {
  const std::string file = attachment_path(test_id(30), "r.txt");
  for (const std::string_view name : {kPage, kCheckpoint, kKeys, kLeaves, kRecords, kSalts, kProofs,
                                      kConsistency, std::string_view(file)}) {
    int code = 40;  // where it cannot even be read
    try {
      code = after([&](Members& members) { member(members, name).back() ^= 1; }, false).code;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.code(), base::Code::kMalformed) << name;
    }
    EXPECT_EQ(code, 40) << name;
  }
}

TEST_F(Check, changed_content_is_found_and_named_also_with_a_manifest_that_agrees) {
  const Said text = after_in(kRecords, "answered", "replied_");
  EXPECT_EQ(text.code, 40);
  EXPECT_EQ(text.verdicts.front(), "mismatch 0");
  EXPECT_NE(text.problems.find("its record or salt"), std::string::npos);
  EXPECT_NE(text.problems.find("index.html does not say"), std::string::npos);

  const Said salt = after_in(kSalts, "07", "09");
  EXPECT_EQ(salt.verdicts.front(), "mismatch 0");
  EXPECT_EQ(salt.code, 40);

  ledger_.write(path_, {.rows = [](std::vector<Row>& rows) { rows[0].path = {tlog::Hash{}}; }});
  EXPECT_EQ(said_of(path_).verdicts.front(), "mismatch 0");
}

TEST_F(Check, a_proof_of_growth_that_does_not_hold_is_found) {
  const Said said = after_in(kConsistency, "3 ", "2 ");
  EXPECT_EQ(said.code, 40);
  EXPECT_EQ(said.problems, "consistency.txt: a proof does not hold\n");
}

TEST_F(Check, a_page_that_says_something_else_is_found) {
  const Said said = after_in(kPage, "answered", "denied  ");
  EXPECT_EQ(said.code, 40);
  EXPECT_EQ(said.problems, "index.html does not say what the records say\n");
}

TEST_F(Check, a_changed_leaf_is_not_in_the_ledger) {
  ledger_.write(path_, {.rows = [](std::vector<Row>& rows) { rows[0].leaf[20] ^= 1; }});
  const Said said = said_of(path_);
  EXPECT_EQ(said.code, 40);
  EXPECT_EQ(said.verdicts.front(), "mismatch 0");
  EXPECT_NE(said.problems.find("does not hold its leaf"), std::string::npos);
}

TEST_F(Check, another_file_than_the_one_that_was_entered_is_found) {
  ledger_.write(path_, {.file = "Recalled"});
  const Said said = said_of(path_);
  EXPECT_EQ(said.code, 40);
  EXPECT_EQ(said.verdicts[1], "mismatch 1");
  ledger_.write(path_, {.file = ""});
  const Said missing = said_of(path_);
  EXPECT_EQ(missing.code, 20);
  EXPECT_NE(missing.problems.find("is not in the bundle"), std::string::npos);
}

TEST_F(Check, what_is_left_out_is_missed) {
  const auto without = [&](std::size_t i) {
    ledger_.write(path_, {.rows = [&](std::vector<Row>& rows) {
                    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(i));
                  }});
    return said_of(path_);
  };
  for (std::size_t i = 0; i < 6; ++i) {
    const Said said = without(i);
    EXPECT_EQ(said.code, 20) << i;
    EXPECT_NE(said.problems.find("of which the bundle holds 5"), std::string::npos) << i;
  }
  EXPECT_NE(without(1).problems.find("version 1 of entry"), std::string::npos);
}

TEST_F(Check, what_stands_twice_or_elsewhere_is_found) {
  ledger_.write(path_, {.rows = [](std::vector<Row>& rows) { rows.push_back(rows.front()); }});
  EXPECT_EQ(said_of(path_).code, 40);
  ledger_.write(path_, {.rows = [](std::vector<Row>& rows) { rows[0].index = 3; }});
  EXPECT_EQ(said_of(path_).code, 40);
  // Somebody else's entry as one of hers.
  ledger_.write(path_, {.rows = [&](std::vector<Row>& rows) { rows.push_back(ledger_.rows[5]); }});
  const Said other = said_of(path_);
  EXPECT_EQ(other.code, 40);
  EXPECT_NE(other.problems.find("another contact"), std::string::npos);
  // Swapped records, each with the salt of its own.
  ledger_.write(path_, {.rows = [](std::vector<Row>& rows) {
                  std::swap(rows[0].record, rows[3].record);
                  std::swap(rows[0].salts, rows[3].salts);
                }});
  EXPECT_EQ(said_of(path_).code, 40);
}

TEST_F(Check, content_where_there_is_to_be_none_is_found) {
  ledger_.write(path_, {.rows = [](std::vector<Row>& rows) { rows.back().record = "{}"; }});
  EXPECT_EQ(said_of(path_).verdicts.back(), "mismatch 6");
  ledger_.write(path_,
                {.rows = [](std::vector<Row>& rows) { rows.back().state = State::kErased; }});
  const Said erased = said_of(path_);
  EXPECT_EQ(erased.code, 10);
  EXPECT_EQ(erased.verdicts.back(), "erased 6");
}

TEST_F(Check, a_manifest_that_counts_wrongly_or_is_of_another_business_is_found) {
  EXPECT_EQ(after_in(kManifest, "\"entries\":3", "\"entries\":4").code, 40);
  EXPECT_THROW(static_cast<void>(after_in(kManifest, test_id(1).text(), test_id(6).text())),
               base::Error);
  EXPECT_EQ(after_in(kManifest, "\"page_version\":3", "\"page_version\":9").code, 20);
}

// ---------------------------------------------------------------------------------------- stamps

TEST_F(Check, a_stamped_checkpoint_tells_when_it_was_there) {
  ledger_.write(path_, {.stamps = {3, ledger_.size()}});
  std::vector<std::string> stamped;
  CheckOptions options;
  options.stamp = [&](const StampFinding& stamp) {
    EXPECT_EQ(stamp.time, TestLedger::kStampedSecond * base::kMicrosPerSecond);
    stamped.push_back(std::to_string(stamp.size) + (stamp.trusted ? " trusted" : ""));
  };
  const Said said = said_of(path_, options);
  EXPECT_EQ(said.code, 10) << said.problems;
  EXPECT_EQ(stamped, (std::vector<std::string>{"3", "7"}));
  stamped.clear();
  options.authorities = ledger_.authority.certificate();
  EXPECT_EQ(said_of(path_, options).code, 10);
  EXPECT_EQ(stamped, (std::vector<std::string>{"3 trusted", "7 trusted"}));
  options.authorities = tlog::TestAuthority("Another").certificate();
  const Said strange = said_of(path_, options);
  EXPECT_EQ(strange.code, 40);
  EXPECT_NE(strange.problems.find("did not sign it"), std::string::npos) << strange.problems;
  Members members = unpack(path_);
  EXPECT_NE(member(members, kPage).find("<td>3</td><td>2025-06-15 15:06:40 UTC</td>"),
            std::string::npos);
}

TEST_F(Check, a_stamp_of_something_else_is_found) {
  const TestLedger::Changes stamped{.stamps = {3}};
  const std::string stamp = stamp_path(3, kStampReply);
  const std::string note = stamp_path(3, kStampedNote);
  const auto problems = [&](const std::function<void(Members&)>& change) {
    const Said said = after(change, true, stamped);
    EXPECT_EQ(said.code, 40);
    return said.problems;
  };
  const auto of = [&](const std::string& bytes) {
    return std::string(base::as_text(ledger_.stamp_of(bytes)));
  };
  const auto found = [&](const std::string& in, const std::string& what) {
    EXPECT_NE(in.find(what), std::string::npos) << in;
  };
  found(problems([&](Members& all) { member(all, stamp) = of("other"); }),
        "is not of the checkpoint beside it");
  found(problems([&](Members& all) { member(all, stamp) = "garbage"; }), "is no time stamp");
  found(problems([&](Members& all) {
          // The time, as text in the token: signed by the authority, so another is no stamp.
          std::string& bytes = member(all, stamp);
          bytes.replace(bytes.find("20250615150640Z"), 4, "2015");
        }),
        "is no time stamp, or was changed");
  found(problems([&](Members& all) {
          member(all, note) = ledger_.note(4);
          member(all, stamp) = of(ledger_.note(4));
        }),
        "is no checkpoint of this ledger and size");
  TestLedger other;
  other.key = tlog::SigningKey::make(other.origin(), base::SeededRandom(9));
  found(problems([&](Members& all) {
          member(all, note) = other.note(3);
          member(all, stamp) = of(other.note(3));
        }),
        "none of the keys signed it");
}

// Signed by the business, but not of this ledger: a split view that an authority has seen.
TEST_F(Check, a_stamped_checkpoint_of_another_history_is_found) {
  tlog::Checkpoint forked = ledger_.checkpoint(3);
  forked.root[0] ^= 1;
  const std::string text = tlog::format_checkpoint(forked);
  const std::string note =
      tlog::format_note({.text = text, .signatures = {ledger_.key.sign(text)}});
  const Said said = after(
      [&](Members& all) {
        member(all, stamp_path(3, kStampedNote)) = note;
        member(all, stamp_path(3, kStampReply)) = base::as_text(ledger_.stamp_of(note));
      },
      true, {.stamps = {3}});
  EXPECT_EQ(said.code, 40);
  EXPECT_NE(said.problems.find("that was stamped is not of this ledger"), std::string::npos)
      << said.problems;
}

TEST_F(Check, a_stamp_without_its_proof_is_incomplete_and_without_its_checkpoint_no_bundle) {
  const Said said = after([](Members&) {}, true, {.stamps = {4}});
  EXPECT_EQ(said.code, 20);
  EXPECT_NE(said.problems.find("no proof for the stamp of 4 leaves"), std::string::npos);
  ledger_.write(path_, {.stamps = {3}});
  Members members = unpack(path_);
  std::erase_if(members, [](const auto& one) { return one.first == stamp_path(3, kStampedNote); });
  Manifest manifest = parse_manifest(member(members, kManifest));
  std::erase_if(manifest.files,
                [](const File& file) { return file.path == stamp_path(3, kStampedNote); });
  member(members, kManifest) = format_manifest(manifest);
  pack(path_, members);
  EXPECT_THROW(static_cast<void>(said_of(path_)), base::Error);
}

}  // namespace
}  // namespace annals::bundle
