#include "bundle/page.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/json.h"
#include "bundle/format.h"
#include "tlog/checkpoint.h"
#include "tlog/leaf.h"

namespace annals::bundle {
namespace {

using base::Json;

constexpr std::string_view kHead = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Contact history, with evidence</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: GrayText; }
dd { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
article { border-top: 1px solid; padding: .5rem 0; break-inside: avoid; }
article:has(.retraction) h2 { text-decoration: line-through; }
section { margin-left: 1rem; border-left: .25rem solid; padding-left: 1rem; }
h2, h3 { font-size: 1.1rem; margin: .5rem 0; unicode-bidi: isolate; }
p.text, pre { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
table { border-collapse: collapse; }
td, th { text-align: left; vertical-align: top; padding: .15rem .75rem .15rem 0;
  unicode-bidi: isolate; overflow-wrap: anywhere; }
small { color: GrayText; }
</style>
</head>
<body>
)html";

constexpr std::string_view kHowToVerify = R"html(<h2 id="check">How to check it</h2>
<p>Every entry, correction, retraction and delivery event was entered into a ledger as it was
recorded: a Merkle tree (RFC 6962) whose state the business signs. This bundle holds what each entry
was entered with and the proof that it stands in that ledger. The program <code>annals-verify</code>
checks all of it on any computer, without a network: <code>annals-verify BUNDLE.zip
--known-checkpoint FILE</code>, where FILE is a checkpoint of this ledger that you received at an
earlier time. Without one, a ledger that was made up as a whole would look the same. It also makes
this page anew from the records and compares.</p>
<p>With <code>openssl</code> and a shell it can be checked by hand: see
<code>verify-by-hand.md</code> in the documentation of Annals.</p>
<table>
<tr><th>File</th><th>What it is</th></tr>
<tr><td>index.html</td><td>this page</td></tr>
<tr><td>manifest.json</td><td>what was asked for, and the SHA-256 of each other file</td></tr>
<tr><td>checkpoint.txt</td><td>how the ledger stood, signed</td></tr>
<tr><td>keys.txt</td><td>the public keys that it was signed by, over time</td></tr>
<tr><td>leaves.txt</td><td>a line each leaf of the ledger that this bundle is about</td></tr>
<tr><td>records.jsonl, salts.txt</td><td>in the same order: the records, exactly as they were
entered, and what their hashes are keyed by</td></tr>
<tr><td>proofs.txt</td><td>in the same order: the proof that each leaf is in the ledger</td></tr>
<tr><td>consistency.txt</td><td>proofs that the ledger only grew since earlier checkpoints</td></tr>
<tr><td>stamps/</td><td>where there are any: earlier checkpoints, and the time stamps that an
authority gave them</td></tr>
<tr><td>all-leaves.bin</td><td>where it was asked for: every leaf of the ledger, without
content</td></tr>
<tr><td>files/</td><td>the attachments</td></tr>
</table>
)html";

// Of an unusual currency: how many digits stand after the point.
constexpr std::array<std::string_view, 16> kWhole = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                                     "KMF", "KRW", "PYG", "RWF", "UGX", "VND",
                                                     "VUV", "XAF", "XOF", "XPF"};
constexpr std::array<std::string_view, 7> kThousandths = {"BHD", "IQD", "JOD", "KWD",
                                                          "LYD", "OMR", "TND"};

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\0':
        out += "\xEF\xBF\xBD";  // a replacement character, as HTML would make of it
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string padded(std::uint64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

}  // namespace

// Any number is one: a record's were checked when it was made.
std::string time_text(base::Micros micros) {
  using std::chrono::days;
  const std::int64_t day =
      micros / base::kMicrosPerDay - (micros % base::kMicrosPerDay < 0 ? 1 : 0);
  constexpr std::int64_t kDayMax = 4'000'000;  // beyond year 9999, and within chrono's years
  if (day < -kDayMax || day > kDayMax) return std::to_string(micros) + " µs after 1970";
  const std::chrono::year_month_day date{std::chrono::sys_days{days{day}}};
  const auto second =
      static_cast<std::uint64_t>((micros - day * base::kMicrosPerDay) / base::kMicrosPerSecond);
  return std::to_string(static_cast<int>(date.year())) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2) + " " + padded(second / 3600, 2) + ":" +
         padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2) + " UTC";
}

namespace {

std::string money_text(std::int64_t value, std::string_view currency) {
  const auto among = [&](const auto& list) {
    return std::find(list.begin(), list.end(), currency) != list.end();
  };
  const std::size_t digits = among(kWhole) ? 0 : among(kThousandths) ? 3 : 2;
  const bool negative = value < 0;
  const std::uint64_t minor =
      negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string text = padded(minor, digits + 1);
  if (digits > 0) text.insert(text.size() - digits, ".");
  return (negative ? "-" : "") + text + " " + std::string(currency);
}

std::string text_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr && value->is_string() ? value->text() : std::string();
}

