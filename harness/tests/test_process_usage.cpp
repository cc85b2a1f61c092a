#include <doctest/doctest.h>

#include <vector>

#include "process_usage.h"

using namespace farm;

TEST_CASE("CPU time grows while there is work, and the thread's is within the process's") {
  const auto before = read_usage(false);
  volatile std::uint64_t sum = 0;
  for (std::uint64_t step = 0; step < 5'000'000; ++step) sum = sum + step;
  const auto after = read_usage(true);
  CHECK(after.thread_cpu_time_ns > before.thread_cpu_time_ns);
  CHECK(after.cpu_time_ns - before.cpu_time_ns >= after.thread_cpu_time_ns - before.thread_cpu_time_ns);
  REQUIRE(before.involuntary_switches_count);
  CHECK(*after.involuntary_switches_count >= *before.involuntary_switches_count);
  CHECK(*after.voluntary_switches_count >= *before.voluntary_switches_count);
}

TEST_CASE("memory that is touched shows in the peak") {
  const auto before = read_memory().front();
  REQUIRE(before.bytes);
  std::vector<char> block(static_cast<std::size_t>(*before.bytes) + (64U << 20U), 1);  // more than there ever was
  const auto after = read_memory().front();
  CHECK(after.metric == std::string("vm_hwm_bytes"));
  CHECK(*after.bytes - *before.bytes > (32 << 20));
}

TEST_CASE("what all CPUs did holds what this process did") {
  const auto before = read_cpu_time();
  REQUIRE(before);
  volatile std::uint64_t sum = 0;
  std::optional<CpuTime> after;
  do {
    for (std::uint64_t step = 0; step < 1'000'000; ++step) sum = sum + step;
    after = read_cpu_time();
  } while (after->own_ns - before->own_ns < 200'000'000);
  CHECK(after->busy_ns - before->busy_ns >= 100'000'000);  // counted in ticks
  CHECK(after->total_ns - before->total_ns >= after->busy_ns - before->busy_ns);
}
