// Any bytes are a bundle or none, which is found out in bounded memory; and whatever somebody does
// to a bundle, what is still called verified is what was entered into the ledger.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/temp_folder.h"
#include "bundle/check.h"
#include "bundle/format.h"
#include "bundle/test_bundle.h"
#include "tests/fuzz/splice.h"

namespace base = annals::base;
namespace bundle = annals::bundle;
using annals::fuzz::Input;
using annals::fuzz::splice;

namespace {

// The honest bundle, and a file in memory for the others.
struct Honest {
  bundle::TestLedger ledger;
  std::string zip;
  bundle::Members members;
  int fd = ::memfd_create("bundle", MFD_CLOEXEC);
  std::string path = "/proc/self/fd/" + std::to_string(fd);

  Honest() {
    const base::TempFolder folder;
    const std::string file = folder.path() + "/bundle.zip";
    ledger.write(file, {.all_leaves = true});
    zip = base::read_file(file, 1 << 20);
    members = bundle::unpack(file);
  }
};

void adjust_manifest(bundle::Members& members) {
  for (auto& [name, content] : members) {
    if (name != bundle::kManifest) continue;
    bundle::Manifest manifest = bundle::parse_manifest(content);
    for (bundle::File& file : manifest.files) {
      for (const auto& [path, bytes] : members) {
        if (path != file.path) continue;
        file.size = static_cast<std::int64_t>(bytes.size());
        file.sha256 = base::hex(base::sha256({base::as_bytes(bytes)}));
      }
    }
    content = bundle::format_manifest(manifest);
  }
}

void write_file(const Honest& honest, std::string_view bytes) {
  CHECK(::ftruncate(honest.fd, 0) == 0);
  CHECK(::pwrite(honest.fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Honest honest;
  Input input{base::as_text({data, size})};
  switch (input.number(1) % 3) {
    case 0:
      write_file(honest, input.rest);
      break;
    case 1: {
      std::string zip = honest.zip;
      while (!input.rest.empty()) splice(zip, input);
      write_file(honest, zip);
      break;
    }
    default: {
      bundle::Members members = honest.members;
      while (!input.rest.empty()) splice(members[input.number(1) % members.size()].second, input);
      try {
        adjust_manifest(members);
      } catch (const base::Error&) {
        // It was the manifest that was changed.
      }
      bundle::pack(honest.path, members, false);
    }
  }
  bool honest_entries = true;
  bundle::CheckOptions options{.keys = {honest.ledger.key.verifier().text()}};
  options.finding = [&](const bundle::Finding& finding) {
    if (finding.verdict != bundle::Verdict::kOk && finding.verdict != bundle::Verdict::kCorrected) {
      return;
    }
    const bool known = finding.leaf < honest.ledger.size() &&
                       honest.ledger.rows[finding.leaf].record.find(R"("id":")" + finding.entry +
                                                                    "\"") != std::string::npos;
    honest_entries = honest_entries && known;
  };
  try {
    const int code = bundle::check(honest.path, options).exit_code();
    CHECK(honest_entries || code == 40);
  } catch (const base::Error& error) {
    CHECK(error.code() == base::Code::kMalformed);
  }
  return 0;
}