std::int64_t integer_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr ? value->as_int().value_or(0) : 0;
}

void field(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append("<dt>").append(name).append("</dt><dd>").append(escaped(value)).append("</dd>\n");
}

// Somebody as a record names them: kind, and where they have one, name or id.
std::string who(const Json& json, std::string_view name) {
  const Json* somebody = json.find(name);
  if (somebody == nullptr || !somebody->is_object()) return {};
  const std::string kind = text_of(*somebody, "kind");
  std::string called = text_of(*somebody, "name");
  if (called.empty()) called = text_of(*somebody, "id");
  if (called.empty()) return kind == "none" ? std::string() : kind;
  return called + " (" + kind + ")";
}

void write_facts(std::string& out, const Json& record) {
  out += "<dl>\n";
  if (record.find("occurred_at") != nullptr) {
    field(out, "happened", time_text(integer_of(record, "occurred_at")));
    field(out, "time zone", text_of(record, "time_zone"));
  }
  field(out, "type", text_of(record, "type"));
  field(out, "category", text_of(record, "category"));
  field(out, "contact type", text_of(record, "contact_type"));
  field(out, "method", text_of(record, "method"));
  field(out, "direction", text_of(record, "direction"));
  field(out, "by", who(record, "actor"));
  if (const Json* amount = record.find("amount"); amount != nullptr && amount->is_object()) {
    field(out, "amount", money_text(integer_of(*amount, "value"), text_of(*amount, "currency")));
  }
  if (const Json* origin = record.find("origin"); origin != nullptr && origin->is_object()) {
    const std::string source = text_of(*origin, "source");
    field(out, "came from",
          source.empty() ? text_of(*origin, "kind") : source + " " + text_of(*origin, "source_id"));
  }
  field(out, "about entry", text_of(record, "about"));
  field(out, "recorded", time_text(integer_of(record, "recorded_at")));
  field(out, "recorded by", who(record, "recorded_by"));
  field(out, "reason", text_of(record, "reason"));
  out += "</dl>\n";
}

void write_changes(std::string& out, const Json& record) {
  const Json* changes = record.find("changes");
  if (changes == nullptr || changes->items().empty()) return;
  out += "<table>\n<tr><th>Changed</th><th>before</th><th>after</th></tr>\n";
  for (const Json& change : changes->items()) {
    out += "<tr>";
    for (const char* const name : {"field", "old", "new"}) {
      out.append("<td>").append(escaped(text_of(change, name))).append("</td>");
    }
    out += "</tr>\n";
  }
  out += "</table>\n";
}

void write_files(std::string& out, const Json& record) {
  const Json* files = record.find("attachments");
  if (files == nullptr || files->items().empty()) return;
  out += "<ul>\n";
  for (const Json& file : files->items()) {
    const std::string name = text_of(file, "name");
    const auto id = base::parse_id(text_of(file, "id")).value_or(base::Id{});
    out.append("<li><a href=\"").append(escaped(attachment_path(id, name))).append("\">");
    out.append(escaped(name)).append("</a> (").append(escaped(text_of(file, "media_type")));
    out.append(", ").append(std::to_string(integer_of(file, "size"))).append(" bytes)</li>\n");
  }
  out += "</ul>\n";
}

void write_content(std::string& out, const Json& record) {
  write_facts(out, record);
  if (const std::string text = text_of(record, "text"); !text.empty()) {
    out.append("<p class=\"text\" dir=\"auto\">").append(escaped(text)).append("</p>\n");
  }
  write_changes(out, record);
  if (const std::string details = text_of(record, "details"); !details.empty()) {
    out.append("<pre>").append(escaped(details)).append("</pre>\n");
  }
  write_files(out, record);
}

void write_delivery(std::string& out, const Json& record) {
  std::string status = text_of(record, "status");
  std::replace(status.begin(), status.end(), '_', ' ');
  out.append("<section class=\"delivery\">\n<h3>Reported: ").append(escaped(status));
  if (const Json* machine = record.find("machine"); machine != nullptr) {
    out += " (by a machine, not a person)";
  }
  out += "</h3>\n";
  write_facts(out, record);
}

std::string part_of(const Json& record) {
  if (text_of(record, "kind") == "delivery") return "delivery event " + text_of(record, "event");
  return "version " + std::to_string(integer_of(record, "version"));
}

std::string counted(std::int64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what);
}

void write_stamps(std::string& out, const std::vector<StampedTime>& stamps) {
  if (stamps.empty()) return;
  out +=
      "<h2>Time stamps</h2>\n"
      "<p>An authority for time stamps (RFC 3161) says that these parts of the ledger were there "
      "at "
      "these times: every leaf whose number is smaller.</p>\n"
      "<table>\n<tr><th>Leaves below</th><th>were there</th><th></th></tr>\n";
  for (const StampedTime& stamp : stamps) {
    out.append("<tr><td>").append(std::to_string(stamp.size)).append("</td><td>");
    out.append(time_text(stamp.time)).append("</td><td><a href=\"");
    out.append(stamp_path(stamp.size, kStampReply)).append("\">stamp</a> of <a href=\"");
    out.append(stamp_path(stamp.size, kStampedNote)).append("\">checkpoint</a></td></tr>\n");
  }
  out += "</table>\n";
}

