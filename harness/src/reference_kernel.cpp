#include "reference_kernel.h"

#include <chrono>

namespace farm {
namespace {

constexpr int kTimes = 16;
constexpr int kSteps = 500'000;

}  // namespace

std::vector<std::int64_t> time_reference_kernel() {
  using Clock = std::chrono::steady_clock;
  std::vector<std::int64_t> times_ns(kTimes, 0);
  volatile std::uint64_t result = 0;  // so that the computation cannot be left out
  for (auto& time_ns : times_ns) {
    auto value = result;
    const auto start = Clock::now();
    // Each step needs the one before it, so that neither vector units nor caches come in: the constants are those of Knuth's
    // MMIX generator (The Art of Computer Programming, volume 2, 3.3.4).
    for (int step = 0; step < kSteps; ++step) value = value * 6364136223846793005U + 1442695040888963407U;
    result = value;
    time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  }
  return times_ns;
}

}  // namespace farm
