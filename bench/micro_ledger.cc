// What the ledger adds to an entry, and what `annals verify` does of it at least: the commitment to
// a record of usual length, the leaf's hash, and its node in the tree.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/random.h"
#include "tlog/leaf.h"
#include "tlog/note.h"
#include "tlog/tree.h"

namespace {

namespace base = annals::base;
namespace tlog = annals::tlog;

constexpr std::size_t kRecordBytes = 600;

void commit(benchmark::State& state) {
  const std::string record(kRecordBytes, 'x');
  const base::Bytes salt(tlog::kSaltBytes, 7);
  for (auto _ : state) benchmark::DoNotOptimize(tlog::commitment(salt, record));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(commit);

void grow(benchmark::State& state) {
  tlog::Frontier tree;
  const tlog::Leaf leaf = tlog::encode_leaf({});
  for (auto _ : state) tree.append(tlog::leaf_hash(leaf));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(grow);

void commit_and_grow(benchmark::State& state) {
  const std::string record(kRecordBytes, 'x');
  const base::Bytes salt(tlog::kSaltBytes, 7);
  tlog::Frontier tree;
  for (auto _ : state) {
    tree.append(tlog::leaf_hash(
        tlog::encode_leaf({.contact_tag = {}, .commitment = tlog::commitment(salt, record)})));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(commit_and_grow);

void sign_checkpoint(benchmark::State& state) {
  const auto key = tlog::SigningKey::make("annals/bench", base::SeededRandom(1));
  const std::string text(150, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(text + "\n"));
}
BENCHMARK(sign_checkpoint);

}  // namespace

BENCHMARK_MAIN();
