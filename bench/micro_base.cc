// What every request pays: reading JSON, parting text, making ids, hashing.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"

namespace {

namespace base = annals::base;

constexpr std::string_view kEntry =
    R"({"type":"appointment.booked","source":"booking","source_id":"A-1001","contact":{"source":)"
    R"("booking","external_id":"C-7"},"occurred_at":"2026-03-02T09:30:00+01:00","title":"Yoga for )"
    R"(beginners","details":{"room":"2","teacher":"Ina","price":{"value":1500,"currency":"EUR"}}})";

void parse_entry(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(base::parse_json(kEntry));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kEntry.size()));
}
BENCHMARK(parse_entry);

void canonical_entry(benchmark::State& state) {
  const base::Json entry = base::parse_json(kEntry);
  for (auto _ : state) benchmark::DoNotOptimize(entry.canonical());
}
BENCHMARK(canonical_entry);

void analyse(benchmark::State& state, const std::string& sentence) {
  std::string text;
  while (text.size() < 2000) text += sentence;
  for (auto _ : state) benchmark::DoNotOptimize(base::analyse(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(analyse, english, "Client called about the invoice, will pay on Friday. ");
BENCHMARK_CAPTURE(analyse, german, "Größere Änderung: Frau Müller kommt künftig früher – gut. ");
BENCHMARK_CAPTURE(analyse, russian, "Клиент позвонил и перенёс встречу на пятницу. ");
BENCHMARK_CAPTURE(analyse, chinese, "客户来电更改了预约时间。");

void make_id(benchmark::State& state) {
  const base::Micros now = base::system_clock().now();
  for (auto _ : state) benchmark::DoNotOptimize(base::make_id(now));
}
BENCHMARK(make_id);

void hash_record(benchmark::State& state) {
  const std::string record(600, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(base::sha256({base::as_bytes(record)}));
}
BENCHMARK(hash_record);

}  // namespace

BENCHMARK_MAIN();