std::string title_of(const Manifest& manifest) {
  if (manifest.contacts.empty()) return "History of " + manifest.business_name;
  const Contact& contact = manifest.contacts.front();
  return "History of " + (contact.name.empty() ? contact.id.text() : contact.name);
}

}  // namespace

void Page::begin(const Manifest& manifest, const tlog::Checkpoint& checkpoint) {
  std::string out(kHead);
  out.append("<h1>").append(escaped(title_of(manifest))).append("</h1>\n<dl>\n");
  field(out, "kept by", manifest.business_name + " (" + manifest.business.text() + ")");
  for (const Contact& contact : manifest.contacts) {
    field(out, "contact", contact.name + " (" + contact.id.text() + ")");
  }
  field(out, "asked for", manifest.asked.empty() ? "everything" : manifest.asked);
  field(out, "made", manifest.made_at);
  field(out, "made by", manifest.made_by);
  field(out, "ledger",
        checkpoint.origin + ", " + counted(static_cast<std::int64_t>(checkpoint.size), "leaves"));
  out += "</dl>\n";
  out +=
      manifest.contacts.empty()
          ? "<p>These are the entries that were asked for; there may be others.</p>\n"
          : "<p>All that was recorded about the contact until then is listed: entries with their "
            "content, and, at the end, as leaves of the ledger alone, what is withheld (because it "
            "was not asked for, or is not for who made this bundle to see) or was erased.</p>\n";
  out +=
      "<p><a href=\"#check\">How to check it</a></p>\n"
      "<h2>Entries</h2>\n"
      "<p>Times are in UTC. Names of the business and of contacts above are as they were when this "
      "was made.</p>\n";
  sink_(out);
}

void Page::row(const Row& row, const Json& record) {
  std::string out;
  const std::string leaf = std::to_string(row.index);
  if (row.state != State::kShown) {
    if (in_article_) out += "</article>\n";
    in_article_ = false;
    if (!in_table_) {
      out +=
          "<h2>Without content</h2>\n<table>\n<tr><th>Leaf</th><th>number of its contact</th>"
          "<th>recorded</th><th></th></tr>\n";
    }
    in_table_ = true;
    const auto parts = tlog::decode_leaf(row.leaf);
    out.append("<tr id=\"l").append(leaf).append("\"><td>").append(leaf).append("</td><td>");
    out.append(parts ? std::to_string(parts->contact_seq) : "").append("</td><td>");
    out.append(parts ? time_text(parts->recorded_at) : "").append("</td><td>");
    out.append(row.state == State::kErased ? "erased" : "withheld").append("</td></tr>\n");
    sink_(out);
    return;
  }
  if (in_table_) out += "</table>\n";
  in_table_ = false;
  const std::string id = text_of(record, "id");
  if (!in_article_ || id != entry_) {
    if (in_article_) out += "</article>\n";
    out.append("<article id=\"l").append(leaf).append("\">\n<h2 dir=\"auto\">");
    out.append(escaped(text_of(record, "title"))).append("</h2>\n");
    write_content(out, record);
  } else if (text_of(record, "kind") == "delivery") {
    write_delivery(out, record);
  } else if (text_of(record, "kind") == "retraction") {
    out += "<section class=\"retraction\">\n<h3>Retracted</h3>\n";
    write_content(out, record);
  } else {
    out.append("<section class=\"correction\">\n<h3 dir=\"auto\">Corrected: ");
    out.append(escaped(text_of(record, "title"))).append("</h3>\n");
    write_content(out, record);
  }
  out.append("<small>entry ").append(escaped(id)).append(", ").append(escaped(part_of(record)));
  out.append(", leaf ").append(leaf).append("</small>\n");
  if (in_article_ && id == entry_) out += "</section>\n";
  in_article_ = true;
  entry_ = id;
  sink_(out);
}

void Page::end(const Manifest& manifest, const std::vector<StampedTime>& stamps) {
  std::string out;
  if (in_article_) out += "</article>\n";
  if (in_table_) out += "</table>\n";
  out.append("<p>").append(counted(manifest.entries, "entries in "));
  out.append(counted(manifest.shown, "leaves; ")).append(counted(manifest.withheld, "leaves are "));
  out.append("withheld, ").append(counted(manifest.erased, "were erased.</p>\n"));
  write_stamps(out, stamps);
  out.append(kHowToVerify).append("</body>\n</html>\n");
  sink_(out);
}

}  // namespace annals::bundle
