#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace farm {

enum class Pass { kLatency, kMemory, kLoadCold, kLoadWarm, kPower, kSustain, kQuality, kProfile };

// The job, as the host asked for it; protocol/README.md describes every option.
struct Arguments {
  std::string nonce;
  std::string model;
  std::string model_sha256;
  std::string result;
  std::string output;
  std::string method = "forward";
  Pass pass = Pass::kLatency;
  std::int64_t threads = 1;
  std::int64_t warmup_iterations = 0;
  std::int64_t iterations = 1;      // at least so many,
  std::int64_t duration_ms = 0;     // and at least so long,
  std::int64_t max_iterations = 1;  // but never more than these
  std::int64_t window_ms = 1000;    // of a sustain pass
  std::vector<std::string> inputs;
  std::string prompt;  // set: a language model
  std::int64_t decode_tokens = 0;
  std::int64_t generations = 1;
  std::int64_t idle_ms = 0;  // power: how long nothing is computed before the work
  std::string items;         // of a quality pass, and where what comes of them goes
  std::string items_output;
  std::int64_t sampler_hz = 10;  // 0: off
  std::vector<int> cpus;         // empty: wherever the system puts the threads
  std::string compute_units;     // of Core ML; empty: all
};

constexpr std::int64_t kProtocol = 1;

// Throws Error("bad_arguments") with a sentence that names the option.
Arguments parse_arguments(const std::vector<std::string>& words);

const char* pass_name(Pass pass);

}  // namespace farm
