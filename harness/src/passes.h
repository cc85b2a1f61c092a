#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arguments.h"
#include "process_usage.h"
#include "reference_kernel.h"
#include "result_file.h"
#include "runtime.h"
#include "sampler.h"
#include "system.h"

namespace farm {

// What every pass works with.
struct Job {
  const Arguments& arguments;
  ResultFile& result;
  Clock::time_point epoch;
  std::vector<int> allowed_cpus = {};  // of this process, before its threads were bound
  const Runtime& runtime = *linked_runtimes().front();
  std::vector<Probe> probes = {};  // what the sampler reads beside files
};

// Each pass loads the model, writes its `model` line, measures, and writes its series.
void latency_pass(const Job& job);
void language_latency_pass(const Job& job);
void memory_pass(const Job& job);
void load_pass(const Job& job);
// Why a load is not timed, as the model was not where it had to be before it, in the page cache or out of it; "" when it was.
std::string why_no_load(bool cold, const std::optional<Residence>& before);
void power_pass(const Job& job);  // also of language models
void sustain_pass(const Job& job);
void quality_pass(const Job& job);
void profile_pass(const Job& job);  // also of language models

// ---- Shared by the passes (pass_common.cpp) ----

// How the model is to be loaded.
LoadOptions load_options(const Job& job, bool thorough);
// Loads the model, checks that it can be used as asked, and writes the `model` line; and compile_ns when it was compiled for that.
std::unique_ptr<Model> open_model(const Job& job, bool thorough);
// Writes what the program says of itself.
void write_model_line(const Job& job, const ModelInfo& info);
// The inputs from the files of --input, else made up: uniform in [0, 1) from a fixed seed, 0 or 1 for whole numbers.
std::vector<Bytes> read_inputs(const Job& job, const ModelInfo& info);
// The prompt's tokens, checked against the model, which makes room for them: feeding them allocates nothing.
std::vector<std::int64_t> read_prompt(const Job& job, Model& model);
// Feeds the prompt: at once where the model takes many tokens, else one by one.
void prefill(Model& model, const std::vector<std::int64_t>& prompt);
// Writes raw bytes to --output, when that was asked for.
void write_output(const Job& job, const Bytes& bytes);

// The line of a part of a traced computation.
JsonObject operator_line(std::size_t place, const TracedPart& part, std::int64_t calls, const std::vector<std::int64_t>& times_ns);

// How the sampler works beside a pass.
Sampler::Settings sampler_settings(const Job& job);

// Writes the times of the reference kernel before and after the timed part.
void write_reference_kernel(ResultFile& result, const std::vector<std::int64_t>& before, const std::vector<std::int64_t>& after);

// What a stretch of work used and met. Begin right before it, end right after it; both read outside of it.
class Stretch {
 public:
  Stretch();
  void end();
  void write(ResultFile& result) const;

 private:
  Pressure pressure_before_;
  Usage before_;
  Clock::time_point start_;
  std::int64_t wall_ns_ = 0;
  Usage after_;
  Pressure pressure_after_;
};

std::int64_t elapsed_ns(Clock::time_point since);

}  // namespace farm
