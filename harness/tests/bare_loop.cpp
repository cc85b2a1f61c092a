// The bare loop that the harness is held against (benchmarks/harness.py): the same calls, and nothing else around them.
// Usage: bare-loop MODEL INPUT ITERATIONS; prints the p50 in ns.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "runtime.h"

int main(int count, char** words) {
  if (count != 4) return 2;
  const auto iterations = std::strtoul(words[3], nullptr, 10);
  std::ifstream file(words[2], std::ios::binary);
  const std::vector<char> text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  farm::Bytes input(text.size());
  std::transform(text.begin(), text.end(), input.begin(), [](char byte) { return static_cast<std::byte>(byte); });

  const auto& runtime = *farm::linked_runtimes().front();
  runtime.info();
  const auto model = runtime.load(words[1], {});
  const std::vector<farm::Bytes> inputs = {input};
  model->set_inputs(inputs);
  std::vector<std::int64_t> times_ns(iterations, 0);
  for (int round = 0; round < 2; ++round) {  // the first one warms up
    for (auto& time_ns : times_ns) {
      model->prepare();
      const auto start = std::chrono::steady_clock::now();
      model->run();
      const auto stop = std::chrono::steady_clock::now();
      time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(stop - start).count();
    }
  }
  std::nth_element(times_ns.begin(), times_ns.begin() + static_cast<std::ptrdiff_t>(iterations / 2), times_ns.end());
  std::printf("%lld\n", static_cast<long long>(times_ns[iterations / 2]));
  return 0;
}
